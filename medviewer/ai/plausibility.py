"""Are these values what the header claims? A wrong rescale looks like an image all the same.


A chest CT always holds air near -1000 HU and a great deal of soft tissue near 0 HU, more than bone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.findings import Notice
from medviewer.imaging.volume import Unit, Volume

AIR_HU = (-1050.0, -950.0)
SOFT_HU = (-200.0, 200.0)
BONE_HU = (300.0, 1100.0)
AIR_SHARE = 0.002
"""Least share of voxels in the air peak."""
SOFT_SHARE = 0.05
"""Least share of voxels that are soft tissue."""
_SAMPLES = 2_000_000


def is_padding(values: NDArray[Any], padding: tuple[float, float] | None) -> NDArray[np.bool_]:
    """Which values mark "no data" (PS3.3 C.7.5.1.1.2)."""
    if padding is None:
        return np.zeros(values.shape, bool)
    return np.asarray((values >= padding[0]) & (values <= padding[1]))


def hu_problem(volume: Volume) -> Notice | None:
    """None where the values can be Hounsfield units of a body in air; otherwise the reason why not."""
    if volume.is_colour or volume.unit is not Unit.HU:
        return Notice("NOT_HU", "The values are not Hounsfield units.")
    stride = max(1, round((volume.voxels.size / _SAMPLES) ** (1 / 3)))
    sample = volume.voxels[::stride, ::stride, ::stride].ravel().astype(np.float64)
    sample = sample[np.isfinite(sample) & ~is_padding(sample, volume.padding)]
    if sample.size == 0:
        return Notice("NO_DATA", "The images hold no values, only padding.")
    air, soft, bone = (_share(sample, band) for band in (AIR_HU, SOFT_HU, BONE_HU))
    soft_density = soft / (SOFT_HU[1] - SOFT_HU[0])
    bone_density = bone / (BONE_HU[1] - BONE_HU[0])
    if air < AIR_SHARE or soft < SOFT_SHARE or soft_density < 2 * bone_density:
        return Notice(
            "NOT_HU", "The values are not HU: air near \u22121000 or soft tissue near 0 is missing."
        )
    return None


def picture_problem(volume: Volume) -> Notice | None:
    """None where at least one picture shows anything; otherwise the reason why not."""
    if len(empty_slices(volume)) < volume.shape[0]:
        return None
    return Notice("NO_DATA", "The images hold no picture, only padding or one constant value.")


def _share(sample: NDArray[np.float64], band: tuple[float, float]) -> float:
    return float(np.count_nonzero((sample >= band[0]) & (sample <= band[1])) / sample.size)


def empty_slices(volume: Volume) -> list[int]:
    """Slices that hold no picture: nothing but padding, or one constant value. They cannot be judged."""
    found = []
    for index in range(volume.shape[0]):
        values = volume.voxels[index]
        if bool((values == values.flat[0]).all()) or bool(is_padding(values, volume.padding).all()):
            found.append(index)
    return found
