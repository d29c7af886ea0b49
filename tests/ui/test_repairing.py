"""Opening by repair: asked for, confirmed, and said on the series for good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medviewer.dicom import repair
from medviewer.dicom.repair import Repair
from medviewer.dicom.study import ScanResult, SeriesIssue, Unreadable
from medviewer.errors import UnreadableImage
from medviewer.ui.dialogs.issues_list import IssuesList
from medviewer.ui.dialogs.open_as import OpenAs
from medviewer.ui.main_window import MainWindow
from tests.robust.case import HU, good_bytes
from tests.ui.windows import PATIENCE, write_series


def listed(qtbot: QtBot, *reasons: tuple[Path, str]) -> IssuesList:
    dialog = IssuesList(ScanResult((), tuple(Unreadable(*row) for row in reasons)), None)
    qtbot.addWidget(dialog)
    return dialog


def select(dialog: IssuesList, row: int) -> None:
    dialog.tree.clearSelection()
    item = dialog.tree.topLevelItem(row)
    assert item is not None
    item.setSelected(True)


def test_only_a_file_whose_bytes_are_clear_is_offered(qtbot: QtBot, tmp_path: Path) -> None:
    text, headless = tmp_path / "a.txt", tmp_path / "b"
    text.write_bytes(b"no image")
    headless.write_bytes(good_bytes()[132:])
    dialog = listed(qtbot, (text, "Not a DICOM file."), (headless, "Not a DICOM file."))
    assert not dialog.repair_button.isEnabled()
    select(dialog, 0)
    assert not dialog.repair_button.isEnabled()
    select(dialog, 1)
    assert dialog.repair_button.isEnabled()
    assert dialog.repair_button.text() == "Open as Explicit VR Little Endian…"
    select(dialog, 0)
    assert dialog.repair_button.text() == "Open as…"


def asked(qtbot: QtBot, window: MainWindow, path: Path) -> tuple[IssuesList, OpenAs]:
    """A file without its head, refused and then offered for repair: the list, and the question it asks."""
    path.write_bytes(good_bytes()[132:])
    with qtbot.waitSignal(window.opening.problem, timeout=PATIENCE):
        window.opening.open_paths([path])
    window.commands.show_issues()
    dialog = window.findChild(IssuesList)
    assert dialog is not None
    select(dialog, 0)
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    question = dialog.findChild(OpenAs)
    assert question is not None
    return dialog, question


def test_a_file_opens_by_repair_after_a_yes_and_says_so(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    _, question = asked(qtbot, window, tmp_path / "headless")
    assert window.session.state.scan is None, "opened before the answer"
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        qtbot.mouseClick(question.open_button, Qt.MouseButton.LeftButton)
    state = window.session.state
    assert state.series is not None
    assert SeriesIssue.REPAIRED in state.series.issues
    assert state.volume is not None
    np.testing.assert_array_equal(state.volume.voxels, HU)


def test_a_no_opens_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog, question = asked(qtbot, window, tmp_path / "headless")
    question.reject()
    dialog.close()
    assert window.session.state.scan is None


def test_a_copy_that_fails_leaves_what_is_being_read_alone(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of an older scan is still open while another folder is read."""

    def full(*_: object) -> Path:
        raise UnreadableImage("The file could not be copied to be repaired: is the disk full?")

    monkeypatch.setattr(repair, "write_repaired", full)
    write_series(tmp_path / "ct", slices=3)
    dialog = listed(qtbot, (tmp_path / "a", "Not a DICOM file."))
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([tmp_path / "ct"])
        window.commands._repairing._ask(dialog, str(tmp_path / "a"), Repair(0, "1.2.840.10008.1.2.1"))
        question = dialog.findChild(OpenAs)
        assert question is not None
        qtbot.mouseClick(question.open_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "disk full" in window.notices.text, timeout=PATIENCE)
    assert not window.runner.busy("open")
