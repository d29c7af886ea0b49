"""Figures of the lungs against answers known by construction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai import attenuation
from medviewer.ai.findings import Finding
from medviewer.ai.lung import finish, lung_findings
from medviewer.ai.lung_density import read
from medviewer.dicom.study import Acquisition, Series
from medviewer.errors import NoGeometry
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume
from medviewer.tasks import TaskContext
from tests.ai.bundles import card, chest

SHAPE = (30, 40, 60)
PIXEL = 5.0
GEOMETRY = Geometry.from_planes((-150, -100, 0), (1, 0, 0, 0, 1, 0), (PIXEL, PIXEL), (0, 0, 2.5))
ML = 2.5 * PIXEL * PIXEL / 1000
RIGHT = (slice(0, 30), slice(5, 35), slice(5, 25))
LEFT = (slice(0, 30), slice(5, 35), slice(35, 55))
EACH = 30 * 30 * 20


def _masks() -> dict[str, Mask]:
    out = {}
    for label, (name, box) in enumerate((("right_lung", RIGHT), ("left_lung", LEFT)), start=1):
        voxels = np.zeros(SHAPE, bool)
        voxels[box] = True
        out[name] = Mask.from_full(label, name, voxels, GEOMETRY)
    return out


def _hu(value: int = -850) -> NDArray[np.int16]:
    values = np.full(SHAPE, 30, np.int16)
    values[RIGHT] = values[LEFT] = value
    return values


def _series(**acquired: Any) -> Series:
    soft = Acquisition(manufacturer="SIEMENS", kernel="B30f", slice_thickness_mm=2.5)
    return chest(SHAPE[0], geometry=GEOMETRY, acquisition=replace(soft, **acquired))


def _find(values: NDArray[np.int16], series: Series | None = None) -> dict[str, Finding]:
    volume = Volume(values, GEOMETRY, Unit.HU)
    found = lung_findings(volume, _masks(), series or _series(), card())
    return {finding.label.split(":")[0]: finding for finding in found}


def _value(finding: Finding, name: str) -> float:
    return next(m.value for m in finding.measurements if m.name == name)


def test_volume_and_mean_density_are_the_boxes_own() -> None:
    values = _hu()
    values[RIGHT][:15] = -800
    right = _find(values)["Right lung"]
    assert _value(right, "Volume") == pytest.approx(EACH * ML)
    assert _value(right, "Mean density") == pytest.approx(-825)
    assert right.slices == (0, 29)
    assert right.mask is not None
    assert "\u2212825\u2009HU" in right.sentence
    assert right.code is not None
    assert right.code.value == "3341006"


def test_padding_is_not_measured() -> None:
    values = _hu()
    values[RIGHT][:3] = -2000
    volume = Volume(values, GEOMETRY, Unit.HU, padding=(-2000, -2000))
    assert attenuation.lung_values(volume, _masks()["right_lung"]).min() == -850


def test_low_attenuation_names_the_worst_third_and_its_side() -> None:
    values = _hu()
    values[LEFT][20:, :15] = -980
    found = _find(values)
    low = found["Low attenuation"]
    share = 100 * 10 * 15 * 20 / (2 * EACH)
    assert _value(low, "LAA-950") == pytest.approx(share)
    assert _value(low, "LAA-950, left upper third") == pytest.approx(50.0)
    assert _value(low, "LAA-950, left lung") == pytest.approx(2 * share)
    assert _value(low, "LAA-950, right lung") == 0
    assert low.mask is not None
    assert low.mask.voxel_count == 10 * 15 * 20
    assert low.key_slice == 20
    assert "left upper third" in low.sentence
    assert found["Reading"].label == "Reading: low attenuation"
    assert found["Reading"].key_slice == 20


def test_upper_is_towards_the_head_however_slices_are_counted() -> None:
    values = _hu()
    values[LEFT][20:] = -980
    down = Geometry.from_planes((-150, -100, 0), (1, 0, 0, 0, 1, 0), (PIXEL, PIXEL), (0, 0, -2.5))
    mask = Mask.from_full(2, "left_lung", _masks()["left_lung"].full(), down)
    shares = attenuation.thirds_laa(Volume(values, down, Unit.HU), mask)
    assert shares == {"upper": 0.0, "middle": 0.0, "lower": 100.0}


def test_a_consolidation_is_high_attenuation_with_its_side() -> None:
    values = _hu()
    values[RIGHT][5:10, 5:25, 2:18] = 20
    found = _find(values)
    high = found["High attenuation"]
    assert high.mask is not None
    assert _value(high, "High attenuation volume") == pytest.approx(5 * 20 * 16 * ML, rel=0.1)
    assert "right lung" in high.sentence
    assert found["Reading"].label == "Reading: high attenuation"
    assert "may lie outside" not in found["Reading"].sentence


def test_a_plain_pair_of_lungs_reads_normal_and_shows_no_region() -> None:
    found = _find(_hu())
    assert found["Reading"].label == "Reading: normal"
    assert "a mass at its border may lie outside" in found["Reading"].sentence
    assert found["Low attenuation"].mask is None
    assert found["Low attenuation"].key_slice is None
    assert found["High attenuation"].mask is None


@pytest.mark.parametrize(
    ("acquired", "word"),
    [
        ({"kernel": "B70f"}, "sharp kernel (B70f)"),
        ({"kernel": "XYZ"}, "kernel XYZ not known"),
        ({"kernel": ""}, "kernel not told"),
        ({"slice_thickness_mm": 5.0}, "slices of 5\u2009mm"),
        ({"contrast": "Ultravist"}, "contrast medium"),
    ],
)
def test_emphysema_figures_are_gated_by_the_acquisition(acquired: dict[str, Any], word: str) -> None:
    values = _hu()
    values[LEFT][20:] = -980
    found = _find(values, _series(**acquired))
    low = found["Low attenuation"]
    assert all(word in m.indicative for m in low.measurements)
    assert word in low.sentence
    assert [warning.code for warning in low.warnings] == ["LAA_INDICATIVE"]
    assert low.mask is None
    assert low.key_slice == 20
    assert "low attenuation" not in found["Reading"].label
    assert "normal" not in found["Reading"].label


@pytest.mark.parametrize(
    ("laa", "high", "gate", "label"),
    [
        (6.0, False, "", "normal"),
        (6.1, False, "", "low attenuation"),
        (0.0, True, "", "high attenuation"),
        (6.1, True, "", "high attenuation"),
        (20.0, False, "sharp", "no high attenuation"),
        (20.0, True, "sharp", "high attenuation"),
    ],
)
def test_the_reading_follows_its_written_criteria(laa: float, high: bool, gate: str, label: str) -> None:
    found, words = read(laa, high, gate)
    assert found == label
    if laa > 6 and high and not gate:
        assert "low attenuation besides" in words


@pytest.mark.parametrize(("width", "label"), [(6, "normal"), (10, "high attenuation")])
def test_one_region_of_fifteen_millilitres_is_high_attenuation(width: int, label: str) -> None:
    values = _hu()
    values[RIGHT][10:14, 5:11, 3 : 3 + width] = 20
    found = _find(values)
    region = _value(found["High attenuation"], "Largest region")
    assert region == pytest.approx(4 * 6 * width * ML, rel=0.1)
    assert (region >= 15.0) == (label == "high attenuation")
    assert found["Reading"].label == f"Reading: {label}"


def test_every_finding_says_what_it_is_and_by_which_rule() -> None:
    found = _find(_hu())
    assert list(found) == ["Reading", "Right lung", "Left lung", "Low attenuation", "High attenuation"]
    assert len({finding.id for finding in found.values()}) == 5
    for name in ("Low attenuation", "High attenuation", "Reading"):
        assert found[name].criterion.endswith(".")
    assert all(finding.sentence.endswith(".") for finding in found.values())
    assert len(found["Reading"].measurements) == 5


def test_ids_differ_between_series_and_stay_between_runs() -> None:
    first, again = _find(_hu()), _find(_hu())
    other = _find(_hu(), replace(_series(), uid="9.9"))
    assert first["Right lung"].id == again["Right lung"].id
    assert first["Right lung"].id != other["Right lung"].id


def test_values_that_are_no_hu_give_volumes_only() -> None:
    volume = Volume(_hu(), GEOMETRY, Unit.RAW)
    found = lung_findings(volume, _masks(), _series(), card())
    assert [finding.label for finding in found] == ["Right lung", "Left lung"]
    assert "HU" not in found[0].sentence


def test_nothing_is_measured_without_geometry() -> None:
    with pytest.raises(NoGeometry):
        lung_findings(Volume(_hu(), None, Unit.HU), _masks(), _series(), card())


def test_a_lung_cut_by_the_scan_is_told_as_a_lower_bound() -> None:
    assert "volume at least" in _find(_hu())["Right lung"].sentence


def test_more_lung_than_a_body_holds_is_no_reliable_result() -> None:
    big = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (10.0, 10.0), (0, 0, 10.0))
    classes = np.zeros(SHAPE, np.uint8)
    classes[RIGHT], classes[LEFT] = 1, 2
    volume = Volume(_hu(), big, Unit.HU)
    outcome = finish(volume, classes, chest(30, geometry=big), card(), TaskContext())
    assert outcome.failure is not None
    assert not outcome.findings


def test_the_criteria_of_the_reading_are_written_out_in_one_short_text() -> None:
    criterion = _find(_hu())["Reading"].criterion
    assert criterion == (
        "Low: LAA-950 above 6\u2009%. High: above 3\u2009% dense, or a dense region of 15\u2009mL or more. "
        "Normal: neither."
    )


def test_one_lung_alone_is_never_the_reading_of_both() -> None:
    """A lung that was not found may be one that is dense all through."""
    left = {"left_lung": _masks()["left_lung"]}
    reading = lung_findings(Volume(_hu(), GEOMETRY, Unit.HU), left, _series(), card())[0]
    assert reading.label == "Reading: normal in the left lung; right lung not found, not judged"
    assert "right lung not found" in reading.sentence


def test_the_reading_of_lungs_not_wholly_scanned_says_so() -> None:
    assert [w.code for w in _find(_hu())["Reading"].warnings] == ["READING_OF_A_PART"]


def test_high_attenuation_says_of_each_limit_whether_it_was_passed() -> None:
    values = _hu()
    values[RIGHT][10:14, 5:11, 3:13] = 20
    sentence = _find(values)["High attenuation"].sentence
    assert "not above the limit of 3\u2009%" in sentence
    assert "which reaches the limit of 15\u2009mL" in sentence


def test_lungs_outlined_in_padding_alone_are_no_reliable_result() -> None:
    values = _hu()
    values[LEFT] = -2000
    classes = np.zeros(SHAPE, np.uint8)
    classes[RIGHT], classes[LEFT] = 1, 2
    volume = Volume(values, GEOMETRY, Unit.HU, padding=(-2000, -2000))
    outcome = finish(volume, classes, _series(), card(), TaskContext())
    assert outcome.failure is not None
    assert "hold no values" in outcome.failure.text
