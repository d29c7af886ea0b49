"""How curves lie on paper: rows under each other, so many millimetres a second and a millivolt. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.numbers import THIN_SPACE, decimals_for, number

SPEED = 25.0
"""Millimetres a second: the paper every reader of ECGs knows."""
GAINS = (1.0, 2.5, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Millimetres a millivolt that may be chosen."""
USUAL_GAIN = 10.0
_MILLIVOLTS = {"V": 1000.0, "mV": 1.0, "µV": 1e-3, "nV": 1e-6}
_LOWEST_ROW, _HIGHEST_ROW = 15.0, 45.0
_OVERLAP = 0.7
"""Part of the highest curve that a row has: as on paper, a tall wave reaches into the next row."""
_ENOUGH = 200_000
_SEEN = 4.0
"""A curve lower than so many mm is drawn with more gain."""


@dataclass(frozen=True, eq=False)
class Row:
    """A channel on paper. ``y_mm``: height of its middle (up is positive), where the value ``centre`` lies;
    ``gain``: mm for one ``unit``; ``span``: lowest and highest value."""

    name: str
    unit: str
    y_mm: float
    centre: float
    gain: float
    span: tuple[float, float]
    calibrated: bool
    """Whether the paper's own scale holds: millivolts. Others are drawn as high as their row."""

    def heights(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values as heights in mm."""
        return (values - np.float32(self.centre)) * np.float32(self.gain) + np.float32(self.y_mm)

    @property
    def title(self) -> str:
        """ "V1", or "ART  60 to 120 mmHg" where the paper has no scale for it."""
        if self.calibrated:
            return self.name
        decimals = decimals_for(self.span[1] - self.span[0])
        low, high = (number(v, decimals=decimals) for v in self.span)
        return f"{self.name}   {low} to {high}{THIN_SPACE}{self.unit}".rstrip()


def usual_gain(units: Sequence[str], channels: Sequence[NDArray[np.float32]]) -> float:
    """10 mm/mV, or more where that would show nothing (an EEG), or less where all would be one scribble."""
    heights = [_height(v) * _MILLIVOLTS[u] for u, v in zip(units, channels, strict=True) if u in _MILLIVOLTS]
    largest = max(heights, default=0.0)
    if largest <= 0 or _SEEN <= largest * USUAL_GAIN <= 4 * _HIGHEST_ROW:
        return USUAL_GAIN
    fitting = [gain for gain in GAINS if largest * gain >= _SEEN]
    return fitting[0] if fitting else GAINS[-1]


def rows_of(
    names: Sequence[str], units: Sequence[str], channels: Sequence[NDArray[np.float32]], gain: float
) -> tuple[Row, ...]:
    """The channels under each other, the first on top, at ``gain`` mm for a millivolt."""
    heights = [
        _height(v) * _MILLIVOLTS[u] * gain for u, v in zip(units, channels, strict=True) if u in _MILLIVOLTS
    ]
    pitch = float(np.clip(_OVERLAP * max(heights, default=2 * _LOWEST_ROW), _LOWEST_ROW, _HIGHEST_ROW))
    made = []
    for k, (name, unit, values) in enumerate(zip(names, units, channels, strict=True)):
        low, high = _span(values)
        y = -pitch * k
        if unit in _MILLIVOLTS:
            known = _sampled(values)
            middle = float(np.median(known)) if known.size else 0.0
            made.append(Row(name, unit, y, middle, gain * _MILLIVOLTS[unit], (low, high), True))
        else:
            scale = 0.8 * pitch / (high - low) if high > low else 1.0
            made.append(Row(name, unit, y, (low + high) / 2, scale, (low, high), False))
    return tuple(made)


def _span(values: NDArray[np.float32]) -> tuple[float, float]:
    known = np.isfinite(values)
    if not known.any():
        return 0.0, 0.0
    low, high = (f(values, where=known, initial=start) for f, start in ((np.min, np.inf), (np.max, -np.inf)))
    return float(low), float(high)


def _height(values: NDArray[np.float32]) -> float:
    """From the thousandth to the last but one thousandth: a spike of the pacemaker sets no scale."""
    known = _sampled(values)
    low, high = np.percentile(known, (0.1, 99.9)) if known.size else (0.0, 0.0)
    return float(high - low)


def _sampled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Enough of the values that are numbers, for a percentile of a whole day."""
    some = values[:: max(1, len(values) // _ENOUGH)]
    return some[np.isfinite(some)]


def between(row: Row, start: tuple[float, float], end: tuple[float, float]) -> str:
    """Time and amplitude between two points (x, y) in mm: "0.812 s · 74/min · 1.05 mV"."""
    seconds = abs(end[0] - start[0]) / SPEED
    parts = [number(seconds, "s", 3)]
    if row.calibrated and seconds >= 0.15:
        parts.append(f"{number(60 / seconds)}/min")
    amount, unit = (end[1] - start[1]) / row.gain, row.unit
    if row.calibrated:
        amount *= _MILLIVOLTS[unit]
        amount, unit = (amount, "mV") if abs(amount) >= 0.1 else (1000 * amount, "µV")
    parts.append(number(amount, unit, 0 if unit == "µV" else decimals_for(amount)))
    return " · ".join(parts)
