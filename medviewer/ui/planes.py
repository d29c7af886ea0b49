"""One big view, or the big view with two others beside it; the crosshair and reference lines between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from medviewer.errors import NoGeometry
from medviewer.imaging.draw import Corners
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.picture import side_planes
from medviewer.ui.view_group import ViewGroup
from medviewer.ui.viewport import Viewport

LAYOUTS = ("single", "mpr")
Voxel = tuple[float, float, float]


class PlanesView(ViewGroup):
    """``main`` shows the series as stored; the side views show the other two planes, where the stack is one
    regular volume. Setters that concern all views go to all. Signals are those of :class:`Viewport`: acts
    from any view, numbers of images always those of ``main``. Where the side views are is this widget's own.
    """

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
        self.sides = (Viewport(Plane.CORONAL, self), Viewport(Plane.SAGITTAL, self))
        self.viewports = (self.main, *self.sides)
        self.active = self.main
        self._layout, self._has_sides = "single", False
        self._large: Viewport | None = None
        self._lines = True
        self._voxel: Voxel | None = None
        self._corners = Corners()
        self._column = QSplitter(Qt.Orientation.Vertical, self)
        row = QSplitter(Qt.Orientation.Horizontal, self)
        row.addWidget(self.main)
        row.addWidget(self._column)
        for side in self.sides:
            self._column.addWidget(side)
        for splitter in (row, self._column):
            splitter.setHandleWidth(2)
            splitter.setChildrenCollapsible(False)
        row.setStretchFactor(0, 13)
        row.setStretchFactor(1, 8)
        row.setSizes([1300, 800])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row)
        self._connect()
        self._arrange()

    def _connect(self) -> None:
        main = self.main
        main.scrolled.connect(self.scrolled)
        main.index_requested.connect(self.index_requested)
        main.zoom_changed.connect(self.zoom_changed)
        main.slice_painted.connect(self.slice_painted)
        for side in self.sides:
            side.scrolled.connect(self._side_scrolled)
            side.index_requested.connect(self._side_requested)
        for view in self.viewports:
            view.window_dragged.connect(self.window_dragged)
            view.cursor_moved.connect(self.cursor_moved)
            view.measurement_made.connect(self.measurement_made)
            view.measurement_deleted.connect(self.measurement_deleted)
            view.files_dropped.connect(self.files_dropped)
            view.context_requested.connect(self.context_requested)
            view.activated.connect(self._activated)
            view.maximise_toggled.connect(self._maximise)
            view.crosshair_moved.connect(self._crosshair_moved)

    # Layout

    def set_layout(self, layout: str) -> None:
        """ "single" or "mpr"; a series without other planes shows one view either way. Raises ValueError."""
        if layout not in LAYOUTS:
            raise ValueError(f"layouts are {', '.join(LAYOUTS)}, not {layout!r}")
        self._layout, self._large = layout, None
        self._arrange()

    @property
    def layout_name(self) -> str:
        """The layout that was asked for."""
        return self._layout

    @property
    def planes_shown(self) -> bool:
        """Whether more than one view is on screen."""
        return self._layout == "mpr" and self._has_sides and self._large is None

    def _arrange(self) -> None:
        several = self._layout == "mpr" and self._has_sides
        for view in self.viewports:
            shown = view is self.main if not several else self._large in (None, view)
            view.setVisible(shown)
        for side in self.sides:
            side.set_compact(self._large is not side)
        self._column.setVisible(several and self._large is not self.main)
        if not self.active.isVisibleTo(self):
            self._set_active(next(v for v in self.viewports if v.isVisibleTo(self)))
        else:
            self._set_active(self.active)
        self._show_lines()

    def _maximise(self) -> None:
        view = self.sender()
        if not (self._layout == "mpr" and self._has_sides):
            self.maximise_toggled.emit()
            return
        self._large = None if self._large is not None else next(v for v in self.viewports if v is view)
        self._arrange()

    def _activated(self) -> None:
        view = self.sender()
        self._set_active(next(v for v in self.viewports if v is view))
        self.activated.emit()

    def _set_active(self, view: Viewport) -> None:
        self.active = view
        for other in self.viewports:
            other.set_active(other is view and self.planes_shown)

    def next_view(self) -> None:
        """Make the next view on screen the active one."""
        shown = [v for v in self.viewports if v.isVisibleTo(self)]
        self._set_active(shown[(shown.index(self.active) + 1) % len(shown)])

    # Setters for all views

    def set_volume(
        self, volume: Volume | None, ready: NDArray[np.bool_] | None, *, expect_sides: bool = False
    ) -> None:
        """The volume on screen, in all views. ``expect_sides``: other planes will follow in their place."""
        before = self.main.picture
        self.main.set_picture(volume, ready)
        self._has_sides = self._set_sides(volume, ready) or expect_sides
        after = self.main.picture
        if after is None or before is None or not before.same_grid(after):
            self._large = None
            self._place_sides()
        self._arrange()

    def _set_sides(self, volume: Volume | None, ready: NDArray[np.bool_] | None) -> bool:
        try:
            planes = side_planes(volume) if volume is not None else None
        except NoGeometry:
            planes = None
        if planes is None:
            for side in self.sides:
                side.set_picture(None, None)
            return False
        for side, plane in zip(self.sides, planes, strict=True):
            side.set_picture(volume, ready, plane)
        return True

    def _place_sides(self) -> None:
        """Begin in the middle of the volume."""
        picture = self.main.picture
        if picture is None:
            self._voxel = None
            return
        rows, columns = picture.view.shape
        self._voxel = picture.view.to_voxel(self.main.index, rows // 2, columns // 2)
        self._follow(self.sides)

    def set_index(self, index: int) -> None:
        """Image of the main view."""
        self.main.set_index(index)
        if self._voxel is not None:
            self._voxel = (float(self.main.index), *self._voxel[1:])
            self._show_lines()

    def set_slice_masks(self, index: int, layers: Sequence[tuple[NDArray[np.bool_], str]]) -> None:
        """Streaming results of one stored slice."""
        self.main.set_slice_masks(index, layers)

    def clear_slice_masks(self) -> None:
        """Forget what streamed in."""
        self.main.clear_slice_masks()

    def set_corners(self, corners: Corners) -> None:
        """Corner texts of the main view; the others name their plane and, where it does, the patient."""
        self._corners = corners
        self.main.set_corners(corners)
        self._caption_sides()

    def _caption_sides(self) -> None:
        for side in self.sides:
            name = side.plane.value.capitalize()
            number = (f"Image {side.index + 1} / {side.count}",) if side.count else ()
            side.set_corners(Corners((name, *self._corners.top_left[:1]), bottom_left=number))

    def set_message(self, text: str) -> None:
        """Words in the middle of the main view."""
        self.main.set_message(text)

    def set_seen(self, seen: NDArray[np.bool_] | None) -> None:
        """Which images of the main view were seen."""
        self.main.set_seen(seen)

    def set_lines_visible(self, visible: bool) -> None:
        """Show or hide reference lines."""
        self._lines = visible
        self._show_lines()

    @property
    def lines_visible(self) -> bool:
        """Whether reference lines are drawn where there are several views."""
        return self._lines

    def delete_selected(self) -> bool:
        """Ask for the deletion of the active view's chosen measurement."""
        return self.active.delete_selected()

    # Places

    def _side_scrolled(self, step: int) -> None:
        side = next(v for v in self.sides if v is self.sender())
        self._go(side, side.index + step)

    def _side_requested(self, index: int) -> None:
        self._go(next(v for v in self.sides if v is self.sender()), index)

    def _go(self, side: Viewport, index: int) -> None:
        side.set_index(index)
        if self._voxel is not None and side.picture is not None:
            voxel = list(self._voxel)
            voxel[side.picture.view.axes[0]] = side.picture.view.stored_index(side.index)
            self._voxel = (voxel[0], voxel[1], voxel[2])
        self._show_lines()

    def _crosshair_moved(self, voxel: Voxel) -> None:
        source = self.sender()
        self._voxel = voxel
        self._follow([v for v in self.sides if v is not source])
        if source is not self.main and round(voxel[0]) != self.main.index:
            self.index_requested.emit(round(voxel[0]))
        self.crosshair_moved.emit(voxel)

    def go_to(self, voxel: Voxel) -> None:
        """Point all side views at a voxel (slice, row, column); the main view's image is the session's."""
        self._voxel = voxel
        self._follow(self.sides)

    def _follow(self, views: Sequence[Viewport]) -> None:
        for view in views:
            if view.picture is not None and self._voxel is not None:
                view.set_index(round(view.picture.view.from_voxel(*self._voxel)[0]))
        self._show_lines()

    def _show_lines(self) -> None:
        shown = self._voxel if self._lines and self.planes_shown else None
        for view in self.viewports:
            view.set_crosshair(shown)
        self._caption_sides()
