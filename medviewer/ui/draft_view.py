"""A picture whose mask can be painted: the draft on its slice, the model's outline beside it, the brush."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from medviewer.imaging.brush import Dab, MaskDraft
from medviewer.imaging.cut import mask_cut
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Mask
from medviewer.ui.annotations import BrushCircle
from medviewer.ui.canvas import Hands
from medviewer.ui.draft_layer import DraftLayer
from medviewer.ui.picture import outline
from medviewer.ui.presented_view import PresentedView

Pair = tuple[float, float]


class DraftView(PresentedView):
    """Shows a draft; what is painted is asked for and done elsewhere. All of it goes with the picture."""

    stroke_began = Signal()
    brush_moved = Signal(tuple, tuple, bool)
    """From and to, as picture points (x, y), and whether it erases."""
    stroke_ended = Signal()
    brush_size_wanted = Signal(int)

    def __init__(self, plane: Plane, hands: Hands, parent: QWidget | None = None) -> None:
        self._draft: MaskDraft | None = None
        self._draft_colour = ""
        self._originals: tuple[tuple[Mask, str], ...] = ()
        self._brush_px: Pair | None = None
        self._layer: DraftLayer | None = None
        super().__init__(plane, hands, parent)
        self._layer = DraftLayer(self._canvas.stage)

    def set_draft(self, draft: MaskDraft | None, colour: str = "") -> None:
        """What is painted, on the volume's grid; None for nothing."""
        self._draft, self._draft_colour = draft, colour
        self._show_draft()

    def refresh_draft(self, index: int, dab: Dab) -> None:
        """Stored slice ``index`` of the draft changed where a brush was."""
        picture, draft = self._picture, self._draft
        if picture is None or draft is None or self._layer is None or self._drafted() != index:
            return
        view = picture.view
        (top, left), (rows, columns) = dab.corner, dab.inside.shape
        corners = [
            view.from_voxel(index, r, c) for r in (top, top + rows - 1) for c in (left, left + columns - 1)
        ]
        down, across = sorted(c[1] for c in corners), sorted(c[2] for c in corners)
        self._layer.item.refresh(
            view.placed(draft.slice(index)),
            slice(int(down[0]), int(down[-1]) + 1),
            slice(int(across[0]), int(across[-1]) + 1),
        )

    def set_originals(self, masks: Sequence[tuple[Mask, str]]) -> None:
        """Outlines to be drawn dashed, on the volume's grid, with their colour."""
        self._originals = tuple(masks)
        self._show_draft()

    def set_brush(self, radius_px: Pair | None) -> None:
        """How far the brush reaches in picture pixels, across and down; None for no brush."""
        self._brush_px = radius_px
        notes = self._front.notes
        if notes.brush is not None:
            notes.brush = None if radius_px is None else replace(notes.brush, radius=radius_px)
            self._front.update()

    @property
    def dashed_count(self) -> int:
        """How many outlines are drawn dashed on the picture shown."""
        return self._layer.dashed_count if self._layer is not None else 0

    # What the brush asks

    def begin_stroke(self) -> None:
        """What is painted from now on belongs together."""
        self.stroke_began.emit()

    def paint(self, start: QPointF, end: QPointF, erase: bool) -> None:
        """The brush went from one screen position to another."""
        camera = self.camera
        self.brush_moved.emit(
            camera.to_picture(start.x(), start.y()), camera.to_picture(end.x(), end.y()), erase
        )

    def end_stroke(self) -> None:
        """The brush was lifted."""
        self.stroke_ended.emit()

    def show_brush(self, at: QPointF | None) -> None:
        """The circle of the brush, here or nowhere."""
        circle = None
        if at is not None and self._brush_px is not None and self._drafted() is not None:
            circle = BrushCircle(self.camera.to_picture(at.x(), at.y()), self._brush_px)
        if circle != self._front.notes.brush:
            self._front.notes.brush = circle
            self._front.update()

    def ask_brush_size(self, steps: int) -> None:
        """The reader wants a larger brush, or a smaller one."""
        self.brush_size_wanted.emit(steps)

    # What is shown

    def _begin(self, shape: tuple[int, int]) -> None:
        """Another picture: nothing that was painted on the last one may stay."""
        self._draft, self._originals, self._front.notes.brush = None, (), None
        super()._begin(shape)

    def _show_overlay(self) -> None:
        super()._show_overlay()
        self._show_draft()

    def _drafted(self) -> int | None:
        """The stored slice on screen, where the draft lies on it; None in planes across the slices."""
        picture, draft = self._picture, self._draft
        if picture is None or draft is None or picture.view.axes[0] != 0:
            return None
        fits = draft.shape == picture.view.volume_shape and 0 <= self._index < picture.view.count
        return picture.view.stored_index(self._index) if fits else None

    def _show_draft(self) -> None:
        layer, picture = self._layer, self._picture
        if layer is None:
            return
        here = self._drafted() if self._visible else None
        inside: NDArray[np.bool_] | None = None
        if picture is not None and self._draft is not None and here is not None:
            inside = picture.view.placed(self._draft.slice(here))
        layer.item.show_mask(inside, self._draft_colour)
        layer.show_dashed(self._dashed() if self._visible else ())

    def _dashed(self) -> list[tuple[NDArray[np.float32], QColor]]:
        picture, found = self._picture, []
        if picture is None or not 0 <= self._index < picture.view.count:
            return []
        for mask, colour in self._originals:
            cut = (
                mask_cut(picture.view, mask, self._index) if mask.shape == picture.view.volume_shape else None
            )
            if cut is not None and cut[0].any():
                ends = outline(cut[0]) + np.array([cut[2], cut[1]], np.float32)
                found.append((np.asarray(ends, np.float32), QColor(colour)))
        return found
