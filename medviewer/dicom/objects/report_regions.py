"""Regions of a report as points, and the images and segments it points at (PS3.3 C.18.4, C.18.6, C.18.9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.objects.guarded import Item
from medviewer.dicom.objects.report_codes import name_of
from medviewer.dicom.objects.seg_file import ALL_FRAMES, MAX_FRAMES

_FEWEST = {"POINT": 1, "MULTIPOINT": 1, "POLYLINE": 2, "CIRCLE": 2, "ELLIPSE": 4}
_FEWEST_3D = {"POINT": 1, "MULTIPOINT": 1, "POLYLINE": 2, "POLYGON": 3, "ELLIPSE": 4, "ELLIPSOID": 6}
_EXACT = frozenset({"POINT", "CIRCLE", "ELLIPSE", "ELLIPSOID"})
_FARTHEST = 1e6
_CORNERS = 180
"""A circle is drawn as a polygon of so many: off by less than 0.02 % of its radius."""
_SQUARE = 0.02
"""How far the axes of an ellipse may be from a right angle, and its middles apart, as a part of its size."""


@dataclass(frozen=True, eq=False)
class Region:
    """Points of one region: (n, 2) as (x, y) in edge coordinates of ``image`` (the outer corner of its first
    pixel is (0, 0)), or (n, 3) in LPS mm of the frame of reference ``frame_uid``."""

    kind: str
    name: str
    points: NDArray[np.float64]
    image: tuple[str, int] | None = None
    frame_uid: str = ""

    @property
    def in_space(self) -> bool:
        """Whether the points are places in the patient."""
        return bool(self.points.shape[1] == 3)

    @property
    def closed(self) -> bool:
        """Whether it goes round an area."""
        if self.kind in ("CIRCLE", "ELLIPSE", "POLYGON"):
            return True
        if self.kind != "POLYLINE" or len(self.points) < 4:
            return False
        return bool((self.points[0] == self.points[-1]).all())

    def outline(self) -> NDArray[np.float64]:
        """The corners to be drawn: (m, 2) or (m, 3). A closed line's last one is not its first again."""
        p = self.points
        if self.kind == "CIRCLE":
            return _round(p[0], p[1] - p[0], _across(p[1] - p[0]))
        if self.kind == "ELLIPSE":
            return _round(p[:2].mean(axis=0), (p[1] - p[0]) / 2, (p[3] - p[2]) / 2)
        return p[:-1] if self.closed and np.array_equal(p[0], p[-1]) else p


def _across(radius: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([-radius[1], radius[0]])


def _round(
    centre: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)[:, None]
    return np.asarray(centre + np.cos(turn) * first + np.sin(turn) * second)


def region_of(item: Item) -> Region | None:
    """An SCOORD or SCOORD3D item; None where its numbers make no region, or nothing says where it lies."""
    deep = item.code("ValueType") == "SCOORD3D"
    kind = item.code("GraphicType")
    fewest = (_FEWEST_3D if deep else _FEWEST).get(kind)
    points = _points(item, 3 if deep else 2)
    if fewest is None or points is None or len(points) < fewest:
        return None
    if (kind in _EXACT and len(points) != fewest) or not _believable(kind, points):
        return None
    if deep:
        frame = item.code("ReferencedFrameOfReferenceUID")
        return Region(kind, name_of(item), points, None, frame) if frame else None
    images = [name for child in item.items("ContentSequence") for name in images_of(child)]
    return Region(kind, name_of(item), points, images[0]) if len(set(images)) == 1 else None


def _points(item: Item, width: int) -> NDArray[np.float64] | None:
    raw = item.raw("GraphicData")
    if not raw or len(raw) % (4 * width):
        return None
    values = np.frombuffer(raw, "<f4" if item.little else ">f4").astype(np.float64)
    if not np.isfinite(values).all() or np.abs(values).max() > _FARTHEST:
        return None
    return values.reshape(-1, width)


def _believable(kind: str, points: NDArray[np.float64]) -> bool:
    """Whether the four points of an ellipse are ends of two axes that halve each other at a right angle."""
    if kind != "ELLIPSE":
        return kind != "CIRCLE" or not np.array_equal(points[0], points[1])
    long, short = points[1] - points[0], points[3] - points[2]
    a, b = float(np.linalg.norm(long)), float(np.linalg.norm(short))
    if not a or not b:
        return False
    apart = float(np.linalg.norm(points[:2].mean(axis=0) - points[2:].mean(axis=0)))
    return abs(float(long @ short)) <= _SQUARE * a * b + 1 and apart <= max(1.0, _SQUARE * max(a, b))


def images_of(item: Item) -> list[tuple[str, int]]:
    """(SOP instance UID, frame from 0 or ALL_FRAMES) that an item points at, segments left out."""
    found: list[tuple[str, int]] = []
    for reference in item.items("ReferencedSOPSequence"):
        uid = reference.code("ReferencedSOPInstanceUID")
        if not uid or reference.shorts("ReferencedSegmentNumber"):
            continue
        told = [int(n) - 1 for n in reference.numbers("ReferencedFrameNumber") if 1 <= n <= MAX_FRAMES]
        found += [(uid, frame) for frame in told or [ALL_FRAMES]]
    return found


def segments_of(item: Item) -> list[tuple[str, int]]:
    """(SOP instance UID of a segmentation, segment number) that an item points at."""
    found = []
    for reference in item.items("ReferencedSOPSequence"):
        uid = reference.code("ReferencedSOPInstanceUID")
        found += [(uid, number) for number in reference.shorts("ReferencedSegmentNumber") if uid]
    return found
