"""The colour bar at the right edge of a picture, with ticks, quantity and unit."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from medviewer.imaging.colour_bar import ColourBar
from medviewer.ui import halo, theme

WIDTH, TALLEST = 12.0, 320.0
_EDGE = 32.0
"""From the picture's right edge: room for the orientation letter."""
_PART = 0.5
_TICK = 4.0
_SMALLEST = 80.0


def draw_colour_bar(painter: QPainter, bar: ColourBar, width: float, height: float) -> None:
    """Draw it upright, half as tall as the view of this size; nothing where that is too small."""
    tall = min(TALLEST, height * _PART)
    if tall < _SMALLEST:
        return
    box = QRectF(round(width - _EDGE - WIDTH), round((height - tall) / 2), WIDTH, round(tall))
    painter.drawImage(box, _image(bar))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.qcolour("halo", 0.8), 1))
    painter.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))
    right, caption = Qt.AlignmentFlag.AlignRight, theme.colour("caption")
    for place, text in bar.ticks:
        y = box.top() + place * box.height()
        for colour, thick in ((theme.qcolour("halo", 0.8), 3.0), (theme.qcolour("caption"), 1.0)):
            painter.setPen(QPen(colour, thick))
            painter.drawLine(QPointF(box.left() - _TICK, y), QPointF(box.left(), y))
        halo.draw(painter, box.left() - _TICK - 4, y, text, caption, align=right)
    title = halo.elided(bar.title, width / 2)
    halo.draw(painter, box.right(), box.top() - halo.LINE_PX, title, caption, align=right)


def _image(bar: ColourBar) -> QImage:
    column = np.ascontiguousarray(bar.colours[:, None, :])
    rows = column.shape[0]
    return QImage(column.tobytes(), 1, rows, 3, QImage.Format.Format_RGB888).copy()
