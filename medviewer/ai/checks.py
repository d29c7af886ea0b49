"""Is this mask plausible? Looked at after the run and shown with the finding; never a silent repair."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.findings import Notice
from medviewer.ai.mask_cleanup import fill_slice_holes, main_pieces
from medviewer.ai.plausibility import is_padding
from medviewer.imaging.measure import volume_ml
from medviewer.imaging.numbers import between, number
from medviewer.imaging.volume import Mask, Volume

RIGHT, LEFT = "right_lung", "left_lung"
LUNG_ML = (300.0, 5000.0)
"""Plausible volume of one adult lung."""
CUT_MM2 = 500.0
"""A lung this large on the first or last slice goes on beyond the scan."""
BORDER_MM = 20.0
"""Contact with the edge of the picture, along one slice, that counts as cut off."""
FLAT_SHARE = 0.5
"""An end plane this large, in proportion to the largest section, is no anatomy inside the picture."""
STRAY_SHARE = 0.02
"""Share of the mask in islands, or of enclosed holes, worth a word."""
DROPPED_SHARE = 0.05


def check_masks(masks: Mapping[str, Mask], volume: Volume) -> list[Notice]:
    """All notices on a set of organ masks (named "right_lung", "left_lung") on the grid of ``volume``."""
    notices = [notice for name, mask in masks.items() for notice in check_mask(mask, volume, title(name))]
    return notices + check_sides(masks)


def title(name: str) -> str:
    """ "Right lung" of "right_lung"."""
    return name.replace("_", " ").capitalize()


def check_mask(mask: Mask, volume: Volume, name: str) -> list[Notice]:
    """Notices on one mask: empty, cut off, flat, islands, holes, volume outside the plausible range."""
    if mask.voxel_count == 0:
        return [
            Notice("EMPTY_MASK", f"{name}: not found. It may be missing, or the model may have missed it.")
        ]
    notices = _cut_by_scan(mask, volume, name) + _cut_by_picture(mask, volume, name)
    cut_axes = {0} if notices else set()
    notices += _flat_faces(mask, name, cut_axes) + _strays(mask, name) + _volume_range(mask, name)
    return notices


def check_sides(masks: Mapping[str, Mask]) -> list[Notice]:
    """The patient's right lung lies at smaller LPS x than the left one."""
    right, left = masks.get(RIGHT), masks.get(LEFT)
    if right is None or left is None or min(right.voxel_count, left.voxel_count) == 0:
        return []
    if centroid_lps(right)[0] < centroid_lps(left)[0]:
        return []
    return [Notice("SIDES_SWAPPED", "The right and the left lung seem to be swapped.")]


def centroid_lps(mask: Mask) -> NDArray[np.float64]:
    """Centre of mass in LPS mm of a mask with geometry, not empty. Raises ValueError otherwise."""
    if mask.geometry is None or mask.voxel_count == 0:
        raise ValueError("no place without geometry and voxels")
    index = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        counts = np.count_nonzero(mask.box, axis=others)
        index.append(mask.origin[axis] + float((counts * np.arange(counts.size)).sum() / counts.sum()))
    return mask.geometry.position(index)


def upper_first(mask: Mask) -> bool:
    """Whether slice 0 lies nearer the head than the last one."""
    return mask.geometry is not None and float(mask.geometry.directions[2, 0]) < 0


def _cut_by_scan(mask: Mask, volume: Volume, name: str) -> list[Notice]:
    if mask.geometry is None:
        return []
    pixel = mask.geometry.spacing_mm[1] * mask.geometry.spacing_mm[2]
    ends = []
    for index, first in ((0, True), (volume.shape[0] - 1, False)):
        if np.count_nonzero(mask.slice(index)) * pixel >= CUT_MM2:
            ends.append("upper" if first == upper_first(mask) else "lower")
    where = " and ".join(sorted(ends, reverse=True))
    text = f"{name}: cut off at the {where} end of the scan; its volume is a lower bound."
    return [Notice("CUT_BY_SCAN", text)] if ends else []


def _cut_by_picture(mask: Mask, volume: Volume, name: str) -> list[Notice]:
    """Contact with the picture's border, or with padding (the round edge of the field of view)."""
    if mask.geometry is None:
        return []
    longest = 0
    for k in range(mask.box.shape[0]):
        index = mask.origin[0] + k
        inside = mask.slice(index)
        longest = max(longest, int(np.count_nonzero(inside & _edge(volume, index))))
    length = longest * min(mask.geometry.spacing_mm[1:])
    text = f"{name}: cut off at the side of the picture; its volume is a lower bound."
    return [Notice("CUT_BY_FIELD_OF_VIEW", text)] if length >= BORDER_MM else []


def _edge(volume: Volume, index: int) -> NDArray[np.bool_]:
    """Pixels on the border of a picture, or beside padding."""
    edge = np.zeros(volume.shape[1:], bool)
    edge[[0, -1], :] = True
    edge[:, [0, -1]] = True
    padding = is_padding(volume.voxels[index], volume.padding)
    if padding.any():
        edge |= padding
        edge[1:] |= padding[:-1]
        edge[:-1] |= padding[1:]
        edge[:, 1:] |= padding[:, :-1]
        edge[:, :-1] |= padding[:, 1:]
    return edge


def _flat_faces(mask: Mask, name: str, cut_axes: set[int]) -> list[Notice]:
    """An end of the mask, inside the grid, that stops like a wall."""
    for axis in range(3):
        if axis in cut_axes:
            continue
        others = tuple(a for a in range(3) if a != axis)
        areas = np.count_nonzero(mask.box, axis=others)
        low, high = mask.origin[axis], mask.origin[axis] + mask.box.shape[axis] - 1
        inside = [areas[0]] if low > 0 else []
        inside += [areas[-1]] if high < mask.shape[axis] - 1 else []
        if len(areas) > 3 and any(area >= FLAT_SHARE * areas.max() for area in inside):
            return [Notice("FLAT_FACE", f"{name}: ends in a flat face; part of it may be missing.")]
    return []


def _strays(mask: Mask, name: str) -> list[Notice]:
    notices = []
    main = main_pieces(mask.box.copy())
    islands = 1.0 - np.count_nonzero(main) / mask.voxel_count
    if islands >= STRAY_SHARE:
        share = number(100 * islands, "%", 0)
        notices.append(Notice("ISLANDS", f"{name}: {share} of it lies in separate islands."))
    filled = fill_slice_holes(mask.box, np.zeros(mask.box.shape, bool), mask.geometry)
    holes = np.count_nonzero(filled) / mask.voxel_count - 1.0
    if holes >= STRAY_SHARE:
        share = number(100 * holes, "%", 0)
        notices.append(Notice("HOLES", f"{name}: holes of {share} of its volume lie inside it."))
    return notices


def _volume_range(mask: Mask, name: str) -> list[Notice]:
    if mask.geometry is None:
        return []
    volume = volume_ml(mask)
    if LUNG_ML[0] <= volume <= LUNG_ML[1]:
        return []
    usual = between(*LUNG_ML, "mL")
    text = f"{name}: {number(volume, 'mL')} is outside the plausible range of {usual} for an adult."
    return [Notice("VOLUME_RANGE", text)]
