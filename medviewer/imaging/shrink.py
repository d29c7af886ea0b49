"""Parts of pictures at the resolution of the screen.

Each cell is the mean of the stored values it covers, rounded to the stored kind of number. The mean is taken
before the window, so that it is a value of the image and changes with the window as one: one bright pixel
among sixteen raises its cell by a sixteenth of its contrast wherever it lies, where sampling would show it
or lose it by chance. It is taken in two steps, so that zooming and panning need only the second: over blocks
of 2, 4, 8 … pixels along each side, then by area over the one to two blocks along each side that a cell
covers. Every pixel has its share in the picture.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.part import Part, Span

_BAND = 1 << 19
"""Pixels averaged at a time: they and what is made of them stay in the processor's cache."""
_THREADED = 1 << 22
"""From so many pixels on, starting threads pays."""
_THREADED_CELLS = 1 << 19
"""A cell costs as much as several pixels."""
_UINT8_BLOCK, _INT16_BLOCK = 257, 1 << 15
"""So many values of 8 and 16 bits fit, summed, in 16 and 32 bits."""

Block = tuple[int, int]


def block_of(part: Part) -> Block:
    """(rows, columns) of the blocks a part is made of: the largest powers of two no larger than its cells."""
    rows, columns = (1 << (int(span.step).bit_length() - 1) for span in (part.rows, part.columns))
    return rows, columns


def block_means(values: NDArray[Any], block: Block, *, threads: bool = True) -> NDArray[Any]:
    """Means over blocks of a picture, (rows, columns[, channel]) of the same kind: new, rounded where whole
    numbers. Blocks cut off by the end of the picture hold the mean of what there is. ``threads``: whether
    large pictures may take more than the caller's."""
    if block == (1, 1):
        return values
    height, width = (-(-size // side) for size, side in zip(values.shape, block, strict=False))
    out = np.empty((height, width, *values.shape[2:]), values.dtype)
    step = max(1, _BAND // (values.shape[1] * block[0]))

    def work(number: int) -> None:
        begin, end = number * step, min((number + 1) * step, height)
        rows = values[begin * block[0] : end * block[0]]
        _fill(out[begin:end], rows, block)

    _all(work, -(-height // step), threads=threads and values.shape[0] * values.shape[1] >= _THREADED)
    return out


def shrink(
    values: NDArray[Any], part: Part, blocks: NDArray[Any] | None = None, *, threads: bool = True
) -> NDArray[Any]:
    """The values of a part: (rows, columns[, channel]) of stored pixels to the same of cells.

    ``blocks``: what :func:`block_means` made of them for this part, where that is at hand. Stored pixels come
    back as a view. NaN counts for nothing where a cell covers other values too.
    """
    if part.exact:
        return values[part.stored]
    block = block_of(part)
    if blocks is None:
        blocks = block_means(values, block, threads=threads)
    mean = _area(blocks, part, block, threads)
    if mean.dtype.kind == "f" and np.isnan(mean).any():
        known = ~np.isnan(values)
        share = _area(block_means(known.astype(mean.dtype), block, threads=threads), part, block, threads)
        sums = block_means(np.where(known, values, 0), block, threads=threads)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = _area(sums, part, block, threads) / share
    return mean


def _area(blocks: NDArray[Any], part: Part, block: Block, threads: bool) -> NDArray[Any]:
    """Means of blocks by area over the cells of a part."""
    out = np.empty((*part.shape, *blocks.shape[2:]), blocks.dtype)
    rows, columns = _Cells(part.rows, block[0]), _Cells(part.columns, block[1])
    step = max(1, _BAND // (8 * part.columns.count))

    def work(number: int) -> None:
        begin = number * step
        target = out[begin : begin + step]
        end, wide = begin + len(target), part.columns.count
        # In one piece, because numpy's take copies the whole of what is not, each time.
        near = np.ascontiguousarray(blocks[rows.needed(begin, end), columns.needed(0, wide)])
        mean = columns.mean(rows.mean(near, begin, end, axis=0), 0, wide, axis=1)
        target[...] = mean if out.dtype.kind == "f" else np.rint(mean)

    _all(work, -(-part.rows.count // step), threads=threads and out.size >= _THREADED_CELLS)
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


class _Cells:
    """How the cells along one axis are made of blocks of pixels."""

    def __init__(self, span: Span, block: int) -> None:
        self._exact = span.exact
        edges = span.edges() / block
        low, high = edges[:-1], edges[1:]
        self._first, self._last = np.floor(low).astype(np.intp), np.ceil(high).astype(np.intp) - 1
        reach = int((self._last - self._first).max()) + 1
        at = self._first + np.arange(reach)[:, None]
        self._at = np.minimum(at, self._last)
        covered = np.maximum(np.minimum(high, at + 1) - np.maximum(low, at), 0)
        self._weights = covered / np.maximum(high - low, 1e-12)

    def needed(self, begin: int, end: int) -> slice:
        """The blocks under cells ``begin`` to ``end``."""
        return slice(int(self._first[begin]), int(self._last[end - 1]) + 1)

    def mean(self, blocks: NDArray[Any], begin: int, end: int, axis: int) -> NDArray[Any]:
        """Cells ``begin`` to ``end`` from just the blocks they need, weighted by how much they cover of each.

        Cells that are stored pixels come as they are.
        """
        if self._exact:
            return blocks
        kind, channels = _floating(blocks), blocks.shape[2] if blocks.ndim == 3 else 1
        # Colours side by side: numpy's take is many times quicker with single numbers than with triples.
        flat, inner = blocks.reshape(len(blocks), -1), channels if axis else 1
        total = np.zeros(0)
        for step, (at, weight) in enumerate(
            zip(self._at[:, begin:end], self._weights[:, begin:end].astype(kind), strict=True)
        ):
            near = ((at - self._first[begin])[:, None] * inner + np.arange(inner)).ravel()
            taken = np.take(flat, near, axis=axis).astype(kind, copy=False)
            weights = np.repeat(weight, inner)
            np.multiply(taken, weights if axis else weights[:, None], out=taken)
            total = np.add(total, taken, out=total) if step else taken
        return total.reshape(len(total), -1, channels) if blocks.ndim == 3 else total


def _floating(values: NDArray[Any]) -> type[np.float32] | type[np.float64]:
    return np.float32 if values.dtype.itemsize <= 2 or values.dtype == np.float32 else np.float64


def _fill(out: NDArray[Any], values: NDArray[Any], block: Block) -> None:
    """Means over blocks of some rows into ``out``."""
    (tall, wide), kind = block, _floating(values)
    channels = values.shape[2] if values.ndim == 3 else 1
    flat = np.ascontiguousarray(values).reshape(len(values), -1)
    sums, base = _column_sums(flat, tall)
    heights, widths = _sides(len(flat), tall), _sides(values.shape[1], wide)
    area = (heights[:, None] * widths).astype(kind)
    for channel in range(channels):
        total = sums[:, channel :: wide * channels].astype(kind)
        for k in range(1, wide):
            more = sums[:, channel + k * channels :: wide * channels]
            np.add(total[:, : more.shape[1]], more, out=total[:, : more.shape[1]])
        np.divide(total, area, out=total)
        if base:
            np.add(total, kind(base), out=total)
        target = out if values.ndim == 2 else out[..., channel]
        target[...] = total if out.dtype.kind == "f" else np.rint(total, out=total)


def _sides(size: int, side: int) -> NDArray[np.intp]:
    """Lengths of the blocks along an axis: the last may be cut off."""
    count = -(-size // side)
    sides = np.full(count, side)
    sides[-1] = size - side * (count - 1)
    return sides


def _column_sums(rows: NDArray[Any], tall: int) -> tuple[NDArray[Any], int]:
    """Sums over every ``tall`` rows, the last over what is left, and what to add to each mean made of them.

    Numbers of 16 bits are summed in 16 bits where their span allows: sums that go round are put right by
    the smallest value, which is left out of them.
    """
    count = -(-len(rows) // tall)
    if rows.dtype.kind == "f" or rows.dtype.itemsize > 2:
        kind: Any = np.float32 if rows.dtype == np.float32 else np.float64
        return _summed(rows, tall, count, kind), 0
    if rows.dtype == np.uint8 and tall < _UINT8_BLOCK:
        return _summed(rows, tall, count, np.uint16), 0
    low = int(rows.min())
    if rows.dtype.itemsize == 1 or (int(rows.max()) - low) * tall >= 1 << 16:
        return _summed(rows, tall, count, np.int32 if tall < _INT16_BLOCK else np.int64), 0
    sums = _summed(rows.view(np.uint16), tall, count, np.uint16)
    sums -= (_sides(len(rows), tall)[:, None] * low & 0xFFFF).astype(np.uint16)
    return sums, low


def _summed(rows: NDArray[Any], tall: int, count: int, kind: Any) -> NDArray[Any]:
    whole = len(rows) // tall
    sums = np.empty((count, rows.shape[1]), kind)
    by = rows[: whole * tall].reshape(whole, tall, rows.shape[1])
    np.add(by[:, 0], by[:, 1], out=sums[:whole], dtype=kind) if tall > 1 else np.copyto(
        sums[:whole], by[:, 0]
    )
    for k in range(2, tall):
        np.add(sums[:whole], by[:, k], out=sums[:whole])
    if whole < count:
        np.add.reduce(rows[whole * tall :], axis=0, dtype=kind, out=sums[whole])
    return sums
