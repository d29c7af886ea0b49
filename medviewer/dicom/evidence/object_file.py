"""An object as the file it becomes, with the UIDs by which others refer to it."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from medviewer.dicom.evidence.derived import file_bytes


@dataclass(frozen=True)
class ObjectFile:
    """The whole file of an object, and who it is."""

    data: bytes
    sop_class_uid: str
    series_uid: str
    sop_uid: str


def object_file(ds: Dataset) -> ObjectFile:
    """The file of an object."""
    uids = [str(ds[keyword].value) for keyword in ("SOPClassUID", "SeriesInstanceUID", "SOPInstanceUID")]
    return ObjectFile(file_bytes(ds), *uids)
