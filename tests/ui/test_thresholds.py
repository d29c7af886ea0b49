"""Moving a threshold in the panel: what it costs is told at once, the machine's finding stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from medviewer.ai.findings import AnalysisResult, ResultState, UnsureSlice
from medviewer.ai.request import Request
from medviewer.review.thresholding import threshold_of
from medviewer.ui.main_window import MainWindow
from medviewer.ui.threshold_part import ThresholdPart
from tests.review.test_thresholding import FINDING
from tests.ui.windows import Model, analyzed_window, answer


def scored(request: Request) -> AnalysisResult:
    """One finding that is sure of little."""
    finding = replace(FINDING, key_slice=1, unsure=(UnsureSlice(3, 0.4), UnsureSlice(0, float("inf"))))
    return answer(request, ResultState.FINDINGS, (finding,))


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """A window with the finding's card open."""
    made = analyzed_window(qtbot, tmp_path, Model(outcome=scored))
    made.session.select_finding(FINDING.id)
    yield made
    made.dispose()


def part(window: MainWindow) -> ThresholdPart:
    found = window.results.findings.cards[0]._threshold
    assert found is not None
    return found


def own(window: MainWindow) -> float | None:
    found = threshold_of(window.session.state, FINDING.id)
    return None if found is None else found.threshold


def test_that_it_begins_at_the_models_own_threshold(window: MainWindow) -> None:
    assert part(window).isVisible()
    assert part(window).point.threshold == 0.821
    assert part(window)._reads.text() == "below: pneumonia not called, not ruled out"
    assert not part(window)._back.isEnabled()
    assert own(window) is None


def test_that_a_key_moves_it_and_tells_what_it_costs(qtbot: QtBot, window: MainWindow) -> None:
    slider = part(window)._slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert own(window) == 0.6
    assert part(window)._reads.text() == "at or above: pneumonia likely"
    assert part(window)._found.text() == "97.0\u2009% (96.0 to 98.0), n = 644"
    assert part(window)._spared.text() == "95.0\u2009% (93.0 to 97.0), n = 234"
    assert slider.isVisible()  # not made anew: it would lose the keyboard
    assert part(window)._slider is slider
    assert window.session.state.findings[0].threshold == 0.821


def test_that_dragging_tells_at_once_and_decides_when_let_go_of(window: MainWindow) -> None:
    slider = part(window)._slider
    slider.setSliderDown(True)
    slider.setValue(0)
    assert part(window)._found.text().startswith("98.0")
    assert own(window) is None
    slider.setSliderDown(False)
    assert own(window) == 0.3


def test_that_undo_and_the_way_back_bring_the_models_own(qtbot: QtBot, window: MainWindow) -> None:
    slider = part(window)._slider
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert window.actions_by_id["undo"].text() == "Undo threshold of Pneumonia"
    window.actions_by_id["undo"].trigger()
    assert own(window) is None
    assert part(window).point.threshold == 0.821
    window.actions_by_id["redo"].trigger()
    assert part(window).point.threshold == 0.6
    part(window)._back.click()
    assert own(window) is None
    assert part(window).point.threshold == 0.821


def test_that_the_least_sure_slices_are_listed_and_a_click_goes_there(window: MainWindow) -> None:
    card = window.results.findings.cards[0]
    buttons = {b.text(): b for b in card.findChildren(QPushButton) if b.text().startswith("Image ")}
    assert list(buttons) == ["Image 4", "Image 1"]
    assert window.session.state.index == 1
    buttons["Image 4"].click()
    assert window.session.state.index == 3
