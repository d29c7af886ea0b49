"""Is this brain plausible? Looked at after the run; what fails is said, and a swapped side ends the run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.brain_labels import LEFT, RIGHT, joint
from medviewer.ai.brain_volumes import Amount, asymmetry_percent, brain_tissue, half
from medviewer.ai.findings import Notice
from medviewer.ai.mask_cleanup import main_pieces
from medviewer.imaging.numbers import between, number
from medviewer.imaging.volume import Geometry

TISSUE_ML = (800.0, 1800.0)
"""Brain tissue of an adult."""
IMPOSSIBLE_ML = (300.0, 2600.0)
"""Outside this it is no whole adult brain: no reliable result."""
CUT_MM2 = 400.0
"""A brain this large on a face of the picture goes on beyond it."""
STRAY_SHARE = 0.02
HALVES_PERCENT = 15.0
"""The two halves of a cerebrum differ by a few percent."""
PLAUSIBLE_ML: Mapping[str, tuple[float, float]] = {
    "lateral_ventricle": (1.0, 90.0),
    "thalamus": (3.5, 11.0),
    "caudate": (1.8, 7.0),
    "hippocampus": (1.5, 7.0),
    "cerebellar_cortex": (25.0, 85.0),
}
"""Of one half, adults (the sixteen label maps, widened by half)."""
_CEREBRUM = ("cerebral_white_matter", "cerebral_cortex")

UInt8 = NDArray[np.uint8]


def failure(classes: UInt8, geometry: Geometry, found: Mapping[str, Amount]) -> Notice | None:
    """Why there is no reliable result, or None."""
    tissue = brain_tissue(found).ml
    if tissue == 0:
        return Notice(
            "NO_RELIABLE_RESULT", "No brain was found in these images: there is no reliable result."
        )
    if not IMPOSSIBLE_ML[0] <= tissue <= IMPOSSIBLE_ML[1]:
        text = (
            f"The brain would hold {number(tissue, 'mL')}: this is no whole adult brain, or the model failed."
        )
        return Notice("NO_RELIABLE_RESULT", text)
    if sides_swapped(classes, geometry):
        text = (
            "The model's right and left are not on the patient's right and left: there is no reliable result."
        )
        return Notice("SIDES_SWAPPED", text)
    return None


def inner_box(classes: UInt8) -> tuple[slice, slice, slice]:
    """The box of all that is not background, empty where all is: air is most of a large series."""
    ends = []
    for axis in range(3):
        held = np.flatnonzero(classes.any(axis=tuple(a for a in range(3) if a != axis)))
        ends.append(slice(int(held[0]), int(held[-1]) + 1) if held.size else slice(0, 0))
    return ends[0], ends[1], ends[2]


def sides_swapped(classes: UInt8, geometry: Geometry) -> bool:
    """Whether the middle of any larger pair's left half lies to the right of its right half (LPS x)."""
    box = inner_box(classes)
    start, inner = np.array([part.start for part in box]), classes[box]
    places: dict[tuple[int, int], float] = {}
    for value, (k, side, _) in enumerate(joint()):
        if side is None:
            continue
        mask = inner == value
        if np.count_nonzero(mask) * geometry.voxel_ml >= _LARGE_ML:
            places[k, side] = float(geometry.position(start + _middle(mask))[0])
    pairs = {k for k, _ in places if (k, LEFT) in places and (k, RIGHT) in places}
    return any(places[k, LEFT] <= places[k, RIGHT] for k in pairs)


def _middle(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean index of what is in the mask, without a list of its voxels."""
    along = [mask.sum(axis=tuple(a for a in range(3) if a != axis)) for axis in range(3)]
    return np.array([np.average(np.arange(len(n)), weights=n) for n in along])


_LARGE_ML = 1.0


def notices(classes: UInt8, geometry: Geometry, found: Mapping[str, Amount]) -> list[Notice]:
    """What a reader should know beside the figures."""
    brain = np.isin(classes, _tissue_values())
    return [
        *_cut(brain, geometry),
        *_strays(brain),
        *_tissue_range(found),
        *_halves(found),
    ]


def _tissue_values() -> list[int]:
    return [value for value, (_, _, name) in enumerate(joint()) if name not in ("background", "csf")]


def _cut(brain: NDArray[np.bool_], geometry: Geometry) -> list[Notice]:
    """Brain on a face of the picture (the cord, far thinner than the limit, may go on below)."""
    spacing = geometry.spacing_mm
    for axis in range(3):
        area = geometry.voxel_ml * 1000 / spacing[axis]
        for end in (0, -1):
            face = np.take(brain, end, axis=axis)
            if np.count_nonzero(face) * area >= CUT_MM2:
                text = "The brain goes on beyond the picture: volumes are lower bounds, ratios not valid."
                return [Notice("CUT_BY_FIELD_OF_VIEW", text)]
    return []


def _strays(brain: NDArray[np.bool_]) -> list[Notice]:
    main, whole = (int(np.count_nonzero(b)) for b in (main_pieces(brain.copy()), brain))
    islands = 1.0 - main / max(1, whole)
    if islands < STRAY_SHARE:
        return []
    return [Notice("ISLANDS", f"{number(100 * islands, '%')} of the brain lies in separate islands.")]


def _tissue_range(found: Mapping[str, Amount]) -> list[Notice]:
    tissue = brain_tissue(found).ml
    if TISSUE_ML[0] <= tissue <= TISSUE_ML[1]:
        return []
    usual = between(*TISSUE_ML, "mL")
    text = f"Brain: {number(tissue, 'mL')} is outside the plausible range of {usual} for an adult."
    return [Notice("VOLUME_RANGE", text)]


def _halves(found: Mapping[str, Amount]) -> list[Notice]:
    left, right = (half(found, _CEREBRUM, side).ml for side in (LEFT, RIGHT))
    if left + right <= 0:
        return []
    percent = asymmetry_percent(left, right)
    if abs(percent) <= HALVES_PERCENT:
        return []
    text = f"The halves of the cerebrum differ by {number(abs(percent), '%')}: a lesion, or the model failed."
    return [Notice("HALVES_DIFFER", text)]


def structures(found: Mapping[str, Amount]) -> dict[str, list[Notice]]:
    """By structure, which of its halves is missing or of an implausible size."""
    out: dict[str, list[Notice]] = {}
    for structure, limits in PLAUSIBLE_ML.items():
        for side in ("left", "right"):
            ml = found[f"{side}_{structure}"].ml
            title = f"{side.capitalize()} {structure.replace('_', ' ')}"
            if ml == 0:
                out.setdefault(structure, []).append(Notice("EMPTY_MASK", f"{title}: not found."))
            elif not limits[0] <= ml <= limits[1]:
                usual = between(*limits, "mL", 1)
                text = (
                    f"{title}: {number(ml, 'mL', 1)} is outside the plausible range of {usual} for an adult."
                )
                out.setdefault(structure, []).append(Notice("VOLUME_RANGE", text))
    return out
