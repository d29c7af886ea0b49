"""One big view, or the big view with two others beside it; the crosshair and reference lines between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget

from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.viewport import Viewport


class PlanesView(QWidget):
    """``main`` shows the series as stored; the side views show the other two planes. Setters that concern all
    views go to all; signals are those of :class:`Viewport`."""

    scrolled = Signal(int)
    index_requested = Signal(int)
    window_dragged = Signal(Window)
    cursor_moved = Signal(str)
    measurement_made = Signal(ReaderMeasurement)
    measurement_deleted = Signal(str)
    zoom_changed = Signal(float)
    activated = Signal()
    maximise_toggled = Signal()
    crosshair_moved = Signal(tuple)
    files_dropped = Signal(list)
    context_requested = Signal(QPoint, str)
    slice_painted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.main = Viewport(Plane.NATIVE, self)
        self.viewports = (self.main, Viewport(Plane.CORONAL, self), Viewport(Plane.SAGITTAL, self))

    def set_layout(self, layout: str) -> None:
        """ "single" or "mpr"."""

    def set_volume(self, volume: Volume | None, ready: NDArray[np.bool_] | None) -> None:
        """The volume on screen, in all views."""
