"""Zoom: dragging up enlarges about the point where the drag began."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.tools.base import DragTool, Host

FACTOR_PER_PIXEL = 1.01


class ZoomTool(DragTool):
    """Drags the zoom."""

    name = "zoom"
    cursor = Qt.CursorShape.SizeVerCursor

    def __init__(self) -> None:
        super().__init__()
        self._about = QPointF()

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Remember the point that stays in its place."""
        super().press(host, at, keys)
        self._about = at

    def moved(self, host: Host, by: QPointF, keys: Qt.KeyboardModifier) -> None:
        """One per cent a pixel."""
        del keys
        factor = FACTOR_PER_PIXEL ** -by.y()
        host.move_camera(host.camera.zoomed(factor, (self._about.x(), self._about.y())))
