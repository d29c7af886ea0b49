"""Crosshair: all views go to the place under the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.tools.base import Host, Tool


class CrosshairTool(Tool):
    """Points at one place in every view."""

    name = "crosshair"
    cursor = Qt.CursorShape.CrossCursor

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Go there."""
        del keys
        host.ask_crosshair(at)

    def drag(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Go along."""
        del keys
        host.ask_crosshair(at)
