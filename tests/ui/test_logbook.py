"""The log-book in the window: every decision is written, a stopped model asks, the reader may insist."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from medviewer.ai.findings import STOP_OVERRIDDEN, AnalysisResult, Notice
from medviewer.ai.request import Request
from medviewer.errors import WriteError
from medviewer.review.logbook import LogBook, default_path
from medviewer.review.logbook_records import ActKind, LogData
from medviewer.review.session import Session
from medviewer.review.settings import Settings, load_settings
from medviewer.review.stop_rule import StopRule
from medviewer.ui.dialogs.logbook import LogBookDialog
from medviewer.ui.dialogs.logbook_reset import ResetReason
from medviewer.ui.main_window import MainWindow
from tests.review.logbooks import decided, run
from tests.review.makers import clock
from tests.ui.windows import BUNDLE, PATIENCE, Model, findings_of, open_and_wait, write_series

VERSION = (BUNDLE.card.id, BUNDLE.card.version)
WORDS = "Stopped by this site's rule: 20 of the last 20 rejected."


class SlowBook(LogBook):
    """A disk that waits for the test."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = threading.Event()
        self.threads: set[int] = set()

    def read(self) -> LogData:
        self.threads.add(threading.get_ident())
        self.gate.wait(10)
        return super().read()


class FullDisk(LogBook):
    """Takes nothing."""

    def write(self, batch: object) -> None:
        raise WriteError("The AI log-book could not be read or written.", "Free some space.")


def outcome(request: Request) -> AnalysisResult:
    """As the runner's gate does it: a run of a stopped model is marked."""
    result = findings_of(request)
    if request.held:
        result = replace(result, warnings=(Notice(STOP_OVERRIDDEN, "Run although stopped."),))
    return result


def make(book: LogBook, model: Model | None = None) -> MainWindow:
    model = model or Model(outcome)
    model.gate.set()
    settings = Settings(reader="Dr Test")
    return MainWindow(Session(settings.reader, clock=clock), settings, model.engine(), logbook=book)


def fill(path: Path, answers: str) -> None:
    """Decisions on other series by the test's model."""
    runs = [run(k + 1, VERSION) for k in range(len(answers))]
    own = decided(answers, model_id=VERSION[0], model_version=VERSION[1], reason="Not there")
    LogBook(path).write([*runs, *own])


@pytest.fixture
def model() -> Model:
    return Model(outcome)


@pytest.fixture
def window(
    qtbot: QtBot, tmp_path: Path, model: Model, request: pytest.FixtureRequest
) -> Iterator[MainWindow]:
    """A window on a series, with a log-book that holds what the test says."""
    fill(default_path(), getattr(request, "param", ""))
    made = make(LogBook(default_path()), model)
    made.show()
    qtbot.waitExposed(made)
    open_and_wait(qtbot, made, write_series(tmp_path))
    settle(qtbot, made)
    yield made
    made.dispose()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.runner.busy("logbook"), timeout=PATIENCE)


def analyze(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.analyze_button.click()


def answers_of(data: LogData) -> list[tuple[str, str, str]]:
    return [(d.label, str(d.answer), d.assessor) for d in data.decisions]


def test_that_runs_decisions_and_undo_are_written_as_they_happen(qtbot: QtBot, window: MainWindow) -> None:
    analyze(qtbot, window)
    finding = window.session.state.findings[0].id
    window.session.accept(finding)
    window.session.undo()
    window.session.reject(finding, "Not there")
    settle(qtbot, window)
    data = LogBook(default_path()).read()
    assert [r.version for r in data.runs] == [VERSION]
    assert answers_of(data) == [
        ("Right lung", answer, "Dr Test") for answer in ("accepted", "undone", "rejected")
    ]


def test_that_what_is_left_is_written_when_the_window_closes(qtbot: QtBot, tmp_path: Path) -> None:
    book = SlowBook(default_path())
    window = make(book)
    window.show()
    book.gate.set()
    open_and_wait(qtbot, window, write_series(tmp_path))
    analyze(qtbot, window)
    window.session.accept(window.session.state.findings[0].id)
    window.dispose()
    assert answers_of(LogBook(default_path()).read()) == [("Right lung", "accepted", "Dr Test")]
    assert threading.get_ident() not in book.threads


def test_that_a_run_waits_until_it_is_known_what_is_stopped(
    qtbot: QtBot, tmp_path: Path, model: Model
) -> None:
    book = SlowBook(default_path())
    window = make(book, model)
    window.show()
    told: list[str] = []
    window.analyzing.note.connect(told.append)
    open_and_wait(qtbot, window, write_series(tmp_path))
    window.analyze_button.click()
    assert model.requests == []
    assert told == ["The analysis begins when the log-book is read."]
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        book.gate.set()
    assert len(model.requests) == 1
    window.dispose()


def test_that_a_book_that_cannot_be_written_is_told_once_and_stops_nothing(
    qtbot: QtBot, tmp_path: Path, expected_log: Callable[[str], None]
) -> None:
    expected_log("the last runs and decisions were not written to the AI log-book")
    window = make(FullDisk(default_path()))
    window.show()
    told: list[str] = []
    assert window.logbook._queue is not None
    window.logbook._queue.problem.connect(told.append)
    open_and_wait(qtbot, window, write_series(tmp_path))
    analyze(qtbot, window)
    settle(qtbot, window)
    window.session.accept(window.session.state.findings[0].id)
    settle(qtbot, window)
    assert len(told) == 1
    assert "Free some space." in told[0]
    window.dispose()


@pytest.mark.parametrize("window", ["r" * 20], indirect=True)
def test_that_a_stopped_model_does_not_run_on_a_click(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    told: list[str] = []
    window.analyzing.note.connect(told.append)
    window.analyze_button.click()
    assert model.requests == []
    assert window.session.state.results == ()
    assert WORDS in told[0]
    panel = window.results.state_panel
    assert WORDS in panel.lines
    assert "does not run on a click" in panel.lines[0]


@pytest.mark.parametrize("window", ["r" * 20], indirect=True)
def test_that_the_reader_may_insist_and_that_this_is_on_record(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    window.commands.analyze_with(VERSION[0])
    box = window.findChild(QMessageBox)
    assert box is not None
    assert "did not accept enough" in box.text()
    assert WORDS in box.informativeText()
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        next(b for b in box.buttons() if b.text() == "Run anyway").click()
    settle(qtbot, window)
    (asked,) = model.requests
    assert asked.force
    assert [notice.text for notice in asked.held] == [WORDS]
    (act,) = LogBook(default_path()).read().acts
    assert (act.kind, act.version, act.assessor) == (ActKind.OVERRIDE, VERSION, "Dr Test")
    assert "stopped by this site's rule" in window.results.findings.heads[0].made.text()


@pytest.mark.parametrize("window", ["r" * 19], indirect=True)
def test_that_the_decision_that_breaks_the_rule_stops_the_model_and_undo_frees_it(
    qtbot: QtBot, window: MainWindow
) -> None:
    analyze(qtbot, window)
    window.session.reject(window.session.state.findings[0].id, "Not there")
    settle(qtbot, window)
    assert set(window.logbook.stops) == {VERSION}
    assert not window.analyzing.offers()[0].fit.ok
    window.session.undo()
    settle(qtbot, window)
    assert window.logbook.stops == {}
    assert window.analyzing.offers()[0].fit.ok


@pytest.mark.parametrize("window", ["r" * 20], indirect=True)
def test_that_a_reset_needs_a_reason_and_lets_the_model_run(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    window.logbook.show()
    dialog = window.findChild(LogBookDialog)
    assert dialog is not None
    settle(qtbot, window)
    dialog.reset_wanted.emit(*VERSION)
    asked = dialog.findChild(ResetReason)
    assert asked is not None
    assert not asked.run_button.isEnabled()
    asked.words.setText("Checked on twenty cases")
    asked.run_button.click()
    settle(qtbot, window)
    dialog.close()
    (act,) = LogBook(default_path()).read().acts
    assert (act.kind, act.reason, act.assessor) == (ActKind.RESET, "Checked on twenty cases", "Dr Test")
    analyze(qtbot, window)
    assert [request.held for request in model.requests] == [()]


@pytest.mark.parametrize("window", ["a" * 14 + "r" * 6], indirect=True)
def test_that_a_stricter_rule_holds_at_once_and_is_kept(qtbot: QtBot, window: MainWindow) -> None:
    window.logbook.show()
    dialog = window.findChild(LogBookDialog)
    assert dialog is not None
    rule_row = dialog.rule_row
    assert rule_row.rule == StopRule()
    assert not rule_row.set_button.isEnabled()
    rule_row.percent.set_value(75)
    rule_row.set_button.click()
    settle(qtbot, window)
    assert set(window.logbook.stops) == {VERSION}
    assert load_settings().stop_percent == 75
    assert [act.kind for act in LogBook(default_path()).read().acts] == [ActKind.RULE]
    assert not rule_row.set_button.isEnabled()
    dialog.close()


@pytest.mark.parametrize("window", ["aaar"], indirect=True)
def test_that_the_dialog_says_small_numbers_and_exports_all(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.logbook.show()
    dialog = window.findChild(LogBookDialog)
    assert dialog is not None
    settle(qtbot, window)
    assert dialog.choice.currentText() == f"Lungs on chest CT {VERSION[1]}"
    assert dialog.bars.accessibleName() == "Not there: 1"
    assert dialog.chart.accessibleName() == "4 of 20 decided: a course begins with the 20th."
    dialog.grab()
    path = tmp_path / "book.csv"
    window.logbook.export(path)
    qtbot.waitUntil(lambda: dialog.said.text() == "Written: book.csv", timeout=PATIENCE)
    assert path.read_text(encoding="utf-8-sig").count("\n") == 1 + 4 + 4
    dialog.close()


def test_that_a_reason_to_let_a_model_run_names_no_patient(qtbot: QtBot, window: MainWindow) -> None:
    patient = window.session.state.patient
    assert patient is not None
    window.logbook.reset(VERSION, f"Only {patient.id} and Mrs {patient.name.partition('^')[0]} were wrong")
    settle(qtbot, window)
    (act,) = LogBook(default_path()).read().acts
    assert act.reason == "Only \u2026 and Mrs \u2026 were wrong"


def test_that_an_empty_book_says_what_to_do(qtbot: QtBot, window: MainWindow) -> None:
    window.logbook.show()
    dialog = window.findChild(LogBookDialog)
    assert dialog is not None
    settle(qtbot, window)
    assert not dialog.export_button.isEnabled()
    assert dialog.choice.count() == 0
    dialog.grab()
    dialog.close()
