"""Overlay planes, turns and presentation states in the window: what is asked, what is told."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from medviewer.imaging.reslice import Letters
from medviewer.imaging.turn import RIGHT, STRAIGHT, Turn
from medviewer.ui.main_window import MainWindow
from medviewer.ui.object_row import ObjectRow
from tests.dicom.presentations import (
    add_plane,
    annotation,
    area,
    drawing,
    make_presentation,
    make_projection,
    words,
)
from tests.factories import item, save
from tests.ui.windows import PATIENCE, open_and_wait, write_series

ROWS, COLUMNS = 12, 20


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
        open_and_wait(qtbot, window, tmp_path)
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
        open_and_wait(qtbot, window, tmp_path)
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
        open_and_wait(qtbot, window, tmp_path)
        choose(window)
        qtbot.waitUntil(lambda: "not open" in window.notices.text, timeout=PATIENCE)
        assert window.session.state.presentation is None

    def test_that_the_image_of_another_patient_is_never_presented(self, qtbot, window, tmp_path):
        image = make_projection()
        save(image, tmp_path / "a.dcm")
        state = state_of([image])
        state.PatientID = "T2"
        save(state, tmp_path / "state.dcm")
        open_and_wait(qtbot, window, tmp_path)
        choose(window)
        qtbot.waitUntil(lambda: "not open" in window.notices.text, timeout=PATIENCE)
        assert window.session.state.presentation is None

    def test_that_damage_is_said_and_changes_nothing(self, qtbot, window, tmp_path):
        image = make_projection()
        save(image, tmp_path / "a.dcm")
        state = state_of([image])
        state.ReferencedSeriesSequence = []
        save(state, tmp_path / "state.dcm")
        open_and_wait(qtbot, window, tmp_path)
        choose(window)
        qtbot.waitUntil(lambda: "names no image" in window.notices.text, timeout=PATIENCE)

    def test_that_the_reader_turns_and_escape_takes_it_back(self, qtbot, window, tmp_path):
        save(make_projection(), tmp_path / "a.dcm")
        open_and_wait(qtbot, window, tmp_path)
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
        open_and_wait(qtbot, window, tmp_path)
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
        open_and_wait(qtbot, window, tmp_path)
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
        open_and_wait(qtbot, window, tmp_path)
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
