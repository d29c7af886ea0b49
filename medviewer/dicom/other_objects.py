"""Objects that are no images but belong to a study: segmentations, reports, structure sets and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medviewer.dicom.elements import Broken
from medviewer.dicom.study import DicomObject, ObjectKind, Patient, Study

if TYPE_CHECKING:
    from pathlib import Path

    from medviewer.dicom.header import Common

_STORAGE = "1.2.840.10008.5.1.4.1.1."
REGIONS = frozenset({_STORAGE + "66.4", _STORAGE + "66.7"})
"""Pixels that mark regions of other images: read by ``objects.seg``, never shown as grey levels."""
_KINDS = {
    "88.59": ObjectKind("KO", "Key object selection"),
    "88.": ObjectKind("SR", "Structured report"),
    "104.1": ObjectKind("PDF", "Encapsulated PDF"),
    "104.": ObjectKind("DOC", "Encapsulated document"),
    "481.3": ObjectKind("RTSTRUCT", "RT structure set"),
    "481.5": ObjectKind("RTPLAN", "RT plan"),
    "481.": ObjectKind("RT", "Radiotherapy object"),
    "11.": ObjectKind("PR", "Presentation state"),
    "9.": ObjectKind("WAVE", "Waveform"),
    "9.1.1": ObjectKind("WAVE", "12-lead ECG"),
    "9.1.2": ObjectKind("WAVE", "ECG"),
    "9.1.3": ObjectKind("WAVE", "Ambulatory ECG"),
    "9.1.4": ObjectKind("WAVE", "ECG"),
    "9.2.1": ObjectKind("WAVE", "Haemodynamic waveform"),
    "9.3.1": ObjectKind("WAVE", "Electrophysiology waveform"),
    "9.4": ObjectKind("WAVE", "Audio"),
    "9.5.1": ObjectKind("WAVE", "Arterial pulse waveform"),
    "9.6": ObjectKind("WAVE", "Respiratory waveform"),
    "9.7.1": ObjectKind("WAVE", "EEG"),
    "9.7.2": ObjectKind("WAVE", "EMG"),
    "9.7.3": ObjectKind("WAVE", "EOG"),
    "9.7.4": ObjectKind("WAVE", "Sleep EEG"),
    "66.4": ObjectKind("SEG", "Segmentation"),
    "66.7": ObjectKind("SEG", "Segmentation (label map)"),
    "66.1": ObjectKind("REG", "Spatial registration"),
    "66.3": ObjectKind("REG", "Deformable registration"),
    "66": ObjectKind("RAW", "Raw or spatial data"),
    "67": ObjectKind("RWV", "Real world value mapping"),
}
"""Ending of the SOP class below Storage -> what it is; the longest matching entry counts."""


class OtherObject(Broken):
    """The file holds no image but an object of a known kind."""

    def __init__(self, found: DicomObject) -> None:
        super().__init__(f"no image: {found.kind.name}", found.series_uid)
        self.found = found


def kind_of(sop_class: str, *, has_pixels: bool) -> ObjectKind | None:
    """What a file is that is no image; None for images, and for what nobody here knows."""
    if not sop_class.startswith(_STORAGE) or (has_pixels and sop_class not in REGIONS):
        return None
    ending = sop_class.removeprefix(_STORAGE)
    matches = [key for key in _KINDS if ending.startswith(key)]
    return _KINDS[max(matches, key=len)] if matches else None


def make_object(
    path: Path, uids: tuple[str, str], kind: ObjectKind, c: Common, patient_key: str
) -> DicomObject:
    """The record of an object from what its header says; ``uids`` are its SOP class and instance."""
    return DicomObject(
        path=path,
        sop_class=uids[0],
        sop_uid=uids[1],
        kind=kind,
        patient=Patient(patient_key, c.patient_id, c.name, (), c.birth_date, c.sex),
        study=Study(c.study_uid, (), c.study_date, c.study_time, c.study_description, c.accession, c.age),
        series_uid=c.series_uid,
        number=c.number,
        description=c.description,
    )
