"""Distances, angles, areas, volumes and statistics against what geometry says by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.errors import NoGeometry
from medviewer.imaging import measure
from medviewer.imaging.volume import Geometry, Mask
from tests.imaging.test_reslice import geometry, rotation

FLAT = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.8, 0.5), (0, 0, 2.0))
"""Rows 0.8 mm apart, columns 0.5 mm, slices 2 mm."""

points = st.tuples(*(st.floats(-50, 50) for _ in range(3)))


class TestLength:
    def test_that_30_pixels_are_15_mm_across_and_24_mm_down(self):
        assert measure.length_mm((0, 0, 0), (0, 0, 30), FLAT) == pytest.approx(15.0)
        assert measure.length_mm((0, 0, 0), (0, 30, 0), FLAT) == pytest.approx(24.0)
        assert measure.length_px((0, 0, 0), (0, 30, 0)) == 30

    @given(st.integers(0, 999), points, points)
    def test_that_turning_the_patient_changes_no_length(self, seed, start, end):
        oblique = geometry(rotation(seed), (2.0, 0.8, 0.5))
        assert measure.length_mm(start, end, oblique) == pytest.approx(
            measure.length_mm(start, end, FLAT), abs=1e-9
        )


class TestAngle:
    def test_that_angles_are_taken_in_millimetres(self):
        # 5 columns of 0.5 mm and 5 rows of 0.8 mm: not 45 degrees.
        expected = math.degrees(math.atan2(4.0, 2.5))
        assert measure.angle_deg((0, 0, 5), (0, 0, 0), (0, 5, 5), FLAT) == pytest.approx(expected)
        assert measure.angle_deg_px((0, 0, 5), (0, 0, 0), (0, 5, 5)) == pytest.approx(45)

    @pytest.mark.parametrize("degrees", [0.0, 1e-6, 30, 90, 179.999999, 180])
    def test_that_flat_and_pointed_angles_are_exact(self, degrees):
        turn = math.radians(degrees)
        other = (0, math.sin(turn) / 0.8, math.cos(turn) / 0.5)
        assert measure.angle_deg((0, 0, 2), (0, 0, 0), other, FLAT) == pytest.approx(degrees, abs=1e-9)

    def test_that_an_arm_of_no_length_is_refused(self):
        with pytest.raises(ValueError, match="corner"):
            measure.angle_deg((1, 1, 1), (1, 1, 1), (0, 0, 0), FLAT)


class TestArea:
    def test_that_a_rectangle_has_the_area_of_its_sides(self):
        corners = [(0, 0, 0), (0, 0, 10), (0, 5, 10), (0, 5, 0)]
        assert measure.polygon_area_mm2(corners, FLAT) == pytest.approx(10 * 0.5 * 5 * 0.8)

    @given(st.integers(0, 999))
    def test_that_turning_the_patient_changes_no_area(self, seed):
        corners = [(3, r, c) for r, c in np.random.default_rng(seed).uniform(-9, 9, (7, 2))]
        oblique = geometry(rotation(seed), (2.0, 0.8, 0.5))
        assert measure.polygon_area_mm2(corners, oblique) == pytest.approx(
            measure.polygon_area_mm2(corners, FLAT), abs=1e-9
        )

    def test_that_a_circle_of_10_mm_is_a_circle_on_oblong_pixels(self):
        area = measure.ellipse_area_mm2((0, 9, 9), (0, 9, 9 + 20), (0, 9 + 12.5, 9), FLAT)
        assert area == pytest.approx(math.pi * 100)

    def test_that_two_points_are_no_area(self):
        with pytest.raises(ValueError, match="three"):
            measure.polygon_area_mm2([(0, 0, 0), (0, 1, 1)], FLAT)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: measure.length_mm((0, 0, 0), (0, 0, 1), None),
        lambda: measure.angle_deg((0, 0, 1), (0, 0, 0), (0, 1, 0), None),
        lambda: measure.polygon_area_mm2([(0, 0, 0), (0, 0, 1), (0, 1, 0)], None),
        lambda: measure.ellipse_area_mm2((0, 0, 0), (0, 0, 1), (0, 1, 0), None),
        lambda: measure.volume_ml(Mask.from_full(1, "m", np.ones((2, 2, 2)), None)),
    ],
)
def test_that_without_geometry_no_millimetre_is_told(ask):
    with pytest.raises(NoGeometry, match="geometry"):
        ask()


def test_that_a_volume_is_voxels_times_spacing():
    mask = Mask.from_full(1, "m", np.ones((10, 20, 50)), FLAT)
    assert measure.volume_ml(mask) == pytest.approx(10 * 20 * 50 * 2.0 * 0.8 * 0.5 / 1000)


class TestStatistics:
    def test_that_a_constant_has_no_spread(self):
        stats = measure.statistics(np.full((4, 5), -860, np.int16))
        assert stats == measure.Stats(-860, 0, -860, -860, 20)

    def test_that_a_checkerboard_has_the_deviation_of_n_minus_1(self):
        board = np.indices((4, 4)).sum(axis=0) % 2 * 2 - 1
        assert measure.statistics(board).sd == pytest.approx(math.sqrt(16 / 15))

    def test_that_padding_and_nan_are_left_out(self):
        values = np.array([1.0, 3.0, np.nan, np.inf, -2000, -1990])
        assert measure.statistics(values, (-2000, -1990)) == measure.Stats(2, math.sqrt(2), 1, 3, 2)

    def test_that_nothing_gives_nothing(self):
        assert math.isnan(measure.statistics(np.array([])).mean)
        assert math.isnan(measure.statistics(np.array([5])).sd)

    def test_that_large_offsets_lose_no_digits(self):
        values = np.full(1_000_000, 30_000, np.int16)
        values[::2] += 1
        assert measure.statistics(values).mean == pytest.approx(30_000.5, abs=1e-9)


@pytest.mark.parametrize(
    ("pixels_per_mm", "room", "expected"),
    [(1.2, 130, (100.0, "10\u2009cm")), (1.2, 115, (50.0, "5\u2009cm")), (20, 130, (5.0, "5\u2009mm")),
     (100, 30, (0.2, "0.20\u2009mm")), (1, 10, (10.0, "1\u2009cm"))],
)  # fmt: skip
def test_that_the_ruler_is_round(pixels_per_mm, room, expected):
    length, text = measure.ruler(pixels_per_mm, room)
    assert length == pytest.approx(expected[0])
    assert text == expected[1]
