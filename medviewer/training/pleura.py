"""Fluid in the pleural cavity of a synthetic chest, and the lung it compresses.

The fluid is no lung: truth and training leave it outside the outline, as a volume of lung must. The lung
beside it that has lost its air (compressed, 20 to 90 HU) is lung and stays inside. The patient lies on the
back: the layer is thickest behind, runs out along the chest wall as a crescent, and is highest at the base.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.training.anatomy import Section
from medviewer.training.shapes import Picture, SmoothNoise


@dataclass(frozen=True)
class Effusion:
    """The fluid of one side, in nominal mm; HU of fluid and of compressed lung."""

    side: int
    """-1 right, +1 left."""
    depth_mm: float
    """Thickness of the layer where it is deepest."""
    front_mm: float
    """y at which the crescent has run out."""
    span_mm: float
    """How far behind ``front_mm`` it has its full thickness."""
    top_mm: float
    """Height at which it ends; full ``ramp_mm`` below."""
    ramp_mm: float
    hu: float
    compressed_mm: float
    """How far into the lung the compressed part reaches; 0: none."""
    compressed_hu: float

    @classmethod
    def draw(cls, rng: np.random.Generator, side: int, contrast: bool) -> Effusion:
        """From a thin layer to one that leaves half of the lung."""
        depth = float(rng.choice([rng.uniform(5, 15), rng.uniform(15, 35), rng.uniform(35, 70)]))
        compressed = float(rng.uniform(5, 45)) if rng.random() < 0.75 else 0.0
        return cls(
            side=side,
            depth_mm=depth,
            front_mm=float(rng.uniform(-60, 25) if depth > 15 else rng.uniform(-10, 40)),
            span_mm=float(rng.uniform(35, 80)),
            top_mm=float(rng.uniform(-60, 30) + depth),
            ramp_mm=float(rng.uniform(30, 90)),
            hu=float(rng.uniform(-2, 28)),
            compressed_mm=compressed,
            compressed_hu=float(rng.uniform(60, 110) if contrast else rng.uniform(25, 60)),
        )

    def layer(self, s: Section, wave: Picture) -> Picture:
        """Thickness of the fluid at every point of a section, measured from the pleura (mm, 0 where none)."""
        behind = np.clip((s.y - np.float32(self.front_mm) + wave) / np.float32(self.span_mm), 0, 1)
        low = float(np.clip((self.top_mm - s.z) / self.ramp_mm, 0, 1)) ** 0.7
        here = s.x * np.float32(self.side) > 0
        thick = np.float32(self.depth_mm * low) * np.sqrt(behind) + wave * np.float32(0.25 * low)
        return np.where(here & (behind > 0) & (low > 0), np.maximum(thick, 0), 0).astype(np.float32)


@dataclass(frozen=True)
class Pleura:
    """The effusions of one chest."""

    effusions: tuple[Effusion, ...]
    texture: SmoothNoise

    @classmethod
    def draw(cls, rng: np.random.Generator, contrast: bool) -> Pleura:
        """One side or both."""
        sides = [int(s) for s in rng.permutation([-1, 1])][: 2 if rng.random() < 0.4 else 1]
        return cls(tuple(Effusion.draw(rng, side, contrast) for side in sides), SmoothNoise(rng, 24.0, 2.0))

    def squeezed(self, s: Section) -> tuple[Picture, list[tuple[Effusion, Picture]]]:
        """Distance to what is left of the lungs, and each effusion with its layer's thickness."""
        wave = self.texture.at(s.z, s.y[:, 0], s.x[0])
        layers = [(effusion, effusion.layer(s, wave)) for effusion in self.effusions]
        lung = s.lung
        for _, layer in layers:
            lung = lung + layer
        return np.asarray(lung, np.float32), layers


def compress(
    air: NDArray[np.float32],
    lung: Picture,
    layers: list[tuple[Effusion, Picture]],
    fine: Callable[[Picture], Picture],
) -> NDArray[np.bool_]:
    """Make the lung beside the fluid dense in ``air`` (HU, full grid, in place); returns where."""
    where = np.zeros(air.shape, bool)
    for effusion, layer in layers:
        reach = np.minimum(layer / np.float32(10), 1) * np.float32(effusion.compressed_mm)
        if not (reach > 0).any():
            continue
        distance = fine(np.where(reach > 0.5, -lung - reach, 9).astype(np.float32))
        cover = np.clip(np.float32(0.5) - distance / np.float32(4), 0, 1)
        air += cover * (np.float32(effusion.compressed_hu) - air)
        where |= distance < 0
    return where
