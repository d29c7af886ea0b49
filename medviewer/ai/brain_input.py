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
from medviewer.ai.brain_labels import LEFT, STRUCTURES, index_of, joint
from medviewer.imaging.volume import Geometry, Volume

FINER = 2
"""The answer is interpolated to a grid so many times finer before it is read out at the stored voxels."""
BELOW_TOP_MM = 78.0
"""From the top of the head to the middle of the brain, for the first guess."""
_COARSE_MM = 4.0
_GRID_BLUR = 0.42
"""Standard deviation of a voxel's profile, in voxels: what the network was taught (Gaussian)."""
_ENDS = (0.5, 99.5)
"""Percentiles that count as the ends of the brain: a few stray voxels move nothing."""

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


class BrainInput:
    """One MR volume as the network sees it."""

    def __init__(self, volume: Volume, check: Callable[[], None] = lambda: None) -> None:
        """``check`` is called between the parts of long work, and may raise Cancelled.

        Raises :class:`~medviewer.errors.NoGeometry` without geometry.
        """
        self._check = check
        self._geometry = volume.require_geometry()
        self._shape = volume.shape
        voxels: Float32 = np.ascontiguousarray(volume.voxels, dtype=np.float32)
        if volume.voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
            voxels = np.nan_to_num(voxels, nan=float(np.nanmin(voxels)), posinf=0.0, neginf=0.0)
        self._lowest = float(voxels.min())
        check()
        self._image = _smoothed(to_image(voxels, self._geometry), GRID_MM, check)

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
            return _point(geometry.position((np.asarray(shape) - 1) / 2))
        top = int(np.flatnonzero(head.any(axis=(1, 2)))[-1])
        reach = max(1, round(2 * BELOW_TOP_MM / _COARSE_MM))
        upper: NDArray[np.bool_] = np.asarray(head[max(0, top - reach) : top + 1].any(axis=0))
        rows, columns = np.flatnonzero(upper.any(axis=1)), np.flatnonzero(upper.any(axis=0))
        index = (top - BELOW_TOP_MM / _COARSE_MM, (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2)
        return _point(geometry.position(index))

    def restore(self, probabilities: Float32, left: Float32, centre: Point) -> UInt8:
        """Numbers of :func:`~medviewer.ai.brain_labels.joint` on the stored grid.

        ``probabilities`` (classes, D, H, W) and ``left`` (D, H, W), the probability of the left side, on the
        grid around ``centre``. Outside that grid everything is background.
        """
        fine = finer_labels(probabilities, left, self._check)
        shape = tuple(FINER * n for n in GRID_SHAPE)
        image = to_image(fine, grid_geometry(centre, GRID_MM / FINER, shape))
        return np.asarray(
            resample(image, self._geometry, self._shape, SimpleITK.sitkNearestNeighbor, 0), np.uint8
        )

    def restore_slice(self, probabilities: Float32, left: Float32, centre: Point, index: int) -> UInt8:
        """What :meth:`restore` says of one stored slice (rows, columns), sooner and a little less sharply."""
        affine = self._geometry.affine.copy()
        affine[:3, 3] = self._geometry.position([index, 0, 0])
        where, shape, grid = Geometry(affine), (1, *self._shape[1:]), grid_geometry(centre)

        def at(values: Float32, fill: float) -> Float32:
            image = to_image(np.ascontiguousarray(values), grid)
            return np.asarray(resample(image, where, shape, SimpleITK.sitkLinear, fill)[0], np.float32)

        best = at(probabilities[0], 1.0)
        number = np.zeros(best.shape, np.uint8)
        for k in range(1, len(probabilities)):
            value = at(probabilities[k], 0.0)
            number[value > best] = k
            best = np.maximum(best, value)
        return _with_side(number, at(left, 0.0) >= 0.5)

    def _coarse_grid(self) -> tuple[tuple[int, int, int], Geometry]:
        """A grid of 4 mm along LPS that holds the whole volume."""
        ends = np.stack(np.meshgrid(*[(0, n - 1) for n in self._shape], indexing="ij"), axis=-1).reshape(
            -1, 3
        )
        corners = self._geometry.position(ends)
        low, high = corners.min(axis=0), corners.max(axis=0)
        counts = np.maximum(1, np.ceil((high - low) / _COARSE_MM).astype(int) + 1)[::-1]
        shape = (int(counts[0]), int(counts[1]), int(counts[2]))
        return shape, grid_geometry(_point((low + high) / 2), _COARSE_MM, shape)


def better_centre(probabilities: Float32, centre: Point) -> Point | None:
    """The middle of the brain (LPS mm) in an answer on the grid around ``centre``; None without a brain."""
    inside = (index_of("csf"), index_of("brain_stem"), 0)
    number = probabilities.argmax(axis=0)
    where = np.argwhere(~np.isin(number, inside))
    if len(where) < _LEAST_VOXELS:
        return None
    low, high = np.percentile(where, _ENDS, axis=0)
    return _point(grid_geometry(centre).position((low + high) / 2))


_LEAST_VOXELS = 2000
"""Fewer than this (11 mL) is no brain to find the middle of."""


def finer_labels(probabilities: Float32, left: Float32, check: Callable[[], None] = lambda: None) -> UInt8:
    """Numbers of :func:`joint` on a grid twice as fine: interpolated linearly, then the strongest wins.

    ``check`` is called between the classes.
    """
    shape = tuple(FINER * n for n in probabilities.shape[1:])
    out, number = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    whole = _box(probabilities[0] < 1 - _LEAST)
    best = np.ones(shape, np.float32)
    best[_finer(whole)] = _doubled(probabilities[0][whole])
    for k in range(1, len(probabilities)):
        check()
        box = _box(probabilities[k] >= _LEAST)  # beyond it the class is nowhere strong enough to win
        value, strongest = _doubled(probabilities[k][box]), best[_finer(box)]
        stronger = value > strongest
        np.copyto(strongest, value, where=stronger)
        number[_finer(box)][stronger] = k
    check()
    out[_finer(whole)] = _with_side(number[_finer(whole)], _doubled(left[whole]) >= 0.5)
    return out


_LEAST = 1 / (2 * len(STRUCTURES))
"""The strongest class of a voxel has at least twice this."""


def _with_side(number: UInt8, left: NDArray[np.bool_]) -> UInt8:
    """The number among :func:`joint` of each class and side."""
    table = np.zeros((2, len(STRUCTURES)), np.uint8)
    for place, (k, side, _) in enumerate(joint()):
        for row in (0, 1) if side is None else (side,):
            table[row, k] = place
    return np.asarray(np.where(left, table[LEFT][number], table[1 - LEFT][number]), np.uint8)


def _finer(box: tuple[slice, slice, slice]) -> tuple[slice, ...]:
    """The same part of the finer grid."""
    return tuple(slice(FINER * s.start, FINER * s.stop) for s in box)


def _box(inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The part of the grid that holds all that is ``inside``, with a margin of one voxel."""
    out = []
    for axis in range(3):
        hits = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        first, last = (int(hits[0]), int(hits[-1])) if hits.size else (0, 0)
        out.append(slice(max(0, first - 1), min(inside.shape[axis], last + 2)))
    return out[0], out[1], out[2]


def _doubled(values: Float32) -> Float32:
    """Twice as fine along each axis, linearly between voxel centres; the ends are held."""
    for axis in range(3):
        values = np.moveaxis(values, axis, 0)
        before = np.concatenate([values[:1], values[:-1]])
        after = np.concatenate([values[1:], values[-1:]])
        fine = np.empty((FINER * len(values), *values.shape[1:]), np.float32)
        fine[0::2] = 0.75 * values + 0.25 * before
        fine[1::2] = 0.75 * values + 0.25 * after
        values = np.moveaxis(fine, 0, axis)
    return np.ascontiguousarray(values)


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


def _point(values: NDArray[Any]) -> Point:
    x, y, z = (float(v) for v in values)
    return x, y, z
