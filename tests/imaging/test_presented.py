"""Points of a presentation on their pixels, drawings on their curves, colours as they were meant."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medviewer.imaging.lab import hex_of_lab
from medviewer.imaging.presented import (
    Area,
    Graphic,
    Sheet,
    Units,
    from_picture,
    shown_box,
    to_picture,
)
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.turn import RIGHT, Turn

ROWS, COLUMNS = 12, 20


class TestPoints:
    """0\\0 is the outer corner of the first pixel, 0.5\\0.5 its centre (PS3.3 C.10.5.1.2)."""

    @pytest.mark.parametrize("turn", [Turn(q, m) for q in range(4) for m in (False, True)])
    def test_that_pixel_units_follow_the_pixel_through_every_turn(self, turn):
        view = PlaneView((1, ROWS, COLUMNS), None, turn=turn)
        stored = np.arange(ROWS * COLUMNS).reshape(1, ROWS, COLUMNS)
        for row, column in [(0, 0), (ROWS - 1, COLUMNS - 1), (3, 7)]:
            x, y = to_picture(view, (column + 0.5, row + 0.5))
            assert view.extract(stored, 0)[int(y), int(x)] == stored[0, row, column]
            assert from_picture(view, (x, y)) == (column + 0.5, row + 0.5)

    @pytest.mark.parametrize(
        ("turn", "corner"),
        [(Turn(), (0, 0)), (Turn(1), (0, ROWS)), (Turn(2), (COLUMNS, ROWS)), (Turn(3), (COLUMNS, 0)),
         (Turn(0, True), (COLUMNS, 0)), (Turn(1, True), (0, 0))],
    )  # fmt: skip
    def test_that_display_units_count_from_the_corner_the_reader_sees(self, turn, corner):
        assert Sheet((ROWS, COLUMNS), turn).image_point((0.0, 0.0), Units.DISPLAY) == corner

    def test_that_display_units_are_parts_of_the_displayed_area(self):
        sheet = Sheet((ROWS, COLUMNS), area=Area((3, 2), (12, 6)))
        assert sheet.image_point((0.0, 0.0), Units.DISPLAY) == (2.0, 1.0)
        assert sheet.image_point((1.0, 1.0), Units.DISPLAY) == (12.0, 6.0)
        assert sheet.image_point((0.5, 0.5), Units.DISPLAY) == (7.0, 3.5)

    def test_that_a_displayed_area_holds_both_its_corner_pixels(self):
        straight, turned = (PlaneView((1, ROWS, COLUMNS), None, turn=t) for t in (Turn(), RIGHT))
        assert shown_box(straight, Area((1, 1), (COLUMNS, ROWS))) == ((0, 0), (COLUMNS, ROWS))
        assert shown_box(straight, Area((2, 3), (2, 3))) == ((1, 2), (2, 3))
        # After a turn to the right the upper left corner of the display is the lower left of the image.
        assert shown_box(turned, Area((1, ROWS), (COLUMNS, 1))) == ((0, 0), (ROWS, COLUMNS))


class TestStrokes:
    def test_that_a_circle_has_its_radius_everywhere(self):
        made = Sheet((ROWS, COLUMNS)).stroke(Graphic("CIRCLE", ((8.0, 5.0), (8.0, 9.0)))).points
        assert made[0] == made[-1]
        assert all(math.hypot(x - 8, y - 5) == pytest.approx(4) for x, y in made)

    def test_that_a_circle_is_round_in_millimetres(self):
        """Pixels twice as high as wide: the radius was drawn down, so across it holds twice as many."""
        made = Sheet((ROWS, COLUMNS), aspect=2.0).stroke(Graphic("CIRCLE", ((8.0, 5.0), (8.0, 7.0)))).points
        assert all(math.hypot(x - 8, 2 * (y - 5)) == pytest.approx(4) for x, y in made)

    def test_that_an_ellipse_lies_between_the_ends_of_its_axes(self):
        ends = ((2.0, 5.0), (14.0, 5.0), (8.0, 2.0), (8.0, 8.0))
        made = Sheet((ROWS, COLUMNS)).stroke(Graphic("ELLIPSE", ends)).points
        assert all(((x - 8) / 6) ** 2 + ((y - 5) / 3) ** 2 == pytest.approx(1) for x, y in made)

    def test_that_an_interpolated_line_goes_through_its_points(self):
        given = ((1.0, 1.0), (5.0, 3.0), (9.0, 1.0), (12.0, 8.0))
        made = np.array(Sheet((ROWS, COLUMNS)).stroke(Graphic("INTERPOLATED", given)).points)
        for point in given:
            assert np.hypot(*(made - point).T).min() < 1e-9
        steps = np.hypot(*np.diff(made, axis=0).T)
        assert steps.max() < 1.0

    def test_that_a_polyline_and_a_point_are_what_they_are(self):
        sheet = Sheet((ROWS, COLUMNS))
        line = ((1.0, 2.0), (3.0, 4.0))
        assert sheet.stroke(Graphic("POLYLINE", line)).points == line
        assert sheet.stroke(Graphic("POINT", line[:1])).points == line[:1]


@pytest.mark.parametrize(
    ("lab", "expected"),
    [((65535, 32896, 32896), "#FFFFFF"), ((0, 32896, 32896), "#000000"), ((35117, 32896, 32896), "#808080")],
)
def test_that_neutral_colours_are_neutral(lab, expected):
    assert hex_of_lab(lab) == expected


def test_that_a_colour_of_the_screen_is_found_again_through_cielab():
    """highdicom counts from the white of daylight (D65), the standard from D50: a few levels apart."""
    from highdicom.color import CIELabColor

    made = hex_of_lab(CIELabColor.from_rgb(200, 40, 60).value)
    assert all(abs(int(made[k : k + 2], 16) - v) <= 4 for k, v in ((1, 200), (3, 40), (5, 60)))
