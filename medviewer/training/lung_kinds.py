"""The synthetic chests that measure ``lung-ct``, by what is hard about them; seeds that no training draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from medviewer.training.noise import SHARP, SOFT
from medviewer.training.phantom import Phantom, make_phantom
from medviewer.training.scene import Variation
from medviewer.training.slabs import thicken

GRID = (48, 256, (6.0, 1.4, 1.4))
"""Slices, rows and columns, spacing in mm."""


@dataclass(frozen=True)
class Kind:
    """Chests of one kind: the report's title, what the card calls the data, seeds, how one is drawn."""

    title: str
    data: str
    seeds: tuple[int, ...]
    draw: Callable[[int], Phantom]
    peer: bool = False
    """Whether consolidation is outlined by thresholding too, for comparison."""

    @property
    def told(self) -> str:
        """What the card says of the data: kind and seeds."""
        return f"{self.data}, seeds {self.seeds[0]} to {self.seeds[-1]}, against their truth"


def _drawn(seed: int, variation: Variation) -> Phantom:
    slices, size, spacing_mm = GRID
    return make_phantom(seed, slices=slices, size=size, spacing_mm=spacing_mm, variation=variation)


def _either(seed: int) -> Variation:
    """Soft kernel for even seeds, sharp for odd ones; contrast and disease as the seed wants."""
    return Variation(contrast=None, kernel=SHARP if seed % 2 else SOFT, lesions=None)


def plain(seed: int) -> Phantom:
    """The chest of the demo study on a coarser grid: one consolidation, emphysema, nodule; soft kernel."""
    return _drawn(seed, Variation())


def dense(seed: int) -> Phantom:
    """Consolidations, masses beside the mediastinum too."""
    return _drawn(seed, replace(_either(seed), lesions=True, masses=True))


def effusion(seed: int) -> Phantom:
    """Fluid on one side or both with compressed lung, gas under the domes."""
    return _drawn(seed, replace(_either(seed), effusion=True, gut=True))


def cropped(seed: int) -> Phantom:
    """A field of view of 220 mm that cuts the lungs, its middle up to 20 mm aside."""
    slices, _, spacing_mm = GRID
    aside = np.random.default_rng([seed, 3]).uniform(-20, 20, 2)
    variation = replace(_either(seed), centre_mm=(float(aside[0]), float(aside[1])))
    return make_phantom(seed, slices=slices, size=157, spacing_mm=spacing_mm, variation=variation)


def thick(seed: int) -> Phantom:
    """Slices of 7.5 or 10 mm, means over sheets of 2.5 mm, with gas under the domes."""
    _, size, spacing_mm = GRID
    variation = replace(_either(seed), gut=True)
    sheets = make_phantom(seed, slices=116, size=size, spacing_mm=(2.5, *spacing_mm[1:]), variation=variation)
    volume, masks = thicken(sheets.volume, sheets.masks, 7.5 if seed % 3 else 10.0)
    return Phantom(volume, masks, sheets.truth)


def heart_fat(seed: int) -> Phantom:
    """Fat in front of the heart and in its angles, in most a heart that reaches the front wall."""
    return _drawn(seed, replace(_either(seed), heart_fat=True))


KINDS = (
    Kind("Synthetic chests", "synthetic chests", tuple(range(100, 104)), plain, peer=True),
    Kind(
        "Consolidations and masses",
        "synthetic chests with consolidations and masses",
        tuple(range(110, 114)),
        dense,
    ),
    Kind("Pleural effusion", "synthetic chests with pleural effusion", tuple(range(120, 124)), effusion),
    Kind("Thick slices", "synthetic chests in slices of 7.5 and 10 mm", tuple(range(130, 133)), thick),
    Kind("Cropped field of view", "synthetic chests cropped to 220 mm", tuple(range(140, 143)), cropped),
    Kind(
        "Fat beside the heart",
        "synthetic chests with fat beside the heart",
        tuple(range(150, 153)),
        heart_fat,
    ),
)
"""Kernels alternate but for the first kind, which is soft."""
