"""Colours a file names in PCS-values of CIELab to colours of the screen (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WHITE = np.array([0.96422, 1.0, 0.82521])
"""D50, the white of the profile connection space (ICC.1)."""
_TO_RGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""XYZ under D50 to linear sRGB, Bradford-adapted."""


def hex_of_lab(values: Sequence[int]) -> str:
    """ "#56B4E9" of three unsigned 16-bit numbers: L* 0 to 100, a* and b* -128 to 127 over 0 to 65535.

    Colours beyond the screen's take its nearest. Raises ValueError for other than three numbers in range.
    """
    if len(values) != 3 or not all(0 <= v <= 0xFFFF for v in values):
        raise ValueError("a colour is three numbers from 0 to 65535")
    lightness = values[0] * 100 / 0xFFFF
    a, b = (v * 255 / 0xFFFF - 128 for v in values[1:])
    middle = (lightness + 16) / 116
    f = np.array([middle + a / 500, middle, middle - b / 200])
    xyz = _WHITE * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(_TO_RGB @ xyz, 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(x)):02X}" for x in rgb)
