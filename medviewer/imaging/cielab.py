"""CIELab colours as DICOM recommends them, to what a screen shows (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_D50 = np.array([0.9642, 1.0, 0.8249])
"""The white of the profile connection space that the values refer to."""
_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""XYZ at D50 to linear sRGB, with the adaptation of Bradford (IEC 61966-2-1)."""
_MOST = 65535
_KAPPA, _EDGE = 24389 / 27, 6 / 29
_DARKEST = 0.02
"""Luminance (1 is white) below which a line on an image cannot be seen."""


def colour_of_lab(stored: Sequence[int]) -> str | None:
    """ "#RRGGBB" of three stored values (0 to 65535 for L* 0 to 100, a* and b* -128 to 127), clipped to what
    sRGB holds; None for anything else."""
    if len(stored) != 3 or not all(0 <= value <= _MOST for value in stored):
        return None
    lightness = stored[0] * 100 / _MOST
    a, b = (value * 255 / _MOST - 128 for value in stored[1:])
    y = (lightness + 16) / 116
    t = np.array([y + a / 500, y, y - b / 200])
    xyz = _D50 * np.where(t > _EDGE, t**3, (116 * t - 16) / _KAPPA)
    linear = np.clip(_TO_SRGB @ xyz, 0, 1)
    levels = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return colour_of_rgb([round(float(level) * 255) for level in levels])


def lab_of_colour(colour: str) -> tuple[int, int, int]:
    """The three stored values of "#RRGGBB": the inverse of :func:`colour_of_lab`."""
    levels = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    t = np.linalg.solve(_TO_SRGB, linear) / _D50
    f = np.where(t > _EDGE**3, np.cbrt(t), (_KAPPA * t + 16) / 116)
    lab = (116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2]))
    scaled = (lab[0] / 100, (lab[1] + 128) / 255, (lab[2] + 128) / 255)
    stored = [min(max(round(float(x) * _MOST), 0), _MOST) for x in scaled]
    return stored[0], stored[1], stored[2]


def colour_of_rgb(levels: Sequence[int]) -> str | None:
    """ "#RRGGBB" of three values from 0 to 255; None for anything else."""
    if len(levels) != 3 or not all(0 <= level <= 255 for level in levels):
        return None
    return "#{:02X}{:02X}{:02X}".format(*levels)


def is_visible(colour: str) -> bool:
    """Whether a line of the colour "#RRGGBB" can be seen on a dark image (relative luminance, WCAG 2)."""
    part = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return bool(linear @ (0.2126, 0.7152, 0.0722) >= _DARKEST)
