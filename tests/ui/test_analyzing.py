"""Analysis through the real window with a model the test holds: six states, cancel, failure, late answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMessageBox
from pytestqt.qtbot import QtBot

from medviewer.ai.catalog import Fit
from medviewer.ai.findings import AnalysisResult, Notice, ResultState
from medviewer.ai.request import Request
from medviewer.errors import BundleError, DeviceError
from medviewer.ui.main_window import MainWindow
from tests.factories import make_ct_series
from tests.ui.windows import (
    PATIENCE,
    Model,
    answer,
    findings_of,
    headline,
    loaded_window,
    make_window,
    write_series,
)

REFUSED = ResultState.NOT_SUITABLE


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def window(qtbot: QtBot, model: Model, tmp_path: Path) -> Iterator[MainWindow]:
    """A window on a series that is loaded."""
    with loaded_window(qtbot, model, tmp_path / "study") as made:
        yield made


def analyze(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    model.gate.set()
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.analyze_button.click()


def button(window: MainWindow, text: str) -> QAbstractButton:
    """A visible button of the results."""
    found = [b for b in window.results.findChildren(QAbstractButton) if b.text() == text and b.isVisible()]
    assert found, f"no button {text!r}"
    return found[0]


def test_that_before_a_run_the_card_says_that_nothing_was_said(window: MainWindow) -> None:
    assert headline(window) == "Not analyzed"
    assert window.analyze_button.text() == "Analyze: chest CT"
    assert "Checked: CT, chest" in window.analyze_button.toolTip()


def test_that_findings_come_with_masks_cards_and_identity(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    analyze(qtbot, window, model)
    assert headline(window) == "Complete — 2 findings"
    assert [card.finding.label for card in window.results.findings.cards] == ["Right lung", "Left lung"]
    picture = window.planes.main.picture
    assert picture is not None
    assert [name for _, _, name in picture.masks] == ["Right lung", "Left lung"]
    assert "not for diagnostic use" in window.results.findings.heads[0].made.text()
    assert window.analyze_button.isEnabled()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ResultState.NOT_SUITABLE, "Not suitable"),
        (ResultState.FAILED, "Failed"),
        (ResultState.PARTIAL, "Partial"),
        (ResultState.NOTHING_FOUND, "nothing found"),
    ],
)
def test_that_every_other_state_has_its_own_card(
    qtbot: QtBot, window: MainWindow, model: Model, state: ResultState, words: str
) -> None:
    model.outcome = lambda request: answer(request, state, (), (Notice("X", "Because of this."),))
    analyze(qtbot, window, model)
    assert words in headline(window)
    said = " ".join(line.text() for line in window.results.findings.heads[0].lines if line.isVisible())
    assert ("Because of this." in said) or state is ResultState.NOTHING_FOUND
    assert window.analyze_button.isEnabled()


def test_that_escape_cancels_at_once_and_the_state_before_comes_back(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    model.stream = True
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.session.state.run is None
    assert headline(window) == "Not analyzed"
    assert "Cancelled the analysis; nothing of it was kept." in window.notices.text
    picture = window.planes.main.picture
    assert picture is not None
    assert not picture.partial
    assert window.analyze_button.isEnabled()
    qtbot.waitUntil(lambda: not window.runner.busy("analyze"), timeout=PATIENCE)
    assert window.session.state.results == ()


def test_that_a_run_after_a_cancelled_one_is_the_one_that_counts(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    window.analyzing.cancel()
    analyze(qtbot, window, model)
    assert len(window.session.state.results) == 1
    assert headline(window) == "Complete — 2 findings"


def raising(error: Exception) -> object:
    def outcome(request: Request) -> AnalysisResult:
        raise error

    return outcome


def test_that_a_failure_is_told_and_the_button_goes_on_working(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    model.outcome = raising(BundleError("The weights are damaged.", "Reinstall the model."))  # type: ignore[assignment]
    analyze(qtbot, window, model)
    assert headline(window) == "Failed — no result"
    assert window.session.state.result_state is ResultState.FAILED
    assert window.analyze_button.isEnabled()
    model.outcome = findings_of
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        button(window, "Try again").click()
    assert headline(window) == "Complete — 2 findings"


def test_that_a_full_graphics_card_offers_the_cpu(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    model.outcome = raising(DeviceError("The graphics card has too little free memory for this model."))  # type: ignore[assignment]
    analyze(qtbot, window, model)
    model.outcome = findings_of
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        button(window, "Run on the CPU").click()
    assert [request.device for request in model.requests] == ["auto", "cpu"]
    assert headline(window) == "Complete — 2 findings"


def test_that_a_bug_in_a_model_is_a_failure_with_a_sentence(
    qtbot: QtBot, window: MainWindow, model: Model, expected_log: object
) -> None:
    expected_log("bug: KeyError")  # type: ignore[operator]
    model.outcome = raising(KeyError("Doe^Jane"))  # type: ignore[assignment]
    analyze(qtbot, window, model)
    result = window.session.state.result
    assert result is not None
    assert "Something went wrong" in result.reasons[0].text
    assert "Doe" not in result.reasons[0].text


def test_that_an_unsuitable_series_says_why_and_runs_only_when_the_reader_insists(
    qtbot: QtBot, model: Model, tmp_path: Path
) -> None:
    model.fits = Fit(False, (Notice("PLANE", "The slices are sagittal."),))
    window = make_window(model)
    window.show()
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([write_series(tmp_path)])
    assert "The slices are sagittal." in window.analyze_button.toolTip()
    button(window, "Run anyway…").click()
    asked = window.findChild(QMessageBox)
    assert asked is not None
    assert "The slices are sagittal." in asked.informativeText()
    model.gate.set()
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        next(b for b in asked.buttons() if b.text() == "Run anyway").click()
    assert [request.force for request in model.requests] == [True]
    result = window.session.state.result
    assert result is not None
    assert result.provenance.forced
    assert "although not suitable" in window.results.findings.heads[0].made.text()
    window.dispose()


def test_that_what_a_run_saw_in_the_pictures_can_be_overridden_too(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    """The headers fit; the refusal comes from a look at the pictures."""
    seen = Notice("ROUTER_INVERTED", "Light and dark seem to be exchanged in the picture.")

    def outcome(request: Request) -> AnalysisResult:
        return findings_of(request) if request.force else answer(request, REFUSED, reasons=(seen,))

    model.outcome = outcome
    assert not window.results.state_panel._anyway.isVisible()
    analyze(qtbot, window, model)
    button(window, "Run anyway…").click()
    asked = window.findChild(QMessageBox)
    assert asked is not None
    assert seen.text in asked.informativeText()
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        next(b for b in asked.buttons() if b.text() == "Run anyway").click()
    assert [request.force for request in model.requests] == [False, True]
    assert window.session.state.result_state is ResultState.FINDINGS


def test_that_a_run_asked_for_while_loading_begins_when_all_images_are_there(
    qtbot: QtBot, model: Model, tmp_path: Path
) -> None:
    model.gate.set()
    window = make_window(model)
    write_series(tmp_path, slices=40)
    window.opening.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.session.state.series is not None, timeout=PATIENCE)
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.analyzing.start()
    assert len(model.requests) == 1
    assert window.session.state.result_state is ResultState.FINDINGS
    window.dispose()


def test_that_closing_while_analyzing_is_clean(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    window.close()
    assert not window.runner.busy("analyze")
    assert window.session.state.results == ()


def test_that_closing_all_studies_gives_up_the_run(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    window.actions_by_id["close_all"].trigger()
    assert window.session.state.scan is None
    assert headline(window) == "No series is open"
    assert window.planes.main.picture is None
    qtbot.waitUntil(lambda: not window.runner.busy("analyze"), timeout=PATIENCE)


def test_that_no_override_is_offered_where_it_would_lead_nowhere(
    qtbot: QtBot, model: Model, tmp_path: Path
) -> None:
    """Without geometry nothing can be measured, whoever insists."""

    def no_spacing(ds: Dataset, _: int) -> None:
        del ds.PixelSpacing

    model.fits = Fit(False, (Notice("NO_SPACING", "The pixel spacing is missing."),))
    make_ct_series(tmp_path, tweak=no_spacing)
    window = make_window(model)
    window.show()
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([tmp_path])
    assert not window.results.state_panel._anyway.isVisible()
    assert "The pixel spacing is missing." in window.analyze_button.toolTip()
    window.dispose()
