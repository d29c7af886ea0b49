"""A canvas with its captions, slice bar and frame: what surrounds a picture, and how it is placed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from medviewer.imaging.draw import Corners
from medviewer.ui import theme
from medviewer.ui.annotations import Annotations
from medviewer.ui.camera import Camera
from medviewer.ui.canvas import Canvas, Hands
from medviewer.ui.slice_bar import SliceBar


class Stage(QWidget):
    """Zoom, pan, words."""

    zoom_changed = Signal(float)

    def __init__(self, hands: Hands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._active = False
        self._front = Annotations()
        self._canvas = Canvas(hands, self._front, self)
        self._bar = SliceBar(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self._canvas, 1)
        layout.addWidget(self._bar)

    @property
    def camera(self) -> Camera:
        """Zoom and pan."""
        return self._front.notes.camera

    def fit(self) -> None:
        """The whole picture."""
        self.move_camera(self.camera.fit())

    def one_to_one(self) -> None:
        """One image pixel to one screen pixel."""
        self.zoom_by(1.0 / self.camera.zoom)

    def zoom_by(self, factor: float) -> None:
        """Zoom about the middle."""
        self.move_camera(self.camera.zoomed(factor))

    def move_camera(self, camera: Camera) -> None:
        """Zoom or pan."""
        before = self.camera.zoom
        self._front.camera_changed(camera)
        self._canvas.place(camera)
        if camera.zoom != before:
            self.zoom_changed.emit(camera.zoom)

    def event(self, event: QEvent) -> bool:
        """Another screen may be finer or coarser."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.move_camera(self.camera)
        return super().event(event)

    def grab_image(self) -> QImage:
        """The picture as it is on screen, without the slice bar."""
        image: QImage = self._canvas.grab().toImage()
        return image

    def set_corners(self, corners: Corners) -> None:
        """Corner texts, plain."""
        self._front.notes.corners = corners
        self._front.update()

    def set_message(self, text: str) -> None:
        """Words in the middle: what is going on, went wrong, or is to be done. Empty for none."""
        self._front.notes.message = text
        self._front.update()

    def set_active(self, active: bool) -> None:
        """Frame it as the view that keys go to."""
        self._active = active
        self.update()

    def set_compact(self, compact: bool) -> None:
        """A small view beside a large one: no legend, short words."""
        self._front.notes.compact = compact
        self._front.update()

    def set_smooth(self, smooth: bool) -> None:
        """Interpolate between pixels (the default), or show them as squares."""
        self._canvas.set_smooth(smooth)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The frame: accent where keys go."""
        del event
        painter = QPainter(self)
        painter.setPen(QColor(theme.colour("accent" if self._active else "line")))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
