"""What the brain says: from the class map to findings a clinician may read out. Indicative, and said so.

Nothing here is a verdict: volumes depend on age and size of the head, and the model has no reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import brain_checks
from medviewer.ai.brain_labels import LEFT, RIGHT, STRUCTURES, joint, joint_names
from medviewer.ai.brain_look import BrainAnswer, look
from medviewer.ai.brain_volumes import (
    Amount,
    amounts,
    asymmetry_percent,
    both,
    brain_tissue,
    half,
    ventricle_to_brain,
)
from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Code, Finding, Measurement, Notice
from medviewer.ai.lung_density import finding_id
from medviewer.ai.mask_cleanup import main_pieces
from medviewer.ai.request import Network, Outcome, Request
from medviewer.dicom.study import Series
from medviewer.errors import BundleError
from medviewer.imaging.numbers import between, number
from medviewer.imaging.volume import Mask, Volume
from medviewer.tasks import TaskContext

INDICATIVE = "learned from synthetic heads"
RANGE_CRITERION = "range over four looks"
"""Plain, mirrored, and half a voxel to either side: the card says so."""


@dataclass(frozen=True)
class Shown:
    """One entry of the list of findings: one or more of the network's structures, their colour and code."""

    name: str
    title: str
    structures: tuple[str, ...]
    colour: str
    code: str = ""
    decimals: int = 1

    @property
    def paired(self) -> bool:
        """Whether it has a left and a right half."""
        return all(s.paired for s in STRUCTURES if s.name in self.structures)


SHOWN = (
    Shown("lateral_ventricles", "Lateral ventricles", ("lateral_ventricle",), "#56B4E9", "66720007"),
    Shown("cerebral_cortex", "Cerebral cortex", ("cerebral_cortex",), "#E69F00", "40146001", 0),
    Shown(
        "cerebral_white_matter", "Cerebral white matter", ("cerebral_white_matter",), "#F0E442", "68523003", 0
    ),
    Shown("hippocampus", "Hippocampus", ("hippocampus",), "#CC79A7", "5366008"),
    Shown("thalamus", "Thalamus", ("thalamus",), "#009E73", "42695009"),
    Shown("caudate", "Caudate nucleus and accumbens", ("caudate",), "#D55E00"),
    Shown("lentiform_nucleus", "Lentiform nucleus", ("putamen", "pallidum"), "#AA4499"),
    Shown(
        "cerebellum",
        "Cerebellum",
        ("cerebellar_white_matter", "cerebellar_cortex"),
        "#0072B2",
        "113305005",
        0,
    ),
    Shown("brain_stem", "Brain stem", ("brain_stem",), "#999933", "119238007"),
)
"""What is listed, in this order; neighbours have colours that no eye confuses. Codes are SNOMED CT's as DICOM
lists them (PS3.16 CID 7140; it has none for two of its structures as one: lentiform nucleus, caudate and
accumbens). What the network tells apart beyond these (amygdala, ventral diencephalon, third and fourth
ventricle) counts where it belongs and is not listed: too small, or too seldom visible, to be measured
honestly at this resolution."""


def read(ask: Network, request: Request, context: TaskContext) -> Outcome:
    """Find the brain, read it, measure it; the slice on screen gets a first answer on the way.

    Raises :class:`BundleError` for a card of other structures, NoGeometry, Cancelled.
    """
    card = request.bundle.card
    if card.network.classes != joint_names():
        message = f"Model {card.id!r} does not answer with the structures that its reading needs."
        raise BundleError(message, "Reinstall the model.")

    def one(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = ask(picture[None, None])[0]
        if len(logits) != len(card.network.outputs):
            raise BundleError("The network has not the classes its card lists.", "Reinstall the model.")
        return logits

    first = min(max(0, request.first_slice), request.volume.shape[0] - 1)

    def tell(classes: NDArray[np.uint8]) -> None:
        if request.on_slice is not None:
            request.on_slice(first, {label.id: classes == label.id for label in card.labels})

    answer = look(one, request.volume, context, on_first=(first, tell))
    return finish(request.volume, answer, request.series, card, context)


def finish(
    volume: Volume, answer: BrainAnswer, series: Series, card: ModelCard, context: TaskContext
) -> Outcome:
    """Checks and findings from an answer on the volume's grid. Raises NoGeometry, Cancelled."""
    geometry = volume.require_geometry()
    if not answer.finite:
        text = "The model's numbers are not finite: there is no reliable result."
        return Outcome(failure=Notice("NO_RELIABLE_RESULT", text))
    context.report(0.9, "Measuring")
    classes = without_islands(answer.classes)
    context.check()
    counts = _counts(classes)
    ml = {name: float(counts[k]) * geometry.voxel_ml for k, name in enumerate(joint_names())}
    found = amounts(ml, answer.spread)
    failed = brain_checks.failure(classes, geometry, found)
    if failed is not None:
        return Outcome(failure=failed)
    context.check()
    doubts = brain_checks.structures(found)
    masks = {}
    for shown in SHOWN:
        context.check()
        masks[shown.name] = _mask(classes, shown, volume)
    findings = brain_findings(found, masks, series, card, doubts)
    warnings = brain_checks.notices(classes, geometry, found)
    missing = [s for shown in SHOWN if not masks[shown.name].voxel_count for s in shown.structures]
    warnings += [notice for structure in missing for notice in doubts.get(structure, ())]
    return Outcome(tuple(findings), tuple(warnings), spans=_span(classes))


def _counts(classes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Voxels of each class. Slice by slice: bincount takes eight bytes a voxel, 1.2 GB of a large series."""
    slices = [np.bincount(part.ravel(), minlength=len(joint_names())) for part in classes]
    return np.asarray(np.sum(slices, axis=0))


def without_islands(classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The class map with the main piece of the brain alone (the fluid around it goes with it)."""
    box = brain_checks.inner_box(classes)
    inner, out = classes[box], np.zeros_like(classes)
    out[box] = np.where(main_pieces(inner > 0), inner, np.uint8(0))
    return out


def _span(classes: NDArray[np.uint8]) -> tuple[int, int]:
    """The first and the last stored slice that matter: those with brain, and one beyond."""
    holding = np.flatnonzero((classes > 0).any(axis=(1, 2)))
    return max(0, int(holding[0]) - 1), min(len(classes) - 1, int(holding[-1]) + 1)


def brain_findings(
    found: Mapping[str, Amount],
    masks: Mapping[str, Mask],
    series: Series,
    card: ModelCard,
    doubts: Mapping[str, Sequence[Notice]],
) -> list[Finding]:
    """The ratio first, then every structure of :data:`SHOWN` that was found.

    ``masks`` by name of SHOWN, ``doubts`` by name of a structure: they stand with its finding.
    """
    ratio = _ratio(found, series, card, masks["lateral_ventricles"])
    rest = [_structure(shown, found, series, card, masks[shown.name]) for shown in SHOWN]
    return [
        ratio,
        *(_doubted(f, shown, doubts) for f, shown in zip(rest, SHOWN, strict=True) if f is not None),
    ]


def _doubted(finding: Finding, shown: Shown, doubts: Mapping[str, Sequence[Notice]]) -> Finding:
    notices = [notice for structure in shown.structures for notice in doubts.get(structure, ())]
    return replace(finding, warnings=(*finding.warnings, *notices))


def _ratio(found: Mapping[str, Amount], series: Series, card: ModelCard, mask: Mask) -> Finding:
    tissue, fluid, ratio = brain_tissue(found), both(found, "lateral_ventricle"), ventricle_to_brain(found)
    sentence = (
        f"Ventricle-to-brain ratio {number(ratio.ml, '%', 1)} "
        f"({between(ratio.low, ratio.high, '%', 1)}; indicative): "
        f"lateral ventricles {number(fluid.ml, 'mL')}, brain tissue {number(tissue.ml, 'mL')}."
    )
    return Finding(
        id=finding_id(card, series, "ventricle_to_brain"),
        label="Ventricle-to-brain ratio",
        sentence=sentence,
        criterion="both lateral ventricles ÷ brain tissue (without ventricles and outer fluid); "
        "no limit is applied: it depends on age",
        measurements=(
            Measurement("Ventricle-to-brain ratio", ratio.ml, "%", (ratio.low, ratio.high), INDICATIVE),
            Measurement("Brain tissue", tissue.ml, "mL", (tissue.low, tissue.high), INDICATIVE, 0),
        ),
        slices=mask.slice_range,
        key_slice=mask.largest_slice,
        colour=SHOWN[0].colour,
    )


def _structure(
    shown: Shown, found: Mapping[str, Amount], series: Series, card: ModelCard, mask: Mask
) -> Finding | None:
    if mask.voxel_count == 0:
        return None
    measurements, said = _paired(shown, found) if shown.paired else _single(shown, found)
    return Finding(
        id=finding_id(card, series, shown.name),
        label=shown.title,
        sentence=f"{shown.title} (indicative): {said}.",
        code=Code("SCT", shown.code, shown.title) if shown.code else None,
        criterion=RANGE_CRITERION,
        mask=mask,
        measurements=tuple(measurements),
        slices=mask.slice_range,
        key_slice=mask.largest_slice,
        colour=shown.colour,
    )


def _paired(shown: Shown, found: Mapping[str, Amount]) -> tuple[list[Measurement], str]:
    right, left = (half(found, shown.structures, side) for side in (RIGHT, LEFT))
    whole, said = _single(shown, found)
    measurements = [
        *whole,
        _volume("Right volume", right, shown.decimals),
        _volume("Left volume", left, shown.decimals),
    ]
    said += f"; right {_told(right, shown.decimals)}, left {_told(left, shown.decimals)}"
    if min(left.ml, right.ml) <= 0:
        return measurements, f"{said}; one side was not found"
    percent = asymmetry_percent(left.ml, right.ml)
    measurements.append(Measurement("Asymmetry (left − right) ÷ mean", percent, "%", None, INDICATIVE, 0))
    if abs(percent) < _ALIKE:
        return measurements, f"{said}; they differ by less than {number(_ALIKE, '%')} of their mean"
    larger = "left larger" if percent > 0 else "right larger"
    return measurements, f"{said}; {larger} by {number(abs(percent), '%')} of their mean"


_ALIKE = 1.0


def _single(shown: Shown, found: Mapping[str, Amount]) -> tuple[list[Measurement], str]:
    whole = sum((both(found, s) for s in shown.structures[1:]), start=both(found, shown.structures[0]))
    return [_volume("Volume", whole, shown.decimals)], _told(whole, shown.decimals)


def _volume(name: str, amount: Amount, decimals: int) -> Measurement:
    return Measurement(name, amount.ml, "mL", (amount.low, amount.high), INDICATIVE, decimals)


def _told(amount: Amount, decimals: int) -> str:
    return f"{number(amount.ml, 'mL', decimals)} ({between(amount.low, amount.high, 'mL', decimals)})"


def _mask(classes: NDArray[np.uint8], shown: Shown, volume: Volume) -> Mask:
    wanted = _values(shown.structures)
    return Mask.from_full(wanted[0], shown.name, np.isin(classes, wanted), volume.geometry)


def _values(structures: Sequence[str]) -> list[int]:
    """Numbers in a class map of some structures, both halves."""
    return [value for value, (k, _, _) in enumerate(joint()) if STRUCTURES[k].name in structures]
