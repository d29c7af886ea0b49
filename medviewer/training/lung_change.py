"""Change of the training pictures of ``lung-ct``: consolidations, grey values, kernels, the field of view."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OUTSIDE_HU = (-1024.0, -1100.0)
"""What lies off a cropped picture on the network's grid: beyond its border, or its padding."""


def paste_dense(
    rng: np.random.Generator, hu: NDArray[np.float32], labels: NDArray[np.uint8], dense: NDArray[np.bool_]
) -> None:
    """Consolidate a blob of lung centred near its edge: the label stays lung."""
    side = np.isin(labels, (1, 2))
    core = side[2:-2, 2:-2] & side[:-4, 2:-2] & side[4:, 2:-2] & side[2:-2, :-4] & side[2:-2, 4:]
    edge = np.argwhere(side[2:-2, 2:-2] & ~core) + 2
    where = edge if rng.random() < 0.7 and len(edge) else np.argwhere(side)
    if len(where) == 0:
        return
    r, c = where[int(rng.integers(len(where)))]
    a, b = rng.uniform(5, 26, 2)
    turn = rng.uniform(0, np.pi)
    yy, xx = np.mgrid[: labels.shape[0], : labels.shape[1]]
    u = (yy - r) * np.cos(turn) + (xx - c) * np.sin(turn)
    v = -(yy - r) * np.sin(turn) + (xx - c) * np.cos(turn)
    wave = 1 + 0.15 * np.sin(3 * np.arctan2(u, v) + rng.uniform(0, 6))
    depth = 1 - np.sqrt((u / a) ** 2 + (v / b) ** 2) / wave
    cover = np.clip(depth * min(a, b) / rng.uniform(0.8, 4) + 0.5, 0, 1) * side
    level = rng.uniform(-60, 70)
    for k in range(3):
        target = np.maximum(hu[k], level + rng.normal(0, 12, labels.shape))
        hu[k] += (cover * rng.uniform(0.85, 1.0) * (target - hu[k])).astype(np.float32)
    dense |= (cover > 0.5) & side


def recolour(rng: np.random.Generator, hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Other scanners, doses and kernels: offset, gain, lung density, blur, noise."""
    if rng.random() < 0.5:
        lungs = np.clip((-400 - hu) / 200, 0, 1)
        hu += lungs * np.float32(rng.normal(0, 40))
    hu = hu * np.float32(rng.uniform(0.95, 1.05)) + np.float32(rng.normal(0, 12))
    if rng.random() < 0.3:
        hu = _blurred(hu)
    elif rng.random() < 0.3:
        hu = hu + np.float32(rng.uniform(0.2, 1.0)) * (hu - _blurred(hu))
    if rng.random() < 0.5:
        noise = rng.standard_normal(hu.shape, dtype=np.float32) * np.float32(rng.gamma(1.5, 18))
        if rng.random() < 0.5:
            noise = (np.roll(noise, 1, 1) + noise + np.roll(noise, 1, 2)) * np.float32(0.6)
        hu = hu + noise
    return np.asarray(hu, dtype=np.float32)


def _blurred(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    for axis in (1, 2):
        hu = np.asarray((np.roll(hu, 1, axis) + 2 * hu + np.roll(hu, -1, axis)) / 4, dtype=np.float32)
    return hu


def crop_field(
    rng: np.random.Generator, hu: NDArray[np.float32], labels: NDArray[np.uint8], dense: NDArray[np.bool_]
) -> None:
    """A smaller field of view, in place: a rectangle or a circle that may cut the lungs; outside is none."""
    rows, columns = labels.shape
    yy, xx = np.mgrid[:rows, :columns]
    cy, cx = rows * rng.uniform(0.4, 0.6), columns * rng.uniform(0.35, 0.65)
    half_y, half_x = rows * rng.uniform(0.25, 0.45), columns * rng.uniform(0.22, 0.45)
    v, u = np.abs(yy - cy) / half_y, np.abs(xx - cx) / half_x
    outside = np.hypot(u, v) > 1.1 if rng.random() < 0.4 else np.maximum(u, v) > 1
    hu[:, outside] = OUTSIDE_HU[int(rng.random() < 0.5)]
    labels[outside] = 0
    dense &= ~outside
