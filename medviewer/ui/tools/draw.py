"""What length, ellipse and note share: a shape between where the button went down and where it went up."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.shapes import Points, Shape
from medviewer.ui.tools.base import Host, Tool

Pair = tuple[float, float]
SHORTEST_PX = 4.0
"""A drag shorter than this on screen was a click, and draws nothing."""


def picture_point(host: Host, at: QPointF) -> Pair:
    """The picture point under the mouse, kept on the picture."""
    x, y = host.camera.to_picture(at.x(), at.y())
    rows, columns = host.camera.shape
    return min(max(x, 0.0), float(columns)), min(max(y, 0.0), float(rows))


class DrawTool(Tool):
    """Draws one shape with one drag."""

    kind = ""
    cursor = Qt.CursorShape.CrossCursor

    def __init__(self) -> None:
        self._start: Pair | None = None
        self._end: Pair | None = None
        self._pressed = QPointF()

    def points(self, start: Pair, end: Pair) -> Points:
        """The shape's points between two picture points."""
        raise NotImplementedError

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Begin."""
        del keys
        self._start, self._end, self._pressed = picture_point(host, at), None, at

    def drag(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Sketch."""
        del keys
        if self._start is not None:
            self._end = picture_point(host, at)
            host.redraw()

    def release(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Finish, unless it was a mere click."""
        del keys
        points = self.take(host, at)
        if points is not None:
            host.finish(Shape(self.kind, points, host.figure_of(self.kind, points)))

    def take(self, host: Host, at: QPointF) -> Points | None:
        """The finished points, the tool being ready for the next shape; or what a mere click draws."""
        start, away = self._start, at - self._pressed
        self.cancel()
        host.redraw()
        if start is None or math.hypot(away.x(), away.y()) < SHORTEST_PX:
            return self.clicked(host, self._pressed) if start is not None else None
        return self.points(start, picture_point(host, at))

    def clicked(self, host: Host, at: QPointF) -> Points | None:
        """What a mere click draws: nothing."""
        del host, at
        return None

    def cancel(self) -> None:
        """Forget the sketch."""
        self._start = self._end = None

    def sketch(self, host: Host) -> Shape | None:
        """The shape as far as it is drawn."""
        if self._start is None or self._end is None:
            return None
        points = self.points(self._start, self._end)
        return Shape(self.kind, points, host.figure_of(self.kind, points))
