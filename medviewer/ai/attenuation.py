"""Lung density as numbers: LAA-950, Perc15, five HU bands, thirds of the lung, dense regions.

Definitions, so that a figure can be compared: every voxel of the mask counts, vessels included, padding
left out. LAA-950 is the share of voxels below -950 HU, Perc15 the 15th percentile of the HU. The bands are
those of the 3D Slicer extension LungCTAnalyzer, which our names follow too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.ai.checks import upper_first
from medviewer.ai.plausibility import is_padding
from medviewer.imaging.volume import Mask, Volume
from medviewer.tasks import TaskContext

LOW_HU = -950.0
DENSE_HU = (-500.0, 100.0)
"""Aerated lung lies below, contrast and bone above; smoothed over 3 x 3 pixels before comparing."""
DENSE_RADIUS_MM = 4.0
"""Dense lung thinner than twice this is taken for vessels and partial volume, and left out."""

BANDS: tuple[tuple[str, float, float], ...] = (
    ("Bulla", -np.inf, -950.0),
    ("Inflated", -950.0, -750.0),
    ("Infiltrated", -750.0, -400.0),
    ("Collapsed", -400.0, 0.0),
    ("Vessel", 0.0, np.inf),
)
"""(name, from, below) in HU; together they cover every voxel once."""

_SLAB = 16
"""Slices at a time: keeps memory low and a cancel quick."""

THIRDS = ("upper", "middle", "lower")


@dataclass(frozen=True, eq=False)
class Window3:
    """A box of the grid, as slices for indexing."""

    box: tuple[slice, slice, slice]

    @classmethod
    def of(cls, mask: Mask) -> Window3:
        """The box of a mask."""
        s, r, c = (slice(o, o + n) for o, n in zip(mask.origin, mask.box.shape, strict=True))
        return cls((s, r, c))


def lung_values(volume: Volume, mask: Mask) -> NDArray[np.float32]:
    """The HU inside a mask, padding left out, flat."""
    values = volume.voxels[Window3.of(mask).box][mask.box]
    return np.asarray(values[~is_padding(values, volume.padding)], dtype=np.float32)


def laa_percent(values: NDArray[np.float32]) -> float:
    """Percent of values below -950 HU; NaN without values."""
    return float(100.0 * np.count_nonzero(values < LOW_HU) / values.size) if values.size else float("nan")


def perc15(values: NDArray[np.float32]) -> float:
    """The 15th percentile (linear between neighbours); NaN without values."""
    return float(np.percentile(values, 15)) if values.size else float("nan")


def band_percents(values: NDArray[np.float32]) -> dict[str, float]:
    """Percent of values in each of :data:`BANDS`; they sum to 100."""
    size = max(1, values.size)
    return {n: float(100.0 * np.count_nonzero((values >= a) & (values < b)) / size) for n, a, b in BANDS}


def thirds_laa(volume: Volume, mask: Mask) -> dict[str, float]:
    """LAA-950 of the upper, middle and lower third of one lung (equal heights); NaN for an empty third."""
    edges = np.linspace(0, mask.box.shape[0], 4).round().astype(int)
    out = {}
    names = THIRDS if upper_first(mask) else THIRDS[::-1]
    for name, first, last in zip(names, edges[:-1], edges[1:], strict=True):
        start = mask.origin[0] + int(first)
        part = Mask(
            mask.label,
            name,
            mask.box[first:last],
            (start, *mask.origin[1:]),
            mask.shape,
            mask.geometry,
        )
        out[name] = laa_percent(lung_values(volume, part))
    return out


def low_region(volume: Volume, mask: Mask) -> NDArray[np.bool_]:
    """The voxels counted by LAA-950, on the box of ``mask``."""
    values = volume.voxels[Window3.of(mask).box]
    return np.asarray(mask.box & (values < LOW_HU) & ~is_padding(values, volume.padding))


def dense_region(volume: Volume, mask: Mask, context: TaskContext | None = None) -> NDArray[np.bool_]:
    """Dense lung (infiltrated, consolidated, a mass) without vessels, on the box of ``mask``.

    Voxels whose 3 x 3 mean lies in :data:`DENSE_HU`, opened in the picture plane by a disc of
    :data:`DENSE_RADIUS_MM` and grown back over dense voxels by half of it. Everything happens within a
    picture, so it is done a few slices at a time. Raises :class:`~medviewer.errors.Cancelled`.
    """
    out = np.zeros(mask.box.shape, bool)
    if mask.geometry is None or mask.voxel_count == 0:
        return out
    radius = [max(1, round(DENSE_RADIUS_MM / mm)) for mm in mask.geometry.spacing_mm]
    values = volume.voxels[Window3.of(mask).box]
    for start in range(0, len(out), _SLAB):
        if context is not None:
            context.check()
        slab = slice(start, start + _SLAB)
        out[slab] = _dense(values[slab], mask.box[slab], (radius[2], radius[1], 0))
    return out


def _dense(values: NDArray[Any], inside: NDArray[np.bool_], disc: tuple[int, int, int]) -> NDArray[np.bool_]:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(values, dtype=np.float32))
    smooth = SimpleITK.GetArrayFromImage(SimpleITK.Mean(image, (1, 1, 0)))
    dense = inside & (smooth >= DENSE_HU[0]) & (smooth <= DENSE_HU[1])
    if not dense.any():
        return np.asarray(dense)
    ball = SimpleITK.sitkBall
    core = SimpleITK.BinaryMorphologicalOpening(SimpleITK.GetImageFromArray(dense.view(np.uint8)), disc, ball)
    grown = SimpleITK.BinaryDilate(core, (disc[0] // 2, disc[1] // 2, 0), ball)
    return np.asarray(SimpleITK.GetArrayFromImage(grown).astype(bool) & dense)


def largest_piece(region: NDArray[np.bool_]) -> int:
    """Voxels of the largest 26-connected piece; 0 for an empty region."""
    if not region.any():
        return 0
    pieces = SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(region.view(np.uint8)), True)
    return int(np.bincount(SimpleITK.GetArrayFromImage(pieces).ravel())[1:].max())


def half_voxel_range(mask: Mask) -> tuple[float, float]:
    """Volume in mL if the whole boundary lay half a voxel further in, or out.

    Half of the voxels that touch the outside by a face are taken away, half of the outside voxels that
    touch the mask are added. It tells what the grid alone leaves open, not how right the model is.
    """
    if mask.geometry is None:
        raise ValueError("no volume without geometry")
    padded = np.pad(mask.box, 1)
    core = padded.copy()
    shell = padded.copy()
    for axis in range(3):
        for step in (1, -1):
            moved = np.roll(padded, step, axis)
            core &= moved
            shell |= moved
    inner = np.count_nonzero(padded) - np.count_nonzero(core)
    outer = np.count_nonzero(shell) - np.count_nonzero(padded)
    voxel = mask.geometry.voxel_ml
    return (mask.voxel_count - inner / 2) * voxel, (mask.voxel_count + outer / 2) * voxel
