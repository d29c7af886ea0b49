"""Outlines of masks as closed lines, for pens whose dashes must run on around the corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]


def loops(segments: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The (n, 2, 2) sides of :func:`~medviewer.imaging.overlay.outline_segments` joined end to end: each loop
    (k, 2) of points (x, y), the first being the last too."""
    ends: list[tuple[Point, Point]] = [
        ((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))) for a, b in segments
    ]
    at: dict[Point, list[int]] = {}
    for number, pair in enumerate(ends):
        for point in pair:
            at.setdefault(point, []).append(number)
    left = set(range(len(ends)))
    found = []
    while left:
        found.append(_walk(min(left), ends, at, left))
    return found


def _walk(
    first: int, ends: list[tuple[Point, Point]], at: dict[Point, list[int]], left: set[int]
) -> NDArray[np.float32]:
    start, here = ends[first]
    left.discard(first)
    points = [start, here]
    while here != start:
        onward = next((n for n in at[here] if n in left), None)
        if onward is None:
            break
        left.discard(onward)
        a, b = ends[onward]
        here = b if a == here else a
        points.append(here)
    return np.array(points, np.float32)
