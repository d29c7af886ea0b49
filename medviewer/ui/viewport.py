"""One picture of one plane: image, overlay, captions, mouse tools. It shows what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement

if TYPE_CHECKING:
    from medviewer.imaging.draw import Corners


class Viewport(QWidget):
    """A picture and everything drawn on it. The reader's acts leave as signals; nothing changes by itself."""

    scrolled = Signal(int)
    """Steps: +1 is the next image."""
    index_requested = Signal(int)
    window_dragged = Signal(Window)
    cursor_moved = Signal(str)
    measurement_made = Signal(ReaderMeasurement)
    measurement_deleted = Signal(str)
    zoom_changed = Signal(float)
    activated = Signal()
    maximise_toggled = Signal()
    crosshair_moved = Signal(tuple)
    """Voxel (slice, row, column) under the mouse while Shift is held."""
    files_dropped = Signal(list)
    """list[pathlib.Path]"""
    context_requested = Signal(QPoint, str)
    """Right click: global position, id of the measurement under the mouse or an empty string."""
    slice_painted = Signal(int)
    """A loaded image was painted before the reader's eyes: for Session.mark_seen."""

    def __init__(self, plane: Plane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plane = plane

    def set_picture(self, volume: Volume | None, ready: NDArray[np.bool_] | None) -> None:
        """Show a volume; ``ready`` tells which stored slices are loaded (None: all)."""

    def set_series_key(self, key: str) -> None:
        """The series that new measurements belong to."""

    def set_index(self, index: int) -> None:
        """Show picture ``index`` of the plane."""

    def set_window(self, window: Window | None) -> None:
        """Centre and width; None lets the renderer choose."""

    def set_masks(self, masks: Sequence[tuple[Mask, str, str]]) -> None:
        """Masks with colour and name."""

    def set_slice_masks(self, index: int, layers: Sequence[tuple[NDArray[np.bool_], str]]) -> None:
        """Streaming results of one stored slice, before masks are whole."""

    def clear_slice_masks(self) -> None:
        """Forget what streamed in (a cancelled run)."""

    def set_style(self, style: OverlayStyle) -> None:
        """Opacity of the overlay."""

    def set_overlay_visible(self, visible: bool) -> None:
        """Hide or show the overlay."""

    def set_corners(self, corners: Corners) -> None:
        """Corner texts, plain."""

    def set_measurements(self, measurements: tuple[ReaderMeasurement, ...]) -> None:
        """What the reader drew."""

    def set_crosshair(self, voxel: tuple[float, float, float] | None) -> None:
        """Reference lines through a voxel."""

    def set_seen(self, seen: NDArray[np.bool_] | None) -> None:
        """Which images the reader has seen, for the slice bar."""

    def set_message(self, text: str) -> None:
        """Text in the middle."""

    def set_active(self, active: bool) -> None:
        """Frame it as the view that keys go to."""

    def refresh_slice(self, index: int) -> None:
        """A stored slice became ready."""

    def fit(self) -> None:
        """Fit the picture into the view."""

    def one_to_one(self) -> None:
        """One image pixel to one screen pixel."""

    def zoom_by(self, factor: float) -> None:
        """Zoom about the middle."""

    def set_tool(self, name: str) -> None:
        """window, scroll, zoom, pan, length, angle, ellipse, note, crosshair."""

    def delete_selected(self) -> bool:
        """Ask for the deletion of the measurement under the mouse or last touched."""
        return False

    def dropped(self, paths: list[Path]) -> None:
        """Files were dropped."""
        self.files_dropped.emit(paths)

    def grab_image(self) -> QImage:
        """The picture as it is on screen."""
        return self.grab().toImage()
