"""From a class map to clean organs: the main piece of each label, without islands and holes.

Documented and plain, so that what the network said and what is shown differ in a known way only:

* of each label the largest piece stays, and every piece at least 10 % as large; voxels of a volume hang
  together by their faces only, so that a gas bubble under the dome which touches the lung of the next thick
  slice with a corner is an island;
* holes inside an axial picture of a label (vessels, a nodule, the core of a mass) are filled, but never
  voxels that the network gave to another class (the main bronchi stay outside the lungs), nor the dome of the
  diaphragm: a large hole is filled only where the same label lies below it, towards the feet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.imaging.volume import Geometry, Mask
from medviewer.tasks import TaskContext

KEPT_PIECE = 0.1
"""A piece this large in proportion to the largest is no island."""

VESSEL_MM2 = 150.0
"""A hole this large in a picture is no vessel: 14 mm across."""
BELOW_MM = 45.0
"""How far below a large hole its own lung is looked for."""
MOSTLY = 0.8
"""Share of a hole that must have lung below it."""
AXIAL = 0.7
"""Least part of the slice direction that runs head to foot for "below" to have a meaning."""

Bool3 = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A clean mask and which share of the network's voxels was dropped as islands."""

    mask: Mask
    dropped: float


def main_pieces(box: Bool3, *, faces: bool = False) -> Bool3:
    """The largest piece and those :data:`KEPT_PIECE` as large or more; 26-connected, or by ``faces`` only."""
    if not box.any():
        return box
    image = SimpleITK.GetImageFromArray(box.view(np.uint8))
    pieces = SimpleITK.GetArrayFromImage(SimpleITK.ConnectedComponent(image, not faces))
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= max(1.0, KEPT_PIECE * sizes.max()))[pieces] & box)


def fill_slice_holes(box: Bool3, taken: Bool3, geometry: Geometry | None) -> Bool3:
    """Fill what one picture of the mask encloses, except voxels ``taken`` by another class.

    A hole larger than :data:`VESSEL_MM2` stays open unless the mask lies within :data:`BELOW_MM` below most
    of it: under the dome of the diaphragm, which may stand as an island in the lung, there is no lung.
    """
    holes = _holes(box)
    sizes = np.bincount(holes.ravel())
    sizes[0] = 0
    fill = sizes > 0
    if geometry is not None:
        pixel = geometry.spacing_mm[1] * geometry.spacing_mm[2]
        for k in np.flatnonzero(sizes * pixel > VESSEL_MM2):
            fill[k] = _lies_over(box, holes == k, geometry)
    return np.asarray(box | (fill[holes] & ~taken))


def _holes(box: Bool3) -> NDArray[np.int64]:
    """Each hole of each picture with a number of its own, 0 elsewhere.

    The pictures are laid out in one tall picture with a free frame around each: what is not joined to the
    frame (by faces) is enclosed. One pass, ten times faster than picture by picture.
    """
    count, rows, columns = box.shape
    free = np.ones((count, rows + 1, columns + 2), bool)
    free[:, 1:, 1:-1] = ~box
    tall = np.ones((count * (rows + 1) + 1, columns + 2), np.uint8)
    tall[:-1] = free.reshape(-1, columns + 2)
    pieces = SimpleITK.GetArrayFromImage(SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(tall)))
    pieces[pieces == pieces[0, 0]] = 0
    return np.asarray(pieces[:-1].reshape(free.shape)[:, 1:, 1:-1], dtype=np.int64)


def _lies_over(box: Bool3, hole: Bool3, geometry: Geometry) -> bool:
    """Whether the mask lies below most of a hole (which lies in one picture)."""
    head = float(geometry.directions[2, 0])
    if abs(head) < AXIAL:
        return False
    where = int(np.flatnonzero(hole.any(axis=(1, 2)))[0])
    reach = max(1, round(BELOW_MM / geometry.spacing_mm[0]))
    below = box[where + 1 : where + 1 + reach] if head < 0 else box[max(0, where - reach) : where]
    covered: Bool3 = np.asarray(below.any(axis=0))
    return bool(covered[hole[where]].mean() >= MOSTLY)


def clean(
    classes: NDArray[np.uint8],
    labels: Sequence[tuple[int, str]],
    geometry: Geometry | None,
    context: TaskContext,
) -> dict[str, Cleaned]:
    """Clean masks by name from a class map on the whole grid (0 = background).

    ``labels``: (class, name) of the organs wanted; any other class only blocks the filling of holes.
    Raises :class:`~medviewer.errors.Cancelled`.
    """
    out: dict[str, Cleaned] = {}
    for number, name in labels:
        context.check()
        raw = Mask.from_full(number, name, classes == number, geometry)
        if raw.voxel_count == 0:
            out[name] = Cleaned(raw, 0.0)
            continue
        s, r, c = raw.origin
        ds, dr, dc = raw.box.shape
        window = classes[s : s + ds, r : r + dr, c : c + dc]
        pieces = main_pieces(raw.box.copy(), faces=True)
        context.check()
        full = np.zeros(classes.shape, bool)
        taken = (window != number) & (window != 0)
        full[s : s + ds, r : r + dr, c : c + dc] = fill_slice_holes(pieces, np.asarray(taken), geometry)
        dropped = 1.0 - np.count_nonzero(pieces) / raw.voxel_count
        out[name] = Cleaned(Mask.from_full(number, name, full, geometry), float(dropped))
    return out
