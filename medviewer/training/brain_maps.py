"""Whole-head label maps (SynthSeg's, Apache-2.0) on LPS axes, and what their numbers mean to ``brain-mr``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.ai.brain_labels import LEFT, RIGHT, STRUCTURES, index_of
from medviewer.training.checkpoint import BrokenTraining

_NAMED = (
    *(0, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 24, 25, 26, 28, 30),
    *(41, 42, 43, 44, 46, 47, 49, 50, 51, 52, 53, 54, 57, 58, 60, 62, 72, 85, 136, 137, 163, 164),
)
_REST_OF_THE_HEAD = (502, 506, 507, 508, 509, 511, 512, 514, 515, 516, 530)
"""Regions of scalp, skull, face and neck without a name of their own."""
FINE = (*_NAMED, *_REST_OF_THE_HEAD)
"""Every number of the maps."""
SIDELESS = 2
"""In :data:`SIDE_OF`: a number with no side."""
_MIRROR = {25: 57, 26: 58, 30: 62, 136: 163, 137: 164}
"""Right-hand numbers that are not the left-hand one plus a constant."""

UInt8 = NDArray[np.uint8]


def _table() -> tuple[UInt8, UInt8]:
    """Class and side of every entry of :data:`FINE`."""
    classes = np.zeros(len(FINE), np.uint8)
    sides = np.full(len(FINE), SIDELESS, np.uint8)
    for number, structure in enumerate(STRUCTURES):
        for label in structure.numbers:
            classes[FINE.index(label)] = number
        for side, labels in ((LEFT, structure.left), (RIGHT, structure.right)):
            for label in labels:
                sides[FINE.index(label)] = side
    return classes, sides


CLASS_OF, SIDE_OF = _table()
"""Class and side (LEFT, RIGHT, SIDELESS) of each entry of :data:`FINE`."""


@dataclass(frozen=True, eq=False)
class LabelMap:
    """One head: indices into :data:`FINE` on (slice, row, column) axes running to head, back and left, 1 mm.

    ``centre`` is the voxel index (z, y, x) in the middle of the box around the brain.
    """

    name: str
    fine: UInt8
    centre: tuple[float, float, float]

    @property
    def classes(self) -> UInt8:
        """The class of every voxel."""
        return CLASS_OF[self.fine]

    @property
    def sides(self) -> UInt8:
        """The side of every voxel: LEFT, RIGHT or SIDELESS."""
        return SIDE_OF[self.fine]


_UNKNOWN = 255


def read_map(path: Path) -> LabelMap:
    """One label map, whatever way its file lies. Raises :class:`BrokenTraining` for another kind of map."""
    picture = SimpleITK.ReadImage(str(path))
    if not np.allclose(picture.GetSpacing(), 1.0, atol=1e-3):
        raise BrokenTraining(
            f"{path.name}: the label map is not on a 1 mm grid.", "Use the maps as published."
        )
    fine = _indices(SimpleITK.GetArrayViewFromImage(picture))
    if fine is None:
        raise BrokenTraining(
            f"{path.name}: the label map holds unknown numbers.", "Use the maps as published."
        )
    turned = SimpleITK.GetImageFromArray(fine)  # bytes: four times as fast to turn as the numbers
    turned.CopyInformation(picture)
    return from_fine(
        path.name.split(".")[0], SimpleITK.GetArrayFromImage(SimpleITK.DICOMOrient(turned, "LPS"))
    )


def _indices(stored: NDArray[Any]) -> UInt8 | None:
    """The places of the numbers in :data:`FINE`; None where one is unknown."""
    if not (stored.min() >= 0 and stored.max() <= max(FINE)):
        return None
    lookup = np.full(max(FINE) + 1, _UNKNOWN, np.uint8)
    lookup[list(FINE)] = np.arange(len(FINE), dtype=np.uint8)
    whole = stored if stored.dtype.kind in "iu" else np.rint(stored).astype(np.int32)
    fine = lookup[whole]
    return None if fine.max() == _UNKNOWN else fine


def from_fine(name: str, fine: UInt8) -> LabelMap:
    """A map of an array of indices into :data:`FINE`: finds the middle of the brain."""
    classes = CLASS_OF[fine]
    brain = (classes > 0) & (classes != index_of("csf")) & (classes != index_of("brain_stem"))
    if not brain.any():
        raise BrokenTraining(f"{name}: the label map holds no brain.", "Use the maps as published.")
    centre = []
    for axis in range(3):
        rest = tuple(k for k in range(3) if k != axis)
        where = np.flatnonzero(brain.any(axis=rest))
        centre.append(float(where[0] + where[-1]) / 2)
    return LabelMap(name, fine, (centre[0], centre[1], centre[2]))


def map_files(folder: Path) -> list[Path]:
    """The label maps of a folder by name. Raises :class:`BrokenTraining` where there is none."""
    found = sorted(p for p in folder.glob("*.nii*") if re.search(r"\d+\.nii", p.name))
    if not found:
        raise BrokenTraining("No label maps were found.", "Put the data folder beside the project.")
    return found


def read_maps(folder: Path, names: Sequence[str]) -> list[LabelMap]:
    """The maps of those names. Raises :class:`BrokenTraining` naming one that is missing."""
    files = {path.name.split(".")[0]: path for path in map_files(folder)}
    missing = [name for name in names if name not in files]
    if missing:
        raise BrokenTraining(
            f"The label map {missing[0]} is missing.", "Put the whole data folder beside the project."
        )
    return [read_map(files[name]) for name in names]


def mirror_groups() -> NDArray[np.int64]:
    """For each entry of :data:`FINE` the number of its tissue group; both halves of a pair share one."""
    right_of = dict(_MIRROR)
    for structure in STRUCTURES:
        for left, right in zip(structure.left, structure.right, strict=True):
            right_of[left] = right
    left_of = {right: left for left, right in right_of.items()}
    keys = [left_of.get(label, label) for label in FINE]
    order = sorted(set(keys), key=FINE.index)
    return np.array([order.index(key) for key in keys])
