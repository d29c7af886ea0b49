"""Where the brain's grid lies, and how values come from one grid to another. No torch.

Every map between grids goes through LPS millimetres: nothing is assumed about order, direction or tilt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.ai.brain_grid import GRID_MM, GRID_SHAPE
from medviewer.ai.brain_labels import LEFT, STRUCTURES, joint
from medviewer.imaging.volume import Geometry

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]
Point = tuple[float, float, float]


def grid_geometry(
    centre: Point, spacing_mm: float = GRID_MM, shape: tuple[int, ...] = GRID_SHAPE
) -> Geometry:
    """The grid around ``centre`` (LPS mm): slices to head, rows to the back, columns to the left."""
    affine = np.zeros((4, 4))
    affine[[2, 1, 0], [0, 1, 2]] = spacing_mm
    affine[:3, 3] = np.asarray(centre) - affine[:3, :3] @ ((np.asarray(shape) - 1) / 2)
    affine[3, 3] = 1.0
    return Geometry(affine)


def to_image(voxels: NDArray[Any], geometry: Geometry) -> SimpleITK.Image:
    """SimpleITK's picture of (slice, row, column) voxels, at their place in LPS."""
    image = SimpleITK.GetImageFromArray(voxels)
    image.SetSpacing(geometry.spacing_mm[::-1])
    image.SetDirection(_orthonormal(geometry.directions[:, ::-1]).ravel().tolist())
    image.SetOrigin(geometry.affine[:3, 3].tolist())
    return image


def _orthonormal(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest matrix of exact right angles: headers are rounded."""
    u, _, v = np.linalg.svd(directions)
    return np.asarray(u @ v)


def resample(
    image: SimpleITK.Image, geometry: Geometry, shape: tuple[int, ...], how: int, fill: float
) -> NDArray[Any]:
    """(slice, row, column) values of ``image`` at the voxels of another grid; ``fill`` outside it."""
    filter_ = SimpleITK.ResampleImageFilter()
    filter_.SetSize([int(n) for n in reversed(shape)])
    filter_.SetOutputSpacing(geometry.spacing_mm[::-1])
    filter_.SetOutputDirection(_orthonormal(geometry.directions[:, ::-1]).ravel().tolist())
    filter_.SetOutputOrigin(geometry.affine[:3, 3].tolist())
    filter_.SetInterpolator(how)
    filter_.SetDefaultPixelValue(fill)
    return np.asarray(SimpleITK.GetArrayFromImage(filter_.Execute(image)))


def with_side(number: UInt8, left: NDArray[np.bool_]) -> UInt8:
    """The number among :func:`joint` of each class and side."""
    table = np.zeros((2, len(STRUCTURES)), np.uint8)
    for place, (k, side, _) in enumerate(joint()):
        for row in (0, 1) if side is None else (side,):
            table[row, k] = place
    return np.asarray(np.where(left, table[LEFT][number], table[1 - LEFT][number]), np.uint8)


def point(values: NDArray[Any]) -> Point:
    """Three numbers of an array (LPS mm)."""
    x, y, z = (float(v) for v in values)
    return x, y, z
