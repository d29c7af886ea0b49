"""Numbers as the reader sees them: a true minus, a thin space before the unit, no digit too many."""

from __future__ import annotations

import math
from collections.abc import Sequence

MINUS = "\u2212"
THIN_SPACE = "\u2009"
UNKNOWN = "\u2014"
"""Stands for NaN and infinity: nothing is measured, and nothing invented."""


def number(value: float, unit: str = "", decimals: int = 0) -> str:
    """``number(-841.2, "HU")`` is "−841 HU" with a thin space; ``number(2643, "mL")`` is "2,643 mL".

    Rounds half to even; a rounded zero has no sign. NaN and infinity become a dash, without unit.
    """
    if not math.isfinite(value):
        return UNKNOWN
    digits = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(d in "123456789" for d in digits)
    return (MINUS if negative else "") + digits + (f"{THIN_SPACE}{unit}" if unit else "")


def counted(count: int, thing: str) -> str:
    """ "1 image", "1,234 images"."""
    return f"{number(count)} {thing}{'' if count == 1 else 's'}"


def decimals_for(size: float) -> int:
    """Decimals of a value of about this size: none from 10 up, 2 from 0.1, below that three figures."""
    if not math.isfinite(size) or abs(size) >= 10:
        return 0
    return 2 if abs(size) >= 0.1 or size == 0 else min(15, 2 - math.floor(math.log10(abs(size))))


def chance(value: float) -> str:
    """A probability in two decimals: never "1.00" for less than certain, nor "0.00" for more than nothing."""
    if 0.995 <= value < 1:
        return "above 0.99"
    return "below 0.01" if 0 < value < 0.005 else number(value, decimals=2)


def between(low: float, high: float, unit: str = "", decimals: int = 0) -> str:
    """A range in words: "8.8 to 10.3 %". Words, because a dash beside a minus sign is misread."""
    return f"{number(low, decimals=decimals)} to {number(high, unit, decimals)}"


def plus_minus(mean: float, deviation: float, unit: str = "", decimals: int = 0) -> str:
    """Mean and standard deviation: "−861 ± 34 HU"."""
    gap = THIN_SPACE
    return f"{number(mean, decimals=decimals)}{gap}±{gap}{number(deviation, unit, decimals)}"


def supported_decimals(spacing_mm: Sequence[float]) -> int:
    """Decimals of a length in mm that the coarsest of these spacings supports: 1 below 10 mm, else 0."""
    return 1 if max(spacing_mm) < 10.0 else 0
