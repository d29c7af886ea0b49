"""The cardiothoracic ratio: greatest width of the heart ÷ greatest inner width of the thorax, on one picture.

The heart's width is the distance of its two outermost columns, as Danzer measured it (Am J Med Sci 1919;
157:513); the thorax's is that of the lungs' outer edges on the row where it is greatest, from V7-like masks
(each lung with the part behind the heart). Both lines are horizontal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bool2 = NDArray[np.bool_]


@dataclass(frozen=True)
class Width:
    """A horizontal distance in pixels on row ``row`` from column edge ``left`` to column edge ``right``."""

    row: float
    left: float
    right: float

    @property
    def pixels(self) -> float:
        """How long it is."""
        return self.right - self.left


@dataclass(frozen=True)
class HeartSize:
    """The two widths."""

    heart: Width
    thorax: Width

    @property
    def ratio(self) -> float:
        """Heart ÷ thorax."""
        return self.heart.pixels / self.thorax.pixels


def heart_width(heart: Bool2) -> Width | None:
    """From the outermost column of the heart on one side to that on the other; None where there is none.

    The line lies on the row of the outermost point on the picture's right: near the apex.
    """
    columns = np.flatnonzero(heart.any(axis=0))
    if not columns.size:
        return None
    row = float(np.flatnonzero(heart[:, columns[-1]]).mean()) + 0.5
    return Width(row, float(columns[0]), float(columns[-1]) + 1.0)


def thorax_width(right: Bool2, left: Bool2) -> Width | None:
    """From the outer edge of the right lung to that of the left, on the row where it is greatest.

    None where no row holds both lungs.
    """
    rows = np.flatnonzero(right.any(axis=1) & left.any(axis=1))
    if not rows.size:
        return None
    both = right[rows] | left[rows]
    first = both.argmax(axis=1)
    last = both.shape[1] - both[:, ::-1].argmax(axis=1)
    widths = last - first
    # Of equal rows the middle one: the line stands where the chest is widest, not where that begins.
    widest = np.flatnonzero(widths == widths.max())
    k = int(widest[len(widest) // 2])
    return Width(float(rows[k]) + 0.5, float(first[k]), float(last[k]))


def heart_size(right: Bool2, left: Bool2, heart: Bool2) -> HeartSize | None:
    """Both widths of one picture; None where one of them cannot be measured."""
    own, thorax = heart_width(heart), thorax_width(right, left)
    return HeartSize(own, thorax) if own is not None and thorax is not None else None
