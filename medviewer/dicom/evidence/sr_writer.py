"""What was measured, judged and decided as a Comprehensive 3D SR by PS3.16 TID 1500.

It is partial, preliminary and unverified until a named person verifies it (:func:`verified`): then it is
another document, whose predecessor is the first.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.evidence.concepts import DECISION, NOT_REVIEWED, OWN_SCHEME, code, concept_of, same
from medviewer.dicom.evidence.derived import (
    MAKER,
    RESEARCH,
    NewObject,
    Origin,
    SourceImage,
    add_contributor,
    begin,
    new_uid,
    reference,
)
from medviewer.dicom.evidence.facts import Algorithm, Concept, Evidence, Person
from medviewer.dicom.study import Series
from medviewer.errors import UsageError

SR_STORAGE = "1.2.840.10008.5.1.4.1.1.88.34"
_SEG_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
_PROCEDURES = {
    "CT": Concept("77477000", "SCT", "Computed Tomography X-Ray"),
    "MR": Concept("113091000", "SCT", "Magnetic Resonance Imaging"),
    "PT": Concept("82918005", "SCT", "Positron Emission Tomography"),
    "US": Concept("16310003", "SCT", "Ultrasonography"),
}
_ANY_PROCEDURE = Concept("363679005", "SCT", "Imaging procedure")


@dataclass(frozen=True)
class WrittenSegments:
    """The segmentation a report refers to: tracking UID of each region -> number of its segment."""

    sop_uid: str
    series_uid: str
    numbers: dict[str, int]


def segments_of(seg: Dataset) -> WrittenSegments:
    """What a report may refer to in a SEG of :mod:`~medviewer.dicom.evidence.seg_writer`."""
    numbers = {str(s.TrackingUID): int(s.SegmentNumber) for s in seg.SegmentSequence}
    return WrittenSegments(str(seg.SOPInstanceUID), str(seg.SeriesInstanceUID), numbers)


def report(
    origin: Origin, series: Series, evidence: Evidence, new: NewObject, seg: WrittenSegments | None = None
) -> Dataset:
    """One SR of all findings of a result; without ``seg`` no finding has an outline.

    Raises :class:`UsageError` where there is no finding, one refers to what is not there, or a figure is no
    number.
    """
    if not evidence.observations:
        raise UsageError("There is no finding, so there is no report object to write.")
    used = {i.sop_uid for i in series.instances} | {u for o in evidence.observations for u, _ in o.images}
    images = {image.sop_uid: image for image in origin.images}
    ds = begin(origin, new)
    for element in _content(origin, series, evidence, images, seg):
        ds[element.tag] = element
    ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag = "PARTIAL", "UNVERIFIED", "PRELIMINARY"
    ds.PerformedProcedureCodeSequence = []
    ds.ReferencedPerformedProcedureStepSequence = []
    evidence_images = [image for image in origin.images if image.sop_uid in used]
    ds.CurrentRequestedProcedureEvidenceSequence = [_evidence(origin, evidence_images, seg)]
    ds.CodingSchemeIdentificationSequence = [_own_scheme()]
    ds.ContentQualification = RESEARCH
    algorithm = evidence.algorithm
    add_contributor(ds, algorithm.name, algorithm.version, "Measured and judged", evidence.made)
    return ds


def _own_scheme() -> Dataset:
    entry = Dataset()
    entry.CodingSchemeDesignator, entry.CodingSchemeName = OWN_SCHEME, "MedViewer's own codes"
    entry.CodingSchemeResponsibleOrganization = MAKER
    return entry


def _content(
    origin: Origin,
    series: Series,
    evidence: Evidence,
    images: dict[str, SourceImage],
    seg: WrittenSegments | None,
) -> Any:
    """The root of the content tree."""
    import highdicom as hd  # a second to import

    from medviewer.dicom.evidence.sr_groups import group

    groups = []
    for one in evidence.observations:
        number = None if seg is None or not one.region else seg.numbers.get(one.region)
        place = None if seg is None or number is None else (seg.sop_uid, number)
        groups.append(group(one, evidence.algorithm, images, place, series.uid))
    tree = hd.sr.MeasurementReport(
        observation_context=_context(evidence.algorithm, evidence.observer),
        procedure_reported=code(_procedure(origin, series)),
        imaging_measurements=groups,
    )
    return tree[0]


def _context(algorithm: Algorithm, person: Person | None) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=algorithm.device_uid,
        name=algorithm.name,
        manufacturer_name=algorithm.source,
        model_name=f"{algorithm.name} {algorithm.version}",
    )
    reader = None
    if person is not None:
        told = hd.sr.PersonObserverIdentifyingAttributes(
            name=person.name, organization_name=person.organisation or None
        )
        reader = hd.sr.ObserverContext(codes.cid270.Person, told)
    return hd.sr.ObservationContext(
        observer_person_context=reader,
        observer_device_context=hd.sr.ObserverContext(codes.cid270.Device, device),
    )


def _procedure(origin: Origin, series: Series) -> Concept:
    """The procedure as the images name it, else the kind of imaging."""
    named = origin.header.get("ProcedureCodeSequence")
    if named:
        return concept_of(named[0])
    return _PROCEDURES.get(series.modality, _ANY_PROCEDURE)


def _evidence(origin: Origin, images: list[SourceImage], seg: WrittenSegments | None) -> Dataset:
    """All that the report stands on (PS3.3 C.17.2.3, Hierarchical SOP Instance Reference)."""
    by_series: dict[str, list[Dataset]] = {}
    for image in images:
        by_series.setdefault(image.series_uid, []).append(reference(image))
    if seg is not None:
        entry = Dataset()
        entry.ReferencedSOPClassUID, entry.ReferencedSOPInstanceUID = UID(_SEG_STORAGE), UID(seg.sop_uid)
        by_series.setdefault(seg.series_uid, []).append(entry)
    study = Dataset()
    study.StudyInstanceUID = UID(origin.study_uid)
    study.ReferencedSeriesSequence = []
    for uid, members in by_series.items():
        entry = Dataset()
        entry.SeriesInstanceUID, entry.ReferencedSOPSequence = UID(uid), members
        study.ReferencedSeriesSequence.append(entry)
    return study


def verified(first: Dataset, person: Person, when: datetime, sop_uid: str = "") -> Dataset:
    """The same document, complete and verified by a named person: a new instance that follows ``first``.

    Raises :class:`UsageError` without name or organisation, and while a finding is not reviewed.
    """
    if not person.name.strip("^= ") or not person.organisation.strip():
        raise UsageError(
            "A report object can be verified by a named person of a named organisation only.",
            "Give your name and organisation in the settings.",
        )
    if any(_is_open(item) for item in _items(first)):
        raise UsageError(
            "A finding has not been reviewed, so the report object cannot be verified.",
            "Accept, edit or reject every finding first.",
        )
    ds = deepcopy(first)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(sop_uid or new_uid())
    ds.InstanceNumber = int(first.InstanceNumber) + 1
    ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag = "COMPLETE", "VERIFIED", "FINAL"
    ds.ContentDate, ds.ContentTime = when.strftime("%Y%m%d"), when.strftime("%H%M%S")
    ds.InstanceCreationDate, ds.InstanceCreationTime = ds.ContentDate, ds.ContentTime
    entry = Dataset()
    entry.VerifyingObserverName, entry.VerifyingOrganization = person.name, person.organisation[:64]
    entry.VerificationDateTime = when.strftime("%Y%m%d%H%M%S%z")
    entry.VerifyingObserverIdentificationCodeSequence = []
    ds.VerifyingObserverSequence = [entry]
    ds.PredecessorDocumentsSequence = [_predecessor(first)]
    return ds


def _items(item: Dataset) -> list[Dataset]:
    """An item of a content tree and all below it."""
    return [item, *(below for child in item.get("ContentSequence", ()) for below in _items(child))]


def _is_open(item: Dataset) -> bool:
    if item.get("ValueType") != "CODE":
        return False
    name, value = concept_of(item.ConceptNameCodeSequence[0]), concept_of(item.ConceptCodeSequence[0])
    return same(name, DECISION) and same(value, NOT_REVIEWED)


def _predecessor(first: Dataset) -> Dataset:
    document, series, study = Dataset(), Dataset(), Dataset()
    document.ReferencedSOPClassUID = first.SOPClassUID
    document.ReferencedSOPInstanceUID = first.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedSOPSequence = first.SeriesInstanceUID, [document]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = first.StudyInstanceUID, [series]
    return study
