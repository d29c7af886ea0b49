"""Parts of pictures at the resolution of the screen.

Values: each cell is the mean, by area, of the stored values it covers, rounded to the stored kind of number.
The mean is taken before the window, so that it is a value of the image and changes with the window as one:
one bright pixel among sixteen raises its cell by a sixteenth of its contrast, wherever it lies, where
sampling would show it or lose it by chance. Masks: a pixel inside lights the cell its centre lies in, so that
a label of one pixel never vanishes and none grows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.part import Part, Span
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.volume import Mask

_BAND = 1 << 19
"""Stored values averaged at a time: they and what is made of them stay in the processor's cache."""
_THREADED = 1 << 21
"""From so many stored values on, starting threads pays."""
_INT32_BLOCK = 128
"""Values of 16 bits summed over a block of this many squared fit in 32 bits."""


def shrink(values: NDArray[Any], part: Part) -> NDArray[Any]:
    """The values of a part: (rows, columns[, channel]) of stored pixels to the same of cells.

    Stored pixels come back as a view. NaN counts for nothing where a cell covers other values too.
    """
    cut = values[part.stored]
    if part.exact:
        return cut
    mean = _means(cut, part)
    if mean.dtype.kind == "f" and np.isnan(mean).any():
        known = ~np.isnan(cut)
        share = _means(known.astype(mean.dtype), part)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = _means(np.where(known, cut, 0), part) / share
    return mean


def _means(cut: NDArray[Any], part: Part) -> NDArray[Any]:
    """Band by band, in threads where there is much to do: numpy releases the lock while it sums."""
    out = np.empty((*part.shape, *cut.shape[2:]), cut.dtype)
    rows, columns = _Axis(part.rows), _Axis(part.columns)
    bands = max(1, round(cut.size / _BAND))
    edges = np.linspace(0, part.rows.count, min(bands, part.rows.count) + 1).astype(int)

    def work(number: int) -> None:
        begin, end = int(edges[number]), int(edges[number + 1])
        mean = columns.mean(rows.mean(cut, begin, end, axis=0), 0, part.columns.count, axis=1)
        out[begin:end] = mean if cut.dtype.kind == "f" else np.rint(mean, out=mean)

    _all(work, len(edges) - 1, threads=cut.size >= _THREADED)
    return out


def _all(work: Callable[[int], None], count: int, *, threads: bool) -> None:
    cores = os.cpu_count() or 1
    if not threads or cores < 2:
        for number in range(count):
            work(number)
        return
    # Threads of its own: they cost a tenth of a millisecond, and none is left behind.
    with ThreadPoolExecutor(min(cores, 4)) as pool:
        list(pool.map(work, range(count)))


class _Axis:
    """Means along one axis: whole blocks first, summed as they are stored, then cells of one to two blocks."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._block = max(1, int(span.step))
        edges = (span.edges() - span.first) / self._block
        self._low, high = edges[:-1], edges[1:]
        self._wide = np.maximum(high - self._low, 1e-12)
        self._first = np.floor(self._low).astype(np.intp)
        self._high = high
        self._reach = int((np.ceil(high) - self._first).max())

    def mean(self, values: NDArray[Any], begin: int, end: int, axis: int) -> NDArray[Any]:
        """Cells ``begin`` to ``end`` along ``axis``, floating unless the cells are the stored pixels."""
        if self._span.exact:
            return values[begin:end] if axis == 0 else values
        low, high, first = self._low[begin:end], self._high[begin:end], self._first[begin:end]
        start, stop = int(first[0]), int(np.ceil(high[-1]))
        blocks = _blocks(values, self._block, start, stop, axis)
        total: NDArray[Any] | None = None
        for step in range(self._reach):
            at = first + step
            weight = np.maximum(np.minimum(high, at + 1) - np.maximum(low, at), 0) / self._wide[begin:end]
            taken = np.take(blocks, np.minimum(at - start, stop - start - 1), axis=axis)
            taken = taken.astype(_floating(values), copy=False)
            taken *= weight.astype(taken.dtype).reshape([-1 if k == axis else 1 for k in range(taken.ndim)])
            total = taken if total is None else np.add(total, taken, out=total)
        assert total is not None
        return total


def _floating(values: NDArray[Any]) -> type[np.float32] | type[np.float64]:
    return np.float32 if values.dtype.itemsize <= 2 or values.dtype == np.float32 else np.float64


def _blocks(values: NDArray[Any], block: int, start: int, stop: int, axis: int) -> NDArray[Any]:
    """Means of blocks ``start`` to ``stop`` along an axis; the last one may be cut off by the picture."""
    size = values.shape[axis]
    cut = values[start * block : stop * block] if axis == 0 else values[:, start * block : stop * block]
    if block == 1:
        return cut
    whole = min(stop, size // block) - start
    parts = []
    if whole:
        parts.append(_summed(cut, block, whole, axis) / np.asarray(block, _floating(values)))
    if whole < stop - start:
        rest = cut[whole * block :] if axis == 0 else cut[:, whole * block :]
        parts.append(rest.mean(axis=axis, dtype=_floating(values), keepdims=True))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=axis)


def _summed(cut: NDArray[Any], block: int, count: int, axis: int) -> NDArray[Any]:
    """Sums of blocks that lie whole in the array."""
    if cut.dtype.kind == "f" or cut.dtype.itemsize > 2:
        kind: Any = _floating(cut)
    else:
        kind = np.int32 if block <= _INT32_BLOCK else np.int64
    if axis == 0:
        rows = cut[: count * block].reshape(count, block, *cut.shape[1:])
        return np.asarray(np.add.reduce(rows, axis=1, dtype=kind))
    if cut.ndim == 3:
        # Colour along a row: one product instead of many loops over three numbers.
        join = np.tile(np.eye(cut.shape[2], dtype=_floating(cut)), (block, 1))
        grouped = np.ascontiguousarray(cut[:, : count * block], join.dtype)
        return np.asarray(grouped.reshape(len(cut), count, -1) @ join)
    total = cut[:, 0 : count * block : block].astype(kind)
    for k in range(1, block):
        total += cut[:, k : count * block : block]
    return total


def mask_cut(view: PlaneView, mask: Mask, index: int) -> tuple[NDArray[np.bool_], int, int] | None:
    """What of a mask lies on picture ``index``: (rows, columns) of its box, the box's top row and left column.

    None where the box does not reach the picture. Raises ValueError where the mask has another grid.
    """
    if mask.shape != view.volume_shape:
        raise ValueError(f"the mask's grid is {mask.shape}, the volume {view.volume_shape}")
    deep_axis, row_axis, column_axis = view.axes
    deep = int(view.to_voxel(index, 0, 0)[deep_axis]) - mask.origin[deep_axis]
    if not 0 <= deep < mask.box.shape[deep_axis]:
        return None
    cut = np.moveaxis(mask.box, deep_axis, 0)[deep]
    cut = np.ascontiguousarray(cut if row_axis < column_axis else cut.T)
    top, left = mask.origin[row_axis], mask.origin[column_axis]
    if view.flips[1]:
        cut, top = cut[::-1], view.shape[0] - top - cut.shape[0]
    if view.flips[2]:
        cut, left = cut[:, ::-1], view.shape[1] - left - cut.shape[1]
    return cut, top, left


def shrink_mask(inside: NDArray[np.bool_], top: int, left: int, part: Part) -> NDArray[np.bool_]:
    """Cells that hold the centre of a pixel inside: new (rows, columns) of the part.

    ``inside`` is a piece of the picture whose first pixel is (``top``, ``left``).
    """
    out = np.zeros(part.shape, bool)
    rows, columns = part.stored
    first, last = max(rows.start, top), min(rows.stop, top + inside.shape[0])
    begin, end = max(columns.start, left), min(columns.stop, left + inside.shape[1])
    if first >= last or begin >= end:
        return out
    cut = inside[first - top : last - top, begin - left : end - left]
    cut, row = _any(cut, part.rows, first)
    turned, column = _any(cut.T, part.columns, begin)
    out[row : row + turned.shape[1], column : column + turned.shape[0]] = turned.T
    return out


def _any(piece: NDArray[np.bool_], span: Span, first: int) -> tuple[NDArray[np.bool_], int]:
    """Rows of a piece that begins at picture row ``first`` joined to cells, and the number of the first cell.

    Copied as whole rows: many times quicker than going along columns.
    """
    count = piece.shape[0]
    if span.exact:
        return piece, first - span.first
    cells = np.floor((first + np.arange(count) + 0.5 - span.start) / span.step).astype(np.intp)
    cells = np.clip(cells, 0, span.count - 1)
    start = int(cells[0])
    begins = np.searchsorted(cells, np.arange(start, int(cells[-1]) + 2))
    rows = np.ascontiguousarray(piece)
    out = rows[np.minimum(begins[:-1], count - 1)]
    for step in range(1, int(np.diff(begins).max())):
        out |= rows[np.minimum(begins[:-1] + step, begins[1:] - 1)]
    out[begins[:-1] == begins[1:]] = False
    return out, start
