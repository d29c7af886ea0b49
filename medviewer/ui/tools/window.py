"""Window: right is wider, up is brighter, the speed fits the image's range, Ctrl is four times faster."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.picture import dragged
from medviewer.ui.tools.base import DragTool, Host

FAST = 4.0


class WindowTool(DragTool):
    """Drags centre and width (IHE BIR)."""

    name = "window"
    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self) -> None:
        super().__init__()
        self._rest = QPointF()

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Begin with nothing left over from the last drag."""
        super().press(host, at, keys)
        self._rest = QPointF()

    def moved(self, host: Host, by: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Ask for the window that the movement means. Whole-number images collect what is below one unit."""
        window = host.shown_window
        if window is None:
            return
        speed = host.window_step * (FAST if keys & Qt.KeyboardModifier.ControlModifier else 1.0)
        self._rest += by * speed
        wider, down = self._rest.x(), self._rest.y()
        if host.whole_values:
            wider, down = float(int(wider)), float(int(down))
        self._rest -= QPointF(wider, down)
        if wider or down:
            # Up is brighter: the centre goes down, or up where black and white are swapped.
            lower = down if window.invert else -down
            host.ask_window(dragged(window, wider, lower, host.whole_values))
