"""Shapes in stacks of axial pictures, with distances in mm: the tools of :mod:`medviewer.training.silver`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.typing import NDArray

Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """An axial (slices from feet to head, rows, columns) array and its spacing in mm."""

    hu: NDArray[np.float32]
    step: float
    pixel: tuple[float, float]

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return self.step * self.pixel[0] * self.pixel[1] / 1000

    def disc(self, mm: float) -> tuple[int, int]:
        """In-plane (columns, rows) radius in pixels."""
        return max(1, round(mm / self.pixel[1])), max(1, round(mm / self.pixel[0]))


def smooth(hu: NDArray[np.float32], pixel: tuple[float, float], mm: float = 0.7) -> NDArray[np.float32]:
    """Gaussian blur in-plane by ``mm`` (standard deviation, at least 0.7 pixels)."""
    image = SimpleITK.GetImageFromArray(hu)
    sigma = max(0.7, mm / pixel[0])
    for axis in (0, 1):
        image = SimpleITK.RecursiveGaussian(
            image, sigma, False, SimpleITK.RecursiveGaussianImageFilter.ZeroOrder, axis
        )
    return np.asarray(SimpleITK.GetArrayFromImage(image), dtype=np.float32)


def fill(picture: Bool) -> Bool:
    """Everything not joined to the picture's border; the border itself is opened at the top and sides."""
    padded = np.pad(picture, 1)
    image = SimpleITK.GetImageFromArray(padded.astype(np.uint8))
    filled = SimpleITK.GetArrayFromImage(SimpleITK.BinaryFillhole(image, fullyConnected=False)).astype(bool)
    return np.asarray(filled[1:-1, 1:-1])


def components(picture: Bool) -> NDArray[np.int32]:
    """Numbers of the connected pieces of one picture, 0 outside."""
    return np.asarray(
        SimpleITK.GetArrayFromImage(
            SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(picture.astype(np.uint8)))
        )
    )


def components3d(mask: Bool) -> NDArray[np.int32]:
    """Numbers of the connected pieces of a stack, 0 outside."""
    return np.asarray(
        SimpleITK.GetArrayFromImage(
            SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(mask.astype(np.uint8)))
        )
    )


def seen(grid: Grid, picture: Bool, sight_mm: float) -> NDArray[np.uint8]:
    """In how many of eight directions a pixel meets the mask within ``sight_mm``."""
    count = np.zeros(picture.shape, np.uint8)
    for dr, dc in ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)):
        length = float(np.hypot(dr * grid.pixel[0], dc * grid.pixel[1]))
        count += _look(picture, (dr, dc), max(1, round(sight_mm / length)))
    return count


def _look(picture: Bool, direction: tuple[int, int], steps: int) -> Bool:
    """Whether the mask lies within ``steps`` pixels in one direction: the reach doubles with every pass."""
    found, reach = picture.copy(), 1
    while reach <= steps:
        move = min(reach, steps + 1 - reach)
        found = found | _shifted(found, direction[0] * move, direction[1] * move)
        reach += move
    return found


def _shifted(picture: Bool, rows: int, columns: int) -> Bool:
    """What lies ``rows`` and ``columns`` further, nothing beyond the edge."""
    out = np.zeros_like(picture)
    height, width = picture.shape
    if abs(rows) >= height or abs(columns) >= width:
        return out
    to_r, from_r = slice(max(0, -rows), height - max(0, rows)), slice(max(0, rows), height - max(0, -rows))
    to_c, from_c = (
        slice(max(0, -columns), width - max(0, columns)),
        slice(max(0, columns), width - max(0, -columns)),
    )
    out[to_r, to_c] = picture[from_r, from_c]
    return out


def _morph(filter_: SimpleITK.ImageFilter, mask: Bool, radius: tuple[int, int]) -> Bool:
    out = np.empty_like(mask)
    filter_.SetKernelType(SimpleITK.sitkBall)
    filter_.SetKernelRadius(list(radius))
    pad = max(radius) + 1
    for k in range(len(mask)):
        if not mask[k].any():
            out[k] = False
            continue
        image = SimpleITK.GetImageFromArray(np.pad(mask[k], pad).astype(np.uint8))
        out[k] = SimpleITK.GetArrayFromImage(filter_.Execute(image))[pad:-pad, pad:-pad]
    return out


def dilate2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    """Grow every picture by a disc of ``radius`` (columns, rows) pixels."""
    return _morph(SimpleITK.BinaryDilateImageFilter(), mask, radius)


def erode2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    """Shrink every picture by a disc of ``radius`` (columns, rows) pixels."""
    return _morph(SimpleITK.BinaryErodeImageFilter(), mask, radius)


def open2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    """Drop what is thinner than the disc."""
    return dilate2d(erode2d(mask, radius), radius)


def close2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    """Fill what is narrower than the disc."""
    return erode2d(dilate2d(mask, radius), radius)
