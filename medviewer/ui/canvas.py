"""The surface of a viewport: image, overlay raster, overlay outlines, and one item for everything else.

Scene coordinates are device-independent pixels of the view. Image, raster and outlines share one transform,
that of the camera, so that they can't part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsItem, QGraphicsItemGroup, QGraphicsPathItem, QGraphicsView, QWidget

from medviewer.imaging.part import Part
from medviewer.ui import theme
from medviewer.ui.camera import Camera

OUTLINE_PX = 1.5
HALO_ALPHA = 0.55


class Hands(Protocol):
    """Who acts on the mouse."""

    def wheel(self, event: QWheelEvent) -> None:
        """The wheel turned."""

    def press(self, event: QMouseEvent) -> None:
        """A button went down."""

    def move(self, event: QMouseEvent) -> None:
        """The mouse moved."""

    def release(self, event: QMouseEvent) -> None:
        """A button went up."""

    def double_click(self, event: QMouseEvent) -> None:
        """A button went down twice."""

    def leave(self) -> None:
        """The mouse left."""

    def resized(self, width: float, height: float) -> None:
        """The view has another size."""


class Raster(pg.ImageItem):  # type: ignore[misc]
    """Part of an image, whose pixel (row, column) covers exactly [column, column + 1] x [row, row + 1]."""

    def __init__(self, smooth: bool) -> None:
        super().__init__(axisOrder="row-major")
        self.smooth = smooth

    def show_array(self, array: NDArray[np.uint8] | None, part: Part | None) -> None:
        """(rows, columns), (rows, columns, 3) or (rows, columns, 4) of finished levels; None hides it.

        ``part``: which cells of the picture they are; None for the picture as stored.
        """
        self.setVisible(array is not None)
        if array is not None:
            place = QTransform()
            if part is not None:
                rows, columns = part.rows, part.columns
                place = QTransform(columns.step, 0, 0, rows.step, columns.start, rows.start)
            self.setTransform(place)
            self.setImage(np.ascontiguousarray(array), autoLevels=False, levels=None)

    def paint(self, painter: QPainter, *rest: Any) -> None:
        """Interpolated where smooth; labels never are."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth)
        super().paint(painter, *rest)


class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """Shows arrays where a camera puts them."""

    def __init__(self, hands: Hands, front: QGraphicsItem, parent: QWidget) -> None:
        super().__init__(parent, useOpenGL=False, background=theme.colour("image_ground"))
        self._hands = hands
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.viewport().setMouseTracking(True)
        self._stage = QGraphicsItemGroup()
        self._image, self._fill = Raster(smooth=True), Raster(smooth=False)
        self._outlines: list[QGraphicsPathItem] = []
        self._heat = Raster(smooth=True)
        for depth, item in ((0.0, self._image), (0.5, self._heat), (1.0, self._fill)):
            item.setParentItem(self._stage)
            item.setZValue(depth)
            item.setVisible(False)
        front.setZValue(10)
        self.addItem(self._stage)
        self.addItem(front)

    @property
    def stage(self) -> QGraphicsItem:
        """What the camera moves: layers in picture coordinates are its children."""
        return self._stage

    def set_smooth(self, smooth: bool) -> None:
        """Interpolate between pixels, or show them as squares."""
        self._image.smooth = smooth
        self._image.update()

    def show_levels(self, levels: NDArray[np.uint8] | None, part: Part | None = None) -> None:
        """The image or a part of it: (rows, columns) or (rows, columns, 3); None for nothing."""
        self._image.show_array(levels, part)

    def show_heat(self, rgba: NDArray[np.uint8] | None, part: Part | None) -> None:
        """Colours (rows, columns, 4) between image and overlay, or a part of them; None for none."""
        self._heat.show_array(rgba, part)

    def show_overlay(
        self,
        rgba: NDArray[np.uint8] | None,
        outlines: Sequence[tuple[NDArray[np.float32], QColor]],
        part: Part | None = None,
    ) -> None:
        """Fill (rows, columns, 4) with nearest pixels, and outlines as lines of constant width. The fill
        covers a part, or all; the lines are in picture coordinates either way."""
        self._fill.show_array(rgba, part)
        while len(self._outlines) < len(outlines):
            self._outlines.append(self._new_outline())
        for number, item in enumerate(self._outlines):
            item.setVisible(number < len(outlines))
            if number < len(outlines):
                segments, colour = outlines[number]
                item.setPath(path_of(segments))
                item.setPen(_pen(colour))

    def _new_outline(self) -> QGraphicsPathItem:
        item = QGraphicsPathItem(self._stage)
        item.setZValue(2)
        return item

    def place(self, camera: Camera) -> None:
        """Put the picture where the camera says."""
        (sx, sy), (ox, oy) = camera.scale, camera.offset
        self._stage.setTransform(QTransform(sx, 0, 0, sy, ox, oy))

    def drawBackground(self, painter: QPainter, rect: Any) -> None:  # noqa: N802 - Qt's name
        """The ground, by the shortest way."""
        painter.fillRect(rect, self.backgroundBrush())

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Tell the new size."""
        super().resizeEvent(event)
        if event is not None:
            size = self.viewport().size()
            self._hands.resized(size.width(), size.height())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Hand on."""
        self._hands.wheel(event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Hand on."""
        self._hands.press(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Hand on."""
        self._hands.move(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Hand on."""
        self._hands.release(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Hand on."""
        self._hands.double_click(event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Hand on."""
        del event
        self._hands.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Keys belong to the window."""
        event.ignore()


def path_of(segments: NDArray[np.float32]) -> QPainterPath:
    """(n, 2, 2) pairs of ends as one path."""
    if len(segments) == 0:
        return QPainterPath()
    ends = segments.reshape(-1, 2).astype(np.float64)
    path: QPainterPath = pg.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs")
    return path


def _pen(colour: QColor) -> QPen:
    pen = QPen(colour, OUTLINE_PX)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    return pen
