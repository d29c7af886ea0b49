"""Each implausible mask is named; a plausible pair of lungs is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.checks import centroid_lps, check_mask, check_masks
from medviewer.ai.mask_cleanup import clean, fill_slice_holes, main_pieces
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume
from medviewer.tasks import TaskContext

SHAPE = (40, 60, 80)
GEOMETRY = Geometry.from_planes((-160, -120, 0), (1, 0, 0, 0, 1, 0), (4.0, 4.0), (0, 0, 6.0))
VOLUME = Volume(np.zeros(SHAPE, np.int16), GEOMETRY, Unit.HU)


def _ellipsoid(centre: tuple[float, float, float], radius: tuple[float, float, float]) -> NDArray[np.bool_]:
    axes = np.ogrid[tuple(slice(n) for n in SHAPE)]
    inside = sum(((axis - c) / r) ** 2 for axis, c, r in zip(axes, centre, radius, strict=True)) <= 1.0
    return np.asarray(inside)


RIGHT = _ellipsoid((20, 30, 20), (17, 20, 13))
LEFT = _ellipsoid((20, 30, 60), (17, 20, 13))


def _mask(voxels: NDArray[Any], label: int = 1, geometry: Geometry = GEOMETRY) -> Mask:
    return Mask.from_full(label, "right_lung", voxels, geometry)


def _codes(voxels: NDArray[Any], volume: Volume = VOLUME) -> list[str]:
    return [notice.code for notice in check_mask(_mask(voxels), volume, "Right lung")]


def test_two_plausible_lungs_raise_no_notice() -> None:
    masks = {"right_lung": _mask(RIGHT), "left_lung": _mask(LEFT, 2)}
    assert check_masks(masks, VOLUME) == []


def test_swapped_sides_are_named_whatever_the_axes() -> None:
    masks = {"right_lung": _mask(LEFT), "left_lung": _mask(RIGHT, 2)}
    assert [n.code for n in check_masks(masks, VOLUME)] == ["SIDES_SWAPPED"]
    flipped = Geometry.from_planes((156, -120, 0), (-1, 0, 0, 0, 1, 0), (4.0, 4.0), (0, 0, 6.0))
    masks = {"right_lung": _mask(LEFT, 1, flipped), "left_lung": _mask(RIGHT, 2, flipped)}
    assert check_masks(masks, replace(VOLUME, geometry=flipped)) == []


def test_an_empty_mask_is_told_and_nothing_else() -> None:
    assert _codes(np.zeros(SHAPE, bool)) == ["EMPTY_MASK"]
    empty = {"right_lung": _mask(RIGHT), "left_lung": _mask(np.zeros(SHAPE, bool), 2)}
    assert [n.code for n in check_masks(empty, VOLUME)] == ["EMPTY_MASK"]


@pytest.mark.parametrize(("kept", "word"), [(slice(10, 40), "lower"), (slice(0, 30), "upper")])
def test_a_lung_cut_by_the_scan_names_the_end(kept: slice, word: str) -> None:
    volume = replace(VOLUME, voxels=VOLUME.voxels[kept])
    notices = check_mask(_mask(RIGHT[kept]), volume, "Right lung")
    assert [n.code for n in notices] == ["CUT_BY_SCAN"]
    assert f"at the {word} end" in notices[0].text


def test_the_end_is_named_by_the_patient_and_not_by_the_slice_number() -> None:
    head_first = Geometry.from_planes((-160, -120, 0), (1, 0, 0, 0, 1, 0), (4.0, 4.0), (0, 0, -6.0))
    volume = Volume(np.zeros((30, *SHAPE[1:]), np.int16), head_first, Unit.HU)
    notices = check_mask(Mask.from_full(1, "right_lung", RIGHT[10:], head_first), volume, "Right lung")
    assert "at the upper end" in notices[0].text


def test_a_lung_at_the_side_of_the_picture_is_cut_off() -> None:
    volume = replace(VOLUME, voxels=VOLUME.voxels[:, :, 12:])
    notices = check_mask(Mask.from_full(1, "right_lung", RIGHT[:, :, 12:], GEOMETRY), volume, "Right lung")
    assert "CUT_BY_FIELD_OF_VIEW" in [n.code for n in notices]


def test_a_lung_at_the_round_edge_of_the_field_of_view_is_cut_off() -> None:
    voxels = np.zeros(SHAPE, np.int16)
    voxels[:, :, :12] = -2000
    volume = Volume(voxels, GEOMETRY, Unit.HU, padding=(-2000, -2000))
    assert "CUT_BY_FIELD_OF_VIEW" in _codes(RIGHT & (voxels > -2000), volume)


def test_a_flat_end_inside_the_picture_is_named() -> None:
    half = RIGHT.copy()
    half[22:] = False
    assert _codes(half) == ["FLAT_FACE"]


def test_islands_and_holes_are_told_with_their_share() -> None:
    islands = RIGHT | _ellipsoid((20, 30, 60), (5, 6, 5))
    assert "ISLANDS" in _codes(islands)
    assert _codes(RIGHT & ~_ellipsoid((20, 30, 20), (6, 7, 5))) == ["HOLES"]


@pytest.mark.parametrize("radius", [(6, 6, 4), (19, 29, 27)])
def test_an_implausible_volume_is_told_with_the_range(radius: tuple[float, float, float]) -> None:
    voxels = _ellipsoid((20, 30, 40), radius)
    notices = [n for n in check_mask(_mask(voxels), VOLUME, "Right lung") if n.code == "VOLUME_RANGE"]
    assert "300 to 5,000\u2009mL" in notices[0].text


def test_the_centroid_is_a_place_in_the_patient() -> None:
    assert centroid_lps(_mask(RIGHT)) == pytest.approx([-160 + 20 * 4, -120 + 30 * 4, 20 * 6], abs=0.01)
    with pytest.raises(ValueError, match="no place"):
        centroid_lps(_mask(np.zeros(SHAPE, bool)))


def test_cleaning_drops_islands_and_fills_vessels_but_never_another_class() -> None:
    classes = np.zeros(SHAPE, np.uint8)
    classes[RIGHT] = 1
    vessel = (slice(10, 30), slice(28, 30), slice(18, 20))
    classes[vessel] = 0
    airway = (slice(10, 30), slice(34, 36), slice(22, 24))
    classes[airway] = 3
    classes[5:7, 5:7, 70:72] = 1
    out = clean(classes, [(1, "right_lung"), (2, "left_lung")], GEOMETRY, TaskContext())
    mask = out["right_lung"].mask.full()
    expected = RIGHT.copy()
    expected[airway] = False
    assert np.array_equal(mask, expected)
    assert 0 < out["right_lung"].dropped < 0.01
    assert out["left_lung"].mask.voxel_count == 0


def test_a_second_piece_of_ten_percent_is_no_island() -> None:
    two = np.zeros((4, 10, 40), bool)
    two[:, :, :20] = True
    two[:, :, 30:33] = True
    assert main_pieces(two).sum() == two.sum()
    two[:, :, 31:33] = False
    assert main_pieces(two).sum() == 4 * 10 * 20
    assert not main_pieces(np.zeros((2, 2, 2), bool)).any()


def test_an_open_bay_is_no_hole() -> None:
    ring = np.zeros((1, 9, 9), bool)
    ring[0, 2:7, 2:7] = True
    ring[0, 4, 4] = False
    nothing = np.zeros_like(ring)
    assert fill_slice_holes(ring, nothing, GEOMETRY)[0, 4, 4]
    ring[0, 4, 4:] = False
    assert np.array_equal(fill_slice_holes(ring, nothing, GEOMETRY), ring)


@pytest.mark.parametrize("towards_feet", [True, False])
def test_the_dome_of_the_diaphragm_stays_outside_and_the_core_of_a_mass_inside(towards_feet: bool) -> None:
    step = -5.0 if towards_feet else 5.0
    geometry = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (2.0, 2.0), (0, 0, step))
    lung = np.ones((12, 40, 40), bool)
    lung[6:, 15:30, 15:30] = False
    lung[3, 3:13, 3:13] = False
    clean_lung = np.ones((12, 40, 40), bool)
    clean_lung[6:, 15:30, 15:30] = False
    if not towards_feet:
        lung, clean_lung = lung[::-1].copy(), clean_lung[::-1].copy()
    filled = fill_slice_holes(lung, np.zeros_like(lung), geometry)
    assert np.array_equal(filled, clean_lung)


def test_a_bubble_that_touches_the_lung_of_the_next_slice_with_a_corner_is_dropped() -> None:
    """Gas in the stomach, one thick slice below the lung's last picture: joined by corners only."""
    classes = np.zeros(SHAPE, np.uint8)
    classes[10:30, 10:50, 10:30] = 1
    classes[9, 50:54, 30:34] = 1
    lung = clean(classes, [(1, "right_lung")], GEOMETRY, TaskContext())["right_lung"]
    assert lung.mask.voxel_count == 20 * 40 * 20
    assert 0 < lung.dropped < 0.01


def test_the_thin_end_of_a_lung_stays_where_its_faces_meet() -> None:
    """The sickle behind the dome lies under the lung of the picture above."""
    classes = np.zeros(SHAPE, np.uint8)
    classes[10:30, 10:50, 10:30] = 1
    classes[7:10, 47:50, 10:30] = 1
    lung = clean(classes, [(1, "right_lung")], GEOMETRY, TaskContext())["right_lung"]
    assert lung.dropped == 0
    assert lung.mask.slice(7).any()
