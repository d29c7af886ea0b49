"""CT values are Hounsfield units where the header says so, or where an original says nothing else."""

from __future__ import annotations

import pytest

from medviewer.dicom.hounsfield import is_hu

ORIGINAL, DERIVED = ("ORIGINAL", "PRIMARY", "AXIAL"), ("DERIVED", "SECONDARY")


@pytest.mark.parametrize(
    ("modality", "rescale_type", "image_type", "expected"),
    [
        ("CT", "HU", ORIGINAL, True),
        ("CT", "HU", DERIVED, True),
        ("CT", "", ORIGINAL, True),  # PS3.3 C.8.2.1.1.2: an original CT is in HU unless it says otherwise
        ("CT", "", DERIVED, False),
        ("CT", "", (), False),
        ("CT", "", ("PRIMARY", "ORIGINAL"), False),
        ("CT", "US", ORIGINAL, False),
        ("CT", "MGML", ORIGINAL, False),  # electron density and the like of dual energy
        ("CT", "hu", ORIGINAL, False),
        ("MR", "HU", ORIGINAL, False),
        ("PT", "", ORIGINAL, False),
        ("", "HU", ORIGINAL, False),
    ],
)
def test_who_is_in_hounsfield_units(
    modality: str, rescale_type: str, image_type: tuple[str, ...], expected: bool
) -> None:
    assert is_hu(modality, rescale_type, image_type) is expected
