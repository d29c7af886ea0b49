"""The tags of the image on screen and of files that were not opened: searched, copied, plain text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from pytestqt.qtbot import QtBot

from medviewer.dicom.study import ScanResult, Unreadable
from medviewer.dicom.tag_tree import TagRow, TagTree
from medviewer.ui.dialogs.issues_list import IssuesList
from medviewer.ui.dialogs.tags import Tags
from medviewer.ui.main_window import MainWindow
from tests.factories import make_instance, save
from tests.ui.windows import PATIENCE, open_and_wait, write_series


def opened(window: MainWindow, qtbot: QtBot) -> Tags:
    """The dialog, once it has read its file."""
    dialog = window.findChild(Tags)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.said.text() != "Reading …", timeout=PATIENCE)
    return dialog


def shown(dialog: Tags, column: int) -> list[str]:
    model = dialog.model
    return [model.data(model.index(k, column)) for k in range(model.rowCount())]


def test_that_the_tags_are_those_of_the_image_on_screen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    open_and_wait(qtbot, window, write_series(tmp_path / "study"))
    window.session.scroll(3)
    window.actions_by_id["tags"].trigger()
    dialog = opened(window, qtbot)
    state = window.session.state
    assert state.series is not None
    assert state.series.instances[3].sop_uid in shown(dialog, 3)
    assert dialog.windowTitle() == "Tags"
    dialog.reject()


def test_that_search_narrows_and_says_how_far(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.inspecting.show_tags(str(save(make_instance(), tmp_path / "a.dcm")))
    dialog = opened(window, qtbot)
    qtbot.keyClicks(dialog.search, "patientname")
    assert shown(dialog, 2) == ["Patient's Name"]
    assert dialog.said.text().startswith("1 of ")
    qtbot.keyClicks(dialog.search, "x")
    assert shown(dialog, 2) == []
    assert "matches" in dialog.said.text()
    dialog.reject()


def test_that_rows_are_copied_with_their_tags(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.inspecting.show_tags(str(save(make_instance(), tmp_path / "a.dcm")))
    dialog = opened(window, qtbot)
    assert not dialog.copy_button.isEnabled()
    dialog.search.setText("PatientID")
    dialog.view.setCurrentIndex(dialog.model.index(0, 0))
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "(0010,0020)\tLO\tPatient ID\tT1"
    dialog.reject()


def test_that_a_file_that_is_no_dicom_says_so(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("words")
    window.inspecting.show_tags(str(tmp_path / "a"))
    dialog = opened(window, qtbot)
    assert dialog.said.text() == "Not a DICOM file."
    dialog.reject()


def test_that_a_dialog_closed_early_leaves_nothing_behind(window: MainWindow, tmp_path: Path) -> None:
    window.inspecting.show_tags(str(save(make_instance(), tmp_path / "a.dcm")))
    dialog = window.findChild(Tags)
    assert dialog is not None
    dialog.reject()
    assert not [job for job in window.runner._running["inspect"] if not job._context.cancelled]


def test_that_markup_in_a_value_stays_text(qtbot: QtBot) -> None:
    dialog = Tags("a", None)
    qtbot.addWidget(dialog)
    dialog.show_tree(TagTree((TagRow(0, 0x00100010, "PN", "Patient's Name", "<b>Doe</b>"),)))
    tip = dialog.model.data(dialog.model.index(0, 3), Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;" in tip


def test_that_only_dicom_files_of_the_list_offer_their_tags(qtbot: QtBot) -> None:
    scan = ScanResult(
        (), (Unreadable(Path("a.txt"), "Not a DICOM file."), Unreadable(Path("b"), "The file is cut short."))
    )
    dialog = IssuesList(scan, None)
    qtbot.addWidget(dialog)
    wanted: list[str] = []
    dialog.tags_wanted.connect(wanted.append)
    dialog.tree.topLevelItem(0).setSelected(True)
    assert not dialog.tags_button.isEnabled()
    dialog.tree.clearSelection()
    dialog.tree.topLevelItem(1).setSelected(True)
    qtbot.mouseClick(dialog.tags_button, Qt.MouseButton.LeftButton)
    assert wanted == ["b"]


def test_that_the_key_is_in_the_table(window: MainWindow) -> None:
    assert window.actions_by_id["tags"].shortcut() == QKeySequence("Ctrl+T")
