"""A picture on which the reader draws rectangles: the part of every frame that will be made empty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from medviewer.dicom.deidentify.blanking import Rectangle
from medviewer.ui import theme


class FrameCanvas(QWidget):
    """Shows one RGB picture fitted; a drag draws a rectangle in the picture's own pixels."""

    drawn = Signal(object)
    """A :class:`Rectangle`."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._rectangles: tuple[Rectangle, ...] = ()
        self._start: QPointF | None = None
        self._end: QPointF | None = None
        self.setMinimumSize(280, 280)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def show_picture(self, rgb: NDArray[np.uint8] | None) -> None:
        """(rows, columns, 3), or None for no picture."""
        self._image = None
        if rgb is not None:
            rows, columns = rgb.shape[:2]
            data = np.ascontiguousarray(rgb).tobytes()
            self._image = QImage(data, columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
        self.update()

    def show_rectangles(self, rectangles: tuple[Rectangle, ...]) -> None:
        """What is drawn so far."""
        self._rectangles = rectangles
        self.update()

    def _place(self) -> QRectF:
        """Where the picture lies in the widget."""
        if self._image is None:
            return QRectF()
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def _pixel(self, point: QPointF) -> tuple[int, int]:
        """(column, row) of the edge between pixels nearest to a point, within the picture."""
        place, image = self._place(), self._image
        if image is None:
            return 0, 0
        x = (point.x() - place.x()) / place.width() * image.width()
        y = (point.y() - place.y()) / place.height() * image.height()
        return min(max(round(x), 0), image.width()), min(max(round(y), 0), image.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A rectangle begins."""
        if self._image is not None and event.button() == Qt.MouseButton.LeftButton:
            self._start = self._end = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """It follows the mouse."""
        if self._start is not None:
            self._end = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """It is drawn, where it holds a pixel."""
        if self._start is None:
            return
        (left, top), (right, bottom) = self._pixel(self._start), self._pixel(event.position())
        self._start = self._end = None
        self.update()
        if left != right and top != bottom:
            width, height = abs(right - left), abs(bottom - top)
            self.drawn.emit(Rectangle(min(left, right), min(top, bottom), width, height))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Black around the picture, black and a line where it will be empty."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.qcolour("image_ground"))
        if self._image is None:
            return
        place = self._place()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._image)
        painter.setPen(QPen(theme.qcolour("attention"), 1.5))
        painter.setBrush(QColor(0, 0, 0, 255))
        scale = place.width() / self._image.width()
        for box in self._rectangles:
            corner = QPointF(place.x() + box.x * scale, place.y() + box.y * scale)
            painter.drawRect(QRectF(corner.x(), corner.y(), box.width * scale, box.height * scale))
        if self._start is not None and self._end is not None:
            painter.setBrush(QColor(0, 0, 0, 120))
            painter.drawRect(QRectF(self._start, self._end).normalized())
