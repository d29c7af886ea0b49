"""Opening by repair: asked for, confirmed, and said on the series for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medviewer.dicom.study import ScanResult, SeriesIssue, Unreadable
from medviewer.ui.dialogs.issues_list import IssuesList
from medviewer.ui.dialogs.open_as import OpenAs
from medviewer.ui.main_window import MainWindow
from tests.robust.case import HU, good_bytes
from tests.ui.windows import PATIENCE, make_window


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.dispose()


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


def test_a_file_opens_by_repair_after_a_yes_and_says_so(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "headless"
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
    assert window.session.state.scan is None, "opened before the answer"
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        qtbot.mouseClick(question.open_button, Qt.MouseButton.LeftButton)
    state = window.session.state
    assert state.series is not None
    assert SeriesIssue.REPAIRED in state.series.issues
    assert state.volume is not None
    np.testing.assert_array_equal(state.volume.voxels, HU)


def test_a_no_opens_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "headless"
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
    question.reject()
    dialog.close()
    assert window.session.state.scan is None
