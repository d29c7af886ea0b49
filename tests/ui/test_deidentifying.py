"""The dialog of the de-identified export: what leaves, what must be looked at, and what is written."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.plan import Verdict
from medviewer.ui.deidentifying import Deidentifying
from medviewer.ui.main_window import MainWindow
from tests.ui.windows import PATIENCE, open_and_wait, write_series


@pytest.fixture
def desk(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> Deidentifying:
    open_and_wait(qtbot, window, write_series(tmp_path / "in"))
    made = window.commands.deidentifying
    made.show()
    qtbot.waitUntil(lambda: made.plan is not None, timeout=PATIENCE)
    return made


def look_at_all(qtbot: QtBot, desk: Deidentifying) -> None:
    assert desk.dialog is not None
    panel = desk.dialog.panel
    desk.dialog.tabs.setCurrentIndex(1)
    panel.play.click()
    qtbot.waitUntil(lambda: len(next(iter(panel._suspects.values())).seen) == 10, timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel.play.text() == "Play all", timeout=PATIENCE)


def test_that_every_file_is_listed_and_none_leaves_unseen(desk: Deidentifying) -> None:
    dialog = desk.dialog
    assert dialog is not None
    assert dialog.files.topLevelItemCount() == 10
    assert not dialog.write_button.isEnabled()
    assert "0 files leave" in dialog.said.text()
    assert not dialog.panel.clean.isEnabled()
    dialog.close()


def test_that_the_attributes_of_a_file_are_shown(qtbot: QtBot, desk: Deidentifying) -> None:
    dialog = desk.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.changes.topLevelItemCount() > 20, timeout=PATIENCE)
    rows = [dialog.changes.topLevelItem(k) for k in range(dialog.changes.topLevelItemCount())]
    name = next(row for row in rows if row is not None and row.text(0) == "(0010,0010)")
    assert (name.text(2), name.text(3)) == ("changed", "Test^Tina")
    assert "Tina" not in name.text(4)
    dialog.close()


def test_that_a_look_at_every_frame_opens_the_way(qtbot: QtBot, desk: Deidentifying, tmp_path: Path) -> None:
    dialog = desk.dialog
    assert dialog is not None
    look_at_all(qtbot, desk)
    dialog.panel.clean.click()
    assert "10 files leave" in dialog.said.text()
    desk.write(tmp_path / "out")
    assert not dialog.boxes[Option.DATES].isEnabled()
    qtbot.waitUntil(lambda: dialog.said.text().startswith("Written: 10"), timeout=PATIENCE)
    made = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert len(made) == 10
    assert all(ds.PatientIdentityRemoved == "YES" and "Tina" not in str(ds.PatientName) for ds in made)
    dialog.close()


def test_that_a_drawn_rectangle_is_blanked_and_asks_for_a_new_word(qtbot: QtBot, desk: Deidentifying) -> None:
    dialog = desk.dialog
    assert dialog is not None
    look_at_all(qtbot, desk)
    panel, canvas = dialog.panel, dialog.panel.canvas
    place = canvas._place()
    first = QPoint(round(place.x()) + 2, round(place.y()) + 2)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    qtbot.mouseRelease(
        canvas,
        Qt.MouseButton.LeftButton,
        pos=first + QPoint(round(place.width() / 2), round(place.height() / 4)),
    )
    suspect = next(iter(panel._suspects.values()))
    assert [(r.x, r.y, r.width, r.height) for r in suspect.rectangles] == [(0, 0, 6, 4)]
    panel.blank.click()
    assert suspect.decision is not None
    assert suspect.decision.verdict is Verdict.BLANK
    panel.undo.click()
    assert suspect.decision is None
    assert "0 files leave" in dialog.said.text()
    dialog.close()


def test_that_another_option_makes_another_plan_and_keeps_what_was_seen(
    qtbot: QtBot, desk: Deidentifying
) -> None:
    dialog, before = desk.dialog, desk.plan
    assert dialog is not None
    look_at_all(qtbot, desk)
    dialog.panel.clean.click()
    dialog.boxes[Option.DATES].setChecked(True)
    qtbot.waitUntil(lambda: desk.plan is not before, timeout=PATIENCE)
    assert desk.plan is not None
    assert desk.plan.options == {Option.DATES}
    assert "10 files leave" in dialog.said.text()
    dialog.close()


def test_that_a_failed_write_is_told_and_leaves_nothing(
    qtbot: QtBot, desk: Deidentifying, tmp_path: Path
) -> None:
    dialog = desk.dialog
    assert dialog is not None
    look_at_all(qtbot, desk)
    dialog.panel.clean.click()
    (tmp_path / "file").write_text("")
    desk.write(tmp_path / "file" / "out")
    qtbot.waitUntil(lambda: "nothing was written" in dialog.said.text(), timeout=PATIENCE)
    assert dialog.write_button.isEnabled()
    dialog.close()
