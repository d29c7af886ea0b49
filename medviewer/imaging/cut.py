"""Masks on pictures and parts of pictures, at the resolution of the screen.

A pixel inside lights the cell its centre lies in, so that a label of one pixel never vanishes and none grows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.part import Part, Span
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.volume import Mask


def mask_cut(view: PlaneView, mask: Mask, index: int) -> tuple[NDArray[np.bool_], int, int] | None:
    """What of a mask lies on picture ``index``: its box (rows, columns), top row, left column.

    None where the box does not reach the picture. Raises ValueError where the mask has another grid.
    """
    if mask.shape != view.volume_shape:
        raise ValueError(f"the mask's grid is {mask.shape}, the volume {view.volume_shape}")
    deep_axis, row_axis, column_axis = view.axes
    deep = view.stored_index(index) - mask.origin[deep_axis]
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
