"""A synthetic chest CT with its truth: what the demo study, the tests and the training are made from.

Nothing of it comes from a patient. The same seed and arguments give the same voxels.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.tasks import TaskContext
from medviewer.training.anatomy import Anatomy
from medviewer.training.noise import Kernel, NoiseMaker, sharpen
from medviewer.training.paint import paint_slice
from medviewer.training.scene import Scene, Variation, add_extras, draw_scene

LABELS = ("right_lung", "left_lung", "trachea", "emphysema", "consolidation", "nodule")
"""Names of the truth masks. The lungs hold vessels and disease, and neither trachea nor main bronchi."""
PLEURAL = ("effusion", "compressed")
"""Truth masks of a chest with an effusion: the fluid (outside the lungs), the lung it compresses (inside)."""
_SCAN_CENTRE_MM = -42.0

Masks = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Phantom:
    """The volume (HU, int16), truth masks (bool, whole grid) by name, and facts for ``truth.json``."""

    volume: Volume
    masks: dict[str, NDArray[np.bool_]]
    truth: dict[str, Any]


def make_phantom(
    seed: int,
    *,
    slices: int = 120,
    size: int = 512,
    spacing_mm: tuple[float, float, float] = (2.5, 0.7, 0.7),
    context: TaskContext | None = None,
    variation: Variation | None = None,
    workers: int = 2,
) -> Phantom:
    """Draw the chest of ``seed`` on a grid of ``slices`` x ``size`` x ``size``, feet first slice lowest.

    ``spacing_mm``: (slices, rows, columns), rows and columns equal. Raises ValueError for a grid that
    makes no picture, :class:`~medviewer.errors.Cancelled` through ``context``.
    """
    if slices < 1 or size < 32 or min(spacing_mm) <= 0 or spacing_mm[1] != spacing_mm[2]:
        raise ValueError("a phantom needs slices, at least 32 square pixels a side, and positive spacing")
    variation = variation or Variation()
    context = context or TaskContext()
    rng = np.random.default_rng([seed, 20240])
    thickness = variation.thickness_mm or spacing_mm[0]
    drawn = scene, contrast, kernel = draw_scene(rng, variation, (thickness, *spacing_mm[1:]))
    add_extras(scene, variation, contrast, seed)
    geometry = _geometry(scene.anatomy, slices, size, spacing_mm, variation)
    job = _Painter(scene, geometry, size, (kernel, variation.noise), seed)
    hu = np.empty((slices, size, size), np.int16)
    names = (*LABELS, *(PLEURAL if scene.pleura else ()))
    masks: dict[str, NDArray[np.bool_]] = {name: np.zeros(hu.shape, bool) for name in names}
    done = 0
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for _ in pool.map(lambda k: _one(job, k, hu, masks, context), range(slices)):
            done += 1
            context.report(done / slices, "Drawing the synthetic chest")
    volume = Volume(hu, geometry, Unit.HU)
    return Phantom(volume, masks, _facts(seed, drawn, volume, masks))


def _one(
    job: _Painter, k: int, hu: NDArray[np.int16], masks: dict[str, NDArray[np.bool_]], context: TaskContext
) -> None:
    context.check()
    values, truth = job.slice(k)
    hu[k] = values
    for name, mask in truth.items():
        masks[name][k] = mask


class _Painter:
    """Paints any slice of one scene on one grid; safe from several threads."""

    def __init__(
        self, scene: Scene, geometry: Geometry, size: int, look: tuple[Kernel, float], seed: int
    ) -> None:
        kernel, noise = look
        self._scene, self._geometry, self._kernel, self._seed = scene, geometry, kernel, seed
        pixel = geometry.spacing_mm[1]
        thin = math.sqrt(2.5 / scene.thickness_mm) * noise
        shaped = Kernel(kernel.name, kernel.sigma_hu * min(thin, 2.0), kernel.cutoff, kernel.edge)
        self._noise = NoiseMaker((size, size), pixel, shaped)
        self._streaks = NoiseMaker((size, size), pixel, shaped, streak=3.0)
        self._factor = 2 if pixel < 1.0 else 1
        self._x = (geometry.affine[0, 3] + pixel * np.arange(size)).astype(np.float32)
        self._y = (geometry.affine[1, 3] + pixel * np.arange(size)).astype(np.float32)
        radius = np.hypot(self._x[None, :], self._y[:, None])
        self._strength = (0.45 + 0.75 * np.exp(-((radius / 130) ** 2))).astype(np.float32)

    def slice(self, k: int) -> tuple[NDArray[np.int16], dict[str, NDArray[np.bool_]]]:
        """HU and truth of slice ``k``."""
        z = float(self._geometry.affine[2, 3] + k * self._geometry.spacing_mm[0])
        painted = paint_slice(self._scene, z, self._y, self._x, self._factor)
        sharpen(painted.hu, self._kernel.edge)
        shoulders = z / self._scene.anatomy.body.size > 55
        maker = self._streaks if shoulders else self._noise
        painted.hu += maker.slice((self._seed, k)) * self._strength * (1.6 if shoulders else 1.0)
        np.clip(painted.hu, -1024, 3071, out=painted.hu)
        return np.rint(painted.hu).astype(np.int16), painted.masks


def _geometry(
    anatomy: Anatomy, slices: int, size: int, spacing_mm: tuple[float, float, float], variation: Variation
) -> Geometry:
    step, pixel, _ = spacing_mm
    span = step * (slices - 1)
    middle = _SCAN_CENTRE_MM * anatomy.body.size
    top = middle + span / 2 if variation.top_mm is None else variation.top_mm
    half = (size - 1) / 2 * pixel
    corner = (variation.centre_mm[0] - half, variation.centre_mm[1] - half, top - span)
    return Geometry.from_planes(corner, (1, 0, 0, 0, 1, 0), (pixel, pixel), (0, 0, step))


def _facts(seed: int, drawn: tuple[Scene, bool, Kernel], volume: Volume, masks: Masks) -> dict[str, Any]:
    geometry = volume.require_geometry()
    regions: dict[str, Any] = {}
    for name, mask in masks.items():
        count = int(np.count_nonzero(mask))
        entry: dict[str, Any] = {"voxels": count, "volume_ml": round(count * geometry.voxel_ml, 3)}
        if count:
            where = np.argwhere(mask)
            entry["centre_mm"] = [round(float(v), 2) for v in geometry.position(where.mean(axis=0))]
            entry["slices"] = [int(where[:, 0].min()), int(where[:, 0].max())]
        regions[name] = entry
    scene, contrast, kernel = drawn
    body = scene.anatomy.body
    return {
        "schema": "medviewer.truth/1",
        "seed": seed,
        "sex": "F" if body.female else "M",
        "size": round(body.size, 4),
        "contrast": contrast,
        "kernel": kernel.name,
        "spacing_mm": [round(v, 6) for v in geometry.spacing_mm],
        "shape": list(volume.shape),
        "regions": regions,
    }
