"""Second opinion: two models outline the same structure of one series; how far do they agree, and where not?

Two outlines are of the same structure where their coded labels say so. Where one model outlines as one what
the other outlines in parts (both lungs; right and left lung), the parts are taken together. All figures are
counted on the stored grid, voxel by voxel; nothing is resampled, and no model is taken for right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.findings import AnalysisResult, Finding, ResultState
from medviewer.imaging.volume import Geometry, Mask

CodeKey = tuple[str, str]
"""Scheme and value of a coded concept."""

PARTS: Mapping[CodeKey, frozenset[CodeKey]] = {
    ("SCT", "39607008"): frozenset({("SCT", "3341006"), ("SCT", "44029006")}),  # lung: right lung, left lung
    ("SCT", "64033007"): frozenset({("SCT", "9846003"), ("SCT", "18639004")}),  # kidney: right, left
    ("SCT", "113305005"): frozenset({("SCT", "33060004"), ("SCT", "25991003")}),  # cerebellum: white, cortex
}
"""What a model may outline as one, and another in parts (SNOMED CT, PS3.16 CID 4031, 7140, their likes)."""

MOST_SLICES = 3
"""So many of the slices that differ most are named."""
_APART = 10
"""Two of them lie at least a tenth of the structure apart: neighbours would all show the same thing."""


@dataclass(frozen=True, eq=False)
class Opinion:
    """What one model outlines of a structure. ``volume_ml`` is None without geometry."""

    model: str
    """Title and version: "Lungs on chest CT 1.0.0"."""
    maker: str
    """Id and version, where there is little room: "lung-ct 1.0.0"."""
    finding_ids: tuple[str, ...]
    voxels: int
    volume_ml: float | None
    parts: tuple[str, ...] = ()
    """The labels taken together, where the other model outlines them as one."""


@dataclass(frozen=True)
class SliceDifference:
    """On stored slice ``index`` (from 0) so many voxels belong to one outline alone."""

    index: int
    voxels: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two outlines of one structure. ``only_first`` and ``only_second``: the voxels of one outline alone."""

    structure: str
    series_key: str
    first: Opinion
    second: Opinion
    dice: float
    only_first: Mask
    only_second: Mask
    slices: tuple[SliceDifference, ...]
    """Where they differ most, the worst first; empty where they agree to the voxel."""
    notes: tuple[str, ...] = ()
    """What must be known besides: a run that was partial, or forced."""

    @property
    def finding_ids(self) -> frozenset[str]:
        """The findings compared."""
        return frozenset((*self.first.finding_ids, *self.second.finding_ids))

    @property
    def voxel_ml(self) -> float | None:
        """Millilitres of one voxel, None without geometry."""
        geometry = self.only_first.geometry
        return None if geometry is None else geometry.voxel_ml

    @property
    def difference(self) -> int:
        """Voxels of the second outline minus those of the first."""
        return self.second.voxels - self.first.voxels

    @property
    def difference_percent(self) -> float:
        """How much larger one is than the other, of the mean of both: neither is the reference."""
        return 200.0 * abs(self.difference) / (self.first.voxels + self.second.voxels)

    @cached_property
    def touched(self) -> frozenset[int]:
        """Every stored slice on which they differ."""
        found: set[int] = set()
        for mask in (self.only_first, self.only_second):
            found |= {mask.origin[0] + int(k) for k in np.flatnonzero(mask.touched(0))}
        return frozenset(found)


def compare_all(results: Sequence[AnalysisResult]) -> tuple[Comparison, ...]:
    """Every pair of results of one series, in their order; empty where no two outline the same structure."""
    return tuple(found for a, b in combinations(results, 2) for found in compare(a, b))


def compare(first: AnalysisResult, second: AnalysisResult) -> tuple[Comparison, ...]:
    """The structures that both outline, in the order of the first result. Results of two series or patients
    are never compared."""
    if (first.series_key, first.patient_key) != (second.series_key, second.patient_key):
        return ()
    a, b = _outlines(first), _outlines(second)
    pairs = [(a[key], b[key]) for key in a if key in b]
    for whole, parts in PARTS.items():
        if whole in a and whole not in b:
            pairs.append((a[whole], [x for key in b if key in parts for x in b[key]]))
        elif whole in b and whole not in a:
            pairs.append(([x for key in a if key in parts for x in a[key]], b[whole]))
    made = (_compared(first, mine, second, other) for mine, other in pairs if mine and other)
    return tuple(comparison for comparison in made if comparison is not None)


def _outlines(result: AnalysisResult) -> dict[CodeKey, list[Finding]]:
    """Findings that outline something, by their code; each mask once."""
    found: dict[CodeKey, list[Finding]] = {}
    seen: set[tuple[int, str]] = set()
    for finding in result.findings:
        mask, code = finding.mask, finding.code
        if mask is None or code is None or not mask.voxel_count or (mask.label, mask.name) in seen:
            continue
        seen.add((mask.label, mask.name))
        found.setdefault((code.scheme, code.value), []).append(finding)
    return found


def _compared(
    first: AnalysisResult, mine: list[Finding], second: AnalysisResult, other: list[Finding]
) -> Comparison | None:
    a, b = _masks(mine), _masks(other)
    if not _one_grid([*a, *b]):
        return None
    low, high = _common_box([*a, *b])
    left, right = _joined(a, low, high), _joined(b, low, high)
    grid = a[0].shape, a[0].geometry
    only_left, only_right = left & ~right, right & ~left
    sizes = int(np.count_nonzero(left)), int(np.count_nonzero(right))
    both = sizes[0] - int(np.count_nonzero(only_left))
    differing = np.count_nonzero(only_left, axis=(1, 2)) + np.count_nonzero(only_right, axis=(1, 2))
    return Comparison(
        structure=_structure(mine, other),
        series_key=first.series_key,
        first=_opinion(first, mine, sizes[0], grid[1]),
        second=_opinion(second, other, sizes[1], grid[1]),
        dice=2.0 * both / sum(sizes),
        only_first=_cropped(1, "only the first", only_left, low, *grid),
        only_second=_cropped(2, "only the second", only_right, low, *grid),
        slices=_worst(differing, low[0]),
        notes=(*_notes(first), *_notes(second)),
    )


def _structure(mine: list[Finding], other: list[Finding]) -> str:
    """The coarser outline names it ("Lungs", not "Right lung"); where both have parts, their common code."""
    coarser = min((mine, other), key=len)
    code = coarser[0].code
    return coarser[0].label if len(coarser) == 1 or code is None else code.meaning


def _opinion(
    result: AnalysisResult, findings: Sequence[Finding], voxels: int, geometry: Geometry | None
) -> Opinion:
    return Opinion(
        model_name(result),
        maker_of(result),
        tuple(finding.id for finding in findings),
        voxels,
        None if geometry is None else voxels * geometry.voxel_ml,
        tuple(finding.label for finding in findings) if len(findings) > 1 else (),
    )


def model_name(result: AnalysisResult) -> str:
    """Title and version of the model that made a result."""
    return f"{result.provenance.model_title} {result.provenance.model_version}"


def maker_of(result: AnalysisResult) -> str:
    """The model that made a result, by its id: "lung-ct 1.0.0"."""
    return f"{result.provenance.model_id} {result.provenance.model_version}"


def _notes(result: AnalysisResult) -> tuple[str, ...]:
    notes = []
    if result.state is ResultState.PARTIAL:
        notes.append(f"{model_name(result)} did not read all images.")
    if result.provenance.forced:
        why_not = (
            "the site's rule had stopped it" if result.is_stop_overridden else "these images do not suit it"
        )
        notes.append(f"{model_name(result)} was run although {why_not}.")
    return tuple(notes)


# --- voxels ------------------------------------------------------------------------------------------------


def _masks(findings: Iterable[Finding]) -> list[Mask]:
    return [finding.mask for finding in findings if finding.mask is not None]


def _one_grid(masks: Sequence[Mask]) -> bool:
    """Whether all lie on one stored grid: anything else cannot be compared voxel by voxel."""
    shape, geometry = masks[0].shape, masks[0].geometry
    for mask in masks[1:]:
        if mask.shape != shape or (mask.geometry is None) is not (geometry is None):
            return False
        if geometry is not None and mask.geometry is not None and not geometry.same_grid(mask.geometry):
            return False
    return True


def _common_box(masks: Sequence[Mask]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First voxel and the one past the last of the box that holds them all."""
    low = np.min([mask.origin for mask in masks], axis=0)
    high = np.max([np.add(mask.origin, mask.box.shape) for mask in masks], axis=0)
    return tuple(int(x) for x in low), tuple(int(x) for x in high)


def _joined(masks: Sequence[Mask], low: tuple[int, ...], high: tuple[int, ...]) -> NDArray[np.bool_]:
    """Voxels of any of the masks, within a box."""
    out = np.zeros(np.subtract(high, low), bool)
    for mask in masks:
        begin = np.subtract(mask.origin, low)
        out[tuple(slice(b, b + n) for b, n in zip(begin, mask.box.shape, strict=True))] |= mask.box
    return out


def _cropped(  # noqa: PLR0917
    label: int, name: str, inside: NDArray[np.bool_], low: tuple[int, ...], shape: tuple[int, int, int],
    geometry: Geometry | None,
) -> Mask:  # fmt: skip
    tight = Mask.from_full(label, name, inside, None)
    s, r, c = (a + b for a, b in zip(low, tight.origin, strict=True))
    return Mask(label, name, tight.box, (s, r, c) if tight.box.size else (0, 0, 0), shape, geometry)


def _worst(differing: NDArray[np.intp], first: int) -> tuple[SliceDifference, ...]:
    """The slices that differ most, some way apart from each other."""
    apart = max(1, len(differing) // _APART)
    chosen: list[int] = []
    for index in np.argsort(-differing, kind="stable"):
        if differing[index] == 0 or len(chosen) == MOST_SLICES:
            break
        if all(abs(int(index) - other) > apart for other in chosen):
            chosen.append(int(index))
    return tuple(SliceDifference(first + k, int(differing[k])) for k in chosen)
