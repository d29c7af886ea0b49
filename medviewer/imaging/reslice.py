"""Planes of a volume by permutation and flips alone: no value is ever interpolated, every pixel is a voxel.

A display picture has rows downwards and columns to the right, in the radiological convention: the patient's
right is on the left of axial and coronal pictures, anterior on the left of sagittal ones; the head, or on
axial pictures the front, is up. Pictures are counted from head to feet (axial), front to back (coronal),
right to left (sagittal).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.errors import NoGeometry
from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.volume import Geometry, Mask, Volume

_NEGLIGIBLE = 1e-4
"""Direction cosines smaller than this tell no letter."""


class Plane(StrEnum):
    """Which way the volume is cut. NATIVE keeps the stored order and needs no geometry."""

    NATIVE = "native"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


_WANTED: dict[Plane, tuple[tuple[int, int], ...]] = {
    Plane.AXIAL: ((2, -1), (1, 1), (0, 1)),
    Plane.CORONAL: ((1, 1), (2, -1), (0, 1)),
    Plane.SAGITTAL: ((0, 1), (2, -1), (1, 1)),
}
"""For (picture, row, column): the LPS axis it should follow, and in which sense."""


@dataclass(frozen=True)
class Letters:
    """Orientation letters at the four edges of a picture (PS3.3 C.7.6.1.1.1)."""

    left: str
    right: str
    top: str
    bottom: str


def letters(vector: ArrayLike) -> str:
    """Letters of the patient direction an LPS vector points to, strongest component first.

    ``letters((1, 0, 0)) == "L"``; components below 1e-4 are left out.
    """
    x = np.asarray(vector, dtype=np.float64)
    order = sorted(range(3), key=lambda axis: -abs(float(x[axis])))
    names = ("LR", "PA", "HF")
    return "".join(names[a][int(x[a] < 0)] for a in order if abs(float(x[a])) >= _NEGLIGIBLE)


def _nearest_axes(directions: NDArray[np.float64]) -> tuple[int, int, int]:
    """Which voxel axis runs best along LPS x, y and z: the assignment with the largest sum of cosines."""
    cosines = np.abs(directions)
    best = max(permutations(range(3)), key=lambda p: float(sum(cosines[xyz, p[xyz]] for xyz in range(3))))
    return best[0], best[1], best[2]


@dataclass(frozen=True, eq=False)
class PlaneView:
    """How display (picture, row, column) and voxel (slice, row, column) indices of one volume relate.

    ``volume_shape``: (slices, rows, columns). Raises :class:`NoGeometry` where a plane other than NATIVE is
    asked of a volume without geometry. On oblique volumes the nearest voxel axes are taken.
    """

    volume_shape: tuple[int, int, int]
    geometry: Geometry | None
    plane: Plane = Plane.NATIVE
    in_plane: tuple[InPlane, ...] = ()
    """What each slice tells of its own plane, or ()."""
    turn: Turn = STRAIGHT
    """How the pictures are turned after all that; everything that asks the view follows."""

    @classmethod
    def of(cls, volume: Volume, plane: Plane = Plane.NATIVE, turn: Turn = STRAIGHT) -> PlaneView:
        """The view of a volume with all that it knows of its geometry. Raises :class:`NoGeometry`."""
        return cls(volume.shape, volume.geometry, plane, volume.in_plane, turn)

    def __post_init__(self) -> None:
        if self.plane is not Plane.NATIVE and self.geometry is None:
            raise NoGeometry(
                f"This series has no reliable geometry, so there is no {self.plane} plane.",
                "Look at the images as they are stored.",
            )

    @cached_property
    def _layout(self) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
        """Voxel axis and flip for each of (picture, row, column)."""
        return self.turn.layout(*self._unturned())

    def _unturned(self) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
        if self.plane is Plane.NATIVE or self.geometry is None:
            return (0, 1, 2), (False, False, False)
        directions = self.geometry.directions
        nearest = _nearest_axes(directions)
        axes, flips = [], []
        for xyz, sense in _WANTED[self.plane]:
            axes.append(nearest[xyz])
            flips.append(bool(directions[xyz, nearest[xyz]] * sense < 0))
        return (axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2])

    @property
    def axes(self) -> tuple[int, int, int]:
        """The voxel axis that (picture, row, column) run along."""
        return self._layout[0]

    @property
    def flips(self) -> tuple[bool, bool, bool]:
        """Whether (picture, row, column) run against their voxel axis."""
        return self._layout[1]

    @property
    def count(self) -> int:
        """Number of pictures."""
        return self.volume_shape[self.axes[0]]

    def stored_index(self, index: int) -> int:
        """Where picture ``index`` lies along its own voxel axis, ``axes[0]``: in NATIVE the stored slice."""
        return self.count - 1 - index if self.flips[0] else index

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of a picture."""
        return self.volume_shape[self.axes[1]], self.volume_shape[self.axes[2]]

    @property
    def pixel_mm(self) -> tuple[float, float] | None:
        """Distance between rows and between columns of a picture in mm, or None where it is not known.

        What these millimetres are is told by :meth:`label`. Of pictures that the reader calibrated one by one
        this is the first: ask :meth:`pixel_mm_at`.
        """
        return self.pixel_mm_at(0)

    def pixel_mm_at(self, index: int) -> tuple[float, float] | None:
        """As :attr:`pixel_mm`, of picture ``index``."""
        if self.geometry is None:
            own = self._own(index)
            scale = own.scale if own is not None else None
            if scale is None:
                return None
            across = self.axes[1] > self.axes[2]  # turned: the image's columns are the picture's rows
            return (scale.column_mm, scale.row_mm) if across else (scale.row_mm, scale.column_mm)
        spacing = self.geometry.spacing_mm
        return spacing[self.axes[1]], spacing[self.axes[2]]

    @property
    def step_mm(self) -> float | None:
        """Distance between pictures in mm, or None without geometry."""
        return None if self.geometry is None else self.geometry.spacing_mm[self.axes[0]]

    def oriented(self, array: NDArray[Any]) -> NDArray[Any]:
        """A (picture, row, column[, channel]) view of a (slice, row, column[, channel]) array: no copy."""
        if array.shape[:3] != self.volume_shape:
            raise ValueError(f"the array is {array.shape[:3]}, the volume {self.volume_shape}")
        moved = array.transpose(*self.axes, *range(3, array.ndim))
        return moved[self._order(0), self._order(1), self._order(2)]

    def stored(self, array: NDArray[Any]) -> NDArray[Any]:
        """The inverse of :meth:`oriented`: a (slice, row, column[, channel]) view, no copy."""
        flipped = array[self._order(0), self._order(1), self._order(2)]
        back = [self.axes.index(axis) for axis in range(3)]
        return flipped.transpose(*back, *range(3, array.ndim))

    def extract(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        """Picture ``index`` as a (rows, columns[, channel]) view of ``array``. Raises IndexError."""
        self._check(index)
        view: NDArray[Any] = self.oriented(array)[index]
        return view

    def extract_mask(self, mask: Mask, index: int) -> NDArray[np.bool_]:
        """Picture ``index`` of a mask on the volume's grid: new (rows, columns) array. Raises IndexError."""
        self._check(index)
        if mask.shape != self.volume_shape:
            raise ValueError(f"the mask's grid is {mask.shape}, the volume {self.volume_shape}")
        picture_axis, row_axis, column_axis = self.axes
        out = np.zeros(self.shape, bool)
        deep = int(self._along(0, index)) - mask.origin[picture_axis]
        if 0 <= deep < mask.box.shape[picture_axis]:
            cut = np.moveaxis(mask.box, picture_axis, 0)[deep]
            top, left = mask.origin[row_axis], mask.origin[column_axis]
            cut = cut if row_axis < column_axis else cut.T
            height, width = cut.shape
            out[top : top + height, left : left + width] = cut
        return out[self._order(1), self._order(2)]

    def placed(self, image: NDArray[Any]) -> NDArray[Any]:
        """One stored slice (rows, columns[, channel]) as its picture shows it: no copy.

        Raises ValueError for another size, and in planes that cut across the slices.
        """
        if self.axes[0] != 0 or image.shape[:2] != self.volume_shape[1:]:
            raise ValueError(f"no picture of this view shows a slice of {image.shape[:2]}")
        image = image.swapaxes(0, 1) if self.axes[1] > self.axes[2] else image
        return image[self._order(1), self._order(2)]

    def to_voxel(self, index: float, row: float, col: float) -> tuple[float, float, float]:
        """Voxel (slice, row, column) at picture ``index``, pixel centre (row, col); fractions allowed."""
        voxel = [0.0, 0.0, 0.0]
        for display, value in enumerate((index, row, col)):
            voxel[self.axes[display]] = self._along(display, value)
        return voxel[0], voxel[1], voxel[2]

    def from_voxel(self, s: float, r: float, c: float) -> tuple[float, float, float]:
        """Picture index, row and column that show voxel (s, r, c): the inverse of :meth:`to_voxel`."""
        voxel = (s, r, c)
        index, row, col = (self._along(display, voxel[self.axes[display]]) for display in range(3))
        return index, row, col

    def directions(self) -> NDArray[np.float64] | None:
        """3 x 3 of unit LPS vectors of (picture, row, column) in its columns, or None without geometry."""
        if self.geometry is None:
            return None
        signs = [-1.0 if flip else 1.0 for flip in self.flips]
        return np.asarray(self.geometry.directions[:, list(self.axes)] * signs)

    def scale(self, index: int, points: Sequence[tuple[float, float, float]]) -> Geometry | Scale | None:
        """What measures voxel ``points`` of picture ``index``: the geometry, or the picture's own scale.

        Raises :class:`NoGeometry` for points of several ultrasound regions.
        """
        own = self._own(index)
        if own is not None and own.regions:
            return own.scale_at([(r, c) for _, r, c in points])
        return self.geometry or (None if own is None else own.scale)

    def label(self, index: int) -> str:
        """What the millimetres of picture ``index`` are: "mm", "mm at detector" …"""
        own = self._own(index)
        return own.scale.label if own is not None and own.scale is not None else "mm"

    def note(self, index: int) -> str:
        """What the millimetres of picture ``index`` are, in full, where the file does not say it."""
        own = self._own(index)
        return own.scale.note if self.geometry is None and own is not None and own.scale is not None else ""

    def _own(self, index: int) -> InPlane | None:
        """What the picture says of itself; in other planes what the first slice says."""
        if not self.in_plane:
            return None
        return self.in_plane[index if self.axes[0] == 0 and self.plane is Plane.NATIVE else 0]

    def letters(self, index: int = 0) -> Letters | None:
        """Letters at the edges of picture ``index``; None where nobody says them: a guess is never shown.

        From the geometry, else from what the image says of its own edges. The letters of people are not put
        on an animal: there only what the image itself says is shown.
        """
        own, directions = self._own(index), self.directions()
        if own is not None and (directions is None or own.quadruped):
            said = own.edges if self.plane is Plane.NATIVE else ()
            return Letters(*self.turn.edges(*said)) if len(said) == 4 else None
        if directions is None:
            return None
        down, right = directions[:, 1], directions[:, 2]
        return Letters(letters(-right), letters(right), letters(-down), letters(down))

    def _along(self, display: int, value: float) -> float:
        """Flip a coordinate of one display axis where the axis is flipped; its own inverse."""
        return self.volume_shape[self.axes[display]] - 1 - value if self.flips[display] else value

    def _order(self, display: int) -> slice:
        """The whole of one display axis, backwards where it is flipped."""
        return slice(None, None, -1 if self.flips[display] else 1)

    def _check(self, index: int) -> None:
        if not 0 <= index < self.count:
            raise IndexError(f"picture {index} of {self.count}")


def canonical_axial(shape: Sequence[int], geometry: Geometry) -> PlaneView:
    """The axial view of a grid: what models see, so that feet-first and prone scans look alike to them."""
    return PlaneView((int(shape[0]), int(shape[1]), int(shape[2])), geometry, Plane.AXIAL)
