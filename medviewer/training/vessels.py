"""Branching trees of pulmonary vessels and airways, grown inside a lung and drawn into its slices.

The tree is the cheap wiring of Cuntz et al. (2010): random points of the lung are joined, nearest to the
hilum first, where distance plus a share of the path back to the root is least. Radii follow Murray's law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PATH_SHARE = 0.75
_MURRAY = 2.7


@dataclass(frozen=True)
class Beads:
    """A tree as closely set balls: ``points`` (n, 3) x, y, z and ``radii`` in mm, ``tilt``."""

    points: NDArray[np.float32]
    radii: NDArray[np.float32]
    tilt: NDArray[np.float32]
    """Cosine of the angle to the slice: 1 runs in it, 0 across it."""

    @classmethod
    def joined(cls, parts: list[Beads]) -> Beads:
        """Several trees as one."""
        return cls(
            np.concatenate([p.points for p in parts]),
            np.concatenate([p.radii for p in parts]),
            np.concatenate([p.tilt for p in parts]),
        )

    def near(self, z: float, half_mm: float) -> Beads:
        """Only what touches the slab z +- half_mm."""
        keep = np.abs(self.points[:, 2] - z) < half_mm + self.radii * 1.2
        return Beads(self.points[keep], self.radii[keep], self.tilt[keep])


def grow(
    rng: np.random.Generator,
    root: NDArray[np.float64],
    targets: NDArray[np.float64],
    leaf_mm: float,
    bead_mm: float,
) -> Beads:
    """A tree from ``root`` (3,) through all ``targets`` (n, 3), as beads ``bead_mm`` apart."""
    order = np.argsort(np.linalg.norm(targets - root, axis=1))
    points = np.vstack([root, targets[order]])
    count = len(points)
    parent = np.zeros(count, int)
    path = np.zeros(count)
    for i in range(1, count):
        gap = np.linalg.norm(points[:i] - points[i], axis=1)
        parent[i] = int(np.argmin(gap + _PATH_SHARE * path[:i]))
        path[i] = path[parent[i]] + gap[parent[i]]
    leaves = _leaves(parent)
    points = _straighter(points, parent)
    radius = leaf_mm * leaves ** (1 / _MURRAY) * rng.uniform(0.85, 1.15, count)
    return _beads(points, parent, radius, bead_mm)


def _straighter(points: NDArray[np.float64], parent: NDArray[np.int64]) -> NDArray[np.float64]:
    """Every joint a little towards the middle between its parent and its children: fewer kinks."""
    out = points.copy()
    children = np.bincount(parent[1:], minlength=len(points))
    for _ in range(2):
        total = np.zeros_like(out)
        np.add.at(total, parent[1:], out[1:])
        inner = np.flatnonzero((children > 0) & (np.arange(len(points)) > 0))
        middle = (out[parent[inner]] + total[inner] / children[inner, None]) / 2
        out[inner] = 0.5 * out[inner] + 0.5 * middle
    return out


def _leaves(parent: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many end points hang below each node (parents come before their children)."""
    count = len(parent)
    leaves = np.zeros(count)
    leaves[np.setdiff1d(np.arange(count), parent[1:])] = 1
    for i in range(count - 1, 0, -1):
        leaves[parent[i]] += leaves[i]
    return leaves


def _beads(
    points: NDArray[np.float64], parent: NDArray[np.int64], radius: NDArray[np.float64], bead_mm: float
) -> Beads:
    child = np.arange(1, len(points))
    a, b = points[parent[child]], points[child]
    length = np.linalg.norm(b - a, axis=1)
    per = np.maximum(2, np.ceil(length / bead_mm).astype(int))
    which = np.repeat(np.arange(len(child)), per)
    t = (np.arange(per.sum()) - np.repeat(np.cumsum(per) - per, per)) / np.repeat(per, per)
    ra, rb = np.minimum(radius[parent[child]], radius[child] * 1.6), radius[child]
    place = a[which] + (b - a)[which] * t[:, None]
    tilt = np.abs((b - a)[:, 2]) / np.maximum(length, 1e-6)
    return Beads(
        place.astype(np.float32),
        (ra[which] * (1 - t) + rb[which] * t).astype(np.float32),
        np.sqrt(1 - np.minimum(tilt[which], 0.999) ** 2).astype(np.float32),
    )


def splat(
    beads: Beads, z: float, thickness_mm: float, y_mm: NDArray[np.float32], x_mm: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Coverage 0..1 of one slice (rows ``y_mm``, columns ``x_mm``) by the beads that touch it."""
    out = np.zeros((len(y_mm), len(x_mm)), np.float32)
    pixel = float(x_mm[1] - x_mm[0])
    half = thickness_mm / 2
    near = beads.near(z, half)
    if near.radii.size == 0:
        return out
    column = (near.points[:, 0] - x_mm[0]) / pixel
    row = (near.points[:, 1] - y_mm[0]) / pixel
    across = near.radii / np.maximum(near.tilt, 0.15)
    share = np.minimum(1.0, 2 * across / thickness_mm) * _overlap(near, z, half)
    radius = near.radii / pixel
    reach = np.ceil(radius + 0.5).astype(int)
    for k in np.unique(reach):
        pick = reach == k
        _stamp(out, (row[pick], column[pick]), radius[pick], share[pick], int(k))
    return out


def _overlap(near: Beads, z: float, half: float) -> NDArray[np.float32]:
    """How much of a bead's own height lies in the slab, 0..1."""
    low = np.maximum(near.points[:, 2] - near.radii, z - half)
    high = np.minimum(near.points[:, 2] + near.radii, z + half)
    span = np.minimum(2 * near.radii, 2 * half)
    return np.asarray(np.clip((high - low) / span, 0, 1), dtype=np.float32)


def _stamp(
    out: NDArray[np.float32],
    place: tuple[NDArray[np.float32], NDArray[np.float32]],
    radius: NDArray[np.float32],
    share: NDArray[np.float32],
    reach: int,
) -> None:
    """Draw discs at ``place`` (rows, columns) of ``radius`` pixels; where they meet the stronger stays."""
    row, column = place
    step = np.arange(-reach, reach + 1)
    dr, dc = (a.ravel() for a in np.meshgrid(step, step, indexing="ij"))
    base_r, base_c = np.rint(row).astype(int), np.rint(column).astype(int)
    r, c = base_r[:, None] + dr, base_c[:, None] + dc
    gap = np.hypot(r - row[:, None], c - column[:, None])
    cover = np.clip(radius[:, None] + 0.5 - gap, 0, 1) * share[:, None]
    inside = (r >= 0) & (r < out.shape[0]) & (c >= 0) & (c < out.shape[1]) & (cover > 0)
    flat = r[inside] * out.shape[1] + c[inside]
    np.maximum.at(out.reshape(-1), flat, cover[inside].astype(np.float32))
