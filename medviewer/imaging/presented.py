"""What a presentation state puts on one image: turn, shutter, displayed area, drawings and words.

Image points are (x, y) in pixels, edge-based: 0\\0 is the outer corner of the first pixel, its centre is
0.5\\0.5, Columns\\Rows the outer corner of the last (PS3.3 C.10.5.1.2, PIXEL). Shutters and displayed areas
name whole pixels instead, the first being 1\\1 (PS3.3 C.7.6.11, C.10.4); both are turned into edges here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.turn import STRAIGHT, Turn

Point = tuple[float, float]
NEUTRAL = "#D0D5DB"
"""What has no colour of its own: a light grey that is no label's."""
_ROUND = 96
"""Corners of a circle or an ellipse."""
_PER_SPAN = 16
"""Corners between two points of an interpolated line."""


class Units(StrEnum):
    """What points are given in: image pixels, or parts of the displayed area from 0 to 1."""

    PIXEL = "PIXEL"
    DISPLAY = "DISPLAY"


class SizeMode(StrEnum):
    """Presentation Size Mode (0070,0100)."""

    FIT = "SCALE TO FIT"
    TRUE = "TRUE SIZE"
    MAGNIFY = "MAGNIFY"


@dataclass(frozen=True)
class Area:
    """Displayed Area (PS3.3 C.10.4): ``first`` and ``last`` are (column, row) of the pixels at its corners,
    from 1, in either order; they may lie outside the image. ``spacing``: mm (between rows, between columns)
    that hold for this presentation alone; ``aspect``: height of a pixel over its width; ``magnification``:
    screen pixels for one image pixel."""

    first: tuple[int, int]
    last: tuple[int, int]
    mode: SizeMode = SizeMode.FIT
    spacing: tuple[float, float] | None = None
    aspect: float | None = None
    magnification: float | None = None

    @property
    def box(self) -> tuple[Point, Point]:
        """Its outer corners as image points: upper left and lower right as stored."""
        (x0, y0), (x1, y1) = self.first, self.last
        return (min(x0, x1) - 1.0, min(y0, y1) - 1.0), (float(max(x0, x1)), float(max(y0, y1)))


@dataclass(frozen=True)
class Graphic:
    """POINT, POLYLINE, INTERPOLATED, CIRCLE or ELLIPSE (PS3.3 C.10.5.1.2) as the file gives it."""

    kind: str
    points: tuple[Point, ...]
    units: Units = Units.PIXEL
    filled: bool = False
    colour: str = NEUTRAL


@dataclass(frozen=True)
class Text:
    """Words in a box or at an anchor (PS3.3 C.10.5.1.1); ``box`` is its two corners after any turn."""

    words: str
    box: tuple[Point, Point] | None = None
    box_units: Units = Units.PIXEL
    anchor: Point | None = None
    anchor_units: Units = Units.PIXEL
    anchored: bool = False
    """Whether a line leads to the anchor (Anchor Point Visibility)."""
    align: str = "LEFT"
    colour: str = NEUTRAL


@dataclass(frozen=True)
class Shutter:
    """What is covered (PS3.3 C.7.6.11): everything outside each of the shapes that are given.

    ``rectangle``: left and right column, upper and lower row, all still seen; ``circle``: row, column,
    radius in columns; ``polygon``: (row, column) of its corners. ``level``: grey of the cover, 0 to 1.
    """

    rectangle: tuple[int, int, int, int] | None = None
    circle: tuple[float, float, float] | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    level: float = 0.0

    def hidden(self, shape: tuple[int, int], aspect: float = 1.0) -> NDArray[np.bool_]:
        """Which pixels of a (rows, columns) image are covered, by their centres.

        ``aspect``: height of a pixel over its width, so that the circle is round.
        """
        rows = np.arange(1, shape[0] + 1, dtype=np.float64)[:, None]
        columns = np.arange(1, shape[1] + 1, dtype=np.float64)[None, :]
        seen = np.ones(shape, bool)
        if self.rectangle is not None:
            left, right, upper, lower = self.rectangle
            seen &= (columns >= left) & (columns <= right) & (rows >= upper) & (rows <= lower)
        if self.circle is not None:
            row, column, radius = self.circle
            seen &= (columns - column) ** 2 + ((rows - row) * aspect) ** 2 <= radius**2
        if len(self.polygon) > 2:
            seen &= _inside(self.polygon, shape)
        return np.asarray(~seen)


def _inside(corners: Sequence[tuple[float, float]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Even-odd rule; a pixel on the left or upper side is inside, on the right or lower side outside."""
    crossings = np.zeros((shape[0], shape[1] + 1), np.uint16)
    for (r0, c0), (r1, c1) in pairwise([*corners, corners[0]]):
        first, last = sorted((r0, r1))
        rows = np.arange(max(1, math.ceil(first)), min(shape[0] + 1, math.ceil(last)))
        if r0 == r1 or not rows.size:
            continue
        at = c0 + (rows - r0) * (c1 - c0) / (r1 - r0)
        crossings[rows - 1, np.clip(np.ceil(at) - 1, 0, shape[1]).astype(np.intp)] += 1
    return np.asarray((np.cumsum(crossings, axis=1)[:, :-1] & 1).astype(bool))


@dataclass(frozen=True)
class Stroke:
    """A drawing as the lines it is made of, in image points; one point alone is a dot."""

    points: tuple[Point, ...]
    filled: bool = False
    colour: str = NEUTRAL


@dataclass(frozen=True)
class Note:
    """Words with all places as image points."""

    words: str
    box: tuple[Point, Point] | None
    anchor: Point | None
    anchored: bool
    align: str
    colour: str


@dataclass(frozen=True)
class Look:
    """Everything that one image is shown with beside its grey levels; :data:`PLAIN` is nothing at all."""

    turn: Turn = STRAIGHT
    shutter: Shutter | None = None
    area: Area | None = None
    strokes: tuple[Stroke, ...] = ()
    notes: tuple[Note, ...] = ()


PLAIN = Look()


@dataclass(frozen=True)
class Sheet:
    """Turns points of either kind into image points of one image.

    ``shape``: (rows, columns) of the image; ``turn`` and ``area`` of the presentation: what DISPLAY units
    count in. ``aspect``: height of a pixel over its width.
    """

    shape: tuple[int, int]
    turn: Turn = STRAIGHT
    area: Area | None = None
    aspect: float = 1.0

    def image_point(self, point: Point, units: Units) -> Point:
        """Where a point lies on the image, as stored."""
        if units is Units.PIXEL:
            return point
        view = PlaneView((1, *self.shape), None, turn=self.turn)
        (x0, y0), (x1, y1) = shown_box(view, self.area)
        return from_picture(view, (x0 + point[0] * (x1 - x0), y0 + point[1] * (y1 - y0)))

    def stroke(self, graphic: Graphic) -> Stroke:
        """The lines of a drawing."""
        points = tuple(self.image_point(p, graphic.units) for p in graphic.points)
        shaped = {"CIRCLE": self._circle, "ELLIPSE": _ellipse, "INTERPOLATED": _curve}
        lines = shaped[graphic.kind](points) if graphic.kind in shaped else points
        return Stroke(lines[:1] if graphic.kind == "POINT" else lines, graphic.filled, graphic.colour)

    def note(self, text: Text) -> Note:
        """Words in their place."""
        box = None
        if text.box is not None:
            first, last = (self.image_point(p, text.box_units) for p in text.box)
            box = first, last
        anchor = None if text.anchor is None else self.image_point(text.anchor, text.anchor_units)
        return Note(text.words, box, anchor, text.anchored, text.align, text.colour)

    def _circle(self, points: tuple[Point, ...]) -> tuple[Point, ...]:
        """Centre and a point on the line; round where a pixel is not square, too."""
        (x, y), (px, py) = points
        radius = math.hypot(px - x, (py - y) * self.aspect)
        return _round((x, y), (radius, 0.0), (0.0, radius / self.aspect))


def _ellipse(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Both ends of the major axis, both ends of the minor."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    middle = (ax + bx) / 2, (ay + by) / 2
    return _round(middle, ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2))


def _round(centre: Point, first: Point, second: Point) -> tuple[Point, ...]:
    """The ellipse with two half axes, closed."""
    turns = [2 * math.pi * k / _ROUND for k in range(_ROUND)]
    made = [
        (
            centre[0] + first[0] * math.cos(t) + second[0] * math.sin(t),
            centre[1] + first[1] * math.cos(t) + second[1] * math.sin(t),
        )
        for t in turns
    ]
    return (*made, made[0])


def _curve(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """A smooth line through all points (Catmull-Rom); closed where the last is the first."""
    if len(points) < 3:
        return points
    p = np.asarray(points, np.float64)
    closed = points[0] == points[-1]
    before, after = (p[-2], p[1]) if closed else (2 * p[0] - p[1], 2 * p[-1] - p[-2])
    q = np.vstack([before, p, after])
    t = np.linspace(0, 1, _PER_SPAN, endpoint=False)[None, :, None]
    a, b, c, d = (q[k : len(p) - 1 + k, None] for k in range(4))
    spans = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return (*((float(x), float(y)) for x, y in spans.reshape(-1, 2)), points[-1])


def to_picture(view: PlaneView, point: Point, index: int = 0) -> Point:
    """Where an image point lies on its picture, edge-based as well."""
    _, row, column = view.from_voxel(index, point[1] - 0.5, point[0] - 0.5)
    return column + 0.5, row + 0.5


def from_picture(view: PlaneView, point: Point, index: int = 0) -> Point:
    """The inverse of :func:`to_picture`."""
    _, row, column = view.to_voxel(index, point[1] - 0.5, point[0] - 0.5)
    return column + 0.5, row + 0.5


def shown_box(view: PlaneView, area: Area | None) -> tuple[Point, Point]:
    """Upper left and lower right corner of the displayed area on the picture; the whole picture without."""
    if area is None:
        rows, columns = view.shape
        return (0.0, 0.0), (float(columns), float(rows))
    (ax, ay), (bx, by) = (to_picture(view, corner) for corner in area.box)
    return (min(ax, bx), min(ay, by)), (max(ax, bx), max(ay, by))
