"""A head in LPS millimetres and a network that is a rule: what ``brain-mr`` must give back is known exactly.

An ellipsoid without its front left quarter, in it two bright balls ("ventricles"), the left one far larger:
no flip, turn, swap of sides or shift leaves it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.brain_labels import STRUCTURES, index_of
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Geometry, Unit, Volume
from tests.ai.bundles import chest

MIDDLE = np.array([6.0, -25.0, 40.0])
"""LPS mm of the middle of the brain."""
VENTRICLES = {"left": ((20.0, 10.0, 5.0), 14.0), "right": ((-22.0, -5.0, 12.0), 9.0)}
"""Middle (LPS mm from MIDDLE) and radius (mm)."""
MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
FLUID, TISSUE = 1200, 800
Bool3 = NDArray[np.bool_]


def turned(about_x: float, about_z: float) -> NDArray[np.float64]:
    """Axial axes (columns: slice, row, column), turned by degrees."""
    a, b = np.radians([about_x, about_z])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return np.asarray(z @ x @ np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], float))


AXES = {
    "axial": np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]).T,
    "axial, turned about": -np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]).T,
    "coronal": np.array([[0, 1, 0], [0, 0, -1], [1, 0, 0]]).T,
    "sagittal": np.array([[-1, 0, 0], [0, 0, -1], [0, 1, 0]]).T,
    "oblique": turned(32, 28),
}


def ventricle(place: NDArray[np.float64], side: str) -> Bool3:
    middle, radius = VENTRICLES[side]
    return np.asarray(np.linalg.norm(place - MIDDLE - np.array(middle), axis=-1) <= radius)


def brain(place: NDArray[np.float64]) -> Bool3:
    x, y, z = np.moveaxis(place - MIDDLE, -1, 0)
    inside = (x / 60) ** 2 + (y / 75) ** 2 + (z / 55) ** 2 <= 1
    return np.asarray(inside & ~((x > 0) & (y < -30) & (z > 0)))


@dataclass(frozen=True, eq=False)
class Head:
    """A volume, its series, and the LPS place of every voxel."""

    volume: Volume
    series: Series
    place: NDArray[np.float64]


def grid(axes: NDArray[np.float64], spacing: tuple[float, ...]) -> tuple[Geometry, NDArray[np.float64]]:
    """230 mm that hold the brain off their middle, and the LPS place of every voxel."""
    shape = tuple(int(230 / mm) for mm in spacing)
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(spacing)
    affine[:3, 3] = MIDDLE + np.array([12, -9, -20]) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    geometry = Geometry(affine)
    return geometry, geometry.position(np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1))


def head(axes: NDArray[np.float64] = AXES["axial"], spacing: tuple[float, ...] = (2.5, 2.0, 2.0)) -> Head:
    """The brain with its ventricles."""
    geometry, place = grid(axes, spacing)
    values = np.where(brain(place), TISSUE, 3).astype(np.int16)
    values[ventricle(place, "left") | ventricle(place, "right")] = FLUID
    values[..., 0] += 1  # no slice is without a picture
    return Head(Volume(values, geometry), mr_series(values.shape, geometry), place)


def mr_series(shape: tuple[int, ...], geometry: Geometry) -> Series:
    """A series that the gate lets through without a word."""
    plain = chest(shape[0], modality="MR", body_part="HEAD", geometry=geometry, unit=Unit.RAW)
    images = tuple(replace(i, sop_class=MR_CLASS, rows=shape[1], columns=shape[2]) for i in plain.instances)
    return replace(plain, instances=images, acquisition=replace(plain.acquisition, kernel=""))


class Rule(nn.Module):
    """Air, tissue and fluid by the nearest of three grey levels; left is beyond the middle of the tissue."""

    smallest = (1, 32, 32, 32)

    def __init__(self, answer: str = "rule") -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor([[60.0]]))
        self.answer = answer

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """(1, 1, D, H, W) to (1, 18, D, H, W)."""
        seen = picture[0, 0].float()
        out = torch.full((len(STRUCTURES) + 1, *seen.shape), -200.0)
        for name, level in (("background", 0.0), ("cerebral_white_matter", 1.0), ("lateral_ventricle", 1.5)):
            out[index_of(name)] = -self.sharpness[0, 0] * (seen - level).abs()
        columns = torch.nonzero((seen > 0.5).any(dim=0).any(dim=0)).flatten().float()
        middle = columns[[0, -1]].mean() if len(columns) else torch.tensor(0.0)
        out[-1] = 3 * (torch.arange(seen.shape[2]) - middle)
        if self.answer == "few":
            return out[None, :5]
        if self.answer == "nothing":
            out[0] = 100.0
        return out[None] if self.answer != "nan" else out[None] * float("nan")
