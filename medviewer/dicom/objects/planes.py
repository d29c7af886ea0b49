"""Which pixel of a drawn plane lies under each pixel of an image, and how far the two planes are apart.

Every image is asked by its own position, so a tilted or uneven stack is served as well as a volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.study import Instance, Series

_TURN = 5e-4
"""How far a direction cosine may be from 0 or 1: a quarter of a pixel across 512."""
_ON_GRID = 0.05
"""How far, in pixels, a pixel may lie off the other grid and still be that pixel."""

Vector = tuple[float, float, float]
Cosines = tuple[float, float, float, float, float, float]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Centre of the first pixel in LPS mm, cosines along row and column, spacing (rows, columns) in mm."""

    position: Vector
    orientation: Cosines
    spacing: tuple[float, float]

    @classmethod
    def of(cls, image: Instance) -> Place | None:
        """Where an image lies; None where its header does not say."""
        if image.position is None or image.orientation is None or image.pixel_spacing is None:
            return None
        return cls(image.position, image.orientation, image.pixel_spacing)

    @property
    def axes(self) -> FloatArray:
        """2 x 3: the unit vectors from row to row and from column to column."""
        cosines = np.array(self.orientation)
        return np.stack([cosines[3:], cosines[:3]])

    @property
    def normal(self) -> FloatArray:
        """Unit vector across the plane."""
        across = np.cross(self.orientation[:3], self.orientation[3:])
        return np.asarray(across / np.linalg.norm(across))

    def pixel(self, points: FloatArray) -> FloatArray:
        """(n, 2) fractional (row, column) of (n, 3) points in LPS mm, pixel centres at whole numbers."""
        return np.asarray((points - np.array(self.position)) @ self.axes.T / np.array(self.spacing))

    def distance(self, points: FloatArray) -> FloatArray:
        """(n,) signed distance of points from the plane in mm."""
        return np.asarray((points - np.array(self.position)) @ self.normal)


@dataclass(frozen=True, eq=False)
class Overlap:
    """How a drawn plane comes onto an image. ``rows[r]`` and ``columns[c]`` name the drawn pixel along its
    axis for image row r and column c, -1 where there is none; ``swapped``: image rows run along its columns.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    swapped: bool
    exact: bool
    """Whether every pixel is the same pixel on both grids."""

    def carried(self, drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Drawn pixels on the image's grid."""
        turned = drawn.T if self.swapped else drawn
        rows, columns = np.flatnonzero(self.rows >= 0), np.flatnonzero(self.columns >= 0)
        out = np.zeros((len(self.rows), len(self.columns)), bool)
        if rows.size and columns.size:
            out[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = turned[_run(self.rows[rows])][
                :, _run(self.columns[columns])
            ]
        return out

    def reaches(self, drawn: NDArray[np.bool_]) -> bool:
        """Whether every drawn pixel lies within the image."""
        turned = drawn.T if self.swapped else drawn
        return _spans(self.rows, turned, 1) and _spans(self.columns, turned, 0)


def _run(index: NDArray[np.intp]) -> Any:
    """Consecutive numbers as a slice: a view costs nothing, a list of numbers a copy."""
    first, last = int(index[0]), int(index[-1])
    if np.array_equal(index, np.arange(first, last + 1)):
        return slice(first, last + 1)
    return index


def _spans(index: NDArray[np.intp], pixels: NDArray[np.bool_], across: int) -> bool:
    drawn, known = np.flatnonzero(pixels.any(axis=across)), index[index >= 0]
    if not drawn.size:
        return True
    return bool(known.size and known.min() <= drawn[0] and known.max() >= drawn[-1])


def overlap(drawn: Place, size: tuple[int, int], image: Place, shape: tuple[int, int]) -> Overlap | None:
    """How a drawn plane of ``size`` pixels comes onto an image of ``shape`` pixels, nearest pixel to nearest.

    None where the planes are not parallel, or turned against each other by other than quarter turns.
    """
    if abs(float(drawn.normal @ image.normal)) < 1 - _TURN:
        return None
    turn = drawn.axes @ image.axes.T  # drawn axis x image axis
    signs = np.rint(turn)
    if np.abs(turn - signs).max() > _TURN or (np.abs(signs).sum(axis=0) != 1).any():
        return None
    start = drawn.pixel(np.array([image.position]))[0]
    swapped = bool(signs[0, 0] == 0)
    found, exact = [], True
    for image_axis in range(2):
        axis = 1 - image_axis if swapped else image_axis
        scale = float(signs[axis, image_axis]) * image.spacing[image_axis] / drawn.spacing[axis]
        along = start[axis] + scale * np.arange(shape[image_axis])
        nearest = np.floor(along + 0.5).astype(np.intp)
        inside = (nearest >= 0) & (nearest < size[axis])
        exact &= abs(abs(scale) - 1) < _ON_GRID and bool(np.abs(along - nearest).max() <= _ON_GRID)
        found.append(np.where(inside, nearest, -1))
    return Overlap(found[0], found[1], swapped, exact)


def gap_mm(series: Series) -> float | None:
    """Distance from image to image in mm: the smallest there is, of a single image its thickness."""
    places = [p for p in map(Place.of, series.instances) if p is not None]
    step = smallest_step(places)
    return series.acquisition.slice_thickness_mm if step is None else step


def smallest_step(places: Sequence[Place]) -> float | None:
    """Smallest distance between planes that are apart, along the normal of the first; None for one place."""
    if not places:
        return None
    depths = np.sort(places[0].distance(np.array([p.position for p in places])))
    steps = np.diff(depths)
    apart = steps[steps > 0.01]
    return float(apart.min()) if apart.size else None
