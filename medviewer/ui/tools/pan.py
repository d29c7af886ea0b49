"""Pan: the picture follows the hand."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.tools.base import DragTool, Host


class PanTool(DragTool):
    """Drags the picture."""

    name = "pan"
    cursor = Qt.CursorShape.OpenHandCursor

    def moved(self, host: Host, by: QPointF, keys: Qt.KeyboardModifier) -> None:
        """As far as the mouse went."""
        del keys
        host.move_camera(host.camera.panned(by.x(), by.y()))
