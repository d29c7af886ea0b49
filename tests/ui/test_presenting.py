"""Overlay planes, turns and presentation states before the reader: on the very pixels, in the very window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pytestqt.qtbot import QtBot

from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.presented import NEUTRAL, Area, Look, Note, Shutter, SizeMode, Stroke
from medviewer.imaging.reslice import Letters, Plane
from medviewer.imaging.turn import FLIP_ACROSS, FLIP_DOWN, LEFT, RIGHT, STRAIGHT, Turn
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.bitmaps import any_of
from medviewer.ui.main_window import MainWindow
from medviewer.ui.object_row import ObjectRow
from medviewer.ui.viewport import Viewport
from tests.dicom.presentations import (
    add_plane,
    annotation,
    area,
    drawing,
    item,
    make_presentation,
    make_projection,
    words,
)
from tests.factories import save
from tests.ui.viewports import hover, painted, pixels, shown
from tests.ui.windows import PATIENCE, make_window, write_series

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

    def test_that_words_are_written_inside_the_view(self, view):
        far = Note("At the far edge", None, (float(COLUMNS), 6.0), True, "LEFT", "#00FF00")
        view.set_look(Look(notes=(far,)))
        green = painted(view, (0, 255, 0))
        assert green.any()
        assert not green[:, -3:].any()


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.dispose()


def state_of(images: list[Dataset]) -> Dataset:
    """Turned, windowed, with a circle."""
    notes = [annotation("L", [drawing("CIRCLE", [10, 6, 13, 6])], [words("Here", anchor=[10, 6])])]
    return make_presentation(
        images,
        {
            "ImageRotation": 90,
            "GraphicAnnotationSequence": notes,
            "SoftcopyVOILUTSequence": [item(WindowCenter=300, WindowWidth=200)],
            "DisplayedAreaSelectionSequence": [area([1, ROWS], [COLUMNS, 1])],
        },
    )


def opened(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([folder])


def choose(window: MainWindow) -> None:
    row = window.browser._area.widget().findChildren(ObjectRow)[0]
    row.chosen.emit(row.path)


def planes_shown(window: MainWindow) -> bool:
    return window.planes.main._item.shown.planes is not None


class TestWindow:
    def test_that_planes_are_shown_at_once_and_hidden_by_one_act(self, qtbot, window, tmp_path):
        bits = np.zeros((3, 4), bool)
        bits[1, 2] = True
        save(add_plane(make_projection(), bits, (2, 5)), tmp_path / "a.dcm")
        opened(qtbot, window, tmp_path)
        qtbot.waitUntil(lambda: planes_shown(window), timeout=PATIENCE)
        expected = np.zeros((ROWS, COLUMNS), bool)
        expected[2, 6] = True
        np.testing.assert_array_equal(window.planes.main._item.shown.planes.bits, expected)
        assert window.actions_by_id["planes"].isChecked()
        window.actions_by_id["planes"].trigger()
        assert not planes_shown(window)
        assert not window.actions_by_id["planes"].isChecked()

    def test_that_a_click_shows_the_first_image_as_presented_and_remove_takes_it_back(
        self, qtbot, window, tmp_path
    ):
        image = make_projection()
        save(image, tmp_path / "a.dcm")
        save(state_of([image]), tmp_path / "state.dcm")
        opened(qtbot, window, tmp_path)
        before = window.session.state.window
        choose(window)
        qtbot.waitUntil(lambda: window.session.state.presentation is not None, timeout=PATIENCE)
        view = window.planes.main
        assert view.turn == RIGHT
        assert view._front.notes.letters == Letters(left="F", right="H", top="R", bottom="L")
        assert window.session.state.window.centre == 300
        assert len(view._item.shown.strokes) == 1
        assert window.presenting.chip.text == "Presentation state: COLLIMATED by Doe, Jane, 2024-01-02"
        assert view.picture.value_text(0, 0.5, 0.5).startswith("Value 1100 "), "the value of the image"
        window.presenting.chip._remove.click()
        assert window.session.state.presentation is None
        assert (view.turn, window.session.state.window) == (STRAIGHT, before)
        assert view._item.shown.strokes == ()
        assert window.presenting.chip.text == ""

    def test_that_images_not_open_are_said_in_one_sentence(self, qtbot, window, tmp_path):
        save(make_projection(0), tmp_path / "a.dcm")
        other = make_projection(1)
        save(state_of([other]), tmp_path / "state.dcm")
        opened(qtbot, window, tmp_path)
        choose(window)
        qtbot.waitUntil(lambda: "not open" in window.notices.text, timeout=PATIENCE)
        assert window.session.state.presentation is None

    def test_that_the_image_of_another_patient_is_never_presented(self, qtbot, window, tmp_path):
        image = make_projection()
        save(image, tmp_path / "a.dcm")
        state = state_of([image])
        state.PatientID = "T2"
        save(state, tmp_path / "state.dcm")
        opened(qtbot, window, tmp_path)
        choose(window)
        qtbot.waitUntil(lambda: "not open" in window.notices.text, timeout=PATIENCE)
        assert window.session.state.presentation is None

    def test_that_damage_is_said_and_changes_nothing(self, qtbot, window, tmp_path):
        image = make_projection()
        save(image, tmp_path / "a.dcm")
        state = state_of([image])
        state.ReferencedSeriesSequence = []
        save(state, tmp_path / "state.dcm")
        opened(qtbot, window, tmp_path)
        choose(window)
        qtbot.waitUntil(lambda: "names no image" in window.notices.text, timeout=PATIENCE)

    def test_that_the_reader_turns_and_escape_takes_it_back(self, qtbot, window, tmp_path):
        save(make_projection(), tmp_path / "a.dcm")
        opened(qtbot, window, tmp_path)
        view = window.planes.main
        for name, turn in (("rotate_right", RIGHT), ("flip_across", Turn(1, True))):
            window.actions_by_id[name].trigger()
            assert view.turn == turn
        assert "Rotated 90°, flipped left to right" in view._front.notes.corners.bottom_left
        window.actions_by_id["key_image"].trigger()
        assert window.session.state.key_images[0].turn == Turn(1, True)
        window.actions_by_id["reset"].trigger()
        assert view.turn == STRAIGHT
        assert view._front.notes.letters == Letters("R", "L", "H", "F")

    def test_that_a_ct_is_never_turned(self, qtbot, window, tmp_path):
        write_series(tmp_path, slices=3)
        opened(qtbot, window, tmp_path)
        for name in ("rotate_right", "rotate_left", "flip_across", "flip_down"):
            action = window.actions_by_id[name]
            assert not action.isEnabled()
            assert "sides must stay where readers expect them" in action.toolTip()

    def test_that_a_state_activates_the_planes_that_are_shown(self, qtbot, window, tmp_path):
        bits = np.ones((2, 2), bool)
        image = add_plane(add_plane(make_projection(), bits), bits, (5, 5), group=0x6002)
        save(image, tmp_path / "a.dcm")
        state = make_presentation([image])
        state.add_new((0x6002, 0x1001), "CS", "L")
        save(state, tmp_path / "state.dcm")
        opened(qtbot, window, tmp_path)
        qtbot.waitUntil(lambda: planes_shown(window), timeout=PATIENCE)
        assert window.planes.main._item.shown.planes.bits.sum() == 8
        choose(window)
        qtbot.waitUntil(lambda: window.session.state.presentation is not None, timeout=PATIENCE)
        qtbot.waitUntil(lambda: planes_shown(window), timeout=PATIENCE)
        expected = np.zeros((ROWS, COLUMNS), bool)
        expected[4:6, 4:6] = True
        np.testing.assert_array_equal(window.planes.main._item.shown.planes.bits, expected)

    def test_that_a_bitmap_shutter_covers_and_is_not_drawn(self, qtbot, window, tmp_path):
        image = make_projection()
        save(image, tmp_path / "a.dcm")
        cover = np.zeros((ROWS, COLUMNS), bool)
        cover[:, :4] = True
        state = add_plane(make_presentation([image]), cover, group=0x6004)
        state.ShutterShape, state.ShutterOverlayGroup, state.ShutterPresentationValue = (
            "BITMAP",
            0x6004,
            0xFFFF,
        )
        save(state, tmp_path / "state.dcm")
        opened(qtbot, window, tmp_path)
        choose(window)
        qtbot.waitUntil(
            lambda: (
                window.planes.main._item.shown.cover is not None
                and window.planes.main._item.shown.cover.bits.any()
            ),
            timeout=PATIENCE,
        )
        np.testing.assert_array_equal(window.planes.main._item.shown.cover.bits, cover)
        assert window.planes.main._item.shown.cover.colour == "#FFFFFF"
        assert not planes_shown(window)


def test_that_the_neutral_colour_is_no_label_s() -> None:
    assert tuple(int(NEUTRAL[k : k + 2], 16) for k in (1, 3, 5)) == GREY
