"""What lies over the picture while an outline is edited: the painted pixels, the model's outline dashed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem

from medviewer.imaging.loops import loops

_FILL = 0.42
_DASH_PX = 1.75
_DASHES = [4.0, 3.0]


class DraftItem(QGraphicsItem):
    """A mask in picture coordinates, pixel by pixel. Only what was touched is made anew."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)
        self._image = QImage()
        self._ink = np.uint32(0)
        self.setVisible(False)

    def show_mask(self, inside: NDArray[np.bool_] | None, colour: str) -> None:
        """(rows, columns) in a colour; None for nothing."""
        self.setVisible(inside is not None)
        if inside is None:
            return
        ink = QColor(colour)
        ink.setAlphaF(_FILL)
        self._ink = _premultiplied(ink)
        self.prepareGeometryChange()
        self._pixels = np.where(inside, self._ink, np.uint32(0)).astype(np.uint32, order="C")
        rows, columns = inside.shape
        # The image stands on the array: both go together.
        self._image = QImage(
            self._pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied
        )
        self.update()

    def refresh(self, inside: NDArray[np.bool_], rows: slice, columns: slice) -> None:
        """A box of the same mask changed."""
        if inside.shape != self._pixels.shape:
            return
        self._pixels[rows, columns] = np.where(inside[rows, columns], self._ink, np.uint32(0))
        box = QRectF(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        self.update(box)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The picture."""
        return QRectF(0, 0, self._pixels.shape[1], self._pixels.shape[0])

    def paint(self, painter: QPainter, *rest: Any) -> None:
        """Pixels as they are, never interpolated."""
        del rest
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self.boundingRect(), self._image)


def _premultiplied(ink: QColor) -> np.uint32:
    alpha = ink.alpha()
    red, green, blue = (round(part * alpha / 255) for part in (ink.red(), ink.green(), ink.blue()))
    return np.uint32(alpha << 24 | red << 16 | green << 8 | blue)


class DraftLayer:
    """Both, as children of what the camera moves."""

    def __init__(self, stage: QGraphicsItem) -> None:
        self.item = DraftItem()
        self.item.setParentItem(stage)
        self.item.setZValue(1.5)
        self._stage = stage
        self._dashed: list[QGraphicsPathItem] = []

    def show_dashed(self, outlines: Sequence[tuple[NDArray[np.float32], QColor]]) -> None:
        """Outlines (n, 2, 2) in picture coordinates, dashed on a dark ground."""
        while len(self._dashed) < 2 * len(outlines):
            item = QGraphicsPathItem(self._stage)
            item.setZValue(2.5)
            self._dashed.append(item)
        for number, item in enumerate(self._dashed):
            item.setVisible(number < 2 * len(outlines))
            if number < 2 * len(outlines):
                segments, colour = outlines[number // 2]
                item.setPath(_path(segments))
                item.setPen(_pen(colour, ground=number % 2 == 0))

    @property
    def dashed_count(self) -> int:
        """How many outlines are shown."""
        return sum(item.isVisible() for item in self._dashed) // 2


def _path(segments: NDArray[np.float32]) -> QPainterPath:
    path = QPainterPath()
    for loop in loops(segments):
        corners = QPolygonF()
        for x, y in loop.tolist():
            corners.append(QRectF(x, y, 0, 0).topLeft())
        path.addPolygon(corners)
    return path


def _pen(colour: QColor, *, ground: bool) -> QPen:
    pen = QPen(QColor(0, 0, 0, 150) if ground else colour, _DASH_PX + (1.5 if ground else 0))
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if not ground:
        pen.setDashPattern(_DASHES)
    return pen
