"""How a label map is turned, scaled, bent and mirrored before it is painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from medviewer.ai.brain_grid import GRID_MM, GRID_SHAPE

_TURN_DEG = (14.0, 8.0, 8.0)
"""Spread of the turns about the left-right axis (heads nod most), front-back axis, foot-head axis."""
_SCALE = 0.07
_SHEAR = 0.03
_SHIFT_MM = 7.0
_CONTROL = (7, 8, 7)
"""Points that are moved freely; between them the shift is smooth."""
_MIDDLE = (24, 28, 24)
_BEND_MM = 4.5
"""Greatest spread of a point's shift."""


@dataclass(frozen=True, eq=False)
class Bend:
    """From the network's grid to a label map: ``matrix``, ``shift`` (mm), ``field`` (3, D, H, W; mm)."""

    matrix: torch.Tensor
    shift: torch.Tensor
    field: torch.Tensor
    mirrored: bool

    def points(self, centre: tuple[float, float, float]) -> torch.Tensor:
        """Where each voxel of the grid lies in a map of 1 mm voxels: (3, D, H, W), (z, y, x)."""
        axes = [(torch.arange(n, dtype=torch.float32) - (n - 1) / 2) * GRID_MM for n in GRID_SHAPE]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"))
        moved = torch.einsum("ij,jdhw->idhw", self.matrix, grid) + self.field
        origin = torch.tensor(centre, dtype=torch.float32) + self.shift
        return moved + origin.reshape(3, 1, 1, 1)


def draw_bend(rng: np.random.Generator, noise: torch.Generator) -> Bend:
    """A head held, shaped and sized as heads may be; every second one mirrored."""
    mirrored = bool(rng.random() < 0.5)
    matrix = _turns(rng) @ _scales(rng)
    if mirrored:
        matrix = np.diag([1.0, 1.0, -1.0]) @ matrix
    shift = np.clip(rng.normal(0, _SHIFT_MM, 3), -20, 20)
    return Bend(
        torch.from_numpy(matrix.astype(np.float32)),
        torch.from_numpy(shift.astype(np.float32)),
        _field(rng, noise),
        mirrored,
    )


def _turns(rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A rotation of (z, y, x)."""
    about_x, about_y, about_z = np.clip(rng.normal(0, 1, 3), -2, 2) * np.deg2rad(_TURN_DEG)
    out = np.eye(3)
    for angle, (a, b) in ((about_x, (0, 1)), (about_y, (0, 2)), (about_z, (1, 2))):
        one = np.eye(3)
        one[[a, b], [a, b]] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        out = one @ out
    return out


def _scales(rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Size of the whole and of each axis, a little shear."""
    size = np.exp(np.clip(rng.normal(0, _SCALE), -0.16, 0.16))
    each = np.exp(np.clip(rng.normal(0, _SCALE / 2, 3), -0.1, 0.1))
    shear = np.eye(3) + rng.normal(0, _SHEAR, (3, 3)) * (1 - np.eye(3))
    return np.asarray(np.diag(size * each) @ shear)


def _field(rng: np.random.Generator, noise: torch.Generator) -> torch.Tensor:
    """Smooth shifts in mm, (3, D, H, W)."""
    strength = float(rng.uniform(0, _BEND_MM))
    points = strength * torch.randn((1, 3, *_CONTROL), generator=noise)
    middle = functional.interpolate(points, size=_MIDDLE, mode="trilinear", align_corners=True)
    for _ in range(2):  # rounds the creases between the control points
        middle = functional.avg_pool3d(middle, 3, stride=1, padding=1, count_include_pad=False)
    whole: torch.Tensor = functional.interpolate(
        middle, size=GRID_SHAPE, mode="trilinear", align_corners=True
    )
    return whole[0]
