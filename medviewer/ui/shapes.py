"""Measurements on a picture: where their points lie, what figure they tell, how near the mouse is. No Qt.

Kinds and their points, in picture coordinates: ``length`` both ends; ``angle`` arm, corner, other arm;
``ellipse`` centre, end of the half axis across, end of the half axis down; ``text`` tip of the arrow, its
other end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from medviewer.imaging.reslice import PlaneView
from medviewer.review import figures
from medviewer.review.figures import Points, from_voxels, to_voxels, upright
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.picture import Picture

__all__ = ["Points", "Shape", "distance", "ellipse_points", "figure", "from_voxels", "shape_of", "to_voxels"]


@dataclass(frozen=True)
class Shape:
    """Something drawn on a picture: kind, points (x, y) in picture coordinates, and the words beside it."""

    kind: str
    points: Points
    text: str = ""
    id: str = ""


def shape_of(measurement: ReaderMeasurement, view: PlaneView, number_shown: int) -> Shape:
    """A measurement as drawn: its number in the list before its figure."""
    text = f"{number_shown}  {measurement.text}" if measurement.text else str(number_shown)
    points = from_voxels(view, measurement.points)
    points = upright(points) if measurement.kind == "ellipse" and len(points) == 3 else points
    return Shape(measurement.kind, points, text, measurement.id)


def figure(kind: str, points: Points, picture: Picture, index: int) -> str:
    """The figure of a shape on a picture as it lies on screen."""
    return figures.figure(kind, points, picture.volume, picture.view, index)


def ellipse_points(corner: tuple[float, float], other: tuple[float, float]) -> Points:
    """Centre and half axes of the ellipse in the box between two corners."""
    cx, cy = (corner[0] + other[0]) / 2, (corner[1] + other[1]) / 2
    return (cx, cy), (max(corner[0], other[0]), cy), (cx, max(corner[1], other[1]))


def distance(points: Points, kind: str, at: tuple[float, float]) -> float:
    """How far a point is from the lines of a shape, all in one unit (screen pixels)."""
    if kind == "ellipse":
        (cx, cy), (ax, _), (_, by) = points
        a, b = max(abs(ax - cx), 1e-6), max(abs(by - cy), 1e-6)
        reach = math.hypot((at[0] - cx) / a, (at[1] - cy) / b)
        return abs(reach - 1.0) * min(a, b)
    lines = list(pairwise(points))
    return min(_to_line(at, start, end) for start, end in lines) if lines else math.inf


def _to_line(at: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    part = 0.0 if length == 0 else ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length
    part = min(1.0, max(0.0, part))
    return math.hypot(at[0] - start[0] - part * dx, at[1] - start[1] - part * dy)
