"""What the scanner does to a head: bias field, slice thickness, blur, noise, a picture that ends too soon."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from medviewer.ai.brain_grid import GRID_MM, GRID_SHAPE

_BIAS = 0.35
_THICK_SHARE = 0.4
_THICK_MM = (2.0, 6.5)
_CUT_SHARE = 0.15


def bias_field(rng: np.random.Generator, noise: torch.Generator) -> torch.Tensor:
    """A smooth factor around one (Van Leemput's model: exponential of a low-frequency field)."""
    points = float(rng.uniform(0, _BIAS)) * torch.randn((1, 1, 4, 4, 4), generator=noise)
    field = functional.interpolate(points, size=(24, 28, 24), mode="trilinear", align_corners=True)
    field = functional.avg_pool3d(field, 3, stride=1, padding=1, count_include_pad=False)
    whole = functional.interpolate(field, size=GRID_SHAPE, mode="trilinear", align_corners=True)
    return torch.exp(whole[0, 0])


def through_scanner(
    value: torch.Tensor, rng: np.random.Generator, noise: torch.Generator, hardness: float = 1.0
) -> torch.Tensor:
    """Blurred, in some samples taken in thick slices along one axis, with noise, and interpolated back."""
    spacing = [GRID_MM] * 3
    if rng.random() < _THICK_SHARE * hardness:
        spacing[int(rng.integers(3))] = float(rng.uniform(*_THICK_MM))
    blur = [float(rng.uniform(0.0, 1.2 * hardness)) for _ in range(3)]
    for axis in range(3):
        value = _along(value, take(GRID_SHAPE[axis], spacing[axis], blur[axis]), axis)
    strength = float(rng.uniform(0, 0.06 * hardness)) * float(rng.random() < 0.9)
    grain = torch.randn((2, *value.shape), generator=noise) * strength
    value = torch.sqrt((value + grain[0]) ** 2 + grain[1] ** 2)  # the magnitude of a complex signal (Rice)
    for axis in range(3):
        if spacing[axis] != GRID_MM:
            value = _along(value, give_back(GRID_SHAPE[axis], spacing[axis]), axis)
    return value


def take(count: int, spacing_mm: float, blur_mm: float) -> torch.Tensor:
    """(slices, count): Gaussian profiles ``spacing_mm`` apart, as wide as the slices are thick or blurred."""
    slices = max(4, round(count * GRID_MM / spacing_mm))
    where = (torch.arange(slices) - (slices - 1) / 2) * spacing_mm / GRID_MM + (count - 1) / 2
    thick = 0.4 * spacing_mm if spacing_mm != GRID_MM else 0.0
    width = max(0.05, float(np.hypot(thick, blur_mm)) / GRID_MM)
    weights = torch.exp(-0.5 * ((torch.arange(count)[None, :] - where[:, None]) / width) ** 2)
    return weights / weights.sum(dim=1, keepdim=True).clamp_min(1e-12)


def give_back(count: int, spacing_mm: float) -> torch.Tensor:
    """(count, slices): linear interpolation between the slices of :func:`take`."""
    slices = max(4, round(count * GRID_MM / spacing_mm))
    where = (torch.arange(count) - (count - 1) / 2) * GRID_MM / spacing_mm + (slices - 1) / 2
    where = where.clamp(0, slices - 1)
    return (1 - (where[:, None] - torch.arange(slices)[None, :]).abs()).clamp_min(0)


def draw_field_of_view(rng: np.random.Generator, hardness: float = 1.0) -> torch.Tensor:
    """Which voxels the picture holds: in some samples it ends within the head on one or two faces."""
    seen = torch.ones(GRID_SHAPE, dtype=torch.bool)
    if rng.random() >= _CUT_SHARE * hardness:
        return seen
    for _ in range(int(rng.integers(1, 3))):
        axis = int(rng.integers(3))
        cut = int(rng.uniform(0.05, 0.3) * GRID_SHAPE[axis])
        start = 0 if rng.random() < 0.5 else GRID_SHAPE[axis] - cut
        seen.narrow(axis, start, cut).fill_(False)
    return seen


def _along(value: torch.Tensor, matrix: torch.Tensor, axis: int) -> torch.Tensor:
    """``matrix`` applied along one axis."""
    moved: torch.Tensor = torch.tensordot(matrix, value, dims=([1], [axis]))
    return moved.movedim(0, axis).contiguous()
