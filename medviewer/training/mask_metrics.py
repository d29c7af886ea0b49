"""Figures of masks and measurements against the truth: overlap, distance of surfaces, agreement.

Masks are boolean (slices, rows, columns) or (rows, columns) with their spacing in millimetres, in the same
order. Distances are SimpleITK's exact Euclidean maps. Failures count: a mask missing where there should be
one has overlap 0 and an infinite distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

Bool = NDArray[np.bool_]


def dice(a: Bool, b: Bool) -> float:
    """Overlap 0..1; two empty masks agree."""
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 1.0 if total == 0 else float(2 * np.count_nonzero(a & b) / total)


def surface(mask: Bool) -> Bool:
    """Voxels of the mask with a neighbour (by a face) outside it; the picture's edge counts as outside."""
    padded = np.pad(mask, 1)
    inner = padded.copy()
    for axis in range(mask.ndim):
        for move in (1, -1):
            inner &= np.roll(padded, move, axis)
    return np.asarray(mask & ~inner[(slice(1, -1),) * mask.ndim], bool)


def surface_distances(
    a: Bool, b: Bool, spacing_mm: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Millimetres from each surface voxel of ``a`` to the surface of ``b``, and back."""
    edge_a, edge_b = surface(a), surface(b)
    return _distance_to(edge_b, spacing_mm)[edge_a], _distance_to(edge_a, spacing_mm)[edge_b]


def surface_dice(a: Bool, b: Bool, spacing_mm: Sequence[float], tolerance_mm: float = 1.0) -> float:
    """Share of both surfaces within the tolerance of the other (Nikolov et al., arXiv:1809.04430)."""
    if not a.any() or not b.any():
        return 1.0 if a.any() == b.any() else 0.0
    there, back = surface_distances(a, b, spacing_mm)
    close = np.count_nonzero(there <= tolerance_mm) + np.count_nonzero(back <= tolerance_mm)
    return float(close / (len(there) + len(back)))


def hd95(a: Bool, b: Bool, spacing_mm: Sequence[float]) -> float:
    """The greater of the two 95th percentiles of surface distances (mm); infinite where one is empty."""
    if not a.any() or not b.any():
        return 0.0 if a.any() == b.any() else float("inf")
    there, back = surface_distances(a, b, spacing_mm)
    return float(max(np.percentile(there, 95), np.percentile(back, 95)))


@dataclass(frozen=True)
class BlandAltman:
    """Bias and 95 % limits of agreement of paired measurements (Bland and Altman, Lancet 1986)."""

    mean: tuple[float, ...]
    difference: tuple[float, ...]
    bias: float
    low: float
    high: float


def bland_altman(measured: Sequence[float], truth: Sequence[float]) -> BlandAltman:
    """Differences measured - truth over their means. Raises ValueError for fewer than two pairs."""
    x, y = np.asarray(measured, float), np.asarray(truth, float)
    if x.shape != y.shape or len(x) < 2:
        raise ValueError("Bland and Altman need at least two pairs")
    difference = x - y
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    mean = tuple(float(v) for v in (x + y) / 2)
    limits = (bias - 1.96 * spread, bias + 1.96 * spread)
    return BlandAltman(mean, tuple(float(v) for v in difference), bias, *limits)


def _distance_to(edge: NDArray[Any], spacing_mm: Sequence[float]) -> NDArray[np.float32]:
    """Millimetres of every voxel to the nearest marked one."""
    image = SimpleITK.GetImageFromArray(edge.astype(np.uint8))
    image.SetSpacing([float(mm) for mm in reversed(spacing_mm)])
    distance = SimpleITK.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    outside = np.asarray(SimpleITK.GetArrayFromImage(distance), np.float32)
    return np.where(edge, np.float32(0), np.maximum(outside, 0))
