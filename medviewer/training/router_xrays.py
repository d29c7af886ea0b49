"""Chest X-rays of few people as if they were of many: only the anatomy may tell an adult from a child.

Left alone, a source gives itself away: by its tones, by the shape of its pictures (wide ones are padded above
and below), and, where it has few people, by each of them. So pictures take over the tones of others of either
age, get any shape, are bent a little, and are laid over another of their own kind.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from medviewer.ai.steps import resize_area
from medviewer.training.router_kinds import Picture, Shot

_MIXED, _TONES, _SHAPE, _BENT = 0.3, 0.5, 0.6, 0.4
"""Shares of the pictures that are changed so."""
_RATIOS = (0.75, 1.3)
"""Heights over widths that pictures of the chest have."""
_LEAST = 0.72
"""No more of a side is cut off than leaves this share of it."""
_BEND = 0.035
"""Greatest shift of a point, as a share of the picture."""


def varied(shot: Shot, same: Shot, any_age: Shot, rng: np.random.Generator) -> Shot:
    """The shot laid over ``same`` (of its own kind), in the tones of ``any_age``, in another shape."""
    picture = shot.values.astype(np.float32)
    if rng.random() < _BENT:
        picture = bent(picture, rng)
    if rng.random() < _MIXED:
        picture = laid_over(picture, same.values.astype(np.float32), float(rng.uniform(0.6, 0.9)))
    if rng.random() < _TONES:
        picture = in_tones_of(picture, any_age.values.astype(np.float32), float(rng.uniform(0.4, 1)))
    if rng.random() < _SHAPE:
        picture = of_ratio(picture, float(np.exp(rng.uniform(*np.log(_RATIOS)))), rng)
    return Shot(picture.astype(np.float16), shot.kind, shot.patient)


def laid_over(picture: Picture, second: Picture, share: float) -> Picture:
    """``share`` of the picture, the rest the second one drawn to its size."""
    return np.asarray(share * picture + (1 - share) * resize_area(second, picture.shape), np.float32)


def in_tones_of(picture: Picture, other: Picture, share: float) -> Picture:
    """The picture's greys moved by ``share`` of the way to those of the same rank in the other."""
    ranks = np.linspace(0, 1, 65)
    own, wanted = np.quantile(picture, ranks), np.quantile(other, ranks)
    own = own + np.arange(65) * 1e-6  # equal greys have many ranks: interpolation needs them apart
    matched = np.interp(picture, own, wanted)
    return np.asarray((1 - share) * picture + share * matched, np.float32)


def of_ratio(picture: Picture, ratio: float, rng: np.random.Generator) -> Picture:
    """Cut above and below or at the sides to ``ratio`` (height over width), as far as enough is left."""
    rows, columns = picture.shape
    if rows > ratio * columns:
        left = max(round(ratio * columns), round(_LEAST * rows), 1)
        start = int(rng.integers(rows - left + 1))
        return picture[start : start + left]
    left = max(round(rows / ratio), round(_LEAST * columns), 1)
    start = (columns - left) // 2 + round(float(rng.uniform(-0.3, 0.3)) * (columns - left))
    return picture[:, start : start + left]


def bent(picture: Picture, rng: np.random.Generator) -> Picture:
    """Every point moved a little, its neighbours nearly alike."""
    rows, columns = picture.shape
    shifts = rng.uniform(-2 * _BEND, 2 * _BEND, (2, 5, 5)).astype(np.float32)
    dy, dx = (resize_area(shift, picture.shape) for shift in shifts)
    y, x = np.meshgrid(_middles(rows), _middles(columns), indexing="ij")
    grid = torch.from_numpy(np.stack([x + dx, y + dy], axis=-1)[None])
    source = torch.from_numpy(np.ascontiguousarray(picture)[None, None])
    moved = nn.functional.grid_sample(source, grid, padding_mode="border", align_corners=False)
    return np.asarray(moved[0, 0].numpy(), np.float32)


def _middles(count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Where the pixels of a side lie between -1 and 1."""
    return ((np.arange(count) + 0.5) * 2 / count - 1).astype(np.float32)
