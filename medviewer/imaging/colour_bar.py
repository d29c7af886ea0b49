"""The colour bar beside a picture: which colour stands for which value, at the window on screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.numbers import number
from medviewer.imaging.render import shades
from medviewer.imaging.volume import Unit, Volume
from medviewer.imaging.window import VoiFunction, Window

_STEPS = 256
_TICKS = 5
"""About so many."""
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class ColourBar:
    """``colours``: (256, 3), top first. ``ticks``: (place from 0 at the top to 1, text). ``title``: quantity
    and unit, with the power of ten the ticks are to be taken times."""

    colours: NDArray[np.uint8]
    ticks: tuple[tuple[float, str], ...]
    title: str


def bar_of(volume: Volume, window: Window | None) -> ColourBar | None:
    """The bar of a picture; None for grey, which readers read without one."""
    if window is None or not window.colours or volume.is_colour:
        return None
    unit = "" if volume.unit is Unit.RGB else volume.unit.value or volume.unit_label
    return colour_bar(window, volume.quantity, unit)


def span(window: Window) -> tuple[float, float]:
    """The values between which shades change (PS3.3 C.11.2.1.2); a sigmoid is shown over twice its width."""
    centre, half = window.centre, window.width / 2
    if window.lut is None and window.function is VoiFunction.SIGMOID:
        half *= 2
    elif window.lut is None and window.function is VoiFunction.LINEAR:
        centre, half = centre - 0.5, max(0.5, (window.width - 1) / 2)
    return centre - half, centre + half


def colour_bar(window: Window, quantity: str = "", unit: str = "") -> ColourBar:
    """The bar of a window: its colours are the renderer's own for evenly spaced values."""
    low, high = span(window)
    colours = shades(np.linspace(high, low, _STEPS), window)
    if colours.ndim == 1:
        colours = np.repeat(colours[:, None], 3, axis=1)
    if not 0 < high - low < math.inf:  # so narrow around so large a value that there is nothing between
        return ColourBar(colours, (), quantity)
    step = _nice((high - low) / _TICKS)
    power = _power(step, max(abs(low), abs(high)))
    decimals = max(0, -math.floor(math.log10(step / 10**power) + 1e-9))
    first = math.ceil(low / step - 1e-9)
    ticks = tuple(
        ((high - k * step) / (high - low), number(k * step / 10**power, decimals=decimals).replace(",", ""))
        for k in range(first, math.floor(high / step + 1e-9) + 1)
    )
    times = f"×10{str(power).translate(_SUPERSCRIPT)}" if power else ""
    measured = " ".join(part for part in (times, unit) if part)
    return ColourBar(colours, ticks, ", ".join(part for part in (quantity, measured) if part))


def _nice(step: float) -> float:
    """The nearest 1, 2 or 5 times a power of ten that is not smaller."""
    base = 10.0 ** math.floor(math.log10(step))
    return next(base * m for m in (1, 2, 5, 10) if base * m >= step * (1 - 1e-9))


def _power(step: float, largest: float) -> int:
    """The power of a thousand taken out of numbers too long to read; 0 for ordinary ones."""
    if step >= 0.01 and largest < 1e5:
        return 0
    return 3 * math.floor(math.log10(largest) / 3)
