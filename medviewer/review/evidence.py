"""A result and the reader's decisions on it as evidence (:mod:`medviewer.dicom.evidence`): plain values.

The one place that knows both worlds. What a finding says is taken over as it is; what the reader decided
stands beside it, and nothing is said to be verified.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from medviewer.ai.findings import AnalysisResult, Code, Finding, Measurement, Provenance
from medviewer.dicom.evidence import concepts as c
from medviewer.dicom.evidence.facts import (
    Algorithm,
    Concept,
    Evaluation,
    Evidence,
    Observation,
    Person,
    Quantity,
    Region,
    Tracking,
)
from medviewer.dicom.objects.ct import seeded_uid
from medviewer.dicom.objects.seg import SEGMENT_CODES
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Mask
from medviewer.review.deciding import on_own_outlines
from medviewer.review.modification import SUFFIX, Modification, modified
from medviewer.review.state import Decision, Verdict

_DECISIONS = {
    # Of the model's own findings: what the reader made of one is a finding beside it.
    Verdict.PENDING: c.NOT_REVIEWED,
    Verdict.ACCEPTED: c.ACCEPTED,
    Verdict.MODIFIED: c.REPLACED,
    Verdict.REJECTED: c.REJECTED,
}
_NAMES: Mapping[str, tuple[Concept, Concept | None]] = {
    "Volume": (c.VOLUME, None),
    "Area": (c.AREA, None),
    "Mean density": (c.ATTENUATION, c.MEAN),
}
"""Names of figures that have a code of their own, with the derivation that belongs to it."""
_ALTERED = frozenset({"87433001", "95436008", "786838002", "233604007"})
"""SNOMED CT codes our models use that name a change, not a part, of the body."""


def evidence(
    result: AnalysisResult,
    series: Series,
    decisions: Mapping[str, Decision],
    *,
    reader: Person | None = None,
    sides: Mapping[str, Code] | None = None,
) -> Evidence:
    """What one result leaves. ``sides``: laterality of masks by name, where the code of the label has none
    (:attr:`medviewer.ai.card.Label.laterality`).

    A finding that the reader modified is told twice: as the model made it, and as the reader did, with an
    outline, figures and tracking of its own.
    """
    halves, beside = sides or {}, on_own_outlines(result, decisions)
    regions: dict[str, Region] = {}
    changed: list[Region] = []
    observations = []
    for finding in result.findings:
        key, decision = _key(finding), decisions.get(finding.id)
        track = Tracking(key[:64], seeded_uid("tracking", *_run(result.provenance), key))
        side = _concept(halves.get(key))
        if finding.mask is not None and key not in regions:
            regions[key] = _region(finding, finding.mask, track, side)
        observation = _observation(finding, series, track, side, decision)
        is_own = decision is None or decision.modification is None
        observations.append(replace(observation, remarks=(*observation.remarks, *(beside if is_own else ()))))
        if decision is not None and decision.modification is not None and finding.mask is not None:
            theirs = _modified(finding, decision, decision.modification, track, _run(result.provenance))
            region = _region(finding, finding.mask, track, side)
            changed.append(_modified_region(region, theirs, track))
            observations.append(_modified_observation(theirs, series, side))
    made = datetime.fromisoformat(result.provenance.started)
    algorithm = _algorithm(result.provenance)
    return Evidence(
        algorithm, tuple(regions.values()), tuple(observations), made, reader, modified=tuple(changed)
    )


@dataclass(frozen=True, eq=False)
class _Modified:
    """A finding as the reader made it, by what it is followed, and who made it of what, in words."""

    finding: Finding
    mask: Mask
    track: Tracking
    note: str


def _modified(
    finding: Finding, decision: Decision, change: Modification, own: Tracking, run: tuple[str, ...]
) -> _Modified:
    made = modified(finding, change)
    if made.mask is None:  # pragma: no cover - a modified finding has an outline
        raise ValueError("a modified finding without an outline")
    name = f"{own.id[: 64 - len(SUFFIX)]}{SUFFIX}"
    uid = seeded_uid("tracking", *run, finding.id, change.digest, decision.reader, decision.time)
    who = decision.reader or "a reader without name"
    note = f"Modified by {who}, {decision.time}, from the model's outline {own.id} ({own.uid})."
    return _Modified(made, made.mask, Tracking(name, uid), note)


def _modified_region(own: Region, theirs: _Modified, track: Tracking) -> Region:
    return replace(
        own,
        tracking=theirs.track,
        title=f"{own.title[:54]}, modified",
        mask=theirs.mask,
        edited=True,
        source=track.uid,
        note=theirs.note,
    )


def _modified_observation(theirs: _Modified, series: Series, side: Concept | None) -> Observation:
    """The reader's figures: no algorithm's, accepted by being made."""
    made = _observation(theirs.finding, series, theirs.track, side, None)
    return replace(
        made,
        evaluations=(Evaluation(c.DECISION, c.MODIFIED),),
        remarks=(*made.remarks, theirs.note),
        by_reader=True,
    )


def _key(finding: Finding) -> str:
    """By what a finding is followed: its outline, which several findings may share, else its own name."""
    return finding.mask.name if finding.mask is not None else finding.label


def _run(run: Provenance) -> tuple[str, ...]:
    return run.series_uid, run.model_id, run.model_version, run.weights_sha256, run.started


def _algorithm(run: Provenance) -> Algorithm:
    model = (run.model_id, run.model_version, run.weights_sha256)
    return Algorithm(
        run.model_title, run.model_version, "MedViewer", run.weights_sha256, seeded_uid("model", *model)
    )


def _concept(code: Code | None) -> Concept | None:
    return None if code is None else Concept(code.value, code.scheme, code.meaning)


def _kind(finding: Finding) -> Concept:
    """The finding's own code, or one of ours that says what it is called."""
    return _concept(finding.code) or c.own(_slug(finding.label), finding.label[:64])


def _category(kind: Concept, finding: Finding) -> Concept | None:
    if kind.scheme != "SCT":
        return None
    return c.ALTERED if kind.value in _ALTERED else c.ANATOMY if finding.mask is not None else None


def _slug(name: str) -> str:
    """A code value of at most 16 characters, the same for the same name."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if name.isascii() and 0 < len(plain) <= 16:
        return plain
    return "x" + hashlib.sha256(name.encode()).hexdigest()[:15]


def _region(finding: Finding, mask: Mask, track: Tracking, side: Concept | None) -> Region:
    coded = SEGMENT_CODES.get(mask.name)
    if coded is not None:
        category, kind = (Concept(x.value, x.scheme_designator, x.meaning) for x in coded)
    else:
        kind = _kind(finding)
        category = _category(kind, finding) or c.TISSUE
    title = mask.name.replace("_", " ").capitalize()
    return Region(track, title, category, kind, mask, finding.colour, side)


def _observation(
    finding: Finding, series: Series, track: Tracking, side: Concept | None, decision: Decision | None
) -> Observation:
    kind = _kind(finding)
    quantities = [q for m in finding.measurements if (q := _quantity(m)) is not None]
    verdict = Verdict.PENDING if decision is None else decision.verdict
    return Observation(
        track,
        kind,
        _category(kind, finding),
        side,
        region=track.uid if finding.mask is not None else "",
        images=_images(finding, series),
        quantities=(*_score(finding), *quantities),
        evaluations=(Evaluation(c.DECISION, _DECISIONS[verdict]),),
        remarks=tuple(_remarks(finding, decision)),
    )


def _images(finding: Finding, series: Series) -> tuple[tuple[str, int], ...]:
    index = finding.key_slice if finding.key_slice is not None else 0
    if finding.key_slice is None and len(series.instances) > 1:
        return ()
    image = series.instances[index]
    return ((image.sop_uid, image.frame),)


def _score(finding: Finding) -> tuple[Quantity, ...]:
    if finding.score is None or not math.isfinite(finding.score):
        return ()
    name = c.PROBABILITY if finding.is_calibrated else c.SCORE
    return (Quantity(name, finding.score, c.unit("")[0], note=finding.score_meaning),)


def _quantity(measurement: Measurement) -> Quantity | None:
    """A figure with the decimals it is shown with, for no object may claim more; None where it is no number.
    A range that does not hold its value stays in the sentence."""
    if not math.isfinite(measurement.value):
        return None
    name, derivation = _NAMES.get(measurement.name, (None, None))
    code, said = c.unit(measurement.unit)
    ends = measurement.range
    value, low, high = _rounded(measurement.value, measurement), None, None
    if ends is not None and _holds(ends, measurement.value):
        low, high = (_rounded(end, measurement) for end in ends)
    return Quantity(
        name or c.own(_slug(measurement.name), measurement.name[:64]),
        value,
        code,
        low,
        high,
        derivation,
        "; ".join(x for x in (said, measurement.indicative) if x),
    )


def _rounded(value: float, measurement: Measurement) -> float:
    return round(value, measurement.decimals) + 0.0


def _holds(ends: tuple[float, float], value: float) -> bool:
    return all(map(math.isfinite, ends)) and ends[0] <= value <= ends[1]


def _remarks(finding: Finding, decision: Decision | None) -> list[str]:
    """The model's sentence, its rule, its threshold, its warnings, and the reader's reason."""
    said = [finding.sentence, finding.criterion]
    if finding.threshold is not None:
        said.append(f"Threshold of the model: {finding.threshold:g}")
    said += [notice.text for notice in finding.warnings]
    said += [f"{m.name}: could not be measured" for m in finding.measurements if not math.isfinite(m.value)]
    if decision is not None and decision.reason:
        said.append(f"Reader's reason: {decision.reason}")
    return [text for text in said if text.strip()]
