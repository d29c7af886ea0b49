"""Text on images: light, with a dark halo, sharp on every screen. Plain text only, whatever it holds."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from medviewer.ui import theme

TEXT_PX, LETTER_PX, LINE_PX = 11.5, 14.0, 16.0
_PAD = 3.0


@lru_cache(maxsize=512)
def _drawn(text: str, colour: str, pixels: float, bold: bool, ratio: float) -> QPixmap:
    """The text once painted: it hardly changes between two paints, and outlines are slow to stroke."""
    font = theme.font(pixels, bold=bold)
    metrics = QFontMetricsF(font)
    size = QSizeF(metrics.horizontalAdvance(text) + 2 * _PAD, metrics.height() + 2 * _PAD)
    picture = QPixmap((size * ratio).toSize())
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    outline = QPainterPath()
    baseline = QPointF(_PAD, _PAD + metrics.ascent())
    outline.addText(baseline, font, text)
    halo = QColor(theme.colour("halo"))
    halo.setAlphaF(0.8)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    join = (Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(outline, QPen(halo, 2.8, *join))
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(baseline, text)
    painter.end()
    return picture


def width(text: str, pixels: float = TEXT_PX, *, bold: bool = False) -> float:
    """Width of a text in device-independent pixels."""
    return QFontMetricsF(theme.font(pixels, bold=bold)).horizontalAdvance(text)


def elided(text: str, room: float, pixels: float = TEXT_PX, *, bold: bool = False) -> str:
    """The text, shortened in its middle to fit ``room``."""
    metrics = QFontMetricsF(theme.font(pixels, bold=bold))
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)


def draw(
    painter: QPainter,
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    pixels: float = TEXT_PX,
    bold: bool = False,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> QRectF:
    """Draw one line whose middle is at height ``y`` and whose left end, middle or right end is at ``x``.

    Returns the rectangle of the text without its halo.
    """
    if not text:
        return QRectF(x, y, 0, 0)
    ratio = painter.device().devicePixelRatioF() if painter.device() is not None else 1.0
    picture = _drawn(text, colour, pixels, bold, ratio)
    size = picture.deviceIndependentSize()
    left = x - _PAD
    if align == Qt.AlignmentFlag.AlignRight:
        left = x - size.width() + _PAD
    elif align == Qt.AlignmentFlag.AlignHCenter:
        left = x - size.width() / 2
    # Whole pixels keep the type sharp.
    corner = QPointF(round(left * ratio) / ratio, round((y - size.height() / 2) * ratio) / ratio)
    painter.drawPixmap(corner, picture)
    return QRectF(corner, size).adjusted(_PAD, _PAD, -_PAD, -_PAD)
