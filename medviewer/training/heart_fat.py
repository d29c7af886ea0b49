"""What lies in front of and beside the heart of a synthetic chest: fat, and a wide right heart.

The plain anatomy leaves a tongue of lung between heart and breastbone in every chest, so that all that is
dense there was consolidated lung. In most patients fat fills the angles between heart, diaphragm and front
wall, and often the right heart reaches the front wall itself. Neither is lung.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medviewer.training.canvas import Canvas
from medviewer.training.shapes import Picture, ellipse, ellipsoid_half, smooth_max, smooth_min

if TYPE_CHECKING:
    from medviewer.training.anatomy import Section

Ellipsoid = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Centre and half axes (x, y, z), nominal mm."""


@dataclass(frozen=True)
class HeartFat:
    """The fat of one chest, and how far its right heart goes to the front; nominal mm, HU."""

    pads: tuple[Ellipsoid, ...]
    right_heart: Ellipsoid | None
    hu: float
    mottled: float
    """How uneven the fat is (vessels, strands), HU per unit of noise."""

    def distance(self, z: float, x: Picture, y: Picture) -> Picture | None:
        """Distance to the pads at a height, None where none reaches it."""
        out: Picture | None = None
        for pad in self.pads:
            near = _cut(pad, z, x, y)
            if near is not None:
                out = near if out is None else smooth_min(out, near, 8)
        return out

    def heart(self, z: float, x: Picture, y: Picture, heart: Picture) -> Picture:
        """The heart joined with its wide right side."""
        wide = None if self.right_heart is None else _cut(self.right_heart, z, x, y)
        return heart if wide is None else smooth_min(heart, wide, 12)

    def lung(self, z: float, x: Picture, y: Picture, lung: Picture) -> Picture:
        """What the fat leaves to the lungs, with the sharp edges that lung has there."""
        fat = self.distance(z, x, y)
        return lung if fat is None else smooth_max(lung, -fat, 3)


def draw_heart_fat(rng: np.random.Generator, depth: float, domes: tuple[float, float]) -> HeartFat:
    """Pads in both angles and in front, each in some chests. ``domes``: right and left height."""
    pads = []
    for sign, share, dome in ((-1, 0.8, domes[0]), (1, 0.7, domes[1])):
        if rng.random() < share:
            centre = (
                sign * float(rng.uniform(18, 55) if sign < 0 else rng.uniform(35, 80)),
                -float(rng.uniform(55, 88)) * depth,
                dome + float(rng.uniform(-5, 40)),
            )
            pads.append((centre, _axes(rng, (14, 46), (14, 38), (22, 60))))
    if rng.random() < 0.6:
        centre = (
            float(rng.uniform(-22, 28)),
            -float(rng.uniform(74, 92)) * depth,
            float(rng.uniform(-75, 10)),
        )
        pads.append((centre, _axes(rng, (18, 60), (10, 28), (35, 85))))
    wide = None
    if rng.random() < 0.65:
        middle = (
            float(rng.uniform(-36, 5)),
            -float(rng.uniform(42, 66)) * depth,
            float(rng.uniform(-82, -45)),
        )
        wide = (middle, _axes(rng, (32, 62), (26, 42), (38, 68)))
    return HeartFat(tuple(pads), wide, float(rng.uniform(-110, -78)), float(rng.uniform(0.5, 5)))


def paint_heart_fat(canvas: Canvas, fat: HeartFat | None, s: Section, fine: Picture) -> None:
    """Paint the pads, within the rib cage and above the diaphragm; the heart is painted over them."""
    distance = None if fat is None else fat.distance(s.z, s.x, s.y)
    if fat is None or distance is None:
        return
    room = np.maximum(s.thorax + np.float32(1), s.diaphragm)
    canvas.paint(np.maximum(room, distance), np.float32(fat.hu) + fine * np.float32(fat.mottled))


def _cut(ellipsoid: Ellipsoid, z: float, x: Picture, y: Picture) -> Picture | None:
    (cx, cy, cz), (a, b, c) = ellipsoid
    left = ellipsoid_half(z, cz, c)
    return None if left <= 0.1 else ellipse(x, y, (cx, cy), (a * left, b * left))


def _axes(rng: np.random.Generator, *ranges: tuple[float, float]) -> tuple[float, float, float]:
    a, b, c = (float(rng.uniform(low, high)) for low, high in ranges)
    return a, b, c
