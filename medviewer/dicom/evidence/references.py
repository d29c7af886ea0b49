"""What an object is about and who had a part in it: it refers to images that are there, to no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.evidence.derived import Origin, SourceImage, reference
from medviewer.errors import UsageError


@dataclass(frozen=True)
class Shown:
    """An image that a picture or an object is about; ``frame`` counts from 1, 0 for all of it."""

    sop_uid: str
    frame: int = 0


@dataclass(frozen=True)
class Maker:
    """A model that had a part in it, and the part in plain words."""

    name: str
    version: str
    part: str


@dataclass(frozen=True)
class Beside:
    """An object of ours that stands in the same pack: a segmentation, a report."""

    sop_class: str
    sop_uid: str


def named(origin: Origin, shown: Sequence[Shown]) -> list[tuple[SourceImage, int]]:
    """The images that are meant, with their frames from 1. Raises :class:`UsageError` for any that is not
    among those of ``origin``: nothing may refer to an image that is not there."""
    by_uid = {image.sop_uid: image for image in origin.images}
    found = []
    for one in shown:
        image = by_uid.get(one.sop_uid)
        if image is None or not 0 <= one.frame <= image.frames:
            raise UsageError("This refers to an image that is not among those it was made from.")
        found.append((image, one.frame))
    return found


def reference_beside(other: Beside) -> Dataset:
    """A reference to an object of the same pack."""
    entry = Dataset()
    entry.ReferencedSOPClassUID, entry.ReferencedSOPInstanceUID = UID(other.sop_class), UID(other.sop_uid)
    return entry


def reference_to(image: SourceImage, frame: int) -> Dataset:
    """A reference to a frame counted from 1, or to the whole image (0)."""
    return reference(image, frame - 1 if frame else None)
