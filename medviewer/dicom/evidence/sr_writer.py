"""What was measured, judged and decided as a Comprehensive 3D SR by PS3.16 TID 1500.

It is partial, preliminary and unverified until a named person verifies it (:func:`verified`): then it is
another document, whose predecessor is the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
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
from medviewer.dicom.evidence.written_segments import WrittenSegments, place_of, reference_to_all
from medviewer.dicom.study import Series
from medviewer.errors import UsageError

SR_STORAGE = "1.2.840.10008.5.1.4.1.1.88.34"
_RADIOGRAPH = Concept("43468-8", "LN", "XR unspecified body region")
_PROCEDURES = {
    "CT": Concept("25045-6", "LN", "CT unspecified body region"),
    "MR": Concept("25056-3", "LN", "MRI unspecified body region"),
    "PT": Concept("44136-0", "LN", "PET unspecified body region"),
    "NM": Concept("49118-3", "LN", "NM unspecified body region"),
    **dict.fromkeys(("CR", "DX", "MG", "XA", "RF"), _RADIOGRAPH),
}
"""By modality, of PS3.16 CID 100."""
_ANY_PROCEDURE = Concept("363679005", "SCT", "Imaging procedure")


def report(
    origin: Origin, series: Series, evidence: Evidence, new: NewObject, *segs: WrittenSegments
) -> Dataset:
    """One SR of all findings of a result; ``segs``: the segmentations that their outlines are in, the model's
    and the reader's. A finding that is in none has no outline.

    Raises :class:`UsageError` where there is no finding, one refers to what is not there, or a figure is no
    number.
    """
    if not evidence.observations:
        raise UsageError("There is no finding, so there is no report object to write.")
    used = {i.sop_uid for i in series.instances} | {u for o in evidence.observations for u, _ in o.images}
    images = {image.sop_uid: image for image in origin.images}
    ds = begin(origin, new)
    for element in _content(series, evidence, images, segs):
        ds[element.tag] = element
    ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag = "PARTIAL", "UNVERIFIED", "PRELIMINARY"
    ds.PerformedProcedureCodeSequence = []
    ds.ReferencedPerformedProcedureStepSequence = []
    evidence_images = [image for image in origin.images if image.sop_uid in used]
    ds.CurrentRequestedProcedureEvidenceSequence = [_evidence(origin, evidence_images, segs)]
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
    series: Series,
    evidence: Evidence,
    images: dict[str, SourceImage],
    segs: Sequence[WrittenSegments],
) -> Any:
    """The root of the content tree."""
    import highdicom as hd  # a second to import

    from medviewer.dicom.evidence.sr_groups import group

    groups = []
    for one in evidence.observations:
        place = place_of(one.region, segs)
        groups.append(group(one, evidence.algorithm, images, place, series.uid))
    tree = hd.sr.MeasurementReport(
        observation_context=_context(evidence.algorithm, evidence.observer),
        procedure_reported=code(_PROCEDURES.get(series.modality, _ANY_PROCEDURE)),
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
    if person is not None and person.written:
        told = hd.sr.PersonObserverIdentifyingAttributes(
            name=person.written, organization_name=person.organisation or None
        )
        reader = hd.sr.ObserverContext(codes.cid270.Person, told)
    return hd.sr.ObservationContext(
        observer_person_context=reader,
        observer_device_context=hd.sr.ObserverContext(codes.cid270.Device, device),
    )


def _evidence(origin: Origin, images: list[SourceImage], segs: Sequence[WrittenSegments]) -> Dataset:
    """All that the report stands on (PS3.3 C.17.2.3, Hierarchical SOP Instance Reference)."""
    by_series: dict[str, list[Dataset]] = {}
    for image in images:
        by_series.setdefault(image.series_uid, []).append(reference(image))
    for seg in segs:
        by_series.setdefault(seg.series_uid, []).append(reference_to_all(seg))
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
    if not person.written.strip("^ ") or not person.organisation.strip():
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
    entry.VerifyingObserverName, entry.VerifyingOrganization = person.written, person.organisation[:64]
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
