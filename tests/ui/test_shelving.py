"""The shelf in the window: everything is told, nothing is done without being asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from medviewer import paths
from medviewer.ui.dialogs.models import InstallDialog, ModelsDialog, facts_of
from medviewer.ui.main_window import MainWindow
from tests.ai.foreign import TINY_ID, install_tiny, know_tiny, put, saved, tiny_weights
from tests.ui.windows import PATIENCE, Model, make_window


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window without a study; the tiny network is known."""
    know_tiny(monkeypatch)
    made = make_window(Model())
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.dispose()


def shown(window: MainWindow) -> ModelsDialog:
    """The list of models, opened by its menu entry."""
    window.actions_by_id["models"].trigger()
    dialog = window.shelving._dialog
    assert dialog is not None
    return dialog


def said(qtbot: QtBot, dialog: ModelsDialog, words: str) -> None:
    qtbot.waitUntil(lambda: words in dialog.said.text(), timeout=PATIENCE)
    qtbot.waitUntil(dialog.install_button.isEnabled, timeout=PATIENCE)


def test_that_a_model_of_the_program_can_be_tested_but_not_removed(qtbot: QtBot, window: MainWindow) -> None:
    dialog = shown(window)
    with pytest.raises(KeyError):
        dialog.button_of("lung-ct", "remove")
    dialog.button_of("lung-ct", "test").click()
    assert not dialog.install_button.isEnabled()
    said(qtbot, dialog, "hash right")


def test_that_a_file_is_installed_after_its_licence_was_shown_and_accepted(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    dialog = shown(window)
    window.shelving.examine(put(tmp_path, "tiny.pt", saved(tiny_weights())))
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), InstallDialog), timeout=PATIENCE)
    question = QApplication.activeModalWidget()
    assert isinstance(question, InstallDialog)
    assert question.findChild(QPlainTextEdit).toPlainText() == "Do what you like."
    assert not (paths.user_models() / TINY_ID).exists()
    question.accept_button.click()
    said(qtbot, dialog, "is installed and passed its self-test")
    assert dialog.button_of(TINY_ID, "remove").isEnabled()
    window.shelving.remove(TINY_ID)
    said(qtbot, dialog, "was removed")
    assert not (paths.user_models() / TINY_ID).exists()


def test_that_a_bad_file_is_told_and_the_list_stays_alive(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    dialog = shown(window)
    window.shelving.examine(put(tmp_path, "m.pt", b"hello"))
    said(qtbot, dialog, "cannot be installed")


def test_that_a_damaged_model_stands_in_the_list_with_its_reason(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (install_tiny(tmp_path).folder / "card.json").write_text("{")
    dialog = shown(window)
    assert dialog.button_of(TINY_ID, "remove").isEnabled()
    with pytest.raises(KeyError):
        dialog.button_of(TINY_ID, "test")


def test_that_facts_are_told_in_units_a_reader_takes_in() -> None:
    assert facts_of(2_600_000, "MIT", 5.2, True, "x") == (
        "2.6\u2009MB", "MIT", "about 5\u2009s for this series", "x",
    )  # fmt: skip
    assert facts_of(24_000, "MIT", 806, False, "x")[::2] == ("24\u2009kB", "about 13\u2009min for 120 slices")
    assert facts_of(24_000, "MIT", None, True, "x")[2] == "time not known"
