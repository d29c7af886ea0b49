"""What our own measurement of a report's points gives, beside the figure that the report tells of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.objects.region_placing import PlacedRegion
from medviewer.dicom.objects.report_codes import DIAMETER, LONG_AXIS, SHORT_AXIS
from medviewer.dicom.objects.report_values import Measured
from medviewer.imaging.measure import Point, length_mm, polygon_area_mm2
from medviewer.imaging.numbers import number

_LENGTHS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001}
_AREAS = {"mm2": 1.0, "cm2": 100.0}
_TOLD_FROM = 0.01
"""A difference of one part in a hundred is told."""


def beside(measured: Measured, placed: Sequence[PlacedRegion]) -> str:
    """ "Its drawn points: 21.0 mm" where the points of one region give another figure than the file tells.

    Empty where they agree within 1 % or the digits told, or give none (no scale, a figure of another kind).
    """
    if measured.value is None or len(placed) != 1:
        return ""
    unit = _LENGTHS.get(measured.unit) or _AREAS.get(measured.unit)
    if unit is None:
        return ""
    own = _area(placed[0]) if measured.unit in _AREAS else _length(measured, placed[0])
    if own is None:
        return ""
    own /= unit
    decimals = _decimals(measured.digits)
    apart = abs(own - measured.value)
    if apart <= max(_TOLD_FROM * abs(measured.value), 0.5 * 10.0**-decimals):
        return ""
    scale = placed[0].scale
    note = f" ({scale.label})" if scale is not None and scale.label != "mm" else ""
    return f"Its drawn points: {number(own, measured.unit_word, min(max(decimals, 1), 3))}{note}"


def _decimals(digits: str) -> int:
    """Digits behind the point; none where the number has an exponent or the point is missing."""
    _, point, rest = digits.strip().partition(".")
    return len(rest) if point and rest.isdigit() else 0


def _area(part: PlacedRegion) -> float | None:
    """mm² inside a closed line."""
    if part.scale is None or not part.line.closed:
        return None
    return polygon_area_mm2(_pixels(part.line.points), part.scale)


def _length(measured: Measured, part: PlacedRegion) -> float | None:
    """mm between two points, of a circle's diameter, of an ellipse's axis, by the concept measured."""
    points, kind = part.region.points, part.region.kind
    if kind == "POLYLINE" and len(points) == 2:
        start, end = part.line.points.astype(np.float64)
        return _distance(start, end, part)
    if kind == "CIRCLE" and measured.concept in DIAMETER:
        radius = _distance(points[0], points[1], part)
        return None if radius is None else 2 * radius
    if kind == "ELLIPSE" and measured.concept in LONG_AXIS | SHORT_AXIS:
        first = 0 if measured.concept in LONG_AXIS else 2
        a, b = points[first], points[first + 1]
        return float(np.linalg.norm(b - a)) if part.region.in_space else _distance(a, b, part)
    return None


def _distance(a: NDArray[np.float64], b: NDArray[np.float64], part: PlacedRegion) -> float | None:
    if part.scale is None:
        return None
    start, end = _pixels(np.stack([a, b]))
    return length_mm(start, end, part.scale)


def _pixels(points: NDArray[np.floating]) -> list[Point]:
    """(x, y) as (slice, row, column)."""
    return [(0.0, float(y), float(x)) for x, y in points]
