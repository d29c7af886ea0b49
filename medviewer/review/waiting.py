"""Objects whose images are not open, or not all of them: they wait, and are read again when images come.

Only what the reader opened waits. An image counts by its SOP instance UID, of the same patient alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from medviewer.dicom.study import DicomObject, ScanResult
from medviewer.errors import UnreadableImage
from medviewer.imaging.numbers import number
from medviewer.review.overlays import OverlayFile


class ImagesNotOpen(UnreadableImage):
    """No image that an object was made on is open; ``references`` and ``frames`` are the UIDs of the images
    and of the frames of reference it names, ``lacking`` those of segmentations that are not open either."""

    def __init__(
        self,
        message: str,
        references: frozenset[str],
        frames: frozenset[str],
        lacking: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(message, "Open the folder that holds them too: it is shown as soon as they come.")
        self.references, self.frames, self.lacking = references, frames, lacking


@dataclass(frozen=True, eq=False)
class Waiting:
    """An object that the reader opened before its images; ``here`` of those it names are open."""

    found: DicomObject
    title: str
    references: frozenset[str]
    frames: frozenset[str]
    here: int = 0
    lacking: frozenset[str] = frozenset()
    """SOP instance UIDs of segmentations that it refers to and that are not open."""

    @property
    def patient_key(self) -> str:
        """Whose it is."""
        return self.found.patient.key

    @property
    def key(self) -> str:
        """Names the object, as :attr:`OverlayFile.object_key` does."""
        return f"{self.patient_key} {self.found.sop_uid}"

    @property
    def line(self) -> str:
        """ "Waits for its images (none of 64 here)."."""
        return f"Waits for its images{_count(self.here, len(self.references))}."

    def may_begin(self, scan: ScanResult) -> bool:
        """Whether images came that it names, or that share its frame of reference."""
        if open_here(scan, self.patient_key, self.references) > self.here:
            return True
        if _came(scan, self.patient_key, self.lacking):
            return True
        own = (s for s in scan.all_series() if s.patient_key == self.patient_key)
        return any(s.frame_of_reference_uid in self.frames for s in own)


def open_here(scan: ScanResult, patient_key: str, references: frozenset[str]) -> int:
    """How many of the images named are open, of one patient alone."""
    own = (s for s in scan.all_series() if s.patient_key == patient_key)
    return len(references & {instance.sop_uid for series in own for instance in series.instances})


def _came(scan: ScanResult, patient_key: str, lacking: frozenset[str]) -> bool:
    return any(o.patient.key == patient_key and o.sop_uid in lacking for o in scan.objects)


def missing_line(file: OverlayFile) -> str:
    """ "Waits for more of its images (3 of 64 here)."; empty where all are open."""
    if not 0 < file.here < len(file.references):
        return ""
    return f"Waits for more of its images{_count(file.here, len(file.references))}."


def wants_more(file: OverlayFile, scan: ScanResult) -> bool:
    """Whether images or segmentations came that an object names and that were not open when it was read."""
    if _came(scan, file.patient_key, file.lacking):
        return True
    if file.here >= len(file.references):
        return False
    return open_here(scan, file.patient_key, file.references) > file.here


def _count(here: int, wanted: int) -> str:
    return f" ({number(here) if here else 'none'} of {number(wanted)} here)" if wanted else ""
