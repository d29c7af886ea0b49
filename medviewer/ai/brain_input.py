"""What the brain network sees of an MR volume, and the way back to the stored voxels. No torch.

Any volume with geometry, however it was sliced, is resampled onto one grid: axes to head, to the back and to
the patient's left, :data:`~medviewer.ai.brain_grid.GRID_MM` apart, around a centre. So left is left whatever
the scanner stored. The first centre is a guess from the head's outline; the answer on it says where the brain
is, and the second look is centred there.

Every map between grids goes through LPS millimetres: nothing is assumed about order, direction or tilt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.ai.brain_grid import GRID_MM, GRID_SHAPE, percentile_levels, scale
from medviewer.ai.brain_labels import index_of
from medviewer.ai.brain_sharpen import GridAnswer, sharpened
from medviewer.ai.brain_space import (
    Float32,
    Point,
    UInt8,
    grid_geometry,
    point,
    resample,
    to_image,
)
from medviewer.imaging.volume import Geometry, Volume

BELOW_TOP_MM = 78.0
"""From the top of the head to the middle of the brain, for the first guess."""
_COARSE_MM = 4.0
_GRID_BLUR = 0.42
"""Standard deviation of a voxel's profile, in voxels: what the network was taught (Gaussian)."""
_ENDS = (0.5, 99.5)
"""Percentiles that count as the ends of the brain: a few stray voxels move nothing."""


class BrainInput:
    """One MR volume as the network sees it."""

    def __init__(self, volume: Volume, check: Callable[[], None] = lambda: None) -> None:
        """``check`` is called between the parts of long work, and may raise Cancelled.

        Raises :class:`~medviewer.errors.NoGeometry` without geometry.
        """
        self._check = check
        self._geometry = volume.require_geometry()
        self._shape = volume.shape
        self._voxels = _finite(volume.voxels)
        self._lowest = float(self._voxels.min())
        check()
        picture = to_image(np.ascontiguousarray(self._voxels, dtype=np.float32), self._geometry)
        self._image = _smoothed(picture, GRID_MM, check)

    def picture(self, centre: Point) -> Float32:
        """(D, H, W) scaled values around ``centre`` (LPS mm)."""
        values = resample(self._image, grid_geometry(centre), GRID_SHAPE, SimpleITK.sitkLinear, self._lowest)
        return scale(values, percentile_levels(values))

    def first_centre(self) -> Point:
        """Where the brain should be, LPS mm: below the top of the head, in its middle."""
        shape, geometry = self._coarse_grid()
        values = resample(self._image, geometry, shape, SimpleITK.sitkLinear, self._lowest)
        head = _head(values)
        if not head.any():
            return point(geometry.position((np.asarray(shape) - 1) / 2))
        top = int(np.flatnonzero(head.any(axis=(1, 2)))[-1])
        reach = max(1, round(2 * BELOW_TOP_MM / _COARSE_MM))
        upper: NDArray[np.bool_] = np.asarray(head[max(0, top - reach) : top + 1].any(axis=0))
        rows, columns = np.flatnonzero(upper.any(axis=1)), np.flatnonzero(upper.any(axis=0))
        index = (top - BELOW_TOP_MM / _COARSE_MM, (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2)
        return point(geometry.position(index))

    def restore(
        self,
        probabilities: Float32,
        left: Float32,
        centre: Point,
        report: Callable[[float], None] = lambda _: None,
    ) -> UInt8:
        """Numbers of :func:`~medviewer.ai.brain_labels.joint` on the stored grid.

        ``probabilities`` (classes, D, H, W) and ``left`` (D, H, W), the probability of the left side, on the
        grid around ``centre``. Outside that grid everything is background. ``report`` is told the share done.
        """
        answer = GridAnswer(probabilities, left, centre)
        return sharpened(self._voxels, self._geometry, answer, self._check, report)

    def restore_slice(self, probabilities: Float32, left: Float32, centre: Point, index: int) -> UInt8:
        """What :meth:`restore` says of one stored slice (rows, columns), sooner and a little less sharply."""
        affine = self._geometry.affine.copy()
        affine[:3, 3] = self._geometry.position([index, 0, 0])
        answer = GridAnswer(probabilities, left, centre)
        found: UInt8 = answer.interpolated(Geometry(affine), (1, *self._shape[1:]))[0]
        return found

    def _coarse_grid(self) -> tuple[tuple[int, int, int], Geometry]:
        """A grid of 4 mm along LPS that holds the whole volume."""
        ends = np.stack(np.meshgrid(*[(0, n - 1) for n in self._shape], indexing="ij"), axis=-1).reshape(
            -1, 3
        )
        corners = self._geometry.position(ends)
        low, high = corners.min(axis=0), corners.max(axis=0)
        counts = np.maximum(1, np.ceil((high - low) / _COARSE_MM).astype(int) + 1)[::-1]
        shape = (int(counts[0]), int(counts[1]), int(counts[2]))
        return shape, grid_geometry(point((low + high) / 2), _COARSE_MM, shape)


def better_centre(probabilities: Float32, centre: Point) -> Point | None:
    """The middle of the brain (LPS mm) in an answer on the grid around ``centre``; None without a brain."""
    inside = (index_of("csf"), index_of("brain_stem"), 0)
    number = probabilities.argmax(axis=0)
    where = np.argwhere(~np.isin(number, inside))
    if len(where) < _LEAST_VOXELS:
        return None
    low, high = np.percentile(where, _ENDS, axis=0)
    return point(grid_geometry(centre).position((low + high) / 2))


_LEAST_VOXELS = 2000
"""Fewer than this (11 mL) is no brain to find the middle of."""


def _finite(voxels: NDArray[Any]) -> NDArray[Any]:
    """The voxels, not copied, where all are finite in single precision; else the lowest fills the holes."""
    if voxels.dtype.kind != "f":
        return voxels
    with np.errstate(over="ignore"):  # what single precision cannot hold is no number of a picture either
        voxels = voxels.astype(np.float32, copy=False)
    good = np.isfinite(voxels)
    if good.all():
        return voxels
    return np.where(good, voxels, voxels[good].min() if good.any() else np.float32(0))


def _smoothed(image: SimpleITK.Image, grid_mm: float, check: Callable[[], None]) -> SimpleITK.Image:
    """Blurred along the axes that are finer than the grid, so that nothing aliases."""
    for axis, spacing in enumerate(image.GetSpacing()):
        width = grid_mm**2 - spacing**2
        if width > 0.01 and image.GetSize()[axis] >= 4:
            sigma = _GRID_BLUR * float(np.sqrt(width))
            check()
            image = SimpleITK.RecursiveGaussian(
                image, sigma, False, SimpleITK.RecursiveGaussianImageFilter.ZeroOrder, axis
            )
    return image


def _head(values: NDArray[Any]) -> NDArray[np.bool_]:
    """The largest piece brighter than air, by Otsu's threshold over the square root (fat must not decide)."""
    bright = np.sqrt(values - values.min())
    if bright.max() <= 0:
        return np.zeros(bright.shape, bool)
    mask = SimpleITK.OtsuThreshold(SimpleITK.GetImageFromArray(bright), 0, 1, 128)
    pieces = SimpleITK.GetArrayFromImage(SimpleITK.RelabelComponent(SimpleITK.ConnectedComponent(mask)))
    return np.asarray(pieces == 1)
