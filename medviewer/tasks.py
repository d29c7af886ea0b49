"""How long work reports progress and is cancelled, without knowing who runs it. Standard library only."""

from __future__ import annotations

import threading
from collections.abc import Callable

from medviewer.errors import Cancelled


class TaskContext:
    """Handed to every long function: ``report`` progress, ``check`` for cancel.

    Thread-safe: ``cancel`` may be called from any thread, ``check`` from the worker.
    """

    def __init__(self, on_report: Callable[[float, str], None] | None = None) -> None:
        self._on_report = on_report
        self._cancelled = threading.Event()

    def report(self, fraction: float, text: str = "") -> None:
        """Tell progress: ``fraction`` from 0 to 1 and what is being done."""
        if self._on_report is not None:
            self._on_report(min(1.0, max(0.0, fraction)), text)

    def cancel(self) -> None:
        """Ask the work to stop at its next ``check``."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether cancel was asked."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise :class:`Cancelled` once cancel was asked."""
        if self._cancelled.is_set():
            raise Cancelled
