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
from medviewer.training.anatomy import BOTTOM_MM, TOP_MM, Anatomy
from medviewer.training.lesions import Blob, Lesions
from medviewer.training.noise import SHARP, SOFT, Kernel, NoiseMaker, sharpen
from medviewer.training.paint import Scene, Tissue, Trees, paint_slice
from medviewer.training.shapes import SmoothNoise, Tube
from medviewer.training.vessels import Beads, grow

LABELS = ("right_lung", "left_lung", "trachea", "emphysema", "consolidation", "nodule")
"""Names of the truth masks. The lungs hold vessels and disease, and neither trachea nor main bronchi."""
_LOOK_MM = 5.0
_SCAN_CENTRE_MM = -42.0


@dataclass(frozen=True)
class Variation:
    """What the caller may fix; None leaves it to the seed."""

    contrast: bool | None = False
    kernel: Kernel | None = SOFT
    couch: bool = True
    lesions: bool | None = True
    """None: any number of each lesion, several consolidations too."""
    noise: float = 1.0
    """Factor on the kernel's noise."""
    top_mm: float | None = None
    """Height of the highest slice above the carina; None centres the stack on the lungs."""
    centre_mm: tuple[float, float] = (0.0, 0.0)
    """(x, y) of the picture's centre in the patient."""
    thickness_mm: float | None = None
    """What one slice averages over; None is the distance between slices."""


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
    scene, contrast, kernel = _scene(rng, variation, (thickness, *spacing_mm[1:]))
    geometry = _geometry(scene.anatomy, slices, size, spacing_mm, variation)
    job = _Painter(scene, geometry, size, kernel, variation.noise, seed)
    hu = np.empty((slices, size, size), np.int16)
    masks: dict[str, NDArray[np.bool_]] = {name: np.zeros(hu.shape, bool) for name in LABELS}
    done = 0
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for _ in pool.map(lambda k: _one(job, k, hu, masks, context), range(slices)):
            done += 1
            context.report(done / slices, "Drawing the synthetic chest")
    volume = Volume(hu, geometry, Unit.HU)
    return Phantom(volume, masks, _facts(seed, scene, contrast, kernel, volume, masks))


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
        self, scene: Scene, geometry: Geometry, size: int, kernel: Kernel, noise: float, seed: int
    ) -> None:
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


def _scene(
    rng: np.random.Generator, variation: Variation, spacing_mm: tuple[float, float, float]
) -> tuple[Scene, bool, Kernel]:
    anatomy = Anatomy(rng)
    contrast = bool(rng.random() < 0.5) if variation.contrast is None else variation.contrast
    kernel = variation.kernel or (SHARP if rng.random() < 0.4 else SOFT)
    tissue = Tissue.draw(rng, contrast)
    inside = _LungPoints(anatomy)
    trees = _trees(rng, anatomy, inside, spacing_mm)
    lesions = _lesions(rng, inside, variation.lesions)
    half_w, _ = anatomy.thorax_half(50)
    collar = Tube.through(
        [(16, -62, 50, 7), (60, -64, 62, 5.5), (105, -30, 84, 5.5), (half_w + 45, 2, 92, 6)]
    )
    back = _back_of_body(anatomy)
    scene = Scene(
        anatomy,
        tissue,
        lesions,
        trees,
        _fissures(rng),
        collar,
        SmoothNoise(rng, 26.0, 4.0),
        SmoothNoise(rng, 7.0, 4.5),
        back + float(rng.uniform(2, 7)) if variation.couch else None,
        spacing_mm[0],
    )
    return scene, contrast, kernel


def _back_of_body(anatomy: Anatomy) -> float:
    """Patient y (mm) where the back touches the couch."""
    y = np.arange(60.0, 190.0, 2.0, dtype=np.float32)
    x = np.arange(-120.0, 121.0, 8.0, dtype=np.float32)
    lowest = 0.0
    for z in (-120.0, -60.0, 0.0, 40.0):
        touched = (anatomy.section(z, y, x).body < 0).any(axis=1)
        lowest = max(lowest, float(y[touched].max()) if touched.any() else 0.0)
    return lowest


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


class _LungPoints:
    """Points of both lungs on a coarse lattice with their depth below the pleura, in nominal mm."""

    def __init__(self, anatomy: Anatomy) -> None:
        size = anatomy.body.size
        axis = np.arange(-160.0, 160.1, _LOOK_MM, dtype=np.float32)
        zs = np.arange(BOTTOM_MM, TOP_MM, _LOOK_MM)
        points, depth = [], []
        for z in zs:
            lung = anatomy.section(float(z) * size, axis * np.float32(size), axis * np.float32(size)).lung
            rows, columns = np.nonzero(lung < -1)
            points.append(np.stack([axis[columns], axis[rows], np.full(rows.size, z)], axis=1))
            depth.append(-lung[rows, columns])
        self.points = np.concatenate(points).astype(np.float64)
        self.depth = np.concatenate(depth).astype(np.float64)

    def side(self, sign: int, low: float, high: float) -> NDArray[np.float64]:
        """Points of the right (-1) or left (+1) lung whose depth lies between two values."""
        keep = (self.points[:, 0] * sign > 0) & (self.depth >= low) & (self.depth <= high)
        return np.asarray(self.points[keep])


def _trees(
    rng: np.random.Generator, anatomy: Anatomy, inside: _LungPoints, spacing_mm: tuple[float, float, float]
) -> Trees:
    size = anatomy.body.size
    fine = spacing_mm[1] < 1.0
    counts = (1500, 700, 110) if fine else (500, 250, 60)
    vessels, airways = [], []
    for sign, artery, vein, bronchus in (
        (-1, "right_pulmonary", "right_vein", "right_bronchus"),
        (1, "left_pulmonary", "left_vein", "left_bronchus"),
    ):
        points = inside.side(sign, 2.5, 1e3)
        if len(points) == 0:
            continue
        for name, count, into in (
            (artery, counts[0], vessels),
            (vein, counts[1], vessels),
            (bronchus, counts[2], airways),
        ):
            pick = points[rng.integers(0, len(points), count)] + rng.uniform(-2.5, 2.5, (count, 3))
            root = anatomy.tubes[name].points[-1]
            leaf = 0.95 if into is airways else 0.46
            tree = grow(rng, root, pick, leaf, 0.9 if fine else 1.8)
            into.append(Beads(tree.points * np.float32(size), tree.radii * np.float32(size), tree.tilt))
    return Trees(Beads.joined(vessels), Beads.joined(airways))


def _fissures(rng: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    return (
        (-1.0, float(rng.uniform(-45, -20)), float(rng.uniform(0.9, 1.4)), float(rng.uniform(-0.2, 0.2))),
        (1.0, float(rng.uniform(-40, -15)), float(rng.uniform(0.9, 1.4)), float(rng.uniform(-0.2, 0.2))),
    )


def _lesions(rng: np.random.Generator, inside: _LungPoints, wanted: bool | None) -> Lesions:
    """One of each (True), none (False), or as the seed wants (None)."""
    texture = SmoothNoise(rng, 11.0, 1.0)
    sides = [int(s) for s in rng.permutation([-1, 1])]
    if wanted is False:
        return Lesions(texture)
    if wanted:
        counts = (1, 1, 1)
    else:
        counts = (
            int(rng.choice([0, 1, 2, 3], p=[0.25, 0.35, 0.25, 0.15])),
            int(rng.random() < 0.4),
            int(rng.integers(0, 4)),
        )
    solid = [_consolidation(rng, inside, sides[i % 2]) for i in range(counts[0])]
    holes = [_emphysema(rng, inside, sides[1 - i % 2]) for i in range(counts[1])]
    nodules = [_nodule(rng, inside, sides[(i + 1) % 2]) for i in range(counts[2])]
    return Lesions(
        texture,
        tuple(b for b in solid if b),
        tuple(b for b in holes if b),
        tuple(b for b in nodules if b),
        float(rng.uniform(18, 55)),
        float(rng.uniform(-985, -968)),
        float(rng.uniform(15, 60)),
    )


def _pick(rng: np.random.Generator, points: NDArray[np.float64]) -> tuple[float, float, float] | None:
    if len(points) == 0:
        return None
    x, y, z = points[int(rng.integers(len(points)))]
    return float(x), float(y), float(z)


def _consolidation(rng: np.random.Generator, inside: _LungPoints, sign: int) -> Blob | None:
    """Dense lung lying on the outer pleura, mostly low and behind."""
    shell = inside.side(sign, 1.0, 7.0)
    outer = shell[
        (np.abs(shell[:, 0]) > 60) & (shell[:, 1] > -20) & (shell[:, 2] < 25) & (shell[:, 2] > -125)
    ]
    centre = _pick(rng, outer if len(outer) else shell)
    if centre is None:
        return None
    a, b, c = rng.uniform(20, 40, 3)
    return Blob(centre, (float(a), float(b), float(c)), 3.0)


def _emphysema(rng: np.random.Generator, inside: _LungPoints, sign: int) -> Blob | None:
    deep = inside.side(sign, 14.0, 1e3)
    upper = deep[deep[:, 2] > 5]
    centre = _pick(rng, upper if len(upper) else deep)
    if centre is None:
        return None
    a, b, c = rng.uniform(20, 36, 3)
    return Blob(centre, (float(a), float(b), float(c)), 5.0)


def _nodule(rng: np.random.Generator, inside: _LungPoints, sign: int) -> Blob | None:
    deep = inside.side(sign, 9.0, 22.0)
    middle = deep[(deep[:, 2] > -70) & (deep[:, 2] < 60)]
    centre = _pick(rng, middle if len(middle) else deep)
    if centre is None:
        return None
    radius = float(rng.uniform(4.5, 10.0))
    return Blob(centre, (radius, radius * float(rng.uniform(0.85, 1.15)), radius), 0.7)


def _facts(
    seed: int,
    scene: Scene,
    contrast: bool,
    kernel: Kernel,
    volume: Volume,
    masks: dict[str, NDArray[np.bool_]],
) -> dict[str, Any]:
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
