"""Scroll: dragging down goes to the next images."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.tools.base import DragTool, Host

PIXELS_PER_IMAGE = 6.0


class ScrollTool(DragTool):
    """Drags through the images."""

    name = "scroll"
    cursor = Qt.CursorShape.SizeVerCursor

    def __init__(self) -> None:
        super().__init__()
        self._rest = 0.0

    def moved(self, host: Host, by: QPointF, keys: Qt.KeyboardModifier) -> None:
        """One image for every few pixels."""
        del keys
        self._rest += by.y() / PIXELS_PER_IMAGE
        step = int(self._rest)
        self._rest -= step
        if step:
            host.ask_scroll(step)
