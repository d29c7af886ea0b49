"""What makes a chest X-ray hard, painted onto easy ones: opacities, effusions, uneven grey, black frames.

The outlines stay where they are: a lung is outlined to where it reaches, be it white. Pictures are
(n, 1, H, W) float32, grey values about 0 to 1; masks (n, outputs, H, W) with the two lungs first.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

_MOST_FRAME = 0.14
"""Greatest width of a bar, in parts of the side."""


def opacified(
    pictures: torch.Tensor, masks: torch.Tensor, share: float, rng: np.random.Generator
) -> torch.Tensor:
    """Some of the pictures with white patches in the lungs, or with white bases of the lungs."""
    out = pictures.clone()
    for index in np.flatnonzero(rng.random(len(pictures)) < share):
        lungs = masks[index, :2].amax(0) > 0
        if not bool(lungs.any()):
            continue
        values = pictures[index, 0][lungs]
        white = float(torch.quantile(values, float(rng.uniform(0.8, 1.0))))
        cover = _base(masks[index, :2], rng) if rng.random() < 0.45 else _patches(lungs, rng)
        cover = _soft(cover * lungs) * float(rng.uniform(0.4, 1.0))
        out[index, 0] += cover * (white - out[index, 0]).clamp(min=0)
    return out


def uneven(pictures: torch.Tensor, most: float, rng: np.random.Generator) -> torch.Tensor:
    """Every picture brighter here and darker there, by a smooth field of at most about ``most``."""
    count, _, rows, columns = pictures.shape
    return pictures * torch.exp(_smooth(count, (rows, columns), 3, most, rng))


def framed(
    pictures: torch.Tensor, masks: torch.Tensor, share: float, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Some of the pictures with black bars on two sides, as a picture that is not square has; nothing is
    outlined there."""
    rows, columns = pictures.shape[-2:]
    inside = torch.ones(len(pictures), 1, rows, columns)
    for index in np.flatnonzero(rng.random(len(pictures)) < share):
        first, last = (float(rng.uniform(0, _MOST_FRAME)) for _ in range(2))
        if rng.random() < 0.7:
            inside[index, :, : round(first * rows)] = 0
            inside[index, :, rows - round(last * rows) :] = 0
        else:
            inside[index, :, :, : round(first * columns)] = 0
            inside[index, :, :, columns - round(last * columns) :] = 0
    return pictures * inside, masks * inside


def _base(lungs: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """White from some height of one lung or of both down (H, W)."""
    cover = torch.zeros(lungs.shape[-2:])
    chosen = [0, 1] if rng.random() < 0.4 else [int(rng.integers(2))]
    for k in chosen:
        rows = torch.nonzero(lungs[k].amax(1) > 0)[:, 0]
        if not len(rows):
            continue
        top, bottom = int(rows[0]), int(rows[-1])
        level = top + (bottom - top) * float(rng.uniform(0.35, 0.85))
        blur = (bottom - top) * float(rng.uniform(0.01, 0.1)) + 0.5
        tilt = float(rng.normal(0, 0.25))
        y = torch.arange(lungs.shape[-2], dtype=torch.float32)[:, None]
        x = torch.arange(lungs.shape[-1], dtype=torch.float32)[None, :]
        ramp = torch.sigmoid((y + tilt * (x - x.mean()) - level) / blur)
        cover = torch.maximum(cover, ramp * lungs[k])
    return cover


def _patches(lungs: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Cloudy white patches in the lungs (H, W)."""
    rows, columns = lungs.shape
    places = torch.nonzero(lungs)
    y = torch.arange(rows, dtype=torch.float32)[:, None]
    x = torch.arange(columns, dtype=torch.float32)[None, :]
    cover = torch.zeros(rows, columns)
    for _ in range(int(rng.integers(1, 6))):
        row, column = (float(v) for v in places[int(rng.integers(len(places)))])
        high, wide = (float(rng.uniform(0.03, 0.16)) * rows for _ in range(2))
        cover += torch.exp(-(((y - row) / high) ** 2 + ((x - column) / wide) ** 2))
    cloud = 1 + _smooth(1, (rows, columns), 16, 0.5, rng)[0, 0]
    return (cover * cloud).clamp(0, 1)


def _soft(cover: torch.Tensor) -> torch.Tensor:
    return nn.functional.avg_pool2d(cover[None, None].float(), 3, stride=1, padding=1)[0, 0]


def _smooth(
    count: int, shape: tuple[int, int], knots: int, deviation: float, rng: np.random.Generator
) -> torch.Tensor:
    """Smooth random fields (n, 1, rows, columns) through ``knots`` x ``knots`` values."""
    values = rng.normal(0, deviation, (count, 1, knots, knots)).astype(np.float32)
    return nn.functional.interpolate(torch.from_numpy(values), size=shape, mode="bicubic", align_corners=True)
