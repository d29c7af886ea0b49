"""Angle: drag from the end of one arm to the corner, then click the end of the other arm."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.shapes import Points, Shape
from medviewer.ui.tools.base import Host, Tool
from medviewer.ui.tools.draw import SHORTEST_PX, Pair, picture_point


class AngleTool(Tool):
    """Draws an angle from three points, by a drag and a click, or by three clicks."""

    name = "angle"
    cursor = Qt.CursorShape.CrossCursor

    def __init__(self) -> None:
        self._fixed: list[Pair] = []
        self._loose: Pair | None = None
        self._pressed = QPointF()

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Set the next point."""
        del keys
        self._pressed, self._loose = at, None
        self._fixed.append(picture_point(host, at))
        self._finish_if_whole(host)

    def drag(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Sketch the arm."""
        del keys
        self.hover(host, at)

    def hover(self, host: Host, at: QPointF) -> None:
        """Sketch the arm that is not set yet."""
        if self._fixed:
            self._loose = picture_point(host, at)
            host.redraw()

    def release(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """A drag sets the next point where it ends; a click has set its own already."""
        del keys
        moved = at - self._pressed
        if self._fixed and abs(moved.x()) + abs(moved.y()) >= SHORTEST_PX:
            self._fixed.append(picture_point(host, at))
            self._loose = None
            self._finish_if_whole(host)

    def _finish_if_whole(self, host: Host) -> None:
        if len(self._fixed) == 3:
            points: Points = tuple(self._fixed)
            self.cancel()
            text = host.figure_of("angle", points)
            if text:
                host.finish(Shape("angle", points, text))
        host.redraw()

    def cancel(self) -> None:
        """Forget the points."""
        self._fixed, self._loose = [], None

    def sketch(self, host: Host) -> Shape | None:
        """The arms as far as they are drawn."""
        points = (*self._fixed, *([self._loose] if self._loose is not None else []))
        if len(points) < 2:
            return None
        text = host.figure_of("angle", points) if len(points) == 3 else ""
        return Shape("angle", points, text)
