"""Several models through the real window: one queue, results side by side, where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from medviewer.ai.findings import AnalysisResult
from medviewer.ai.request import Request
from medviewer.errors import DeviceError
from medviewer.review.state import Verdict
from medviewer.ui.main_window import MainWindow
from tests.ui.lung_models import OTHER, analyze, drawn, lungs_of, two_and_a_misfit
from tests.ui.windows import BUNDLE, PATIENCE, Model, loaded_window, write_series


@pytest.fixture
def model() -> Model:
    return two_and_a_misfit()


@pytest.fixture
def window(qtbot: QtBot, model: Model, tmp_path: Path) -> Iterator[MainWindow]:
    """A window on a series that two models suit and one does not."""
    with loaded_window(qtbot, model, tmp_path / "study") as made:
        yield made


def asked(model: Model) -> list[str]:
    return [request.bundle.card.id for request in model.requests]


def menu_of(window: MainWindow) -> list[tuple[str, str, bool]]:
    """(words, model id, can be chosen) of the button's list."""
    window.analyze_button._fill()
    actions = [a for a in window.analyze_button.menu().actions() if not a.isSeparator()]
    return [(a.text(), a.objectName(), a.isEnabled()) for a in actions]


# --- the button --------------------------------------------------------------------------------------------


def test_that_the_button_offers_all_and_the_list_has_the_misfit_with_its_reason(window: MainWindow) -> None:
    assert window.analyze_button.text() == "Analyze: chest CT, 2 models"
    assert "Together about 12\u2009s" in window.analyze_button.toolTip()
    assert [(x[1], x[2]) for x in menu_of(window)] == [
        ("", True),
        (BUNDLE.card.id, True),
        ("other", True),
        ("", False),
        ("heart", True),
    ]
    assert menu_of(window)[-1][0].startswith("Left ventricle on short-axis cine MR: The images are CT")


def test_that_one_model_is_chosen_from_the_list(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    model.gate.set()
    menu_of(window)
    action = next(a for a in window.analyze_button.menu().actions() if a.objectName() == "other")
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        action.trigger()
    assert asked(model) == ["other"]
    assert [head.model_id for head in window.results.findings.heads] == ["other"]


# --- the queue ---------------------------------------------------------------------------------------------


def test_that_a_click_runs_all_that_suit_one_after_the_other(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    panel = window.results.state_panel
    assert (panel.headline, panel.lines) == ("Analyzing 1 of 2", ("Lungs on chest CT",))
    assert asked(model) == ["lung-ct"]
    assert not window.analyze_button.isEnabled()
    said: list[tuple[str, ...]] = []
    window.session.subscribe(lambda state, change: said.append((panel.headline, *panel.lines)))
    model.gate.set()
    qtbot.waitUntil(lambda: window.session.state.run is None and len(model.requests) == 2, timeout=PATIENCE)
    assert ("Analyzing 2 of 2", "Lungs on chest CT (Others)") in said
    assert asked(model) == ["lung-ct", "other"]
    heads = window.results.findings.heads
    assert [head.model_id for head in heads] == ["lung-ct", "other"]
    assert [head.headline.text() for head in heads] == ["Complete — 1 finding"] * 2
    assert "Lungs on chest CT (Others) 2.0.0" in heads[1].identity.text()
    assert all("not for diagnostic use" in head.made.text() for head in heads)
    assert not panel.isVisible()
    assert window.analyze_button.isEnabled()


def test_that_cancel_takes_the_current_and_those_that_wait(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.session.state.run is None
    qtbot.waitUntil(lambda: not window.runner.busy("analyze"), timeout=PATIENCE)
    assert asked(model) == ["lung-ct"]
    assert window.session.state.results == ()


def test_that_cancelling_the_second_keeps_the_first(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    def outcome(request: Request) -> AnalysisResult:
        model.gate.clear()
        model.at_gate.clear()
        return lungs_of(request)

    model.outcome = outcome
    model.gate.set()
    window.analyze_button.click()
    qtbot.waitUntil(lambda: len(model.requests) == 2 and model.at_gate.is_set(), timeout=PATIENCE)
    window.analyzing.cancel()
    assert [r.provenance.model_id for r in window.session.state.results_here] == ["lung-ct"]
    assert "Cancelled the rest; the one done before stays." in window.notices.text
    qtbot.waitUntil(lambda: not window.runner.busy("analyze"), timeout=PATIENCE)


def test_that_a_model_that_fails_stops_no_other_and_is_tried_again_alone(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    def outcome(request: Request) -> AnalysisResult:
        if request.bundle.card.id == "lung-ct" and request.device != "cpu":
            raise DeviceError("The graphics card has too little free memory for this model.")
        return lungs_of(request)

    model.outcome = outcome
    analyze(qtbot, window, model)
    first, second = window.results.findings.heads
    assert first.headline.text() == "Failed — no result"
    assert second.headline.text() == "Complete — 1 finding"
    (cpu,) = [b for b in first.findChildren(QPushButton) if b.text() == "Run on the CPU" and b.isVisible()]
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        cpu.click()
    assert asked(model) == ["lung-ct", "other", "lung-ct"]
    assert model.requests[-1].device == "cpu"
    assert [head.headline.text() for head in window.results.findings.heads] == ["Complete — 1 finding"] * 2


def test_that_what_waits_belongs_to_the_series_it_was_asked_for(
    qtbot: QtBot, window: MainWindow, model: Model, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([write_series(tmp_path / "more", (7,))])
    window.session.state.scan.all_series()  # type: ignore[union-attr]
    series = window.session.state.series
    assert series is not None
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    away = next(s for s in window.session.state.scan.all_series() if s.key != series.key)  # type: ignore[union-attr]
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.show(away.key)
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        model.gate.set()
    assert {request.series.key for request in model.requests} == {series.key}
    assert {result.series_key for result in window.session.state.results} == {series.key}
    assert window.session.state.results_here == ()
    assert window.results.findings.heads == ()


# --- side by side ------------------------------------------------------------------------------------------


def test_that_a_second_run_of_one_model_takes_its_own_place(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    analyze(qtbot, window, model)
    mine, other = window.session.state.findings
    window.session.accept(mine.id)
    window.session.accept(other.id)
    heads = window.results.findings.heads
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.commands.analyze_with("other")
    state = window.session.state
    assert state.reviewed == (1, 2)
    assert state.decision_of(mine.id).verdict is Verdict.ACCEPTED
    assert "the 1 decided before stay with the earlier run" in window.notices.text
    assert window.results.findings.heads[0] is heads[0]
    assert window.results.findings.heads[1] is not heads[1]


def test_that_keys_and_legend_go_over_the_findings_of_both(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    analyze(qtbot, window, model)
    assert drawn(window) == ["Lungs (lung-ct)", "Lungs (other)"]
    window.planes.main.setFocus()
    for _ in range(2):
        qtbot.keyClick(window.planes.main, Qt.Key.Key_Period)
        qtbot.keyClick(window.planes.main, Qt.Key.Key_Return)
    assert window.session.state.reviewed == (2, 2)
    qtbot.keyPress(window.planes.main, Qt.Key.Key_Space)
    assert window.session.state.overlay_hidden
    qtbot.keyRelease(window.planes.main, Qt.Key.Key_Space)


def test_that_a_card_opened_after_a_second_result_came_gets_its_room(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    """The list is laid out anew when a result comes: what grows later must still be heard of."""
    analyze(qtbot, window, model)
    card = window.results.findings.cards[0]
    closed = card.height()
    window.session.select_finding(card.finding.id)

    def has_room() -> bool:
        width = card.width()
        needed = card.heightForWidth(width) if card.hasHeightForWidth() else card.minimumSizeHint().height()
        return card.height() >= needed > closed

    qtbot.waitUntil(has_room, timeout=PATIENCE)


def test_that_the_outlines_of_one_model_may_be_left_out(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    analyze(qtbot, window, model)
    head = window.results.findings.heads[0]
    assert head.eye.isVisible()
    head.eye.click()
    assert drawn(window) == ["Lungs (other)"]
    head.eye.click()
    assert drawn(window) == ["Lungs (lung-ct)", "Lungs (other)"]


def test_that_a_single_result_has_no_such_switch_and_is_always_drawn(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    model.gate.set()
    window.session.hide_model("other", True)
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.commands.analyze_with("other")
    assert not window.results.findings.heads[0].eye.isVisible()
    assert drawn(window) == ["Lungs"]
    assert window.results.opinions.cards == ()


def test_that_the_card_of_each_model_is_one_click_away(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    analyze(qtbot, window, model)
    for head, title in zip(
        window.results.findings.heads, ("Lungs on chest CT", OTHER.card.title), strict=True
    ):
        next(b for b in head.findChildren(QPushButton) if b.text() == "Model card").click()
        dialogs = [w for w in window.children() if w.inherits("QDialog") and w.isVisible()]  # type: ignore[attr-defined]
        assert len(dialogs) == 1
        assert title in dialogs[0].windowTitle() or any(  # type: ignore[attr-defined]
            title in child.text() for child in dialogs[0].children() if hasattr(child, "text")
        )
        dialogs[0].close()  # type: ignore[attr-defined]
