"""Where disease lies in the lungs of a synthetic chest, drawn from a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.training.anatomy import BOTTOM_MM, TOP_MM, Anatomy
from medviewer.training.lesions import Blob, Lesions
from medviewer.training.shapes import SmoothNoise

_LOOK_MM = 5.0


class LungPoints:
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


def draw_lesions(rng: np.random.Generator, inside: LungPoints, wanted: bool | None) -> Lesions:
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


def _consolidation(rng: np.random.Generator, inside: LungPoints, sign: int) -> Blob | None:
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


def draw_masses(rng: np.random.Generator, inside: LungPoints) -> tuple[Blob, ...]:
    """Masses on the mediastinal pleura, and consolidations as large as a lobe."""
    blobs = []
    for sign in rng.permutation([-1, 1]):
        shell = inside.side(int(sign), 1.0, 12.0)
        inner = shell[(np.abs(shell[:, 0]) < 60) & (shell[:, 2] > -70) & (shell[:, 2] < 70)]
        whole = inside.side(int(sign), 5.0, 1e3)
        for points, low, high, share in ((inner, 9.0, 28.0, 0.5), (whole, 35.0, 75.0, 0.3)):
            centre = _pick(rng, points)
            a, b, c = rng.uniform(low, high, 3)
            if centre is not None and rng.random() < share:
                blobs.append(Blob(centre, (float(a), float(b), float(c)), 3.0))
    return tuple(blobs)


def _emphysema(rng: np.random.Generator, inside: LungPoints, sign: int) -> Blob | None:
    deep = inside.side(sign, 14.0, 1e3)
    upper = deep[deep[:, 2] > 5]
    centre = _pick(rng, upper if len(upper) else deep)
    if centre is None:
        return None
    a, b, c = rng.uniform(20, 36, 3)
    return Blob(centre, (float(a), float(b), float(c)), 5.0)


def _nodule(rng: np.random.Generator, inside: LungPoints, sign: int) -> Blob | None:
    deep = inside.side(sign, 9.0, 22.0)
    middle = deep[(deep[:, 2] > -70) & (deep[:, 2] < 60)]
    centre = _pick(rng, middle if len(middle) else deep)
    if centre is None:
        return None
    radius = float(rng.uniform(4.5, 10.0))
    return Blob(centre, (radius, radius * float(rng.uniform(0.85, 1.15)), radius), 0.7)
