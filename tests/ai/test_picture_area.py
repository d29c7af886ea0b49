"""Areas are square centimetres only where millimetres are known, and say what millimetres they are."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.ai.picture_area import area_measurement, area_words, pixel_mm2
from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.volume import Geometry, Unit, Volume

GEOMETRY = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.8, 0.5), (0, 0, 7))


def stack(*scales: Scale | None, geometry: Geometry | None = None) -> Volume:
    voxels = np.zeros((max(2, len(scales)), 4, 5), np.int16)
    return Volume(voxels, geometry, Unit.RAW, in_plane=tuple(InPlane(scale) for scale in scales))


def test_a_geometry_gives_the_area_of_a_pixel_not_of_a_slice() -> None:
    volume = stack(geometry=GEOMETRY)
    assert pixel_mm2(volume, 0) == (pytest.approx(0.4), "mm")
    found = area_measurement(volume, 0, 250, "Cavity", (0.9, 1.2))
    assert (found.name, found.unit) == ("Cavity", "cm²")
    assert found.value == pytest.approx(1.0)
    assert found.range == (pytest.approx(0.9), pytest.approx(1.2))


def test_each_picture_has_its_own_scale_with_its_label() -> None:
    volume = stack(Scale(0.5, 0.5, "mm at detector"), Scale(2, 3, "mm"), None)
    assert pixel_mm2(volume, 0) == (0.25, "mm at detector")
    assert pixel_mm2(volume, 1) == (6, "mm")
    assert area_measurement(volume, 0, 400).unit == "cm² at detector"
    assert area_words(area_measurement(volume, 1, 50)) == "3.0\u2009cm²"


def test_without_a_scale_pixels_stay_pixels() -> None:
    volume = stack(Scale(1, 1, "mm"), None)
    for found in (area_measurement(volume, 1, 1234), area_measurement(stack(), 1, 1234)):
        assert (found.value, found.unit, found.range) == (1234, "px²", None)
    assert area_words(area_measurement(volume, 1, 1234)) == "1,234\u2009px²"
