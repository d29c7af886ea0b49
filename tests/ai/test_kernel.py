"""Which kernels are soft, and when emphysema figures may be believed."""

from __future__ import annotations

import pytest

from medviewer.ai.kernel import Sharpness, emphysema_gate, sharpness
from tests.ai.bundles import chest


def test_a_soft_thin_scan_without_contrast_is_believed() -> None:
    assert emphysema_gate(chest()) == ()


@pytest.mark.parametrize(
    ("maker", "kernel", "answer"),
    [
        ("SIEMENS", "B30f", Sharpness.SOFT),
        ("SIEMENS", "B40f", Sharpness.SOFT),
        ("SIEMENS", "Br40d", Sharpness.SOFT),
        ("Siemens Healthineers", "I31f\\3", Sharpness.SOFT),
        ("SIEMENS", "B70f", Sharpness.SHARP),
        ("SIEMENS", "Bl57f", Sharpness.SHARP),
        ("SIEMENS", "B46f", Sharpness.UNKNOWN),
        ("GE MEDICAL SYSTEMS", "STANDARD", Sharpness.SOFT),
        ("GE MEDICAL SYSTEMS", "LUNG", Sharpness.SHARP),
        ("GE MEDICAL SYSTEMS", "BONEPLUS", Sharpness.SHARP),
        ("Philips", "B", Sharpness.SOFT),
        ("Philips", "L", Sharpness.SHARP),
        ("Philips", "YB", Sharpness.SHARP),
        ("TOSHIBA", "FC08", Sharpness.SOFT),
        ("TOSHIBA", "FC18", Sharpness.SOFT),
        ("CANON_MEC", "FC51", Sharpness.UNKNOWN),
        ("Canon Medical", "FC51", Sharpness.SHARP),
        ("TOSHIBA", "FC23", Sharpness.UNKNOWN),
        ("Unknown maker", "STANDARD", Sharpness.UNKNOWN),
        ("", "", Sharpness.UNKNOWN),
    ],
)
def test_kernels_are_known_by_maker_and_name(maker: str, kernel: str, answer: Sharpness) -> None:
    assert sharpness(maker, kernel) is answer
