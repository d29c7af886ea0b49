"""What is measured on: a synthetic CT of 300 slices of 512 x 512, made anew for each run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.objects.ct import CtFacts, write_ct_series
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume

SLICES, SIDE = 300, 512
_STEP_MM, _PIXEL_MM = 1.0, 0.7


def geometry() -> Geometry:
    """Axial, head first."""
    half = _PIXEL_MM * (SIDE - 1) / 2
    step = (0.0, 0.0, -_STEP_MM)
    return Geometry.from_planes(
        (-half, -half, SLICES * _STEP_MM / 2), (1, 0, 0, 0, 1, 0), (_PIXEL_MM, _PIXEL_MM), step
    )


def _lungs(k: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two ellipses that swell and shrink from head to feet: right and left."""
    y, x = np.ogrid[:SIDE, :SIDE]
    swell = np.sin(np.pi * (k + 0.5) / SLICES)
    rows = ((y - 256) / (40 + 110 * swell)) ** 2
    right = rows + ((x - 165) / (20 + 60 * swell)) ** 2 < 1
    left = rows + ((x - 347) / (20 + 60 * swell)) ** 2 < 1
    return right, left


def make_volume() -> tuple[Volume, tuple[Mask, Mask]]:
    """A body with two lungs and noise in HU, and the masks of the lungs."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 20, (SIDE, SIDE)).astype(np.int16)
    y, x = np.ogrid[:SIDE, :SIDE]
    body = ((y - 256) / 190) ** 2 + ((x - 256) / 235) ** 2 < 1
    voxels = np.empty((SLICES, SIDE, SIDE), np.int16)
    inside = np.zeros((2, SLICES, SIDE, SIDE), bool)
    for k in range(SLICES):
        inside[0, k], inside[1, k] = _lungs(k)
        lungs = inside[0, k] | inside[1, k]
        voxels[k] = np.where(body, np.where(lungs, -850, 40), -1000) + np.roll(noise, 37 * k, axis=(0, 1))
    space = geometry()
    right = Mask.from_full(1, "Right lung", inside[0], space)
    left = Mask.from_full(2, "Left lung", inside[1], space)
    return Volume(voxels, space, Unit.HU), (right, left)


def write_study(folder: Path) -> tuple[Mask, Mask]:
    """Write the CT into ``folder``; returns its lung masks."""
    volume, masks = make_volume()
    write_ct_series(volume, folder, CtFacts(series_description="Bench"))
    return masks
