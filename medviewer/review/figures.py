"""What a measurement tells on its image: from its points and the scale that holds there. No Qt.

Points are picture coordinates (x, y), edge-based; kinds and their points are told in ``ui.shapes``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from medviewer.errors import NoGeometry
from medviewer.imaging import measure
from medviewer.imaging.inplane import Scale
from medviewer.imaging.numbers import decimals_for, number, plus_minus, supported_decimals
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.volume import Unit, Volume
from medviewer.review.state import ReaderMeasurement

_ACROSS = "not measured across regions"
Points = tuple[tuple[float, float], ...]
VoxelPoint = tuple[float, float, float]


def centres(view: PlaneView, index: int, points: Points) -> list[VoxelPoint]:
    """Picture points as voxel indices, whole numbers being voxel centres: what ``imaging.measure`` takes."""
    return [view.to_voxel(index, y - 0.5, x - 0.5) for x, y in points]


def to_voxels(view: PlaneView, index: int, points: Points) -> tuple[VoxelPoint, ...]:
    """Picture points as a :class:`ReaderMeasurement` keeps them: edge-based in row and column."""
    return tuple((s, r + 0.5, c + 0.5) for s, r, c in centres(view, index, points))


def from_voxels(view: PlaneView, points: Sequence[VoxelPoint]) -> Points:
    """The inverse of :func:`to_voxels`, for points on any picture of the plane."""
    placed = [view.from_voxel(s, r - 0.5, c - 0.5) for s, r, c in points]
    return tuple((col + 0.5, row + 0.5) for _, row, col in placed)


def upright(points: Points) -> Points:
    """An ellipse as its kind tells it: on a turned picture the half axis that was across runs down."""
    (cx, cy), *ends = points
    a, b = sum(abs(x - cx) for x, _ in ends), sum(abs(y - cy) for _, y in ends)
    return (cx, cy), (cx + a, cy), (cx, cy + b)


def rescaled(measurement: ReaderMeasurement, volume: Volume) -> str:
    """The figure a measurement tells with the scale of ``volume``; of a note its words.

    Voxels are not asked, they may not be loaded yet: what a region says of its values stays. Raises
    :class:`NoGeometry` for a plane that the volume doesn't have.
    """
    view, index = PlaneView.of(volume, measurement.plane), measurement.index
    points = from_voxels(view, measurement.points)
    if measurement.kind == "ellipse":
        points = upright(points)
        values, dot, _ = measurement.text.rpartition(" · ")
        return values + dot + _area(points, centres(view, index, points), view, index)
    if measurement.kind in ("length", "angle"):
        return figure(measurement.kind, points, volume, view, index)
    return measurement.text


def figure(kind: str, points: Points, volume: Volume, view: PlaneView, index: int) -> str:
    """The figure of a shape: "23.4 mm", "… mm at detector", or in pixels where nothing tells millimetres."""
    at = centres(view, index, points)
    if kind == "length":
        return _length(at, view, index)
    if kind == "angle":
        return _angle(at, view, index)
    if kind == "ellipse":
        return _ellipse(points, at, volume, view, index)
    return ""


def _length(at: list[VoxelPoint], view: PlaneView, index: int) -> str:
    try:
        scale = view.scale(index, at)
    except NoGeometry:
        return _ACROSS
    if scale is None:
        return number(measure.length_px(at[0], at[1]), "px", 1)
    length = measure.length_mm(at[0], at[1], scale)
    if isinstance(scale, Scale):
        return number(length, scale.label, supported_decimals((scale.row_mm, scale.column_mm)))
    return number(length, view.label(index), supported_decimals(view.pixel_mm or scale.spacing_mm))


def _angle(at: list[VoxelPoint], view: PlaneView, index: int) -> str:
    try:
        scale = view.scale(index, at)
    except NoGeometry:
        return _ACROSS
    try:
        if scale is None:
            return f"{number(measure.angle_deg_px(at[0], at[1], at[2]), decimals=1)}° (in pixels)"
        return f"{number(measure.angle_deg(at[0], at[1], at[2], scale), decimals=1)}°"
    except ValueError:  # an arm of no length has no angle yet
        return ""


def _ellipse(points: Points, at: list[VoxelPoint], volume: Volume, view: PlaneView, index: int) -> str:
    size = _area(points, at, view, index)
    if volume.is_colour:
        return size
    inside = inside_ellipse(points, view.shape)
    values = view.extract(volume.voxels, index)[inside]
    stats = measure.statistics(values, volume.padding)
    decimals = decimals_for(stats.mean) if stats.count else 2
    return f"{plus_minus(stats.mean, stats.sd, unit_of(volume), decimals)} · {size}"


def _area(points: Points, at: list[VoxelPoint], view: PlaneView, index: int) -> str:
    try:
        box = [(2 * c[0] - e[0], 2 * c[1] - e[1], 2 * c[2] - e[2]) for c in at[:1] for e in at[1:]]
        scale = view.scale(index, [*at, *box])
    except NoGeometry:
        return _ACROSS
    if scale is None:
        a, b = abs(points[1][0] - points[0][0]), abs(points[2][1] - points[0][1])
        return number(math.pi * a * b, "px²", 0)
    area = measure.ellipse_area_mm2(at[0], at[1], at[2], scale)
    told = (scale if isinstance(scale, Scale) else view).label
    words = (told if isinstance(told, str) else told(index)).removeprefix("mm")
    return number(area / 100, "cm²" + words, 2) if area >= 100 else number(area, "mm²" + words, 1)


def inside_ellipse(points: Points, shape: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Pixels (rows, columns) whose centre lies inside the ellipse."""
    (cx, cy), (ax, _), (_, by) = points
    a, b = max(abs(ax - cx), 1e-9), max(abs(by - cy), 1e-9)
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(((x + 0.5 - cx) / a) ** 2 + ((y + 0.5 - cy) / b) ** 2 <= 1.0)


def unit_of(volume: Volume) -> str:
    """The unit behind a number: "HU", or nothing where the values have none."""
    return "" if volume.unit is Unit.RGB else volume.unit.value or volume.unit_label
