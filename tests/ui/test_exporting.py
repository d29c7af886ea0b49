"""Report…: the preview shows the pages that are written; a folder that refuses gives one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medviewer.review.pdf_pages import page_pictures
from medviewer.review.settings import Settings
from medviewer.ui import app
from medviewer.ui.dialogs.reader_name import ReaderName
from medviewer.ui.dialogs.report_preview import ReportPreview
from medviewer.ui.main_window import MainWindow
from tests.ui.windows import PATIENCE, Model, make_window, write_series


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """A window with one finding accepted and one pending."""
    model = Model()
    model.gate.set()
    made = make_window(model)
    made.show()
    qtbot.waitExposed(made)
    with qtbot.waitSignal(made.opening.series_loaded, timeout=PATIENCE):
        made.opening.open_paths([write_series(tmp_path / "study")])
    with qtbot.waitSignal(made.analyzing.ended, timeout=PATIENCE):
        made.analyze_button.click()
    made.session.accept(made.session.state.findings[0].id)
    yield made
    made.dispose()


def preview_of(qtbot: QtBot, window: MainWindow) -> ReportPreview:
    with qtbot.waitSignal(window.exporting.built, timeout=PATIENCE):
        window.report_button.click()
    shown = window.reports.preview
    assert shown is not None
    return shown


def said(dialog: ReportPreview) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


def test_that_the_preview_shows_the_pages_of_the_very_pdf(qtbot: QtBot, window: MainWindow) -> None:
    dialog = preview_of(qtbot, window)
    built = window.reports._built
    assert built is not None
    assert built.pdf.startswith(b"%PDF")
    assert len(dialog._pages) == len(built.pages) >= 1
    assert [p.shape for p in page_pictures(built.pdf, dialog.page_pixels)] == [p.shape for p in built.pages]
    assert dialog.write_button.isEnabled()


def test_that_three_files_are_written_without_patient_data_in_their_names(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    dialog = preview_of(qtbot, window)
    with qtbot.waitSignal(window.exporting.written, timeout=PATIENCE):
        window.reports.write(tmp_path / "out", dialog.formats())
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert [name.rpartition(".")[2] for name in files] == ["html", "json", "pdf"]
    assert not any("Test" in name or "T1" in name for name in files)
    written = json.loads(next((tmp_path / "out").glob("*.json")).read_text(encoding="utf-8"))
    assert written["schema"] == "medviewer.report/1"
    assert "Written:" in said(dialog)


def test_that_an_export_is_in_the_audit_without_a_patient(
    qtbot: QtBot, tmp_path: Path, own_home: Path
) -> None:
    window = app.make_window(Settings(reader="Dr Test"), Model().engine())
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([write_series(tmp_path / "study")])
    preview_of(qtbot, window)
    with qtbot.waitSignal(window.exporting.written, timeout=PATIENCE):
        window.reports.write(tmp_path / "out", ("json",))
    window.dispose()
    lines = (own_home / "state" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["open", "export"]
    assert json.loads(lines[-1])["formats"] == ["json"]
    assert "Tina" not in "".join(lines)


def test_that_only_the_ticked_formats_are_written(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = preview_of(qtbot, window)
    dialog._boxes["html"].setChecked(False)
    dialog._boxes["json"].setChecked(False)
    with qtbot.waitSignal(window.exporting.written, timeout=PATIENCE):
        window.reports.write(tmp_path / "out", dialog.formats())
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".pdf"]
    dialog._boxes["pdf"].setChecked(False)
    assert not dialog.write_button.isEnabled()


def test_that_a_folder_that_refuses_gives_one_sentence_and_leaves_nothing(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    """A file stands where the folder should be: refused for every user, the administrator too."""
    dialog = preview_of(qtbot, window)
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way")
    with qtbot.waitSignal(window.exporting.problem, timeout=PATIENCE):
        window.reports.write(blocked / "out", dialog.formats())
    assert "nothing was written" in said(dialog)
    assert blocked.read_text() == "in the way"
    assert dialog.write_button.isEnabled()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the administrator may write anywhere")
def test_that_a_read_only_folder_gives_one_sentence(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = preview_of(qtbot, window)
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with qtbot.waitSignal(window.exporting.problem, timeout=PATIENCE):
        window.reports.write(folder, dialog.formats())
    assert "nothing was written" in said(dialog)
    assert list(folder.iterdir()) == []


def test_that_the_name_is_asked_for_once_and_stands_on_the_report(qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window(settings=Settings())
    window.show()
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([write_series(tmp_path)])
    window.report_button.click()
    asked = window.findChild(ReaderName)
    assert asked is not None
    asked.field.setText("  Dr   Who ")
    with qtbot.waitSignal(window.exporting.built, timeout=PATIENCE):
        asked.keep_button.click()
    assert window.session.state.reader == "Dr Who"
    dialog = window.reports.preview
    assert dialog is not None
    assert "Dr Who" in said(dialog)
    dialog.close()
    window.dispose()
    assert window.settings.reader == "Dr Who"


def test_that_closing_while_the_report_is_made_is_clean(qtbot: QtBot, window: MainWindow) -> None:
    window.report_button.click()
    window.close()
    assert not window.runner.busy("export")
