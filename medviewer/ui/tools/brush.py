"""Brush: paints what is edited on the stored image; Ctrl or Shift held erases, Shift and wheel size it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.tools.base import Host, Tool

_ERASING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class BrushTool(Tool):
    """Every movement paints from where the mouse was to where it is: no stroke has gaps."""

    name = "brush"
    cursor = Qt.CursorShape.CrossCursor
    repeats = True

    def __init__(self) -> None:
        self._last: QPointF | None = None

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """A stroke begins, and a click is one."""
        self._last = at
        host.begin_stroke()
        host.paint(at, at, bool(keys & _ERASING))
        host.show_brush(at)

    def drag(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The stroke goes on."""
        if self._last is not None:
            host.paint(self._last, at, bool(keys & _ERASING))
            self._last = at
        host.show_brush(at)

    def hover(self, host: Host, at: QPointF) -> None:
        """The circle follows the mouse."""
        host.show_brush(at)

    def release(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The stroke is done."""
        del at, keys
        self._last = None
        host.end_stroke()

    def wheel(self, host: Host, notches: int) -> bool:
        """Another size."""
        host.ask_brush_size(notches)
        return True

    def cancel(self) -> None:
        """The stroke ends where it is; what is painted is undone by Ctrl+Z."""
        self._last = None
