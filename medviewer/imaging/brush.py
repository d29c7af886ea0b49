"""Painting a mask: what a brush covers on one slice, and a mask that strokes change until they are undone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.volume import Mask

Pair = tuple[float, float]
_EDGE = 1e-9
_STROKES = 200
"""So many strokes can be undone; each keeps the slices it touched as they were."""


@dataclass(frozen=True, eq=False)
class Dab:
    """The pixels that a brush covers on a slice: ``inside`` (rows, columns) begins at ``corner``."""

    inside: NDArray[np.bool_]
    corner: tuple[int, int]

    @property
    def box(self) -> tuple[slice, slice]:
        """Where it lies on the slice."""
        (top, left), (rows, columns) = self.corner, self.inside.shape
        return slice(top, top + rows), slice(left, left + columns)


def swept(shape: tuple[int, int], start: Pair, end: Pair, radius: Pair) -> Dab | None:
    """What a disc covers that goes straight from ``start`` to ``end``; None beside the picture.

    ``shape``: (rows, columns); the points are (row, column), whole numbers being the centres of pixels;
    ``radius`` in pixels along rows and along columns, so that a disc of millimetres is one where pixels are
    not square. A pixel is covered when its centre is, and always when it lies under either point; a brush
    smaller than a pixel covers that pixel alone.
    """
    if max(radius) < 1:
        start, end = _centre(start), _centre(end)
    wide = np.maximum(np.asarray(radius, np.float64), 0.5)
    ends = np.array([start, end], np.float64)
    low = np.maximum(np.floor(ends.min(axis=0) - wide).astype(int), 0)
    high = np.minimum(np.ceil(ends.max(axis=0) + wide).astype(int) + 1, shape)
    if (low >= high).any():
        return None
    rows, columns = np.ogrid[low[0] : high[0], low[1] : high[1]]
    y, x = (rows - start[0]) / wide[0], (columns - start[1]) / wide[1]
    dy, dx = (ends[1] - ends[0]) / wide
    length = dy * dy + dx * dx
    along = np.clip((y * dy + x * dx) / length, 0.0, 1.0) if length else np.zeros(1)
    inside = np.asarray((y - along * dy) ** 2 + (x - along * dx) ** 2 <= 1.0 + _EDGE)
    for row, column in (_centre(start), _centre(end)):
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            inside[int(row) - low[0], int(column) - low[1]] = True
    return Dab(inside, (int(low[0]), int(low[1]))) if inside.any() else None


def _centre(point: Pair) -> Pair:
    """The centre of the pixel that a point lies in."""
    return float(np.floor(point[0] + 0.5)), float(np.floor(point[1] + 0.5))


class MaskDraft:
    """A mask under the brush. The mask it began with is never touched; one byte is held for each voxel of
    the grid."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._voxels = mask.full()
        self._strokes: list[dict[int, NDArray[np.bool_]]] = []

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns) of the grid."""
        return self._mask.shape

    def slice(self, index: int) -> NDArray[np.bool_]:
        """One slice as it is now: a read-only view (rows, columns)."""
        view: NDArray[np.bool_] = self._voxels[index].view()
        view.flags.writeable = False
        return view

    def begin(self) -> None:
        """A new stroke: what is painted from now on is undone together."""
        if not self._strokes or self._strokes[-1]:
            self._strokes = [*self._strokes[-_STROKES + 1 :], {}]

    def paint(self, index: int, dab: Dab, *, inside: bool) -> bool:
        """Put pixels in or take them out; False where nothing changed."""
        here = self._voxels[index][dab.box]
        if not (dab.inside & (here != inside)).any():
            return False
        if not self._strokes:
            self.begin()
        self._strokes[-1].setdefault(index, self._voxels[index].copy())
        here[dab.inside] = inside
        return True

    @property
    def can_undo(self) -> bool:
        """Whether a stroke changed anything."""
        return any(self._strokes)

    def undo(self) -> tuple[int, ...]:
        """Take the last stroke back that changed anything; the slices it had touched."""
        while self._strokes:
            before = self._strokes.pop()
            for index, voxels in before.items():
                self._voxels[index] = voxels
            if before:
                return tuple(before)
        return ()

    def shown(self) -> Mask:
        """The mask as it is now, sharing memory with what is painted: to be drawn, not kept."""
        own = self._mask
        return Mask(own.label, own.name, self._voxels, (0, 0, 0), own.shape, own.geometry)

    def finished(self) -> Mask:
        """The mask as it is now, for good."""
        return Mask.from_full(self._mask.label, self._mask.name, self._voxels, self._mask.geometry)
