"""A thin bar beside the picture: which images are loaded, seen, hold a result, and which one is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from medviewer.ui import theme

_WIDTH, _TRACK, _HANDLE, _PAD = 12, 3, 3.0, 8


class SliceBar(QWidget):
    """Click or drag goes to an image."""

    index_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Images: loaded, seen (blue), with a result (yellow)")
        self._count, self._index = 0, 0
        self._ready = self._seen = self._marked = np.zeros(0, bool)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Always of one width, so that nothing jumps."""
        return QSize(_WIDTH, 100)

    def set_state(
        self, index: int, ready: NDArray[np.bool_], seen: NDArray[np.bool_], marked: NDArray[np.bool_]
    ) -> None:
        """Which image is shown, and for each image, whether it is loaded, seen, and holds a result."""
        self._index, self._count = index, len(ready)
        self._ready, self._seen, self._marked = ready, seen, marked
        self.update()

    def _span(self) -> tuple[int, int]:
        return _PAD, max(1, self.height() - 2 * _PAD)

    def index_at(self, y: float) -> int:
        """The image at a height of the bar."""
        top, length = self._span()
        return int(min(max((y - top) / length * self._count, 0), self._count - 1))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the track and the handle."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.colour("image_ground")))
        if self._count < 2:
            return
        top, length = self._span()
        left = (_WIDTH - _TRACK) // 2
        painter.drawImage(QRectF(left - 3, top, _TRACK + 3, length), self._track(length))
        middle = top + (self._index + 0.5) / self._count * length
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#ffffff"))
        painter.drawRoundedRect(QRectF(1, middle - _HANDLE / 2, _WIDTH - 2, _HANDLE), 1.5, 1.5)

    def _track(self, length: int) -> QImage:
        """One row a screen pixel: a column of result marks, a gap, the track."""
        first = np.arange(length) * self._count // length
        rgb = np.zeros((length, _TRACK + 3, 3), np.uint8)
        track = np.full((length, 3), _rgb("line"), np.uint8)
        track[self._ready[first]] = _rgb("muted")
        track[self._seen[first]] = _rgb("accent")
        rgb[:, 3:] = track[:, None]
        rgb[self._marked[first], 0] = _rgb("letters")
        data = rgb.tobytes()
        return QImage(data, _TRACK + 3, length, 3 * (_TRACK + 3), QImage.Format.Format_RGB888).copy()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go there."""
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        if self._count:
            self.index_requested.emit(self.index_at(at.y()))


def _rgb(name: str) -> tuple[int, int, int]:
    colour = QColor(theme.colour(name))
    return colour.red(), colour.green(), colour.blue()
