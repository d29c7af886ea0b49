"""Decisions in the window: by key and by card, with undo; nothing typed is taken for a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from medviewer.imaging.window import Window
from medviewer.review.state import Verdict
from medviewer.ui.deciding import HOLDS
from medviewer.ui.dialogs.reject_reason import RejectReason
from medviewer.ui.editing import UNFINISHED
from medviewer.ui.main_window import MainWindow
from medviewer.ui.pictures import selected_place
from tests.ui.viewports import drag
from tests.ui.windows import PATIENCE, Model, analyzed_window


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """A window whose series has two findings."""
    made = analyzed_window(qtbot, tmp_path, Model())
    made.planes.main.setFocus()
    yield made
    made.dispose()


def verdicts(window: MainWindow) -> list[Verdict]:
    state = window.session.state
    return [state.decision_of(finding.id).verdict for finding in state.findings]


def press(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.keyClick(window.planes.main, key, keys)


def test_that_a_click_on_a_finding_jumps_to_its_image(qtbot: QtBot, window: MainWindow) -> None:
    card = window.results.findings.cards[1]
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert window.session.state.selected_finding == card.finding.id
    assert window.planes.main.index == 2


def test_that_the_other_planes_point_at_the_chosen_finding_too(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    assert selected_place(window.session.state) == (1.0, 3.5, 3.5)
    coronal, sagittal = window.planes.sides
    assert round(coronal.picture.view.to_voxel(coronal.index, 0, 0)[1]) in (3, 4)  # type: ignore[union-attr]
    assert round(sagittal.picture.view.to_voxel(sagittal.index, 0, 0)[2]) in (3, 4)  # type: ignore[union-attr]


def test_that_dot_and_comma_walk(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    assert window.session.state.index == 1
    press(qtbot, window, Qt.Key.Key_Period)
    assert window.session.state.index == 2
    press(qtbot, window, Qt.Key.Key_Comma)
    assert window.session.state.index == 1


def test_that_enter_accepts_the_chosen_finding_and_ctrl_z_takes_it_back(
    qtbot: QtBot, window: MainWindow
) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_Return)
    assert verdicts(window) == [Verdict.ACCEPTED, Verdict.PENDING]
    decision = window.session.state.decision_of(window.session.state.findings[0].id)
    assert decision.reader == "Dr Test"
    qtbot.keyClick(window.planes.main, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]


def test_that_enter_without_a_chosen_finding_does_nothing(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Return)
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]


def test_that_x_asks_for_a_reason_and_hides_the_rejected_mask(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_X)
    dialog = window.findChild(RejectReason)
    assert dialog is not None
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]
    qtbot.keyClicks(dialog.words, "breathing artefact")
    dialog.reject_button.click()
    first = window.session.state.findings[0]
    assert verdicts(window) == [Verdict.REJECTED, Verdict.PENDING]
    assert window.session.state.decision_of(first.id).reason == "breathing artefact"
    picture = window.planes.main.picture
    assert picture is not None
    assert [name for _, _, name in picture.masks] == ["Left lung"]
    window.session.undo()
    assert len(window.planes.main.picture.masks) == 2  # type: ignore[union-attr]


def test_that_a_digit_is_the_number_of_a_common_reason(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_X)
    dialog = window.findChild(RejectReason)
    assert dialog is not None
    qtbot.keyClicks(dialog.words, "3")
    qtbot.keyClick(dialog.words, Qt.Key.Key_Return)
    assert window.session.state.decision_of(window.session.state.findings[0].id).reason == "Artefact"


def test_that_nothing_is_rejected_without_a_reason(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_X)
    dialog = window.findChild(RejectReason)
    assert dialog is not None
    dialog.words.setText("   ")
    assert not dialog.reject_button.isEnabled()
    qtbot.keyClick(dialog.words, Qt.Key.Key_Return)
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]
    dialog.words.setText("2")
    assert dialog.reject_button.isEnabled()
    dialog.reject()


def test_that_closing_the_question_rejects_nothing(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_X)
    dialog = window.findChild(RejectReason)
    assert dialog is not None
    dialog.reject()
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]


def test_that_progress_and_accepted_sentences_are_shown(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_Return)
    assert "1 of 2 findings reviewed" in window.results._progress.text()
    texts = [label.text() for label in window.results.impression.findChildren(QLabel)]
    assert "Right lung 100 mL." in texts


def test_that_keys_typed_into_the_impression_are_text_and_nothing_else(
    qtbot: QtBot, window: MainWindow
) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    before = window.session.state
    edit = window.results.impression.edit
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClicks(edit, "x. cks0,4 wi")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    qtbot.keyClicks(edit, "F")
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    after = window.session.state
    assert after.impression == "x. cks0,4 wi\nF"
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]
    assert (after.index, after.window, after.key_images) == (before.index, before.window, before.key_images)
    assert not after.overlay_hidden
    assert window.findChild(RejectReason) is None


def test_that_escape_leaves_the_impression_and_nothing_else(qtbot: QtBot, window: MainWindow) -> None:
    before = Window(-1000.0, 77.0)
    window.session.set_window(before)
    edit = window.results.impression.edit
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert window.planes.main.hasFocus()
    assert window.session.state.window == before


def test_that_undo_in_the_impression_is_the_sessions(qtbot: QtBot, window: MainWindow) -> None:
    edit = window.results.impression.edit
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClicks(edit, "No nodule.")
    qtbot.keyClick(edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.impression == ""
    assert edit.toPlainText() == ""


def test_that_space_hides_the_overlay_only_while_it_is_held(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyPress(window.planes.main, Qt.Key.Key_Space)
    assert window.session.state.overlay_hidden
    qtbot.keyRelease(window.planes.main, Qt.Key.Key_Space)
    assert not window.session.state.overlay_hidden


def test_that_a_click_on_a_button_leaves_the_keys_to_the_image(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(
        window.report_button, Qt.MouseButton.LeftButton, pos=window.report_button.rect().topRight()
    )
    assert not window.report_button.hasFocus()


def test_that_markup_in_a_finding_is_shown_as_it_stands(qtbot: QtBot, window: MainWindow) -> None:
    for label in window.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText or not label.text(), label.text()


def test_that_a_second_run_says_that_its_findings_are_not_reviewed(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_Return)
    earlier = window.session.state.results[0]
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.analyze_button.click()
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]
    assert "the 1 decided before stay with the earlier run" in window.notices.text
    assert window.session.state.decision_of(earlier.findings[0].id).verdict is Verdict.ACCEPTED


def test_that_e_edits_enter_keeps_and_a_second_enter_throws_nothing_away(
    qtbot: QtBot, window: MainWindow
) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_E)
    assert window.editing.is_on
    assert window.actions_by_id["edit"].isChecked()
    main = window.planes.main
    drag(main, main.camera.to_screen(9.5, 9.5))
    press(qtbot, window, Qt.Key.Key_Z, keys=Qt.KeyboardModifier.ControlModifier)
    assert not window.editing.can_undo
    drag(main, main.camera.to_screen(9.5, 9.5))
    press(qtbot, window, Qt.Key.Key_Return)
    assert not window.editing.is_on
    assert verdicts(window) == [Verdict.MODIFIED, Verdict.PENDING]
    press(qtbot, window, Qt.Key.Key_Return)
    assert verdicts(window) == [Verdict.MODIFIED, Verdict.PENDING]
    assert window.notices.text == HOLDS
    card = window.results.findings.cards[0]
    words = " ".join(label.text() for label in card.findChildren(QLabel))
    assert "modified" in words
    assert "The model's own: volume 100" in words
    assert "Accept  ⏎" not in [b.text() for b in card.findChildren(QPushButton) if not b.isHidden()]
    press(qtbot, window, Qt.Key.Key_Z, keys=Qt.KeyboardModifier.ControlModifier)
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]


def test_that_the_window_does_not_close_over_what_is_painted(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    press(qtbot, window, Qt.Key.Key_E)
    main = window.planes.main
    drag(main, main.camera.to_screen(9.5, 9.5))
    assert not window.close()
    assert window.isVisible()
    assert window.notices.text == UNFINISHED
    press(qtbot, window, Qt.Key.Key_Return)
    assert verdicts(window) == [Verdict.MODIFIED, Verdict.PENDING]
    assert window.close()


def test_that_escape_drops_an_edit_and_the_card_begins_one(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Qt.Key.Key_Period)
    card = window.results.findings.cards[0]
    (edit,) = (b for b in card.findChildren(QPushButton) if b.text().startswith("Edit") and not b.isHidden())
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton)
    assert window.editing.is_on
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.editing.is_on
    assert not window.actions_by_id["edit"].isChecked()
    assert verdicts(window) == [Verdict.PENDING, Verdict.PENDING]
