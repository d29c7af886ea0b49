"""A frame that floats over a widget and keeps its place when that changes its size."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QWidget


class Floating(QObject):
    """Hidden at first. Where it lies over ``host`` is told by :meth:`_place`."""

    def __init__(self, host: QWidget, floating: QFrame) -> None:
        super().__init__(host)
        self._host, self._frame = host, floating
        floating.setParent(host)
        floating.hide()
        host.installEventFilter(self)

    def _place(self) -> None:
        """Give the frame its size and place for the host's size."""
        raise NotImplementedError

    def _show(self) -> None:
        """Above everything else on the host."""
        self._place()
        self._frame.show()
        self._frame.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep its place when the host's size changes."""
        del watched
        if event.type() == QEvent.Type.Resize and not self._frame.isHidden():
            self._place()
        return False
