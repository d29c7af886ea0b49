"""A picture in HU onto which soft-edged shapes are painted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.training.shapes import Picture


class Canvas:
    """Paints soft-edged shapes given on a coarser lattice onto the full picture."""

    def __init__(self, shape: tuple[int, int], factor: int, edge_mm: float) -> None:
        self.picture = np.full(shape, -1000.0, np.float32)
        self._factor = factor
        self._edge = edge_mm

    def fine(self, field_: Picture) -> Picture:
        """A lattice picture on the full grid (linear between lattice points)."""
        return upsample(field_, self._factor, self.picture.shape)

    def cover(self, distance: Picture, blur: float = 0.0) -> NDArray[np.float32]:
        """Coverage 0..1 on the full grid; ``blur`` widens the edge (mm)."""
        width = np.float32(self._edge + blur)
        cover: Picture = np.clip(np.float32(0.5) - self.fine(distance) / width, 0, 1)
        return cover

    def paint(self, distance: Picture | None, hu: float | Picture, blur: float = 0.0) -> None:
        """Blend ``hu`` in where ``distance`` is negative. ``hu`` is a number or a lattice picture."""
        if distance is None:
            return
        box = self._box(distance, self._edge + blur)
        if box is None:
            return
        (r0, r1), (c0, c1) = box
        f = self._factor
        part = self.picture[r0 * f : (r1 - 1) * f + 1, c0 * f : (c1 - 1) * f + 1]
        fine = upsample(distance[r0:r1, c0:c1], f, part.shape)
        cover = np.clip(np.float32(0.5) - fine / np.float32(self._edge + blur), 0, 1)
        value = hu if isinstance(hu, float | int) else upsample(hu[r0:r1, c0:c1], f, part.shape)
        part += cover * (value - part)

    def _box(self, distance: Picture, margin: float) -> tuple[tuple[int, int], tuple[int, int]] | None:
        near = distance < margin
        rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
        if rows.size == 0:
            return None
        high_r, high_c = distance.shape
        return (
            (max(0, int(rows[0]) - 1), min(high_r, int(rows[-1]) + 2)),
            (max(0, int(columns[0]) - 1), min(high_c, int(columns[-1]) + 2)),
        )


def upsample(field_: Picture, factor: int, shape: tuple[int, ...]) -> Picture:
    """Lattice points every ``factor`` (1 or 2) pixels to all pixels, cut to ``shape``."""
    if factor == 1:
        return field_[: shape[0], : shape[1]]
    wide = np.empty((field_.shape[0], field_.shape[1] * 2 - 1), np.float32)
    wide[:, ::2] = field_
    np.add(field_[:, 1:], field_[:, :-1], out=wide[:, 1::2])
    wide[:, 1::2] *= 0.5
    tall = np.empty((field_.shape[0] * 2 - 1, wide.shape[1]), np.float32)
    tall[::2] = wide
    np.add(wide[1:], wide[:-1], out=tall[1::2])
    tall[1::2] *= 0.5
    return tall[: shape[0], : shape[1]]


def lattice(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Every ``factor``-th coordinate, enough of them to cover all."""
    if factor == 1:
        return values
    step = values[1] - values[0]
    places = values[0] + step * factor * np.arange(len(values) // factor + 1)
    return np.asarray(places, dtype=np.float32)
