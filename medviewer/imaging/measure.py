"""Millimetres, degrees, millilitres and statistics; each refuses where the geometry does not support it.

Points are voxel indices (slice, row, column), fractions allowed, an integer being a voxel's centre. They are
taken to patient millimetres before anything is measured, so anisotropic and oblique images are right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.inplane import Scale
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Geometry, Mask, believed

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Stats:
    """Mean, standard deviation (n - 1), extremes and number of the values; NaN where there are too few."""

    mean: float
    sd: float
    minimum: float
    maximum: float
    count: int


def volume_ml(mask: Mask) -> float:
    """Volume of a mask in millilitres. Raises :class:`NoGeometry`."""
    return mask.voxel_count * believed(mask.geometry).voxel_ml


def statistics(values: NDArray[Any], padding: tuple[float, float] | None = None) -> Stats:
    """Statistics of all finite values outside ``padding`` (inclusive range), in float64.

    Without a value everything is NaN; of a single value the deviation is NaN.
    """
    flat = np.asarray(values).ravel()
    if flat.dtype.kind == "f":
        flat = flat[np.isfinite(flat)]
    if padding is not None:
        flat = flat[(flat < padding[0]) | (flat > padding[1])]
    if flat.size == 0:
        return Stats(math.nan, math.nan, math.nan, math.nan, 0)
    mean = float(flat.mean(dtype=np.float64))
    sd = float(flat.std(dtype=np.float64, ddof=1)) if flat.size > 1 else math.nan
    return Stats(mean, sd, float(flat.min()), float(flat.max()), int(flat.size))


def _known(grid: Geometry | Scale | None) -> Geometry | Scale:
    """What tells places in mm: a geometry, or a picture's own scale. Raises :class:`NoGeometry`."""
    return grid if isinstance(grid, Scale) else believed(grid)


def length_mm(start: Point, end: Point, geometry: Geometry | Scale | None) -> float:
    """Distance of two points in mm. Raises :class:`NoGeometry`."""
    known = _known(geometry)
    return float(np.linalg.norm(known.position(end) - known.position(start)))


def length_px(start: Point, end: Point) -> float:
    """Distance of two points in voxels: what may be told without geometry."""
    return math.dist(start, end)


def _angle(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Angle of two vectors in degrees, 0 to 180; exact near both ends, unlike the arc cosine."""
    a, b = np.linalg.norm(first), np.linalg.norm(second)
    if a == 0 or b == 0:
        raise ValueError("an angle needs two points apart from its corner")
    u, v = first / a, second / b
    return math.degrees(2 * math.atan2(float(np.linalg.norm(u - v)), float(np.linalg.norm(u + v))))


def angle_deg(arm: Point, corner: Point, other: Point, geometry: Geometry | Scale | None) -> float:
    """Angle at ``corner`` in degrees, taken in mm space. Raises :class:`NoGeometry`, ValueError."""
    first, middle, second = _known(geometry).position([arm, corner, other])
    return _angle(first - middle, second - middle)


def angle_deg_px(arm: Point, corner: Point, other: Point) -> float:
    """Angle at ``corner`` in degrees as if voxels were cubes. Raises ValueError."""
    middle = np.asarray(corner, dtype=np.float64)
    return _angle(np.asarray(arm) - middle, np.asarray(other) - middle)


def polygon_area_mm2(points: Sequence[Point], geometry: Geometry | Scale | None) -> float:
    """Area of a polygon in one plane, in mm²: half the length of the summed cross products of its corners.

    Raises :class:`NoGeometry`; ValueError for fewer than three points.
    """
    if len(points) < 3:
        raise ValueError("an area needs at least three points")
    corners = _known(geometry).position(points)
    corners = corners - corners[0]
    return float(np.linalg.norm(np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0)) / 2)


def ellipse_area_mm2(centre: Point, first: Point, second: Point, geometry: Geometry | Scale | None) -> float:
    """Area in mm² of the ellipse that has ``first`` and ``second`` as ends of its half axes.

    Taken as conjugate half axes, so it stays exact where pixels are not square. Raises :class:`NoGeometry`.
    """
    middle, a, b = _known(geometry).position([centre, first, second])
    return float(math.pi * np.linalg.norm(np.cross(a - middle, b - middle)))


def ruler(pixels_per_mm: float, longest_px: float) -> tuple[float, str]:
    """Length in mm and text ("5 cm") of the longest round ruler (1, 2, 5, 10 …) within ``longest_px``."""
    limit = longest_px / pixels_per_mm
    power = 10.0 ** math.floor(math.log10(limit))
    length = max(step * power for step in (1, 2, 5) if step * power <= limit * (1 + 1e-9))
    return length, number(length / 10, "cm") if length >= 10 else number(
        length, "mm", 0 if length >= 1 else 2
    )
