"""Signed distances of simple shapes, in mm, negative inside: the alphabet of the synthetic anatomy.

All work on float32 pictures; ``x`` grows to the patient's left, ``y`` to posterior, ``z`` to the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
FAR = np.float32(1e3)


def ellipse(x: Picture, y: Picture, centre: tuple[float, float], half: tuple[float, float]) -> Picture:
    """First-order distance to an ellipse (exact on its edge)."""
    u = (x - np.float32(centre[0])) / np.float32(half[0])
    v = (y - np.float32(centre[1])) / np.float32(half[1])
    f = np.sqrt(u * u + v * v) + np.float32(1e-6)
    slope = np.sqrt((u / np.float32(half[0])) ** 2 + (v / np.float32(half[1])) ** 2) / f
    return np.asarray((f - 1) / np.maximum(slope, np.float32(1e-4)), dtype=np.float32)


def superellipse(
    x: Picture, y: Picture, centre: tuple[float, float], half: tuple[float, float], power: float
) -> Picture:
    """First-order distance to |u|**p + |v|**p = 1: the cross-section of a trunk (p about 2.4)."""
    u = np.abs(x - np.float32(centre[0])) / np.float32(half[0]) + np.float32(1e-3)
    v = np.abs(y - np.float32(centre[1])) / np.float32(half[1]) + np.float32(1e-3)
    up, vp = u ** np.float32(power - 1), v ** np.float32(power - 1)
    total = up * u + vp * v
    f = total ** np.float32(1 / power)
    slope = f / total * np.sqrt((up / np.float32(half[0])) ** 2 + (vp / np.float32(half[1])) ** 2)
    return np.asarray((f - 1) / slope, dtype=np.float32)


def ellipsoid_half(z: float, centre_z: float, half_z: float) -> float:
    """How much of an ellipsoid's cross-section is left at height z: 1 at its middle, 0 beyond its poles."""
    u = (z - centre_z) / half_z
    return float(np.sqrt(max(0.0, 1.0 - u * u)))


def smooth_min(a: Picture, b: Picture, k: float) -> Picture:
    """Union with a fillet of about ``k`` mm."""
    h = np.maximum(np.float32(k) - np.abs(a - b), 0) / np.float32(k)
    return np.asarray(np.minimum(a, b) - h * h * np.float32(k / 4), dtype=np.float32)


def smooth_max(a: Picture, b: Picture, k: float) -> Picture:
    """Intersection with a fillet of about ``k`` mm."""
    return -smooth_min(-a, -b, k)


@dataclass(frozen=True)
class Tube:
    """A bent tube: points (n, 3) as x, y, z and the radius at each, in mm."""

    points: NDArray[np.float64]
    radii: NDArray[np.float64]

    @classmethod
    def through(cls, points: Sequence[tuple[float, float, float, float]], step_mm: float = 6.0) -> Tube:
        """A smooth (Catmull-Rom) tube through (x, y, z, radius) knots."""
        knots = np.asarray(points, dtype=np.float64)
        padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
        parts = []
        for i in range(len(knots) - 1):
            p0, p1, p2, p3 = padded[i : i + 4]
            count = max(2, int(np.ceil(np.linalg.norm((p2 - p1)[:3]) / step_mm)))
            t = np.linspace(0, 1, count, endpoint=False)[:, None]
            parts.append(
                0.5
                * (
                    2 * p1
                    + (p2 - p0) * t
                    + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
                    + (3 * p1 - p0 - 3 * p2 + p3) * t**3
                )
            )
        parts.append(knots[-1:])
        line = np.vstack(parts)
        return cls(line[:, :3], np.maximum(line[:, 3], 0.3))

    def distance(self, x: Picture, y: Picture, z: float, reach: float = 12.0) -> Picture | None:
        """Distance to the tube at height z, good up to ``reach`` mm outside; None where it is not near.

        ``x`` and ``y`` are pictures on a roughly regular grid (they may be warped a little).
        """
        low = np.minimum(self.points[:-1, 2], self.points[1:, 2]) - self.radii[1:] - reach
        high = np.maximum(self.points[:-1, 2], self.points[1:, 2]) + self.radii[1:] + reach
        near = np.flatnonzero((low <= z) & (z <= high))
        if near.size == 0:
            return None
        out = np.full(x.shape, FAR, np.float32)
        for i in near:
            self._segment(int(i), (x, y, z), reach, out)
        return out

    def _segment(self, i: int, place: tuple[Picture, Picture, float], reach: float, out: Picture) -> None:
        x, y, z = place
        a, b = self.points[i], self.points[i + 1]
        margin = float(self.radii[i : i + 2].max()) + reach
        box = _box(x, y, np.minimum(a, b) - margin, np.maximum(a, b) + margin)
        if box is None:
            return
        d = b - a
        px, py = x[box] - np.float32(a[0]), y[box] - np.float32(a[1])
        pz = np.float32(z - a[2])
        t = np.clip(
            (px * np.float32(d[0]) + py * np.float32(d[1]) + pz * np.float32(d[2])) / (d @ d + 1e-9), 0, 1
        )
        t = t.astype(np.float32)
        gap = np.sqrt(
            (px - t * np.float32(d[0])) ** 2
            + (py - t * np.float32(d[1])) ** 2
            + (pz - t * np.float32(d[2])) ** 2
        )
        radius = np.float32(self.radii[i]) + t * np.float32(self.radii[i + 1] - self.radii[i])
        np.minimum(out[box], gap - radius, out=out[box])


def _box(
    x: Picture, y: Picture, low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[slice, slice] | None:
    """Rows and columns of the grid whose samples may lie between two corners."""
    middle_row, middle_column = x.shape[0] // 2, x.shape[1] // 2
    slack = 8.0
    columns = np.flatnonzero((x[middle_row] >= low[0] - slack) & (x[middle_row] <= high[0] + slack))
    rows = np.flatnonzero((y[:, middle_column] >= low[1] - slack) & (y[:, middle_column] <= high[1] + slack))
    if rows.size == 0 or columns.size == 0:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


class SmoothNoise:
    """A smooth random field over the body, zero mean, about ``amplitude`` standard deviation.

    Cubic B-splines over a random lattice of ``cell_mm``, repeated beyond its extent; the same seed
    gives the same field on any grid.
    """

    _LATTICE = 32

    def __init__(self, rng: np.random.Generator, cell_mm: float, amplitude: float) -> None:
        lattice = rng.standard_normal((self._LATTICE,) * 3).astype(np.float32)
        self._lattice = lattice * np.float32(amplitude * 1.9)
        self._cell = cell_mm

    def at(self, z: float, y: NDArray[np.float32], x: NDArray[np.float32]) -> Picture:
        """The field on rows ``y`` and columns ``x`` (1-D, mm) at height z: (len(y), len(x))."""
        plane = np.tensordot(self._weights(np.asarray([z], dtype=np.float32))[0], self._lattice, axes=1)
        return np.asarray(self._weights(y) @ plane @ self._weights(x).T, dtype=np.float32)

    def _weights(self, at: NDArray[np.float32]) -> NDArray[np.float32]:
        u = (at.astype(np.float64) / self._cell) % self._LATTICE
        base = np.floor(u).astype(int)
        t = u - base
        spline = [
            (1 - t) ** 3 / 6,
            (3 * t**3 - 6 * t**2 + 4) / 6,
            (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
            t**3 / 6,
        ]
        out = np.zeros((len(at), self._LATTICE), np.float32)
        for k, w in enumerate(spline):
            np.add.at(out, (np.arange(len(at)), (base + k - 1) % self._LATTICE), w.astype(np.float32))
        return out


def table(z: float, knots: Sequence[tuple[float, float]]) -> float:
    """Linear table over height; ``knots`` ascend in z."""
    zs, values = zip(*knots, strict=True)
    return float(np.interp(z, zs, values))
