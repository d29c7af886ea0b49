"""A report object read back and compared with what was found: figures, units, codes, decisions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from medviewer.dicom.evidence.checked import concept, identity_faults, is_same
from medviewer.dicom.evidence.concepts import COMMENT, KNOWN_UNITS, LOWER, UPPER
from medviewer.dicom.evidence.facts import Concept, Evidence, Observation, Quantity
from medviewer.dicom.objects.guarded import Item, read_guarded
from medviewer.dicom.study import Series
from medviewer.dicom.values import plain
from medviewer.errors import UnreadableImage

_GROUP = Concept("125007", "DCM", "Measurement Group")
_TRACKING_ID = Concept("112039", "DCM", "Tracking Identifier")
_TRACKING_UID = Concept("112040", "DCM", "Tracking Unique Identifier")
_FINDING = Concept("121071", "DCM", "Finding")
_SITE = Concept("363698007", "SCT", "Finding Site")
_LATERALITY = Concept("272741003", "SCT", "Laterality")
_DERIVATION = Concept("121401", "DCM", "Derivation")
_DEVICE = Concept("121012", "DCM", "Device Observer UID")
_PERSON = Concept("121008", "DCM", "Person Observer Name")
_ALGORITHM = Concept("111001", "DCM", "Algorithm Name")
_SEGMENT = Concept("121191", "DCM", "Referenced Segment")
_CLOSE = 1e-9


def report_faults(path: Path, series: Series, evidence: Evidence, *seg_paths: Path) -> tuple[str, ...]:
    """What is wrong with an SR that should hold the findings of ``evidence``; () for nothing.

    ``seg_paths``: the segmentations it should refer to.
    """
    try:
        item, _ = read_guarded(path)
        segs = [read_guarded(seg_path)[0] for seg_path in seg_paths]
    except UnreadableImage as error:
        return (f"The report object cannot be read: {error.message}",)
    faults = [*identity_faults(item, series), *_state(item), *_observers(item, evidence)]
    groups = [one for one in _below(item) if is_same(_name(one), _GROUP)]
    if len(groups) < len(evidence.observations):
        faults.append("A finding is missing from the report object.")
    elif len(groups) > len(evidence.observations):
        faults.append("The report object holds a finding that was not made.")
    else:
        for group, wanted in zip(groups, evidence.observations, strict=True):
            faults += [*_group(group, wanted), *_outline(group, wanted, segs)]
    faults += _references(item, series, segs)
    return tuple(dict.fromkeys(faults))


def _below(item: Item) -> Iterator[Item]:
    """All items below one, in order of the document."""
    for child in item.items("ContentSequence"):
        yield child
        yield from _below(child)


def _name(item: Item) -> Concept | None:
    return concept(item, "ConceptNameCodeSequence")


def _children(item: Item, name: Concept) -> list[Item]:
    return [child for child in item.items("ContentSequence") if is_same(_name(child), name)]


def _state(item: Item) -> Iterator[str]:
    flags = tuple(item.code(k) for k in ("CompletionFlag", "PreliminaryFlag", "VerificationFlag"))
    people = item.items("VerifyingObserverSequence")
    named = bool(people) and all(p.text("VerifyingObserverName").strip("^ ") for p in people)
    if flags == ("PARTIAL", "PRELIMINARY", "UNVERIFIED"):
        if people:
            yield "The report object names a verifier and says that it is not verified."
    elif flags != ("COMPLETE", "FINAL", "VERIFIED") or not named:
        yield "The report object says of itself that it is verified, but names nobody who verified it."


def _observers(item: Item, evidence: Evidence) -> Iterator[str]:
    devices = [one.code("UID") for one in _children(item, _DEVICE)]
    if devices != [evidence.algorithm.device_uid]:
        yield "The report object does not name the model that observed."
    people = [one.text("PersonName") for one in _children(item, _PERSON)]
    reader = "" if evidence.observer is None else evidence.observer.written
    if people != ([reader] if reader else []):
        yield "The report object does not name the reader who decided."


def _group(group: Item, wanted: Observation) -> Iterator[str]:
    ids = [one.text("TextValue") for one in _children(group, _TRACKING_ID)]
    uids = [one.code("UID") for one in _children(group, _TRACKING_UID)]
    if not ids or not uids:
        yield "A finding has no tracking identifier."
    elif (ids, uids) != ([plain(wanted.tracking.id)], [wanted.tracking.uid]):
        yield "A finding is followed under another tracking identifier than it should."
    kinds = [concept(one, "ConceptCodeSequence") for one in _children(group, _FINDING)]
    if len(kinds) != 1 or not is_same(kinds[0], wanted.kind):
        yield "A finding is coded as something else than what was found."
    if not _right_side(group, wanted):
        yield "A finding is on another side than what was found."
    if bool(_children(group, _ALGORITHM)) is wanted.by_reader:
        yield "A finding does not say rightly whether a model or a reader made its figures."
    yield from _figures(group, wanted)
    for evaluation in wanted.evaluations:
        answers = [concept(one, "ConceptCodeSequence") for one in _children(group, evaluation.name)]
        if len(answers) != 1 or not is_same(answers[0], evaluation.value):
            yield "The reader's decision on a finding is missing, or another."
    comments = {one.text("TextValue") for one in _children(group, COMMENT)}
    if not {plain(remark) for remark in wanted.remarks} <= comments:
        yield "A sentence about a finding is missing."


def _right_side(group: Item, wanted: Observation) -> bool:
    sites = _children(group, _SITE)
    if not sites or wanted.laterality is None:
        told = [one.text("TextValue") for one in _children(group, COMMENT)]
        return wanted.laterality is None or f"Side: {wanted.laterality.meaning}" in told
    sides = [concept(one, "ConceptCodeSequence") for one in _children(sites[0], _LATERALITY)]
    return len(sides) == 1 and is_same(sides[0], wanted.laterality)


def _figures(group: Item, wanted: Observation) -> Iterator[str]:
    found = [one for one in group.items("ContentSequence") if one.code("ValueType") == "NUM"]
    if len(found) != len(wanted.quantities):
        yield "A figure of a finding is missing, or one too many."
        return
    for item, quantity in zip(found, wanted.quantities, strict=True):
        if not is_same(_name(item), quantity.name):
            yield "A figure of a finding is called something else."
        yield from _figure(item, quantity.value, quantity.unit)
        derived = [concept(one, "ConceptCodeSequence") for one in _children(item, _DERIVATION)]
        if not is_same(derived[0] if derived else None, quantity.derivation):
            yield "A figure does not say rightly how it was derived."
        yield from _range(item, quantity)


def _range(item: Item, quantity: Quantity) -> Iterator[str]:
    upper = None if quantity.high is None else quantity.high - quantity.value
    lower = None if quantity.low is None else quantity.value - quantity.low
    for name, width in ((UPPER, upper), (LOWER, lower)):
        told = _children(item, name)
        if (width is None) != (not told):
            yield "The range of a figure is missing, or one too many."
        elif width is not None:
            yield from _figure(told[0], width, quantity.unit)


def _figure(item: Item, value: float, unit: Concept) -> Iterator[str]:
    measured = item.first("MeasuredValueSequence")
    numbers = measured.numbers("NumericValue")
    if len(numbers) != 1 or not math.isclose(numbers[0], value, rel_tol=_CLOSE, abs_tol=_CLOSE):
        yield "A figure has another value than what was measured."
    told = concept(measured, "MeasurementUnitsCodeSequence")
    if told is None or told.scheme != "UCUM" or told.value not in KNOWN_UNITS:
        yield "A figure has a unit that is none of UCUM."
    elif not is_same(told, unit):
        yield "A figure has another unit than what was measured."


def _outline(group: Item, wanted: Observation, segs: Sequence[Item]) -> Iterator[str]:
    """Whether the group refers to the segment that carries its tracking UID in the segmentation itself."""
    told = _children(group, _SEGMENT)
    places = {uid: (seg.code("SOPInstanceUID"), n) for seg in segs for uid, n in _segments(seg).items()}
    place = places.get(wanted.region) if wanted.region else None
    if place is None:
        if told:
            yield "A finding refers to an outline that it has not."
        return
    one = (told[0] if told else group).first("ReferencedSOPSequence")
    found = one.code("ReferencedSOPInstanceUID"), one.shorts("ReferencedSegmentNumber")
    if found != (place[0], (place[1],)):
        yield "A finding does not refer to its own outline."


def _segments(seg: Item) -> dict[str, int]:
    """Tracking UID -> number, as the segmentation says it."""
    entries = seg.items("SegmentSequence")
    return {e.code("TrackingUID"): next(iter(e.shorts("SegmentNumber")), 0) for e in entries}


def _references(item: Item, series: Series, segs: Sequence[Item]) -> Iterator[str]:
    """Whether the evidence lists all that the tree refers to, and nothing that is not there."""
    named = {
        one.code("ReferencedSOPInstanceUID")
        for study in item.items("CurrentRequestedProcedureEvidenceSequence")
        for entry in study.items("ReferencedSeriesSequence")
        for one in entry.items("ReferencedSOPSequence")
    }
    known = {i.sop_uid for i in series.instances} | {seg.code("SOPInstanceUID") for seg in segs}
    used = {
        one.code("ReferencedSOPInstanceUID")
        for below in _below(item)
        for one in below.items("ReferencedSOPSequence")
    }
    if not used <= named:
        yield "The report object refers to what its evidence does not list."
    if not named <= known:
        yield "The report object refers to images or objects that are not there."
