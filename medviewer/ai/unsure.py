"""Which slices a figure is least sure on: where slightly changed copies of the picture disagree most.

Whatever reads copies (pictures of a film, slices of a volume, a volume mirrored) hands in how far its figure
varies on each slice; the finding carries the worst few.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from medviewer.ai.findings import UnsureSlice
from medviewer.imaging.numbers import number

LISTED = 3


def most_unsure(doubts: Iterable[tuple[int, float]], most: int = LISTED) -> tuple[UnsureSlice, ...]:
    """The ``most`` slices with the greatest doubts of (index, doubt), the worst first.

    A doubt is how far the figure varies between the copies as a part of it (0.2: by a fifth), infinite where
    a copy shows nothing. Slices without any doubt are left out; so is a slice that stands alone, because it
    is less sure than no other. Raises ValueError for NaN: what was not measured has no place here.
    """
    known = list(doubts)
    if any(math.isnan(doubt) for _, doubt in known):
        raise ValueError("a doubt is no number")
    if len(known) < 2:
        return ()
    worst = sorted((pair for pair in known if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
    return tuple(UnsureSlice(index, doubt) for index, doubt in worst[:most])


def doubt_words(one: UnsureSlice) -> str:
    """ "varies by 26 %", or that a copy shows nothing."""
    if math.isinf(one.doubt):
        return "not in every copy"
    percent = 100 * one.doubt
    return f"varies by {number(percent, '%', 0 if percent >= 1 else 1)}"
