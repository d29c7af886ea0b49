"""The grid ``brain-mr`` works on, and how its intensities are scaled: for training and reading alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

GRID_MM = 1.75
"""Distance between the network's voxels."""
GRID_SHAPE = (96, 112, 96)
"""Voxels (slice, row, column): 168 mm foot to head, 196 mm front to back, 168 mm right to left."""
PERCENTILES = (1.0, 99.5)
"""Of the values inside the picture; they become 0 and 1."""
CEILING = 1.5
"""Scaled values are clipped to 0..CEILING: vessels and fat may be far brighter than the brain."""

Float32 = NDArray[np.float32]


def percentile_levels(values: NDArray[Any]) -> tuple[float, float]:
    """The two values that become 0 and 1. Constant pictures get a span of one."""
    sample = np.asarray(values, dtype=np.float32).reshape(-1)
    step = max(1, sample.size // 100_000)
    low, high = np.percentile(sample[::step], PERCENTILES)
    return float(low), float(high) if high > low else float(low) + 1.0


def scale(values: NDArray[Any], levels: tuple[float, float]) -> Float32:
    """Values to what the network sees."""
    low, high = levels
    scaled = (np.asarray(values, dtype=np.float32) - np.float32(low)) / np.float32(high - low)
    return np.clip(scaled, 0.0, CEILING, out=scaled)
