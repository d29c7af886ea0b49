"""How measurements look: thin light lines with a dark halo, their figure beside them."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from medviewer.ui import halo, theme
from medviewer.ui.camera import Camera
from medviewer.ui.shapes import Shape

_TICK = 4.0
_ARROW = 9.0
_SMALLEST = 2.5


def draw_shape(painter: QPainter, shape: Shape, camera: Camera, *, chosen: bool) -> None:
    """Draw one measurement where the camera puts it; the one under the mouse stands out by thicker lines."""
    at = [QPointF(*camera.to_screen(x, y)) for x, y in shape.points]
    thick = 2.0 if chosen else 1.25
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(theme.qcolour("halo", 0.6), thick + 2), QPen(theme.qcolour("measure"), thick)):
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        _lines(painter, shape.kind, at)
    _words(painter, shape, at, camera)


def draw_circle(
    painter: QPainter, centre: tuple[float, float], radius: tuple[float, float], camera: Camera
) -> None:
    """The circle of a brush, never smaller than can be seen."""
    across, down = (max(_SMALLEST, r * s) for r, s in zip(radius, camera.scale, strict=True))
    at = QPointF(*camera.to_screen(*centre))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(theme.qcolour("halo", 0.7), 3), QPen(theme.qcolour("measure"), 1.25)):
        painter.setPen(pen)
        painter.drawEllipse(at, across, down)


def _lines(painter: QPainter, kind: str, at: list[QPointF]) -> None:
    if kind == "ellipse" and len(at) == 3:
        a, b = abs(at[1].x() - at[0].x()), abs(at[2].y() - at[0].y())
        painter.drawEllipse(at[0], a, b)
        return
    for start, end in zip(at, at[1:], strict=False):  # noqa: RUF007 - lists of points, pairwise hides it
        painter.drawLine(start, end)
    if kind == "length" and len(at) == 2:
        _ticks(painter, at[0], at[1])
    if kind == "text" and len(at) == 2:
        _arrow(painter, at[0], at[1])


def _ticks(painter: QPainter, start: QPointF, end: QPointF) -> None:
    """Short strokes across both ends."""
    dx, dy = end.x() - start.x(), end.y() - start.y()
    length = math.hypot(dx, dy) or 1.0
    across = QPointF(-dy / length * _TICK, dx / length * _TICK)
    for point in (start, end):
        painter.drawLine(point - across, point + across)


def _arrow(painter: QPainter, tip: QPointF, tail: QPointF) -> None:
    angle = math.atan2(tail.y() - tip.y(), tail.x() - tip.x())
    for turn in (-0.4, 0.4):
        side = QPointF(math.cos(angle + turn), math.sin(angle + turn)) * _ARROW
        painter.drawLine(tip, tip + side)


def _words(painter: QPainter, shape: Shape, at: list[QPointF], camera: Camera) -> None:
    """The figure right of the shape, or under an ellipse; always inside the view."""
    if not shape.text:
        return
    wide = halo.width(shape.text)
    if shape.kind == "ellipse" and len(at) == 3:
        x, y = at[0].x() - wide / 2, at[2].y() + 12
    else:
        anchor = at[1] if shape.kind == "angle" and len(at) == 3 else at[-1]
        if shape.kind == "length":
            anchor = max(at, key=lambda point: point.x())
        x, y = anchor.x() + 10, anchor.y()
        if x + wide > camera.size[0] - 8:
            x, y = anchor.x() - wide, anchor.y() + 14
    x = min(max(x, 8.0), max(8.0, camera.size[0] - wide - 8))
    y = min(max(y, 12.0), camera.size[1] - 12.0)
    plate = QRectF(x - 4, y - halo.LINE_PX / 2, wide + 8, halo.LINE_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.qcolour("halo", 0.6))
    painter.drawRoundedRect(plate, 3, 3)
    halo.draw(painter, x, y, shape.text, theme.colour("measure"))
