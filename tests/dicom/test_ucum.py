"""UCUM codes are written as people write units."""

from __future__ import annotations

import pytest

from medviewer.dicom.ucum import unit_name


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("mm2/s", "mm²/s"),
        ("um2/s", "µm²/s"),
        ("10-6.mm2/s", "10⁻⁶ mm²/s"),
        ("10*-6.mm2/s", "10⁻⁶ mm²/s"),
        ("{SUVbw}g/ml", "SUVbw g/mL"),
        ("[hnsf'U]", "HU"),
        ("Bq/ml", "Bq/mL"),
        ("1", ""),
        ("{no units}", ""),
        ("{pixels}", "pixels"),
        ("uV", "µV"),
        ("mV", "mV"),
        ("mm[Hg]", "mmHg"),
        ("ml/min/100.g", "mL/min/100 g"),
        ("ug/ml", "µg/mL"),
        ("/min", "/min"),
        ("s-1", "s⁻¹"),
        ("%", "%"),
        ("", ""),
        ("cm3", "cm³"),
        ("um", "µm"),
    ],
)
def test_that_units_read_well(code: str, expected: str) -> None:
    assert unit_name(code) == expected
