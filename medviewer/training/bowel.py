"""Gas under the diaphragm of a synthetic chest: stomach and colon close below the domes. It is no lung.

On thick slices such gas, the thin wall around it and the dome above it look like lung that ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medviewer.training.anatomy import Section
from medviewer.training.canvas import Canvas
from medviewer.training.shapes import Picture, smooth_max, smooth_min


@dataclass(frozen=True)
class Gut:
    """One hollow organ: a chain of balls, gas in front of ``level_mm``, what it holds behind; nominal mm."""

    balls: tuple[tuple[float, float, float, float], ...]
    """(x, y, z, radius)."""
    wall_mm: float
    level_mm: float
    gas_hu: float
    content_hu: float
    mottled: float
    """How uneven the content is (food, faeces), HU per unit of noise."""
    bubbles: float = 1e3
    """Where the fine noise lies above this the content holds gas."""

    def distance(self, s: Section) -> Picture | None:
        """Distance to the organ at a section, None where it is not near."""
        out: Picture | None = None
        for x, y, z, radius in self.balls:
            if abs(s.z - z) > radius * 1.2:
                continue
            gap = np.sqrt(
                (s.x - np.float32(x)) ** 2 + (s.y - np.float32(y)) ** 2 + np.float32((s.z - z) ** 2)
            ) - np.float32(radius)
            out = gap if out is None else smooth_min(out, gap, 5)
        return None if out is None else np.asarray(out, np.float32)


def draw_gut(rng: np.random.Generator, domes: tuple[float, float]) -> tuple[Gut, ...]:
    """Stomach bubble, colon under the left dome, seldom under the right. ``domes``: heights right, left."""
    organs = []
    if rng.random() < 0.7:
        organs.append(_stomach(rng, domes[1]))
    if rng.random() < 0.6:
        organs.append(_colon(rng, 1, domes[1]))
    if rng.random() < 0.2:
        organs.append(_colon(rng, -1, domes[0]))
    return tuple(organs)


def _stomach(rng: np.random.Generator, dome: float) -> Gut:
    radius = float(rng.uniform(25, 48))
    x, y = float(rng.uniform(45, 80)), float(rng.uniform(-40, 15))
    z = dome - radius * float(rng.uniform(0.5, 1.1))
    step = float(rng.uniform(0.4, 0.9)) * radius
    balls = ((x, y, z, radius), (x - step, y - 0.3 * step, z - 0.7 * step, 0.8 * radius))
    level = y + float(rng.uniform(-1.1, 0.9)) * radius
    fed = rng.random() < 0.5
    mottled, bubbles = (float(rng.uniform(3, 30)), float(rng.uniform(2, 7))) if fed else (2.0, 1e3)
    content = float(rng.uniform(-60, 40) if fed else rng.uniform(5, 40))
    return Gut(balls, float(rng.uniform(1.5, 5)), level, -985.0, content, mottled, bubbles)


def _colon(rng: np.random.Generator, side: int, dome: float) -> Gut:
    count = int(rng.integers(3, 7))
    radius = float(rng.uniform(13, 26))
    at = np.array([side * rng.uniform(30, 60), rng.uniform(-60, -20), dome - radius * rng.uniform(0.2, 1.2)])
    way = np.array([side * rng.uniform(0.2, 1), rng.uniform(-0.2, 0.8), rng.uniform(-0.4, 0.3)])
    way *= 1.25 * radius / float(np.linalg.norm(way))
    balls = []
    for _ in range(count):
        balls.append((float(at[0]), float(at[1]), float(at[2]), radius * float(rng.uniform(0.85, 1.15))))
        at = at + way + rng.uniform(-0.25, 0.25, 3) * radius
    level = float(at[1] + rng.uniform(-1, 2) * radius) if rng.random() < 0.6 else 1e3
    content = float(rng.choice([30.0, -120.0, -500.0]))
    mottled, bubbles = float(rng.uniform(5, 60)), float(rng.uniform(2, 10))
    return Gut(tuple(balls), float(rng.uniform(1.5, 3.5)), level, -975.0, content, mottled, bubbles)


def paint_gut(canvas: Canvas, organs: tuple[Gut, ...], s: Section, fine: Picture) -> None:
    """Wall, content and gas, all below the diaphragm and within the wall of the belly."""
    room = np.maximum(-s.diaphragm + np.float32(2.0), s.thorax + np.float32(4))
    for organ in organs:
        distance = organ.distance(s)
        if distance is None:
            continue
        shape = smooth_max(room, distance, 4)
        canvas.paint(shape, 42.0)
        inner = shape + np.float32(organ.wall_mm)
        canvas.paint(inner, np.float32(organ.content_hu) + fine * np.float32(organ.mottled))
        canvas.paint(smooth_max(inner, np.float32(organ.bubbles) - fine, 1), organ.gas_hu)
        canvas.paint(smooth_max(inner, s.y - np.float32(organ.level_mm), 2), organ.gas_hu)
