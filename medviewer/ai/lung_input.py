"""What the lung network sees, and the way back: one definition for training and for reading.

The network looks at axial pictures (rows to posterior, columns to the patient's left) on a fixed grid of
1.5 mm, centred on the picture, with the neighbours about 5 mm below and above as extra channels. All maps
are separable linear maps between sample *centres*: nothing shifts, whatever the spacings are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.reslice import PlaneView, canonical_axial
from medviewer.imaging.volume import Volume

GRID_MM = 1.5
"""In-plane distance between the samples the network sees."""
NEIGHBOUR_MM = 5.0
"""How far below and above the two extra channels lie (nearest slice, at least the next one)."""
HU_RANGE = (-1100.0, 300.0)
"""Clipped to this range, scaled to -1..1."""
MULTIPLE = 16
"""Height and width of the network's picture are multiples of this."""
OUTPUTS = ("background", "right_lung", "left_lung", "airway")
"""The classes, in the order of the network's channels. "airway" is the trachea and the main bronchi."""
_AIR_HU = -1024.0
_KEPT = 96

Float32 = NDArray[np.float32]


def shrink_matrix(count: int, spacing_mm: float, outputs: int, grid_mm: float = GRID_MM) -> Float32:
    """(outputs, count): samples ``grid_mm`` apart, centred, from ``count`` pixels ``spacing_mm`` apart.

    A triangle filter as wide as the coarser of the two grids (no aliasing of sharp-kernel noise). A row
    whose sample lies off the picture is zero.
    """
    where = (np.arange(outputs) - (outputs - 1) / 2) * grid_mm / spacing_mm + (count - 1) / 2
    reach = max(1.0, grid_mm / spacing_mm)
    weights = np.maximum(0.0, 1.0 - np.abs(where[:, None] - np.arange(count)[None, :]) / reach)
    weights[(where < -0.5) | (where > count - 0.5)] = 0.0
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1.0), dtype=np.float32)


def grow_matrix(count: int, spacing_mm: float, inputs: int, grid_mm: float = GRID_MM) -> Float32:
    """(count, inputs): linear interpolation from the centred grid back to the pixels."""
    where = (np.arange(count) - (count - 1) / 2) * spacing_mm / grid_mm + (inputs - 1) / 2
    where = np.clip(where, 0.0, inputs - 1.0)
    weights = np.maximum(0.0, 1.0 - np.abs(where[:, None] - np.arange(inputs)[None, :]))
    return np.asarray(weights, dtype=np.float32)


def grid_size(count: int, spacing_mm: float) -> int:
    """Samples needed to cover ``count`` pixels, rounded up to a multiple of :data:`MULTIPLE`."""
    needed = int(np.ceil(count * spacing_mm / GRID_MM - 1e-6))
    return max(MULTIPLE, -(-needed // MULTIPLE) * MULTIPLE)


class Bands:
    """A map of few taps (at most a handful of non-zero weights a row), applied without the zeros.

    The same sums as the matrix product, an order of magnitude cheaper, and on the calling thread alone.
    """

    def __init__(self, matrix: Float32) -> None:
        """``matrix``: (outputs, inputs) with the non-zero weights of a row side by side."""
        taps = max(1, int((matrix != 0).sum(axis=1).max()))
        first = np.minimum((matrix != 0).argmax(axis=1), matrix.shape[1] - taps)
        columns = [first + k for k in range(taps)]
        rows = np.arange(len(matrix))
        self._taps = [(c, np.ascontiguousarray(matrix[rows, c])[:, None]) for c in columns]
        self.covered = matrix.any(axis=1)

    def apply(self, values: NDArray[Any]) -> Float32:
        """(inputs, n) to (outputs, n)."""
        columns, weights = self._taps[0]
        out: Float32 = values[columns] * weights
        for columns, weights in self._taps[1:]:
            out += values[columns] * weights
        return out


def both_ways(rows: Bands, columns: Bands, picture: NDArray[Any]) -> Float32:
    """The map along rows and along columns of a picture."""
    return np.ascontiguousarray(columns.apply(rows.apply(picture).T).T)


def scale_hu(values: NDArray[Any]) -> Float32:
    """HU to the network's -1..1."""
    low, high = HU_RANGE
    scaled = (np.clip(values, low, high) - low) * (2.0 / (high - low)) - 1.0
    return np.asarray(scaled, dtype=np.float32)


class LungInput:
    """One HU volume as the network sees it. ``index`` counts the pictures of ``view`` (axial).

    Slices are resampled when first asked for and the last few dozen are kept; safe from several threads.
    """

    def __init__(self, volume: Volume) -> None:
        """Raises :class:`~medviewer.errors.NoGeometry` for a volume without geometry."""
        geometry = volume.require_geometry()
        self._volume = volume
        self.view: PlaneView = canonical_axial(volume.shape, geometry)
        rows, columns = self.view.shape
        pixel = self.view.pixel_mm
        if pixel is None:  # pragma: no cover - a view with geometry knows its pixel size
            raise ValueError("an axial view without pixel size")
        self.size = (grid_size(rows, pixel[0]), grid_size(columns, pixel[1]))
        self._down = (
            Bands(shrink_matrix(rows, pixel[0], self.size[0])),
            Bands(shrink_matrix(columns, pixel[1], self.size[1])),
        )
        self._up = (
            Bands(grow_matrix(rows, pixel[0], self.size[0])),
            Bands(grow_matrix(columns, pixel[1], self.size[1])),
        )
        self._covered = np.outer(self._down[0].covered, self._down[1].covered)
        self._neighbours = self._neighbour_table()
        self._kept: OrderedDict[int, Float32] = OrderedDict()
        self._lock = Lock()

    @property
    def count(self) -> int:
        """Number of axial pictures."""
        return self.view.count

    @property
    def ascends(self) -> bool:
        """Whether picture 1 lies nearer the head than picture 0."""
        geometry = self._volume.require_geometry()
        z = geometry.position(np.asarray([self.view.to_voxel(k, 0, 0) for k in (0, 1)]))[:, 2]
        return bool(z[1] > z[0])

    def native_slice(self, index: int) -> int:
        """Where picture ``index`` lies along the volume's own axis that runs head-foot.

        For an axial series that is the index of the stored slice.
        """
        return self.view.stored_index(index)

    def batch(self, indices: Sequence[int]) -> Float32:
        """(n, 3, H, W): below, the picture itself, above; values in -1..1."""
        picked = [[self._picture(k) for k in self._neighbours[index]] for index in indices]
        return np.asarray(picked, dtype=np.float32)

    def restore(self, index: int, probabilities: NDArray[Any]) -> dict[int, NDArray[np.bool_]]:
        """Class -> mask (rows, columns) on the axial picture, from (classes, H, W) probabilities.

        Interpolated linearly, then the strongest class wins. The background is left out. ``index`` is the
        picture the probabilities belong to (all pictures share one grid).
        """
        if not 0 <= index < self.count:
            raise IndexError(index)
        best = self._grow(probabilities[0])
        label = np.zeros(best.shape, np.uint8)
        for k in range(1, probabilities.shape[0]):
            value = self._grow(probabilities[k])
            stronger = value > best
            best = np.where(stronger, value, best)
            label[stronger] = k
        return {k: label == k for k in range(1, probabilities.shape[0])}

    def _grow(self, picture: NDArray[Any]) -> Float32:
        return both_ways(*self._up, np.asarray(picture, dtype=np.float32))

    def shrink_mask(self, index: int, mask: NDArray[Any]) -> Float32:
        """Fraction 0..1 of a whole-grid mask (native axes) on the network's grid: the training target."""
        picture = np.asarray(self.view.extract(mask, index), dtype=np.float32)
        return both_ways(*self._down, picture)

    def _picture(self, index: int) -> Float32:
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
                return self._kept[index]
        values: Float32 = np.asarray(self.view.extract(self._volume.voxels, index), dtype=np.float32)
        clipped = np.clip(values, *HU_RANGE)
        shrunk = both_ways(*self._down, clipped)
        picture = scale_hu(np.where(self._covered, shrunk, _AIR_HU))
        with self._lock:
            self._kept[index] = picture
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return picture

    def _neighbour_table(self) -> NDArray[np.int64]:
        """(count, 3): below (towards the feet), itself, above; repeated at the ends of the stack."""
        step = self.view.step_mm or NEIGHBOUR_MM
        offset = max(1, round(NEIGHBOUR_MM / step))
        up = 1 if self.ascends else -1
        own = np.arange(self.count)
        around = [own - up * offset, own, own + up * offset]
        return np.clip(np.stack(around, axis=1), 0, self.count - 1)


def prepare(volume: Volume) -> LungInput:
    """A HU volume ready for the network. Raises :class:`~medviewer.errors.NoGeometry` without geometry."""
    return LungInput(volume)
