"""The brush on the picture: it paints the voxels under it, however that lies; done, dropped, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medviewer.imaging.presented import PLAIN
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.volume import Geometry
from medviewer.review.session import Session
from medviewer.review.state import Verdict
from medviewer.ui import theme
from medviewer.ui.editing import ELSEWHERE, Editing
from medviewer.ui.notice_bar import NoticeBar
from medviewer.ui.pictures import originals, shown_masks
from medviewer.ui.planes import PlanesView
from tests.review.edited import LUNG, session_with
from tests.review.makers import FIRST, make_volume
from tests.ui.viewports import CTRL, SHIFT, drag, hover, mouse, painted, wheel

PIXEL = (2.0, 3.0)
"""Millimetres between rows and between columns: no square, and larger than the smallest brush."""
TURNS = (STRAIGHT, Turn(1), Turn(2, True), Turn(3), Turn(0, True))
VOXEL = (2, 31, 41)
"""Beside the lung."""


@dataclass
class Desk:
    """A session, its pictures, and the brush."""

    session: Session
    planes: PlanesView
    editing: Editing
    notices: NoticeBar

    def at(self, row: float, column: float) -> tuple[float, float]:
        """Screen position of a place on the image, whole numbers being the centres of pixels."""
        main = self.planes.main
        assert main.picture is not None
        _, y, x = main.picture.view.from_voxel(main.index, row, column)
        return main.camera.to_screen(x + 0.5, y + 0.5)

    def draft(self) -> np.ndarray:
        """The outline as it is painted."""
        edit = self.editing._edit
        assert edit is not None
        return edit.draft.finished().full()

    def size(self, millimetres: float) -> None:
        self.editing._size = millimetres
        self.editing.show_tool()


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    """A lung that a model outlined, on pixels that are not square."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app)
    where = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), PIXEL, (0, 0, 5.0))
    volume = replace(make_volume(), geometry=where)
    session = session_with()
    session.set_volume(FIRST, volume)
    planes = PlanesView()
    qtbot.addWidget(planes)
    planes.resize(900, 500)
    planes.set_layout("mpr")
    planes.set_volume(volume, None)
    planes.show()
    qtbot.waitExposed(planes)
    notices = NoticeBar(planes)
    editing = Editing(session, planes, notices)

    def changed(state: object, change: object) -> None:
        planes.set_index(session.state.index)
        editing.apply(session.state, change)  # type: ignore[arg-type]

    session.subscribe(changed)  # type: ignore[arg-type]
    session.select_finding("right")
    planes.set_masks(shown_masks(session.state))
    made = Desk(session, planes, editing, notices)
    yield made
    editing.cancel()


def arrange(desk: Desk, turn: Turn, how: str) -> None:
    main = desk.planes.main
    main.set_look(PLAIN, turn)
    if how == "zoomed":
        main.move_camera(main.camera.zoomed(2.7, (140.0, 170.0)))
    elif how == "panned":
        main.move_camera(main.camera.zoomed(0.6).panned(17.4, -11.8))


@pytest.mark.parametrize("how", ["fitted", "zoomed", "panned"])
@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_a_brush_of_one_voxel_paints_the_voxel_under_it(desk: Desk, turn: Turn, how: str) -> None:
    arrange(desk, turn, how)
    desk.editing.begin("right")
    desk.size(1.0)
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    assert [tuple(v) for v in np.argwhere(desk.draft() & ~LUNG.full())] == [VOXEL]
    assert not (LUNG.full() & ~desk.draft()).any()


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_a_disc_is_one_in_millimetres(desk: Desk, turn: Turn) -> None:
    arrange(desk, turn, "zoomed")
    desk.editing.begin("right")
    desk.size(15.0)
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    rows, columns = np.mgrid[: LUNG.shape[1], : LUNG.shape[2]]
    away = np.hypot((rows - VOXEL[1]) * PIXEL[0], (columns - VOXEL[2]) * PIXEL[1])
    found = desk.draft()[VOXEL[0]]
    assert np.array_equal(found, LUNG.slice(VOXEL[0]) | (away <= 7.5 + 1e-9))
    others = np.delete(desk.draft(), VOXEL[0], axis=0)
    assert np.array_equal(others, np.delete(LUNG.full(), VOXEL[0], axis=0))


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_what_is_shown_is_what_was_painted(qtbot: QtBot, desk: Desk, turn: Turn) -> None:
    """Only the box that was touched is drawn anew: the picture must be that of the whole slice."""
    arrange(desk, turn, "fitted")
    desk.editing.begin("right")
    desk.size(15.0)
    main = desk.planes.main
    drag(main, desk.at(*VOXEL[1:]), desk.at(20, 30), desk.at(35, 5))
    drag(main, desk.at(15, 12), desk.at(22, 18), keys=CTRL)
    item = main._layer.item  # type: ignore[union-attr]
    shown = item._pixels.copy()
    main.set_draft(desk.editing._edit.draft, "#56B4E9")  # type: ignore[union-attr]
    assert np.array_equal(shown, item._pixels)
    assert main.picture is not None
    assert np.array_equal(shown > 0, main.picture.view.placed(desk.draft()[VOXEL[0]]))
    hover(main, (1, 1))
    assert main.grab_image().width() > 0


def test_that_a_quick_stroke_has_no_gaps_and_ctrl_or_shift_erases(desk: Desk) -> None:
    desk.editing.begin("right")
    desk.size(4.0)
    drag(desk.planes.main, desk.at(31, 2), desk.at(31, 45))
    assert desk.draft()[2, 31, 2:46].all()
    drag(desk.planes.main, desk.at(31, 2), desk.at(31, 30), keys=CTRL)
    drag(desk.planes.main, desk.at(31, 30), desk.at(31, 45), keys=SHIFT)
    assert np.array_equal(desk.draft(), LUNG.full())


def test_that_erasing_can_be_chosen_and_two_quick_clicks_are_two_dabs(qtbot: QtBot, desk: Desk) -> None:
    desk.editing.begin("right")
    bar, main = desk.editing.bar, desk.planes.main
    assert (bar.paint.isChecked(), bar.erase.isChecked()) == (True, False)
    bar.erase.click()
    assert (bar.paint.isChecked(), bar.erase.isChecked()) == (False, True)
    desk.size(1.0)
    drag(main, desk.at(15, 12))
    mouse(main, QEvent.Type.MouseButtonDblClick, desk.at(15, 13))
    mouse(main, QEvent.Type.MouseButtonRelease, desk.at(15, 13))
    gone = np.argwhere(LUNG.full() & ~desk.draft()).tolist()
    assert gone == [[2, 15, 12], [2, 15, 13]]
    assert desk.planes.planes_shown


def test_that_done_is_one_decision_and_the_model_s_outline_stays(desk: Desk) -> None:
    before = LUNG.box.copy()
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    wanted = desk.draft()
    desk.editing.done()
    decision = desk.session.state.decision_of("right")
    assert decision.verdict is Verdict.MODIFIED
    assert decision.reader == "reader01"
    assert decision.modification is not None
    assert np.array_equal(decision.modification.mask(LUNG).full(), wanted)
    assert np.array_equal(LUNG.box, before)
    assert not desk.editing.is_on
    assert not desk.editing.bar.is_shown
    assert desk.planes.main.tool_name == "window"
    desk.session.undo()
    assert desk.session.state.decision_of("right").verdict is Verdict.PENDING


def test_that_cancel_leaves_all_as_it_was(desk: Desk) -> None:
    before = desk.session.state
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    assert desk.editing.cancel()
    assert desk.session.state is before
    assert desk.planes.main.tool_name == "window"
    assert not desk.editing.cancel()
    masks = desk.planes.main.picture.masks  # type: ignore[union-attr]
    assert [mask for mask, _, _ in masks] == [LUNG]


def test_that_strokes_are_taken_back_one_by_one(desk: Desk) -> None:
    desk.editing.begin("right")
    assert not desk.editing.bar.undo.isEnabled()
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    one = desk.draft()
    drag(desk.planes.main, desk.at(5, 5), desk.at(5, 9))
    assert desk.editing.bar.undo.isEnabled()
    desk.editing.bar.undo.click()
    assert np.array_equal(desk.draft(), one)
    assert desk.editing.undo()
    assert np.array_equal(desk.draft(), LUNG.full())
    assert not desk.editing.can_undo
    assert desk.session.undo_name == ""


def test_that_undo_shows_the_image_it_changes(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    desk.session.scroll(6)
    desk.editing.undo()
    assert desk.session.state.index == VOXEL[0]


def test_that_nothing_left_and_nothing_changed_are_refused_in_a_sentence(desk: Desk) -> None:
    desk.editing.begin("right")
    desk.editing.done()
    assert "unchanged" in desk.notices.text
    assert desk.editing.is_on
    edit = desk.editing._edit
    assert edit is not None
    edit.draft._voxels[:] = False
    desk.editing.done()
    assert "Reject the finding instead" in desk.notices.text
    assert desk.editing.is_on
    assert desk.session.state.decision_of("right").verdict is Verdict.PENDING


def test_that_an_edit_goes_on_from_the_readers_own_outline(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    once = desk.draft()
    desk.editing.done()
    desk.editing.begin("right")
    assert np.array_equal(desk.draft(), once)


def test_that_another_plane_refuses_in_a_sentence(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.sides[0], (60, 60), (90, 90))
    assert desk.notices.text == ELSEWHERE
    assert np.array_equal(desk.draft(), LUNG.full())


def test_that_the_other_planes_follow_each_stroke(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    ((mask, _, _),) = desk.planes.sides[0].picture.masks  # type: ignore[union-attr]
    assert np.array_equal(mask.full(), desk.draft())


def test_that_the_models_outline_is_dashed_beside_and_afterwards_on_request(desk: Desk) -> None:
    main = desk.planes.main
    desk.editing.begin("right")
    assert main.dashed_count == 1
    drag(main, desk.at(*VOXEL[1:]))
    desk.editing.done()
    assert main.dashed_count == 0
    desk.editing.toggle_originals()
    assert main.dashed_count == 1
    assert [mask for mask, _ in originals(desk.session.state)] == [LUNG]
    desk.session.reset("right")
    assert main.dashed_count == 0


def test_that_the_size_is_in_millimetres_and_follows_keys_and_wheel(qtbot: QtBot, desk: Desk) -> None:
    desk.editing.begin("right")
    bar, main = desk.editing.bar, desk.planes.main
    assert bar._size.text() == "8\u2009mm"
    bar.larger.click()
    assert bar._size.text() == "10\u2009mm"
    wheel(main, -240, SHIFT)
    assert bar._size.text() == "6\u2009mm"
    assert desk.session.state.index == 2
    hover(main, desk.at(*VOXEL[1:]))
    circle = main._front.notes.brush
    assert circle is not None
    assert circle.radius == pytest.approx((3.0 / PIXEL[1], 3.0 / PIXEL[0]))
    on_screen = [r * s for r, s in zip(circle.radius, main.camera.scale, strict=True)]
    assert on_screen[0] == pytest.approx(on_screen[1])


def test_that_space_hides_the_draft_too(desk: Desk) -> None:
    desk.editing.begin("right")
    main = desk.planes.main
    item = main._layer.item  # type: ignore[union-attr]
    assert item.isVisible()
    desk.planes.set_overlay_visible(False)
    assert not item.isVisible()
    assert main.dashed_count == 0
    assert not painted(main, (0x56, 0xB4, 0xE9)).any()
    desk.planes.set_overlay_visible(True)
    assert item.isVisible()


def test_that_an_edit_ends_where_its_finding_is_decided_otherwise_or_gone(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    desk.session.reject("right", "artefact")
    assert not desk.editing.is_on
    assert "dropped" in desk.notices.text
    desk.editing.begin("right")
    desk.session.close()
    assert not desk.editing.is_on


def test_that_another_tool_leaves_the_edit_and_the_brush_comes_back(desk: Desk) -> None:
    desk.editing.begin("right")
    desk.planes.set_tool("zoom")
    desk.editing.show_tool()
    assert not desk.editing.bar.paint.isChecked()
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    assert np.array_equal(desk.draft(), LUNG.full())
    desk.editing.begin("right")
    assert desk.planes.main.tool_name == "brush"
    assert desk.editing.bar.paint.isChecked()


def test_that_the_keys_of_the_bar_work(qtbot: QtBot, desk: Desk) -> None:
    desk.editing.begin("right")
    desk.planes.activateWindow()
    assert desk.editing.bar.smaller.shortcut().toString() == "["
    assert desk.editing.bar.larger.shortcut().toString() == "]"
    qtbot.mouseClick(desk.editing.bar.cancel, Qt.MouseButton.LeftButton)
    assert not desk.editing.is_on
