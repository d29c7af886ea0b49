"""Held-out heads as a scanner would store them: any contrast, any plane, thin or thick slices, with truth.

What the training grid cannot show is measured here: finding the brain, resampling, and the way back to the
stored voxels. The head itself is the label map's, not bent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK
import torch
from numpy.typing import NDArray

from medviewer.ai.brain_labels import STRUCTURES, joint
from medviewer.imaging.volume import Geometry, Volume
from medviewer.training import brain_paint
from medviewer.training.brain_maps import CLASS_OF, FINE, SIDE_OF, LabelMap

THIN_MM, THICK_MM = 1.0, 5.0
_MARGIN = 8
"""Voxels of air around the head."""
_PLANES = ("axial", "coronal", "sagittal")

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Scan:
    """``volume`` and, on its grid, ``truth``: numbers of :func:`~medviewer.ai.brain_labels.joint`."""

    name: str
    volume: Volume
    truth: UInt8


def scan(source: LabelMap, seed: int, slice_mm: float = THIN_MM) -> Scan:
    """One head, one contrast. The plane follows from the seed; slices of more than 1 mm lie side by side."""
    rng = np.random.default_rng([31, seed])
    noise = torch.Generator().manual_seed(seed)
    fine = _cropped(source.fine)
    palette = brain_paint.draw_palette(rng)
    hidden = brain_paint.draw_hidden(rng).numpy()
    palette[hidden] = 0
    values = palette[fine, 0] + palette[fine, 1] * _noise(fine.shape, noise)
    values *= _bias(fine.shape, rng, noise)
    values = _blurred(values, float(rng.uniform(0.3, 0.8)))
    plane = _PLANES[seed % 3]
    stored, truth, geometry = _stored(values, joint_table()[fine], plane, slice_mm)
    grain = float(rng.uniform(0, 0.05))
    stored = np.hypot(stored + grain * _noise(stored.shape, noise), grain * _noise(stored.shape, noise))
    voxels = np.clip(stored * 1000, 0, 32000).astype(np.int16)
    return Scan(f"{source.name} seed {seed} {plane} {slice_mm:g} mm", Volume(voxels, geometry), truth)


def joint_table() -> UInt8:
    """For each entry of FINE its number among :func:`joint`."""
    numbers = {(k, side): place for place, (k, side, _) in enumerate(joint())}
    out = np.zeros(len(FINE), np.uint8)
    for place in range(len(FINE)):
        k = int(CLASS_OF[place])
        out[place] = numbers[k, int(SIDE_OF[place]) if STRUCTURES[k].paired else None]
    return out


def _cropped(fine: UInt8) -> UInt8:
    """The head with some air around it; the neck stays."""
    box = []
    for axis in range(3):
        hits = np.flatnonzero((fine > 0).any(axis=tuple(a for a in range(3) if a != axis)))
        box.append(slice(max(0, int(hits[0]) - _MARGIN), int(hits[-1]) + 1 + _MARGIN))
    return fine[tuple(box)]


def _stored(
    values: NDArray[np.float32], truth: UInt8, plane: str, slice_mm: float
) -> tuple[NDArray[np.float32], UInt8, Geometry]:
    """(slice, row, column) as that plane stores it: slices averaged, truth taken in their middle.

    Given are arrays with axes to head, back and left.
    """
    z, y, x = np.array([0, 0, 1.0]), np.array([0, 1.0, 0]), np.array([1.0, 0, 0])
    order, axes, flips = {
        "axial": ((0, 1, 2), (z, y, x), ()),
        "coronal": ((1, 0, 2), (y, -z, x), (1,)),
        "sagittal": ((2, 0, 1), (-x, -z, y), (0, 1)),
    }[plane]
    values = np.flip(values.transpose(order), flips)
    truth = np.flip(truth.transpose(order), flips)
    count = max(1, round(slice_mm))
    whole = len(values) // count * count
    thick = values[:whole].reshape(-1, count, *values.shape[1:]).mean(axis=1)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([axes[0] * count, axes[1], axes[2]], axis=1)
    affine[:3, 3] = axes[0] * (count - 1) / 2 + np.array([3.0, -40.0, 11.0])
    return thick, np.ascontiguousarray(truth[count // 2 : whole : count]), Geometry(affine)


def _noise(shape: tuple[int, ...], noise: torch.Generator) -> NDArray[np.float32]:
    return np.asarray(torch.randn(shape, generator=noise).numpy())


def _bias(shape: tuple[int, ...], rng: np.random.Generator, noise: torch.Generator) -> NDArray[np.float32]:
    """A smooth factor around one."""
    points = float(rng.uniform(0, 0.3)) * torch.randn((1, 1, 4, 4, 4), generator=noise)
    field = torch.nn.functional.interpolate(points, size=shape, mode="trilinear", align_corners=True)
    return np.asarray(torch.exp(field)[0, 0].numpy())


def _blurred(values: NDArray[np.float32], sigma_mm: float) -> NDArray[np.float32]:
    image = SimpleITK.GetImageFromArray(values.astype(np.float32))
    blurred = SimpleITK.GetArrayFromImage(SimpleITK.SmoothingRecursiveGaussian(image, sigma_mm))
    return np.asarray(blurred, np.float32)
