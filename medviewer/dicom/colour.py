"""Colour to RGB of eight bits, once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FROM_YBR = np.array([[1.0, 1.0, 1.0], [0.0, -0.344136286, 1.772], [1.402, -0.714136286, 0.0]], np.float32)


def ybr_to_rgb(ybr: NDArray[Any], bits: int = 8) -> NDArray[np.uint8]:
    """YBR_FULL (rows, columns, 3) of ``bits`` stored bits to RGB of eight (PS3.3 C.7.6.3.1.2)."""
    samples = _masked(ybr, bits).astype(np.float32)
    if bits != 8:
        samples *= np.float32(2.0 ** (8 - bits))
    samples[..., 1:] -= 128
    rgb = samples @ _FROM_YBR
    np.rint(rgb, out=rgb)
    return np.asarray(np.clip(rgb, 0, 255, out=rgb), np.uint8)


def eight_bits(rgb: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Samples of ``bits`` stored bits to eight: what lies above is dropped, what is finer is cut off."""
    if rgb.dtype == np.uint8:
        return rgb
    return np.asarray(_masked(rgb, bits) >> max(0, bits - 8)).astype(np.uint8)


def _masked(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    """Without what lies above the stored bits (PS3.5 8.1.1)."""
    if bits >= 8 * samples.dtype.itemsize:
        return samples
    return np.asarray(samples & np.array((1 << bits) - 1, samples.dtype.newbyteorder("=")))
