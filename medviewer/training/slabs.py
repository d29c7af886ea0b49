"""Thick slices from thin ones: the mean over a slab, as a scanner makes them, with the truth by majority."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.volume import Geometry, Volume

Bool = NDArray[np.bool_]


def slab_weights(count: int, step_mm: float, thick_mm: float, offset_mm: float = 0.0) -> NDArray[np.float32]:
    """(slabs, count): the share each of ``count`` slices, ``step_mm`` apart, has in slabs side by side.

    Slices fill their distance. The first slab begins ``offset_mm`` after the first slice's edge; a slab that
    is not wholly covered is left out. Rows sum to 1.
    """
    slabs = max(0, int(np.floor((count * step_mm - offset_mm) / thick_mm + 1e-6)))
    low = offset_mm + thick_mm * np.arange(slabs)[:, None]
    edges = step_mm * np.arange(count)[None, :]
    overlap = np.minimum(low + thick_mm, edges + step_mm) - np.maximum(low, edges)
    return np.asarray(np.clip(overlap, 0, None) / thick_mm, np.float32)


def thicken(
    volume: Volume, masks: Mapping[str, Bool], thick_mm: float, offset_mm: float = 0.0
) -> tuple[Volume, dict[str, Bool]]:
    """The volume in slabs of ``thick_mm``, and masks that hold what more than half of a slab is.

    Raises :class:`~medviewer.errors.NoGeometry` without geometry, ValueError where no slab fits.
    """
    geometry = volume.require_geometry()
    step = geometry.spacing_mm[0]
    weights = slab_weights(volume.shape[0], step, thick_mm, offset_mm)
    if not len(weights):
        raise ValueError("the volume is thinner than one slab")
    mean = np.stack([_mean(volume.voxels, row) for row in weights])
    hu = np.rint(mean).astype(volume.voxels.dtype)
    affine = geometry.affine.copy()
    affine[:, 0] *= thick_mm / step
    middle = (offset_mm + thick_mm / 2) / step - 0.5
    affine[:3, 3] = geometry.position((middle, 0, 0))
    made = {name: np.stack([_mean(mask, row) > 0.5 for row in weights]) for name, mask in masks.items()}
    thick = Geometry(affine, geometry.frame_of_reference_uid)
    return Volume(hu, thick, volume.unit, volume.padding), made


def _mean(values: NDArray[np.generic], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    out = np.zeros(values.shape[1:], np.float32)
    for k in np.flatnonzero(weights > 1e-6):
        out += weights[k] * values[k].astype(np.float32)
    return out
