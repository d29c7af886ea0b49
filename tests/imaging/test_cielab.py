"""Colours that a file recommends, as a screen shows them. The oracle is Pillow's colour management."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from medviewer.imaging.cielab import colour_of_lab, colour_of_rgb, is_visible


def stored(lightness: float, a: float, b: float) -> list[int]:
    """As DICOM stores it (PS3.3 C.10.7.1.1)."""
    return [round(lightness * 655.35), round((a + 128) * 257), round((b + 128) * 257)]


@pytest.mark.parametrize(
    "lab", [(0, 0, 0), (100, 0, 0), (50, 0, 0), (60, 30, 20), (60, -30, 20), (40, 10, -40), (80, 5, 60)]
)
def test_that_a_colour_is_that_of_colour_management(lab: tuple[int, int, int]) -> None:
    pixel = np.array([[[round(lab[0] * 2.55), lab[1] % 256, lab[2] % 256]]], np.uint8)
    to_srgb = ImageCms.buildTransform(
        ImageCms.createProfile("LAB", 5000), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )
    image = ImageCms.applyTransform(Image.fromarray(pixel, "LAB"), to_srgb)
    assert image is not None
    expected = image.getpixel((0, 0))
    colour = colour_of_lab(stored(round(lab[0] * 2.55) / 2.55, lab[1], lab[2]))
    assert colour is not None
    assert [int(colour[k : k + 2], 16) for k in (1, 3, 5)] == pytest.approx(expected, abs=2)


def test_that_what_is_no_colour_is_none() -> None:
    assert colour_of_lab(()) is None
    assert colour_of_lab((1, 2)) is None
    assert colour_of_lab((1, 2, 70000)) is None
    assert colour_of_rgb((1, 2, 256)) is None
    assert colour_of_rgb((1, -2, 25)) is None
    assert colour_of_rgb((255, 128, 0)) == "#FF8000"


def test_that_black_on_black_is_known() -> None:
    assert not is_visible("#000000")
    assert not is_visible("#101030")
    assert is_visible("#0072B2")
