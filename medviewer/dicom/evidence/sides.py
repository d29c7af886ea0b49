"""Which of two sides an object is about (Laterality, PS3.3 C.7.3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from medviewer.dicom.evidence.derived import SourceImage


def add_laterality(ds: Dataset, images: Sequence[SourceImage]) -> None:
    """The side of the images where they all say the same one, else empty.

    Laterality is type 2C: it must stand there for a part of the body that comes in pairs, and empty says that
    the side is not known. Whether the part is one of a pair the images often don't tell; leaving it out would
    claim that it is not.
    """
    sides = {image.laterality for image in images}
    one = sides.pop() if len(sides) == 1 else ""
    ds.Laterality = one if one in ("R", "L") else None
