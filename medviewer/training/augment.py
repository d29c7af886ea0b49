"""Change of single-channel pictures for training: place, size, angle, grey values, noise, a hidden patch.

Pictures are (n, 1, H, W) float32, grey values about 0 to 1. Never mirrored: a heart on the right is another
patient, and left must stay left for the models that tell sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True)
class Change:
    """How far pictures are changed: standard deviations or ranges."""

    turn_degrees: float = 5.0
    scale: float = 0.12
    shift: float = 0.05
    """Of the side's length."""
    gamma: float = 0.25
    """Standard deviation of the exponent's logarithm."""
    contrast: float = 0.12
    noise: float = 0.03
    blur: float = 0.25
    """Share of pictures that are blurred a little."""
    patch: float = 0.3
    """Share of pictures of which a rectangle is hidden."""
    opacity: float = 0.0
    """Share of pictures with white patches in the lungs, or white bases; for tasks that outline lungs."""
    uneven: float = 0.0
    """Standard deviation of a smooth field of brightness, for tasks that outline lungs."""
    frame: float = 0.0
    """Share of pictures with black bars on two sides, for tasks that outline lungs."""


def change(pictures: torch.Tensor, how: Change, rng: np.random.Generator) -> torch.Tensor:
    """Every picture changed by its own draw."""
    grid = placement(pictures.shape[0], pictures.shape, how, rng)
    return altered(moved(pictures, grid), how, rng)


def moved(pictures: torch.Tensor, grid: torch.Tensor, padding: str = "border") -> torch.Tensor:
    """Pictures, or masks, sampled at a grid of :func:`placement`."""
    return nn.functional.grid_sample(pictures, grid, padding_mode=padding, align_corners=False)


def altered(pictures: torch.Tensor, how: Change, rng: np.random.Generator) -> torch.Tensor:
    """What changes pictures where they lie, and no mask: blur, grey values, a hidden patch."""
    pictures = blurred(pictures, rng.random(pictures.shape[0]) < how.blur)
    return hidden(recoloured(pictures, how, rng), how.patch, rng)


def placement(count: int, shape: torch.Size, how: Change, rng: np.random.Generator) -> torch.Tensor:
    """Sampling grid (n, H, W, 2) of small turns, sizes and shifts, for pictures and masks alike."""
    turn = rng.normal(0, np.deg2rad(how.turn_degrees), count)
    scale = np.exp(rng.normal(0, how.scale, (count, 1)) + rng.normal(0, how.scale / 3, (count, 2)))
    theta = np.zeros((count, 2, 3), np.float32)
    theta[:, 0, 0], theta[:, 0, 1] = np.cos(turn) * scale[:, 0], -np.sin(turn) * scale[:, 0]
    theta[:, 1, 0], theta[:, 1, 1] = np.sin(turn) * scale[:, 1], np.cos(turn) * scale[:, 1]
    theta[:, :, 2] = rng.normal(0, 2 * how.shift, (count, 2))
    size = [count, 1, *shape[-2:]]
    return nn.functional.affine_grid(torch.from_numpy(theta), size, align_corners=False)


def blurred(pictures: torch.Tensor, which: np.ndarray) -> torch.Tensor:
    """Those chosen (n,) smoothed by [1 2 1] in both directions."""
    kernel = torch.tensor([1.0, 2.0, 1.0]) / 4
    square = (kernel[:, None] * kernel[None, :])[None, None]
    padded = nn.functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
    soft = nn.functional.conv2d(padded, square)
    return torch.where(torch.from_numpy(which)[:, None, None, None], soft, pictures)


def recoloured(pictures: torch.Tensor, how: Change, rng: np.random.Generator) -> torch.Tensor:
    """Gamma, contrast, brightness and noise, drawn for each picture."""

    def draw(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32))[:, None, None, None]

    count = pictures.shape[0]
    gamma = draw(np.exp(rng.normal(0, how.gamma, count)))
    gain = draw(np.exp(rng.normal(0, how.contrast, count)))
    offset = draw(rng.normal(0, how.contrast / 2, count))
    noise = torch.from_numpy(rng.standard_normal(tuple(pictures.shape), dtype=np.float32))
    level = draw(how.noise * rng.random(count))
    return pictures.clamp(0, 1).pow(gamma) * gain + offset + noise * level


def hidden(pictures: torch.Tensor, share: float, rng: np.random.Generator) -> torch.Tensor:
    """A rectangle of one grey over some of the pictures, in place."""
    rows, columns = pictures.shape[-2:]
    for index in np.flatnonzero(rng.random(pictures.shape[0]) < share):
        height, width = (int(n * rng.uniform(0.1, 0.35)) for n in (rows, columns))
        top, left = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
        pictures[index, :, top : top + height, left : left + width] = float(rng.uniform(0, 1))
    return pictures
