"""The left ventricle: areas of films, Simpson's volume of stacks, and a reason wherever there is neither."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.cardiac import Arrangement, arrangement
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ai.runner import analyze
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.tasks import TaskContext
from tests.ai.pictures import MR_CLASS, asked, heart_bundle, register, stack, x_ray

FLAT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.fixture
def heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    register(monkeypatch)
    return heart_bundle(tmp_path / "cardiac-mr")


def beat(side: int) -> NDArray[np.int16]:
    """64 x 64, the cavity a square of ``side`` pixels around the middle."""
    out = np.zeros((64, 64), np.int16)
    low = 32 - side // 2
    out[low : low + side, low : low + side] = 500
    return out


def cine(places: list[float | None], **changes: Any) -> Series:
    """A short-axis series whose pictures lie at these heights; None: not told."""
    series = x_ray(len(places), view="", shape=(64, 64))
    instances = tuple(
        replace(
            one,
            sop_class=MR_CLASS,
            position=None if z is None else (0.0, 0.0, z),
            orientation=None if z is None else FLAT,
        )
        for one, z in zip(series.instances, places, strict=True)
    )
    return replace(series, instances=instances, modality="MR", body_part="HEART", **changes)


def run(bundle: Bundle, series: Series, volume: Volume) -> AnalysisResult:
    return analyze(asked(bundle, series, volume), TaskContext())


def test_a_film_gives_the_greatest_and_the_smallest_area(heart: Bundle) -> None:
    series = cine([5.0, 5.0, 5.0])
    result = run(heart, series, stack(beat(10), beat(16), beat(8), mm=2.0))
    (finding,) = result.findings
    assert arrangement(series) is Arrangement.FILM
    greatest, smallest, change = finding.measurements
    assert greatest.value == pytest.approx(256 * 4 / 100)
    assert greatest.unit == "cm² at detector"
    assert smallest.value == pytest.approx(64 * 4 / 100)
    assert change.value == pytest.approx(75.0)
    assert "(image 2)" in finding.sentence
    assert finding.key_slice == 1
    assert "NO_VOLUME" in [warning.code for warning in result.warnings]


def test_masks_come_back_on_the_stored_pixels(heart: Bundle) -> None:
    image = np.zeros((64, 64), np.int16)
    image[20:30, 34:45] = 500
    (finding,) = run(heart, cine([None]), stack(image)).findings
    assert finding.mask is not None
    assert np.array_equal(finding.mask.full()[0], image > 0)


def test_without_a_scale_areas_are_in_pixels_and_that_is_said(heart: Bundle) -> None:
    result = run(heart, cine([None]), stack(beat(10)))
    (area,) = result.findings[0].measurements
    assert (area.value, area.unit) == (100, "px²")
    assert "NO_SCALE" in [warning.code for warning in result.warnings]


def test_a_stack_of_one_phase_gives_a_volume_and_says_why_no_ejection_fraction(heart: Bundle) -> None:
    geometry = Geometry.from_planes((0, 0, 0), FLAT, (1.5, 1.5), (0, 0, 8.0))
    voxels = np.stack([beat(0), beat(20), beat(16), beat(12)])
    series = cine([0.0, 8.0, 16.0, 24.0], geometry=geometry)
    result = run(heart, series, Volume(voxels, geometry, Unit.RAW))
    assert result.state is ResultState.PARTIAL
    volume = result.findings[0].measurements[0]
    assert volume.value == pytest.approx((400 + 256 + 144) * 1.5 * 1.5 * 8 / 1000)
    assert volume.unit == "mL"
    assert "NO_EJECTION_FRACTION" in [warning.code for warning in result.warnings]


def test_pictures_of_unknown_arrangement_make_no_cycle(heart: Bundle) -> None:
    series = cine([None, None])
    result = run(heart, series, stack(beat(10), beat(12)))
    assert arrangement(series) is Arrangement.UNKNOWN
    assert "over the film" not in result.findings[0].sentence
    assert any("do not say how the pictures lie" in warning.text for warning in result.warnings)


def test_no_ventricle_at_all_is_no_reliable_result(heart: Bundle) -> None:
    image = np.zeros((64, 64), np.int16)
    image[0, 0] = 500
    result = run(heart, cine([5.0, 5.0]), stack(image, image))
    assert result.state is ResultState.FAILED
    assert "No left ventricle" in result.reasons[0].text


def test_the_slices_are_listed_on_which_the_copies_disagree_most(heart: Bundle) -> None:
    """At 94.5 % of the brightest pixel the cavity is inside; in the darker copy it is not."""
    heart = Bundle(heart.folder, replace(heart.card, variations=4))
    faint = np.where(beat(16) > 0, 945, 0).astype(np.int16)
    faint[30, 18] = 1000
    (finding,) = run(heart, cine([5.0, 5.0, 5.0]), stack(beat(10), faint, beat(8), mm=2.0)).findings
    assert finding.unsure[0].index == 1
    assert finding.unsure[0].doubt > 0.9
    warned = [warning.text for warning in finding.warnings if warning.code == "UNSURE"]
    assert len(warned) == 1
    assert "1 image" in warned[0]


def test_a_single_picture_is_less_sure_than_no_other(heart: Bundle) -> None:
    (finding,) = run(heart, cine([5.0]), stack(beat(10), mm=2.0)).findings
    assert finding.unsure == ()
