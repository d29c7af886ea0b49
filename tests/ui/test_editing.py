"""An outline edited: one decision when it is done, nothing when it is dropped, strokes taken back."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from pytestqt.qtbot import QtBot

from medviewer.review.state import Verdict
from medviewer.ui.edit_under_way import LOADING
from medviewer.ui.editing import DROPPED, GOES_ON, GONE, SET_ASIDE
from tests.review.edited import LUNG, finding
from tests.review.makers import FIRST, SECOND, make_result
from tests.ui.edit_desk import VOXEL, Desk
from tests.ui.viewports import drag, mouse


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
    assert desk.notices.text == DROPPED
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


def test_that_an_edit_ends_where_its_finding_is_decided_otherwise_or_gone(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    desk.session.reject("right", "artefact")
    assert not desk.editing.is_on
    assert "dropped" in desk.notices.text
    desk.editing.begin("right")
    desk.session.close()
    assert not desk.editing.is_on


def test_that_what_is_painted_waits_while_another_series_is_on_screen(desk: Desk) -> None:
    session, volume = desk.session, desk.session.state.volume
    assert volume is not None
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    wanted = desk.draft()
    session.show(SECOND)
    assert not desk.editing.is_on
    assert desk.notices.text == SET_ASIDE
    session.show(FIRST)
    session.set_volume(FIRST, volume)
    desk.editing.begin("right")
    assert desk.notices.text == GOES_ON
    assert np.array_equal(desk.draft(), wanted)
    desk.editing.undo()
    assert np.array_equal(desk.draft(), LUNG.full())
    desk.editing.cancel()
    desk.editing.begin("right")
    assert np.array_equal(desk.draft(), LUNG.full())


def test_that_nothing_is_painted_unseen(desk: Desk) -> None:
    desk.editing.begin("right")
    desk.session.hide_overlay(True)
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    assert not desk.session.state.overlay_hidden
    assert desk.draft()[VOXEL]


def test_that_what_is_painted_waits_for_no_other_result(desk: Desk) -> None:
    session, volume = desk.session, desk.session.state.volume
    assert volume is not None
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    again = make_result(findings=(finding(),))
    assert session.add_result(again, session.start_analysis(FIRST, "lung-ct"))
    assert desk.notices.text == GONE
    new = session.state.findings[0].id
    desk.editing.begin(new)
    assert np.array_equal(desk.draft(), LUNG.full())
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    session.show(SECOND)
    session.reject(new, "artefact")
    session.show(FIRST)
    session.set_volume(FIRST, volume)
    desk.editing.begin(new)
    assert np.array_equal(desk.draft(), LUNG.full())


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


def test_that_nothing_is_measured_on_images_still_being_loaded(desk: Desk) -> None:
    """A series that comes back on screen fills slice by slice: what is not there yet reads as zero."""
    desk.loading.add(FIRST)
    desk.editing.begin("right")
    assert desk.notices.text == LOADING
    assert not desk.editing.is_on
    desk.loading.clear()
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    wanted = desk.draft()
    desk.loading.add(FIRST)
    desk.editing.done()
    assert desk.notices.text == LOADING
    assert desk.editing.is_on
    assert desk.session.state.decision_of("right").verdict is Verdict.PENDING
    desk.loading.clear()
    desk.editing.done()
    change = desk.session.state.decision_of("right").modification
    assert change is not None
    assert np.array_equal(change.mask(LUNG).full(), wanted)


def test_that_what_is_painted_stays_whatever_goes_wrong(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    wanted = desk.draft()
    with monkeypatch.context() as patch:
        patch.setattr(desk.session, "modify", Mock(side_effect=MemoryError))
        with pytest.raises(MemoryError):
            desk.editing.done()
    assert np.array_equal(desk.draft(), wanted)
    desk.editing.done()
    assert desk.session.state.decision_of("right").verdict is Verdict.MODIFIED


def test_that_what_cannot_be_edited_says_why(desk: Desk) -> None:
    told = []
    desk.editing.changed.connect(lambda: told.append(desk.editing.is_on))
    desk.session._state = replace(desk.session.state, volume=None)
    desk.editing.begin("right")
    assert "not loaded" in desk.notices.text
    assert told == [False]
    desk.editing.begin("no such finding")
    assert not desk.editing.is_on
