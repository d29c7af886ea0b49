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
from numpy.typing import ArrayLike, NDArray

from medviewer.imaging.inplane import Scale
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Geometry, Mask, Volume, believed

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


def mask_statistics(volume: Volume, mask: Mask) -> Stats:
    """Statistics of a greyscale volume inside a mask on its grid, padding left out."""
    if volume.is_colour or mask.shape != volume.shape:
        raise ValueError("statistics need a greyscale volume and a mask on its grid")
    box = tuple(slice(o, o + n) for o, n in zip(mask.origin, mask.box.shape, strict=True))
    return statistics(volume.voxels[box][mask.box], volume.padding)


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


def _shoelace(points: NDArray[np.float64]) -> float:
    """Area of a plane polygon in space: half the length of the summed cross products."""
    if len(points) < 3:
        raise ValueError("an area needs at least three points")
    shifted = points - points[0]
    return float(np.linalg.norm(np.cross(shifted, np.roll(shifted, -1, axis=0)).sum(axis=0)) / 2)


def polygon_area_mm2(points: Sequence[Point], geometry: Geometry | Scale | None) -> float:
    """Area of a polygon in one plane, in mm² (shoelace). Raises :class:`NoGeometry`, ValueError."""
    return _shoelace(_known(geometry).position(points))


def polygon_area_px(points: Sequence[Point]) -> float:
    """Area of a polygon in pixels. Raises ValueError."""
    return _shoelace(np.asarray(points, dtype=np.float64))


def ellipse_area_mm2(centre: Point, first: Point, second: Point, geometry: Geometry | Scale | None) -> float:
    """Area in mm² of the ellipse that has ``first`` and ``second`` as ends of its half axes.

    Taken as conjugate half axes, so it stays exact where pixels are not square. Raises :class:`NoGeometry`.
    """
    middle, a, b = _known(geometry).position([centre, first, second])
    return float(math.pi * np.linalg.norm(np.cross(a - middle, b - middle)))


def inside_polygon(points: ArrayLike, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels of a (rows, columns) picture whose centre lies inside a polygon, by the even-odd rule.

    ``points``: (n, 2) of (row, column), integers being pixel centres.
    """
    corners = np.asarray(points, dtype=np.float64)
    inside = np.zeros(shape, bool)
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    for (r0, c0), (r1, c1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if r0 == r1:
            continue
        spans = (rows >= min(r0, r1)) & (rows < max(r0, r1))
        inside ^= spans & (columns < c0 + (rows - r0) * (c1 - c0) / (r1 - r0))
    return inside


def ruler(pixels_per_mm: float, longest_px: float) -> tuple[float, str]:
    """Length in mm and text ("5 cm") of the longest round ruler (1, 2, 5, 10 …) within ``longest_px``."""
    limit = longest_px / pixels_per_mm
    power = 10.0 ** math.floor(math.log10(limit))
    length = max(step * power for step in (1, 2, 5) if step * power <= limit * (1 + 1e-9))
    return length, number(length / 10, "cm") if length >= 10 else number(
        length, "mm", 0 if length >= 1 else 2
    )
