"""What ``lung-ct`` learns from: phantoms and real scans on the network's grid, cached, and drawn with change.

A case is (slices, H, W) HU as int16 and labels 0..3 as uint8, with the slice distance: the same pictures the
network sees when reading, made by :mod:`medviewer.ai.lung_input`.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.lung_input import HU_RANGE, NEIGHBOUR_MM, prepare
from medviewer.imaging.volume import Volume
from medviewer.training.lung_change import crop_field, paste_dense, recolour
from medviewer.training.noise import Kernel
from medviewer.training.phantom import make_phantom
from medviewer.training.scene import Variation
from medviewer.training.slabs import thicken

CACHE_VERSION = 5
"""Raised when the generator changes, so that stale caches are made again."""
FIRST_SEED = 1000
"""Training seeds start here; 0 to 99 are the demo's and 100 to 199 the evaluation's: never trained on."""
CROP = 192
UNTOLD = 255
"""The label of a voxel that teaches nothing."""
DENSE = ("consolidation", "compressed", "effusion")
"""Truth masks that weigh more: dense lung, and the fluid that is none."""
_SICK_PIXELS = 150
_SICK_SHARE = 0.35
"""Of the pictures drawn from a chest with dense lung or fluid, beside those that show it anyway."""
_SHEET_MM = 2.75
"""Thick slices are means over sheets no thicker than this."""


@dataclass(frozen=True)
class Case:
    """One scan on the network's grid. ``dense`` marks what weighs more in the loss; labels 0 to 3, or
    :data:`UNTOLD`. The first slice is the lowest, whatever the scan's order: below is told from above."""

    name: str
    hu: NDArray[np.int16]
    labels: NDArray[np.uint8]
    dense: NDArray[np.bool_]
    step_mm: float

    @cached_property
    def sick(self) -> NDArray[np.intp]:
        """Slices that hold dense lung or fluid."""
        return np.flatnonzero(self.dense.sum(axis=(1, 2)) > _SICK_PIXELS)


def to_case(name: str, volume: Volume, masks: dict[str, NDArray[np.bool_]]) -> Case:
    """A volume and its masks ("right_lung", "left_lung", "trachea", maybe "untold" and those
    of :data:`DENSE`) as a case."""
    lung = prepare(volume)
    low, high = HU_RANGE
    hu = np.empty((lung.count, *lung.size), np.int16)
    labels = np.zeros(hu.shape, np.uint8)
    dense = np.zeros(hu.shape, bool)
    for k in range(lung.count):
        picture = (lung.batch([k])[0, 1] + 1) * (high - low) / 2 + low
        hu[k] = np.rint(picture)
        for label, mask in ((1, "right_lung"), (2, "left_lung"), (3, "trachea")):
            if mask in masks:
                labels[k][lung.shrink_mask(k, masks[mask]) > 0.5] = label
        if "untold" in masks:
            labels[k][lung.shrink_mask(k, masks["untold"]) > 0.01] = UNTOLD
        for extra in DENSE:
            if extra in masks:
                dense[k] |= lung.shrink_mask(k, masks[extra]) > 0.5
    if not lung.ascends:
        hu, labels, dense = hu[::-1].copy(), labels[::-1].copy(), dense[::-1].copy()
    return Case(name, hu, labels, dense, float(lung.view.step_mm or NEIGHBOUR_MM))


def phantom_case(seed: int, slices: int = 56, size: int = 272) -> Case:
    """A varied phantom straight on the network's 1.5 mm grid; a third of them are means over thick slabs."""
    rng = np.random.default_rng([seed, 7])
    step = float(rng.choice([5.0, 5.0, 5.0, 6.0, 8.0, 10.0]))
    count = max(6, min(slices, round(slices * 5.0 / step)))
    sigma = float(rng.choice([4.0, 10.0, 22.0, 40.0], p=[0.3, 0.35, 0.2, 0.15]))
    sharp = bool(rng.random() < 0.4)
    kernel = Kernel("ANY", sigma, 0.5 if sharp else 0.3, 0.4 if sharp else 0.0)
    variation = Variation(
        contrast=None,
        kernel=kernel,
        couch=bool(rng.random() < 0.85),
        lesions=None,
        top_mm=float(rng.uniform(85, 135)),
        centre_mm=(float(rng.uniform(-12, 12)), float(rng.uniform(-12, 20))),
        thickness_mm=float(rng.choice([1.0, 2.5, step, step])),
        effusion=bool(rng.random() < 0.5),
        gut=bool(rng.random() < 0.5),
        masses=bool(rng.random() < 0.5),
        heart_fat=bool(rng.random() < 0.7),
    )
    sheets = math.ceil(step / _SHEET_MM) if rng.random() < (0.7 if step > 5 else 0.15) else 1
    if sheets > 1:
        variation = replace(variation, thickness_mm=None)
    phantom = make_phantom(
        seed,
        slices=count * sheets,
        size=size,
        spacing_mm=(step / sheets, 1.5, 1.5),
        variation=variation,
        workers=1,
    )
    volume, masks = phantom.volume, phantom.masks
    if sheets > 1:
        volume, masks = thicken(volume, masks, step)
    return to_case(f"phantom {seed}", volume, masks)


def _cached(folder: Path, seed: int, slices: int, size: int) -> Path:
    path = folder / f"v{CACHE_VERSION}-{seed}-{slices}x{size}.npz"
    if not path.exists():
        case = phantom_case(seed, slices, size)
        partial = path.with_suffix(".part.npz")
        np.savez(partial, hu=case.hu, labels=case.labels, dense=case.dense, step=case.step_mm)
        partial.replace(path)
    return path


def phantom_cases(
    folder: Path, seeds: Sequence[int], slices: int = 56, size: int = 272, workers: int = 2
) -> list[Case]:
    """The phantoms of ``seeds``, made in processes once and read from ``folder`` after that."""
    folder.mkdir(parents=True, exist_ok=True)
    count = len(seeds)
    each = ([folder] * count, seeds, [slices] * count, [size] * count)
    if workers > 1:
        # Spawned, not forked: torch's threads may be running by now.
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            paths = list(pool.map(_cached, *each))
    else:
        paths = list(map(_cached, *each))
    cases = []
    for seed, path in zip(seeds, paths, strict=True):
        with np.load(path) as data:
            cases.append(
                Case(f"phantom {seed}", data["hu"], data["labels"], data["dense"], float(data["step"]))
            )
    return cases


@dataclass(frozen=True)
class Sample:
    """One training picture: HU (3, H, W), labels and dense mark (H, W)."""

    hu: NDArray[np.float32]
    labels: NDArray[np.uint8]
    dense: NDArray[np.bool_]


def draw(rng: np.random.Generator, case: Case, crop: int = CROP) -> Sample:
    """A random crop of a random slice with neighbours, sometimes with a pasted consolidation."""
    count, height, width = case.hu.shape
    k = int(rng.integers(count))
    if not case.labels[k].any() and rng.random() < 0.7:
        k = int(rng.integers(count))
    sick = case.sick
    if len(sick) and rng.random() < _SICK_SHARE:
        k = int(sick[int(rng.integers(len(sick)))])
    offset = max(1, round(NEIGHBOUR_MM / case.step_mm))
    picked = [max(0, k - offset), k, min(count - 1, k + offset)]
    top = _start(rng, height, crop)
    left = _start(rng, width, crop)
    window = (slice(top, top + crop), slice(left, left + crop))
    hu = np.full((3, crop, crop), -1024.0, np.float32)
    labels = np.zeros((crop, crop), np.uint8)
    dense = np.zeros((crop, crop), bool)
    part = case.hu[picked][(slice(None), *window)]
    h, w = part.shape[1:]
    hu[:, :h, :w] = part
    labels[:h, :w] = case.labels[k][window]
    dense[:h, :w] = case.dense[k][window]
    if rng.random() < 0.35:
        paste_dense(rng, hu, labels, dense)
    hu = recolour(rng, hu)
    if rng.random() < 0.25:
        crop_field(rng, hu, labels, dense)
    return Sample(hu, labels, dense)


def _start(rng: np.random.Generator, length: int, crop: int) -> int:
    room = length - crop
    return 0 if room <= 0 else int(np.clip(rng.normal(room / 2, room / 5), 0, room))
