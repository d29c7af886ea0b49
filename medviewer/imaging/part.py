"""Which part of a picture is on screen, and how many pixels of it one cell of the screen covers.

Picture coordinates are edge-based: pixel k covers [k, k + 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ALMOST = 1e-6
"""Edges as near as this to a whole number are that number: what is left is rounding."""


@dataclass(frozen=True)
class Span:
    """``count`` cells of ``step`` picture pixels each along one axis, the first beginning at ``start``.

    ``size``: pixels of the picture along the axis. A step of 1 means the stored pixels themselves, and then
    ``start`` is a whole number; a larger step averages, a smaller one is not allowed (ValueError).
    """

    start: float
    step: float
    count: int
    size: int

    def __post_init__(self) -> None:
        whole = self.step > 1 or self.start == int(self.start)
        if self.step < 1 or self.count < 1 or not whole or not 0 <= self.first < self.last <= self.size:
            raise ValueError(f"{self} is no part of a picture")

    @classmethod
    def whole(cls, size: int) -> Span:
        """All stored pixels."""
        return cls(0.0, 1.0, size, size)

    @property
    def exact(self) -> bool:
        """Whether a cell is a stored pixel."""
        return self.step == 1.0

    @property
    def first(self) -> int:
        """The first picture pixel that a cell touches."""
        return max(0, math.floor(self.start + _ALMOST))

    @property
    def last(self) -> int:
        """One past the last picture pixel that a cell touches."""
        return min(self.size, math.ceil(self.start + self.step * self.count - _ALMOST))

    def edges(self) -> NDArray[np.float64]:
        """Where the cells begin and end, (count + 1,), cut off at the ends of the picture."""
        return np.asarray(np.clip(self.start + self.step * np.arange(self.count + 1), 0, self.size))


@dataclass(frozen=True)
class Part:
    """A part of a picture: cells of ``rows`` by cells of ``columns``. Frozen, so that it can be a key."""

    rows: Span
    columns: Span

    @classmethod
    def whole(cls, shape: tuple[int, int]) -> Part:
        """The picture as it is stored."""
        return cls(Span.whole(shape[0]), Span.whole(shape[1]))

    @property
    def exact(self) -> bool:
        """Whether every cell is a stored pixel."""
        return self.rows.exact and self.columns.exact

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of cells."""
        return self.rows.count, self.columns.count

    @property
    def stored(self) -> tuple[slice, slice]:
        """The picture pixels that the cells touch."""
        return slice(self.rows.first, self.rows.last), slice(self.columns.first, self.columns.last)


def span_on_screen(scale: float, offset: float, length: float, size: int, *, slack: float) -> Span:
    """What of one axis to keep at hand for a screen ``length`` device pixels long.

    The picture's pixel k begins at ``offset + k * scale`` device pixels. Where it is at least as large as one
    of the screen, the span holds stored pixels; else its cells are the screen's own pixels, so that each
    shows the mean of all it covers. ``slack``: device pixels kept on either side for what comes by panning.
    """
    if scale >= 1 - _ALMOST:
        first = min(max(0, math.floor((-slack - offset) / scale)), size - 1)
        last = max(min(size, math.ceil((length + slack - offset) / scale)), first + 1)
        return Span(float(first), 1.0, last - first, size)
    begin = math.floor(offset + _ALMOST)
    end = math.ceil(offset + size * scale - _ALMOST)
    if end - begin > length + 2 * slack:
        begin = min(max(begin, math.floor(-slack)), end - 1)
        end = max(min(end, math.ceil(length + slack)), begin + 1)
    # A step of exactly 1 is kept for stored pixels.
    return Span((begin - offset) / scale, max(1 / scale, math.nextafter(1, 2)), end - begin, size)


def reaches(span: Span, scale: float, offset: float, length: float) -> bool:
    """Whether a span still is right for a screen: same scale, and nothing of the picture beyond it shows."""
    if span.exact != (scale >= 1 - _ALMOST) or (not span.exact and abs(span.step * scale - 1) > _ALMOST):
        return False
    begin, end = offset + span.start * scale, offset + (span.start + span.step * span.count) * scale
    low, high = max(0.0, offset), min(length, offset + span.size * scale)
    return (begin <= low + 1e-3 or span.first == 0) and (end >= high - 1e-3 or span.last == span.size)
