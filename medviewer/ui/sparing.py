"""Painting again while much comes in, at a pace that leaves the window free for the reader."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

_LEAST_MS = 100
_SHARE = 0.1
"""Of the window's time, at most, goes into pictures that only grow."""


class Sparing(QObject):
    """Calls ``paint`` some time after it was asked to; the dearer the last time, the later the next."""

    def __init__(self, paint: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._paint = paint
        self._timer = QTimer(self, singleShot=True, interval=_LEAST_MS)
        self._timer.timeout.connect(self._now)

    @property
    def interval_ms(self) -> int:
        """How long the next asking waits."""
        return self._timer.interval()

    def soon(self) -> None:
        """Ask; asking again meanwhile changes nothing."""
        if not self._timer.isActive():
            self._timer.start()

    def _now(self) -> None:
        began = time.perf_counter()
        self._paint()
        self._timer.setInterval(pause_ms(time.perf_counter() - began))


def pause_ms(seconds: float) -> int:
    """How long to wait after a painting that took so many seconds."""
    return max(_LEAST_MS, round(seconds * 1e3 / _SHARE))
