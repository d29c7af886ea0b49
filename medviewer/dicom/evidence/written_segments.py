"""A segmentation that was written, as another object refers to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

SEG_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"


@dataclass(frozen=True)
class WrittenSegments:
    """Tracking UID of each region -> number of its segment."""

    sop_uid: str
    series_uid: str
    numbers: dict[str, int]


def segments_of(seg: Dataset) -> WrittenSegments:
    """What may be referred to in a SEG of :mod:`~medviewer.dicom.evidence.seg_writer`."""
    numbers = {str(s.TrackingUID): int(s.SegmentNumber) for s in seg.SegmentSequence}
    return WrittenSegments(str(seg.SOPInstanceUID), str(seg.SeriesInstanceUID), numbers)


def reference_to_all(seg: WrittenSegments) -> Dataset:
    """A reference to the whole object (PS3.3 10.8)."""
    entry = Dataset()
    entry.ReferencedSOPClassUID, entry.ReferencedSOPInstanceUID = UID(SEG_STORAGE), UID(seg.sop_uid)
    return entry


def place_of(region: str, segs: Iterable[WrittenSegments]) -> tuple[str, int] | None:
    """SOP instance UID and segment number that carry a tracking UID; None where none does."""
    found = ((seg.sop_uid, seg.numbers[region]) for seg in segs if region in seg.numbers)
    return next(found, None) if region else None
