"""A picture of one plane with everything drawn on it. It shows; what the mouse does is in ``viewport``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from medviewer.ai.findings import Line
from medviewer.imaging.colour_bar import bar_of
from medviewer.imaging.part import Part
from medviewer.imaging.render import OverlayStyle, auto_window
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.camera import Camera
from medviewer.ui.canvas import Hands
from medviewer.ui.drawn import drawn_masks, legend_of, lines_on, reference_lines, shapes_on, why_missing
from medviewer.ui.foreign import Foreign
from medviewer.ui.picture import Picture
from medviewer.ui.sight import part_in_sight, serves
from medviewer.ui.sparing import Sparing
from medviewer.ui.stage import Stage
from medviewer.ui.warming import Warming


class PictureView(Stage):
    """Image, overlay, captions, slice bar."""

    slice_painted = Signal(int)
    """A loaded picture was painted before the reader's eyes: for Session.mark_seen."""

    def __init__(self, plane: Plane, hands: Hands, parent: QWidget | None = None) -> None:
        super().__init__(hands, parent)
        self._plane = plane
        self._picture: Picture | None = None
        self._index = 0
        self._window: Window | None = None
        self._auto: Window | None = None
        self._style = OverlayStyle()
        self._visible = True
        self._series_key = ""
        self._measurements: tuple[ReaderMeasurement, ...] = ()
        self._crosshair: tuple[float, float, float] | None = None
        self._part: Part | None = None
        self._warming = Warming()
        self._seen: NDArray[np.bool_] = np.zeros(0, bool)
        self._failures: Mapping[int, str] = {}
        self._later = Sparing(self._show_levels, self)
        # What is only passed through within one event was never on screen.
        self._settled = QTimer(self, singleShot=True, interval=0)
        self._settled.timeout.connect(self._mark_seen)

    @property
    def plane(self) -> Plane:
        """The plane shown."""
        return self._plane

    @property
    def picture(self) -> Picture | None:
        """What is shown, or nothing."""
        return self._picture

    @property
    def index(self) -> int:
        """Number of the picture shown, from 0."""
        return self._index

    @property
    def count(self) -> int:
        """Number of pictures."""
        return self._picture.view.count if self._picture is not None else 0

    @property
    def shown_window(self) -> Window | None:
        """The window on screen, None for colour or without a picture."""
        if self._picture is None or self._picture.volume.is_colour:
            return None
        return self._window or self._auto

    def set_picture(
        self, volume: Volume | None, ready: NDArray[np.bool_] | None, plane: Plane | None = None
    ) -> None:
        """Show a volume; ``ready`` tells which stored slices are loaded (None: all; may fill later).

        The same voxels again keep zoom, place, masks and measurements. Others begin anew: fitted, and
        without any of these, so that nothing of one patient stays on another. Raises :class:`NoGeometry`
        where the volume has no such plane.
        """
        old = self._picture
        plane = plane or self._plane
        new = None if volume is None else Picture(volume, plane, ready)
        if new is not None and old is not None and old.same_grid(new):
            new = replace(new, masks=old.masks, partial=old.partial, turn=old.turn, foreign=old.foreign)
            self._plane, self._picture = plane, new
            self._tell_edges()
        else:
            shape = (0, 0) if new is None else new.view.shape  # refuses before anything has changed
            self._plane, self._picture = plane, new
            self._begin(shape)
        self._auto = None
        self._show_levels()
        self._show_overlay()

    def _begin(self, shape: tuple[int, int]) -> None:
        """Another picture: nothing of the last one may stay."""
        self._seen = np.zeros(self.count, bool)
        self._index = min(self._index, max(0, self.count - 1))
        self._measurements, self._crosshair, self._failures = (), None, {}
        self._part = None
        self._warming.drop()
        notes = self._front.notes
        notes.shapes, notes.sketch, notes.value, notes.chosen = (), None, "", ""
        notes.has_picture = self._picture is not None
        self._tell_edges()
        pixel_mm = self._picture.view.pixel_mm if self._picture is not None else None
        if self._picture is not None:
            self.move_camera(self.camera.showing(shape, pixel_mm))
        self._show_lines()

    def move_camera(self, camera: Camera) -> None:
        """Zoom or pan; another part of the picture is made ready where what there is does not serve."""
        zoomed = camera.zoom != self.camera.zoom
        super().move_camera(camera)
        before, ratio = self._part, self._canvas.devicePixelRatioF()
        if self._picture is not None and (before is None or not serves(before, camera, ratio)):
            self._part = part_in_sight(camera, ratio, around=before is None or not zoomed)
            if before is not None:
                self._show_levels()
                self._show_overlay()

    def _tell_edges(self) -> None:
        """Letters and what the millimetres are: of projections each image says its own."""
        notes, picture = self._front.notes, self._picture
        known = picture is not None and 0 <= self._index < picture.view.count
        notes.letters = picture.view.letters(self._index) if picture is not None and known else None
        pixel_mm = picture.view.pixel_mm_at(self._index) if picture is not None and known else None
        notes.column_mm = pixel_mm[1] if pixel_mm is not None else None
        notes.ruler_label = picture.view.label(self._index) if picture is not None and known else "mm"

    def set_failures(self, failures: Mapping[int, str]) -> None:
        """Why stored slices could not be shown; looked up whenever such a slice is asked for. Goes with the
        picture: call it after ``set_picture``."""
        self._failures = failures
        self._show_levels()

    def set_series_key(self, key: str) -> None:
        """The series that new measurements belong to."""
        self._series_key = key

    def set_index(self, index: int) -> None:
        """Show picture ``index`` of the plane, or the nearest there is."""
        index = min(max(index, 0), max(0, self.count - 1))
        if index == self._index:
            return
        self._index = index
        self._tell_edges()
        self._show_levels()
        self._show_overlay()
        self._show_shapes()

    def set_window(self, window: Window | None) -> None:
        """Centre and width; None lets the renderer choose."""
        if window != self._window:
            self._window = window
            self._show_levels()

    def set_masks(self, masks: Sequence[tuple[Mask, str, str]], lines: Sequence[Line] = ()) -> None:
        """Masks with colour and name on the volume's grid, and lines, in place of what streamed in."""
        if self._picture is None or (not masks and not self._picture.masks):
            return
        self._picture = replace(self._picture, masks=tuple(masks), lines=tuple(lines), partial={})
        self._show_overlay()
        self._show_shapes()

    def set_foreign(self, foreign: Foreign) -> None:
        """Overlays from files, on the volume's grid; they lie beside the masks of results."""
        if self._picture is not None and foreign is not self._picture.foreign:
            self._picture = replace(self._picture, foreign=foreign)
            self._show_overlay()

    def set_slice_masks(self, index: int, layers: Sequence[tuple[NDArray[np.bool_], str]]) -> None:
        """Masks (rows, columns) with colour of stored slice ``index``, before the result is whole."""
        if self._picture is None:
            return
        self._picture.partial[index] = tuple(layers)
        self._picture = replace(self._picture)
        if index == self._index:
            self._show_overlay()
        else:
            self._show_bar()

    def clear_slice_masks(self) -> None:
        """Forget what streamed in."""
        if self._picture is not None and self._picture.partial:
            self._picture = replace(self._picture, partial={})
            self._show_overlay()

    def set_style(self, style: OverlayStyle) -> None:
        """Opacity of the overlay."""
        if style != self._style:
            self._style = style
            self._show_overlay()

    def set_overlay_visible(self, visible: bool) -> None:
        """Hide or show the overlay."""
        if visible != self._visible:
            self._visible = visible
            self._show_overlay()

    def set_measurements(self, measurements: Sequence[ReaderMeasurement]) -> None:
        """What the reader drew on this series, in the order of the list that numbers them."""
        self._measurements = tuple(measurements)
        self._show_shapes()

    def set_crosshair(self, voxel: tuple[float, float, float] | None) -> None:
        """Reference lines through the centre of a voxel (slice, row, column)."""
        self._crosshair = voxel
        self._show_lines()

    def set_seen(self, seen: NDArray[np.bool_] | None) -> None:
        """Which pictures the reader has seen (count,), for the slice bar."""
        if seen is not None and len(seen) == self.count:
            self._seen |= seen
            self._show_bar()

    def refresh_slice(self, index: int) -> None:
        """Stored slice ``index`` became ready."""
        if self._picture is None:
            return
        view = self._picture.view
        if view.axes[0] != 0:
            self._later.soon()
        elif view.stored_index(self._index) == index:
            self._show_levels()
        else:
            self._show_bar()

    def _show_levels(self) -> None:
        picture = self._picture
        self._front.notes.missing = why_missing(picture, self._index, self._failures)
        if picture is None or not picture.is_ready(self._index):
            self._front.notes.bar = None
            self._canvas.show_levels(None)
            self._front.update()
        else:
            if self._auto is None and self._window is None:
                self._auto = auto_window(picture.volume)
            self._front.notes.bar = bar_of(picture.volume, self.shown_window)
            part = self._part
            self._canvas.show_levels(picture.levels(self._index, self.shown_window, part), part)
            self._settled.start()
        self._show_bar()

    def _mark_seen(self) -> None:
        if self._picture is not None and self.isVisible() and self._picture.is_ready(self._index):
            self._seen[self._index] = True
            self._show_bar()
            self.slice_painted.emit(self._index)
            self._warming.around(
                self._picture, self._index, self._part, self._style if self._visible else None
            )

    def _show_overlay(self) -> None:
        picture, notes = self._picture, self._front.notes
        drawn = drawn_masks(picture if self._visible else None, self._index, self._style, self._part)
        self._canvas.show_overlay(drawn.fill, drawn.outlines, self._part)
        notes.marks = drawn.marks
        notes.legend = legend_of(picture)
        notes.overlay = picture is not None and bool(picture.masks or picture.partial)
        notes.foreign = picture is not None and bool(picture.foreign.layers)
        notes.overlay_hidden = not self._visible
        self._show_bar()
        self._front.update()

    def _show_shapes(self) -> None:
        key = self._series_key
        here = [(n, m) for n, m in enumerate(self._measurements, 1) if not key or m.series_key == key]
        self._front.notes.shapes = shapes_on(self._picture, self._index, here)
        self._front.notes.told = lines_on(self._picture, self._index)
        self._front.update()

    def _show_lines(self) -> None:
        self._front.notes.lines = reference_lines(self._picture, self._crosshair)
        self._front.update()

    def _show_bar(self) -> None:
        picture, none = self._picture, np.zeros(0, bool)
        known = (none, none, none) if picture is None else (picture.loaded(), self._seen, picture.touched())
        self._bar.set_state(self._index if picture is not None else 0, *known)

    def showEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """What is on screen now was not seen before."""
        super().showEvent(event)  # type: ignore[arg-type]
        self._settled.start()
