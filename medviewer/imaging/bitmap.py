"""Bitmaps over pictures that leave the program: every set pixel is seen, on black and on white."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.overlay import rgb_of


def resized(bits: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns) of another size: larger by the nearest pixel, smaller by whether any pixel is set."""
    return _along(_along(bits, size[0]).T, size[1]).T


def _along(bits: NDArray[np.bool_], new: int) -> NDArray[np.bool_]:
    old = bits.shape[0]
    if new > old:
        nearest = np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.intp), old - 1)
        return np.asarray(bits[nearest])
    return np.asarray(np.logical_or.reduceat(bits, np.arange(new) * old // new, axis=0))


def lay(rgb: NDArray[np.uint8], bits: NDArray[np.bool_], colour: str) -> NDArray[np.uint8]:
    """A copy of ``rgb`` (rows, columns, 3) with the set pixels in ``colour`` and half dark around them."""
    out: NDArray[Any] = rgb.copy()
    padded = np.pad(bits, 1)
    near = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    around = near & ~bits
    out[around] = out[around] // 2
    out[bits] = rgb_of(colour)
    return out
