"""Overlay planes, turns, shutters and drawings on the very pixels of the view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medviewer.imaging.inplane import InPlane, Region, Scale
from medviewer.imaging.presented import NEUTRAL, Area, Look, Note, Shutter, SizeMode, Stroke
from medviewer.imaging.reslice import Letters, Plane
from medviewer.imaging.turn import FLIP_ACROSS, FLIP_DOWN, LEFT, RIGHT, STRAIGHT, Turn
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.annotations import PLANES_HIDDEN
from medviewer.ui.bitmaps import any_of
from medviewer.ui.viewport import Viewport
from tests.ui.viewports import hover, painted, pixels, shown

ROWS, COLUMNS = 12, 20
GREY = (0xD0, 0xD5, 0xDB)
ALL = [Turn(q, m) for q in range(4) for m in (False, True)]


def projection(*, square: bool = True) -> Volume:
    """Every pixel holds its own number; it lies in no patient, and says where its edges are."""
    scale = Scale(0.4, 0.4 if square else 0.2, "mm at detector")
    values = np.arange(ROWS * COLUMNS, dtype=np.int16).reshape(1, ROWS, COLUMNS)
    return Volume(values, None, in_plane=(InPlane(scale, edges=("R", "L", "H", "F")),))


@pytest.fixture
def view(qtbot: QtBot) -> Viewport:
    made = shown(qtbot, projection())
    made.set_window(Window(-9, 4))  # all white: what is drawn is seen by its colour alone
    made._front.hide()  # no words over it
    return made


def where(view: Viewport, row: int, column: int) -> tuple[slice, slice]:
    """Screen rows and columns well inside the square of an image pixel, however it is turned."""
    assert view.picture is not None
    _, r, c = view.picture.view.from_voxel(0, row, column)
    x0, y0 = view.camera.to_screen(c, r)
    x1, y1 = view.camera.to_screen(c + 1, r + 1)
    return slice(int(y0) + 2, int(y1) - 1), slice(int(x0) + 2, int(x1) - 1)


class TestBitmaps:
    @pytest.mark.parametrize("turn", ALL)
    def test_that_a_bit_covers_its_pixel_and_no_other(self, view, turn):
        bits = np.zeros((ROWS, COLUMNS), bool)
        bits[0, 0] = bits[3, 7] = bits[ROWS - 1, COLUMNS - 2] = True
        view.set_look(Look(turn), turn)
        view.set_planes(bits, None)
        grey = painted(view, GREY)
        for row in range(ROWS):
            for column in range(COLUMNS):
                inside = grey[where(view, row, column)]
                assert inside.all() if bits[row, column] else not inside.any(), (row, column)

    def test_that_hidden_planes_are_not_drawn(self, view):
        bits = np.ones((ROWS, COLUMNS), bool)
        view.set_planes(bits, None, drawings=False)
        assert not painted(view, GREY).any()

    def test_that_what_is_hidden_is_said_to_be(self, view):
        """The switch outlives the patient: an arrow of a colleague may not be missing without a word."""

        def said() -> list[str]:
            return [line.text for line in view._front._bottom_right()]

        mark = Stroke(((1.0, 1.0), (5.0, 5.0)))
        for look, bits in ((Look(), np.ones((ROWS, COLUMNS), bool)), (Look(strokes=(mark,)), None)):
            view.set_look(look)
            view.set_planes(bits, None, drawings=False)
            assert PLANES_HIDDEN in said()
            view.set_planes(bits, None)
            assert PLANES_HIDDEN not in said()
        view.set_look(Look())
        view.set_planes(None, None, drawings=False)
        assert PLANES_HIDDEN not in said()
        view.set_planes(np.ones((ROWS, COLUMNS), bool), None, drawings=False)
        view.set_picture(None, None)
        assert PLANES_HIDDEN not in said()

    @pytest.mark.parametrize("turn", [STRAIGHT, RIGHT, FLIP_ACROSS])
    def test_that_a_shutter_covers_whole_pixels_and_stays_on_the_anatomy(self, view, turn):
        shutter = Shutter((3, 18, 2, 10), level=0.0)
        view.set_look(Look(turn, shutter), turn)
        picture = pixels(view.grab_image())
        for row, column in [(1, 2), (9, 17), (5, 9)]:
            assert (picture[where(view, row, column)] == 255).all(), "still seen"
        for row, column in [(0, 5), (5, 1), (5, 18), (10, 9)]:
            assert (picture[where(view, row, column)] == 0).mean() > 0.95, "covered"

    def test_that_thin_lines_survive_a_small_picture(self, qtbot):
        values = np.zeros((1, 2000, 2000), np.int16)
        view = shown(qtbot, Volume(values, None))
        bits = np.zeros((2000, 2000), bool)
        bits[:, 1003] = bits[777] = True
        view.set_planes(bits, None)
        grey = painted(view, GREY)
        assert grey.any(axis=1)[20:-20].all()
        assert grey.any(axis=0)[20:-20].sum() >= 300

    def test_that_no_bit_is_lost_in_a_block(self):
        bits = np.zeros((7, 10), bool)
        bits[6, 9] = bits[2, 2] = True
        assert any_of(bits, 3).tolist() == [
            [True, False, False, False],
            [False, False, False, False],
            [False, False, False, True],
        ]


class TestTurned:
    @pytest.mark.parametrize("turn", ALL)
    def test_that_the_value_under_the_mouse_is_that_of_the_pixel(self, view, turn):
        view.set_look(Look(), turn)
        for row, column in [(0, 0), (4, 9), (ROWS - 1, COLUMNS - 1)]:
            rows, columns = where(view, row, column)
            at = ((columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2)
            hover(view, at)
            assert view._front.notes.value.startswith(f"Value {row * COLUMNS + column} ")

    def test_that_letters_go_with_the_picture(self, view):
        view.set_look(Look(), RIGHT)
        assert view._front.notes.letters == Letters(left="F", right="H", top="R", bottom="L")
        view.set_look(Look(), STRAIGHT)
        assert view._front.notes.letters == Letters("R", "L", "H", "F")

    def test_that_the_ruler_measures_across_the_screen(self, qtbot):
        view = shown(qtbot, projection(square=False))
        assert view._front.notes.column_mm == 0.2
        view.set_look(Look(), LEFT)
        assert view._front.notes.column_mm == 0.4
        across = view.camera.scale[0] / 0.4
        assert across == pytest.approx(view.camera.scale[1] / 0.2)

    @pytest.mark.parametrize("turn", ALL)
    def test_that_measurements_stay_on_the_anatomy(self, view, turn):
        points = ((0.0, 2.5, 3.5), (0.0, 2.5, 9.5))
        view.set_measurements([ReaderMeasurement("a", "length", "", Plane.NATIVE, 0, points, "2.4 mm")])
        view.set_look(Look(), turn)
        (shape,) = view._front.notes.shapes
        for (x, y), (row, column) in zip(shape.points, ((2, 3), (2, 9)), strict=True):
            assert view.picture.view.to_voxel(0, y - 0.5, x - 0.5) == (0, row, column)
        assert view.figure_of("length", shape.points).startswith("2.4")

    def test_that_an_ellipse_is_drawn_upright_on_a_turned_picture(self, view):
        """Six across and two down in the image are two across and six down after a quarter."""
        points = ((0.0, 5.0, 9.0), (0.0, 5.0, 15.0), (0.0, 7.0, 9.0))
        view.set_measurements([ReaderMeasurement("a", "ellipse", "", Plane.NATIVE, 0, points, "")])
        view.set_look(Look(), RIGHT)
        (shape,) = view._front.notes.shapes
        (cx, cy), (ax, ay), (bx, by) = shape.points
        assert (ax - cx, ay - cy, bx - cx, by - cy) == pytest.approx((2, 0, 0, 6))

    @pytest.mark.parametrize("turn", [RIGHT, FLIP_DOWN])
    def test_that_masks_and_streams_lie_on_their_voxels(self, view, turn):
        full = np.zeros((1, ROWS, COLUMNS), bool)
        full[0, 2, 5:9] = True
        expected = np.zeros((ROWS, COLUMNS), bool)
        expected[2, 5:9] = True
        view.set_look(Look(), turn)
        view.set_slice_masks(0, [(full[0], "#56B4E9")])
        (layer,) = view.picture.layers(0)
        np.testing.assert_array_equal(layer.inside, view.picture.view.placed(expected))
        view.set_masks([(Mask.from_full(1, "One", full, None), "#56B4E9", "One")])
        (layer,) = view.picture.layers(0)
        np.testing.assert_array_equal(layer.inside, view.picture.view.placed(expected))

    def test_that_another_series_is_not_turned(self, view):
        view.set_look(Look(RIGHT), RIGHT)
        view.set_picture(projection(), None)
        assert view.turn == STRAIGHT

    def test_that_more_of_the_same_voxels_stays_turned(self, view):
        view.set_look(Look(RIGHT), RIGHT)
        volume = view._base
        view.set_picture(Volume(volume.voxels, None, in_plane=volume.in_plane), None)
        assert view.turn == RIGHT
        assert view.camera.shape == (COLUMNS, ROWS)


class TestLook:
    def test_that_drawings_lie_where_the_image_points_are(self, view):
        stroke = Stroke(((2.0, 3.0), (18.0, 3.0)), colour="#FF0000")
        view.set_look(Look(strokes=(stroke,)))
        picture = pixels(view.grab_image()).astype(int)
        red = picture[..., 0] - picture[..., 1] > 120
        rows = np.flatnonzero(red.any(axis=1))
        columns = np.flatnonzero(red.any(axis=0))
        (x0, y), (x1, _) = view.camera.to_screen(2, 3), view.camera.to_screen(18, 3)
        assert abs((rows.min() + rows.max() + 1) / 2 - y) <= 1
        assert abs(columns.min() - x0) <= 2
        assert abs(columns.max() + 1 - x1) <= 2

    def test_that_a_displayed_area_fills_the_view(self, view):
        view.set_look(Look(area=Area((6, 4), (10, 8))))
        camera = view.camera
        (x0, y0), (x1, y1) = camera.to_screen(5, 3), camera.to_screen(10, 8)
        width, height = camera.size
        assert max((x1 - x0) / width, (y1 - y0) / height) == pytest.approx(1)
        assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((width / 2, height / 2))

    def test_that_magnification_is_taken_at_its_word(self, view):
        view.set_look(Look(area=Area((1, 1), (COLUMNS, ROWS), SizeMode.MAGNIFY, magnification=3.0)))
        assert view.camera.zoom == 3.0

    def test_that_its_millimetres_hold_for_it_alone(self, view):
        whole = Area((1, 1), (COLUMNS, ROWS), spacing=(0.1, 0.1))
        view.set_look(Look(area=whole))
        assert view.figure_of("length", ((0, 1), (10, 1))) == "1.0\u2009mm (presentation state)"
        view.set_look(Look())
        assert view.figure_of("length", ((0, 1), (10, 1))) == "4.0\u2009mm at detector"

    def test_that_millimetres_at_the_detector_stay_so(self, view):
        """The same numbers again say nothing of the magnification: the caution may not fall off."""
        view.set_look(Look(area=Area((1, 1), (COLUMNS, ROWS), spacing=(0.4001, 0.4))))
        assert view.figure_of("length", ((0, 1), (10, 1))) == "4.0\u2009mm at detector"

    def test_that_ultrasound_keeps_the_scales_of_its_regions(self, qtbot):
        """Across a Doppler strip lies time: no millimetres come of a spacing for the whole picture."""
        strips = (Region(0, 0, 9, ROWS - 1, Scale(0.2, 0.2)), Region(10, 0, COLUMNS - 1, ROWS - 1, None))
        view = shown(qtbot, replace(projection(), in_plane=(InPlane(regions=strips),)))
        whole = Area((1, 1), (COLUMNS, ROWS), spacing=(0.1, 0.1))
        lines = ((1, 1), (6, 1)), ((12, 1), (17, 1)), ((1, 1), (17, 1))
        before = [view.figure_of("length", line) for line in lines]
        assert before[0] == "1.0\u2009mm"
        view.set_look(Look(area=whole))
        assert [view.figure_of("length", line) for line in lines] == before

    def test_that_words_are_written_inside_the_view(self, view):
        far = Note("At the far edge", None, (float(COLUMNS), 6.0), True, "LEFT", "#00FF00")
        view.set_look(Look(notes=(far,)))
        green = painted(view, (0, 255, 0))
        assert green.any()
        assert not green[:, -3:].any()


def test_that_the_neutral_colour_is_no_label_s() -> None:
    assert tuple(int(NEUTRAL[k : k + 2], 16) for k in (1, 3, 5)) == GREY
