"""Figures of another outline: the same arithmetic as the runner's, and no figure that is not its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medviewer.ai.findings import Finding, Measurement
from medviewer.ai.remeasure import remeasured
from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume

GRID = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (2.0, 0.5), (0, 0, 4.0))
"""A voxel holds 2 x 0.5 x 4 mm = 4 µL."""
VOLUME = Volume(np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7), GRID, Unit.HU)


def finding(*measurements: Measurement) -> Finding:
    return Finding("f", "Lung", "Lung.", measurements=measurements)


def mask(*voxels: tuple[int, int, int]) -> Mask:
    full = np.zeros((5, 6, 7), bool)
    for voxel in voxels:
        full[voxel] = True
    return Mask.from_full(1, "lung", full, GRID)


THREE = mask((1, 2, 3), (1, 2, 4), (3, 0, 0))


def test_that_volume_and_density_are_those_of_the_outline() -> None:
    told = remeasured(
        finding(Measurement("Volume", 9.0, "mL", (8.0, 10.0)), Measurement("Mean density", 0.0, "HU")),
        THREE,
        VOLUME,
    )
    assert [(m.name, m.unit, m.range) for m in told] == [
        ("Volume", "mL", None),
        ("Mean density", "HU", None),
    ]
    assert told[0].value == pytest.approx(0.012)
    assert told[1].value == pytest.approx((59 + 60 + 126) / 3)


def test_that_regions_and_areas_are_those_of_the_outline() -> None:
    names = (
        ("Largest region", "mL"),
        ("Greatest area", "cm²"),
        ("Smallest area", "cm²"),
        ("Area change", "%"),
    )
    told = remeasured(finding(*(Measurement(name, 1.0, unit) for name, unit in names)), THREE, VOLUME)
    assert [m.value for m in told] == pytest.approx([0.008, 0.02, 0.01, 50.0])


def test_that_a_figure_of_more_than_the_outline_is_not_told() -> None:
    others = ("LAA-950", "Left volume", "Cardiothoracic ratio", "High attenuation")
    assert remeasured(finding(*(Measurement(n, 1.0, "%") for n in others)), THREE, VOLUME) == ()


def test_that_nothing_is_told_in_another_unit_than_it_was() -> None:
    pixels = Volume(VOLUME.voxels, None, Unit.RAW)
    unplaced = replace(THREE, geometry=None)
    asked = finding(
        Measurement("Volume", 1.0, "mL"),
        Measurement("Mean density", 1.0, "HU"),
        Measurement("Area", 1.0, "cm²"),
        Measurement("Area", 1.0, "px²"),
    )
    assert [(m.unit, m.value) for m in remeasured(asked, unplaced, pixels)] == [("px²", 2.0)]


def test_that_areas_without_one_scale_are_not_compared() -> None:
    """Image 1 tells no millimetres: its 2 px² are no more than the 0.01 cm² of image 3, nor less."""
    told = [InPlane(Scale(1.0, 1.0)) for _ in range(5)]
    told[1] = InPlane()
    pixels = Volume(VOLUME.voxels, None, Unit.RAW, in_plane=tuple(told))
    names = (("Greatest area", "px²"), ("Smallest area", "cm²"), ("Area change", "%"))
    asked = finding(*(Measurement(name, 1.0, unit) for name, unit in names))
    assert remeasured(asked, replace(THREE, geometry=None), pixels) == ()


def test_that_what_makes_a_figure_indicative_stays_with_it() -> None:
    (told,) = remeasured(finding(Measurement("Volume", 1.0, "mL", indicative="synthetic")), THREE, VOLUME)
    assert told.indicative == "synthetic"
