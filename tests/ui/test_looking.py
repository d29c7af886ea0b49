"""Where the network looked: on request, on its own pixels, under its own name, and gone when it is stale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medviewer.ai.catalog import Bundle, Fit
from medviewer.ai.findings import AnalysisResult, Finding, ResultState
from medviewer.ai.looking import LOOKED, Looked
from medviewer.ai.request import Request
from medviewer.dicom.study import Series
from medviewer.errors import DeviceError
from medviewer.imaging.presented import Look
from medviewer.imaging.turn import FLIP_ACROSS, RIGHT, STRAIGHT, Turn
from medviewer.review import report
from medviewer.review.state import Change
from medviewer.tasks import TaskContext
from medviewer.ui.engine import Engine
from medviewer.ui.main_window import MainWindow
from medviewer.ui.viewport import Viewport
from tests.review.makers import NOW
from tests.ui.viewports import SHAPE, numbered, shown
from tests.ui.windows import BUNDLE, PATIENCE, Model, answer, make_window, write_series

CLASSIFIER = Bundle(Path("none"), replace(BUNDLE.card, reading="pneumonia"))


def scored(request: Request) -> AnalysisResult:
    """One finding with a score on the third image."""
    finding = Finding(
        "f", "Pneumonia", "Pneumonia.", score=0.7, threshold=0.8, key_slice=2, is_calibrated=True
    )
    return answer(request, ResultState.FINDINGS, (finding,))


def map_of(request: Request, index: int) -> Looked:
    """Strongest at row 3, column 5."""
    strength = np.zeros(request.volume.shape[1:], np.float32)
    strength[3, 5] = 1.0
    return Looked(index, strength, "Hiding it halves the odds.")


@dataclass
class Classifier(Model):
    """Stands for a model that can tell where it looked; ``gate`` holds that too."""

    asked: list[int] = field(default_factory=list)
    error: DeviceError | None = None
    bundle: Bundle = CLASSIFIER

    def engine(self) -> Engine:
        return replace(super().engine(), look=self._look)

    def _suitable(self, series: Series, age: str) -> list[tuple[Bundle, Fit]]:
        return [(self.bundle, self.fits)]

    def _look(self, request: Request, index: int, context: TaskContext) -> Looked:
        self.asked.append(index)
        while not self.gate.wait(0.005):
            context.check()
        if self.error is not None:
            raise self.error
        return map_of(request, index)


@pytest.fixture
def model() -> Classifier:
    made = Classifier(outcome=scored)
    made.gate.set()
    return made


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, model: Classifier) -> Iterator[MainWindow]:
    """A window whose series has one finding with a score."""
    made = make_window(model)
    made.show()
    qtbot.waitExposed(made)
    with qtbot.waitSignal(made.opening.series_loaded, timeout=PATIENCE):
        made.opening.open_paths([write_series(tmp_path, seeds=(0, 1))])
    with qtbot.waitSignal(made.analyzing.ended, timeout=PATIENCE):
        made.analyze_button.click()
    made.planes.main.setFocus()
    yield made
    model.gate.set()
    made.dispose()


def heat(view: Viewport) -> bool:
    return bool(view._canvas._heat.isVisible())


def asked_for(qtbot: QtBot, window: MainWindow) -> None:
    """Press the key and wait for the map."""
    qtbot.keyClick(window.planes.main, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: heat(window.planes.main), timeout=PATIENCE)


def test_that_it_is_off_until_the_reader_asks(qtbot: QtBot, window: MainWindow, model: Classifier) -> None:
    assert model.asked == []
    assert not heat(window.planes.main)
    asked_for(qtbot, window)
    assert model.asked == [2]
    assert window.session.state.index == 2
    bar = window.planes.main._front.notes.bar
    assert bar is not None
    assert bar.title == LOOKED
    assert window.actions_by_id["looked"].isChecked()
    (card,) = window.results.findings.cards
    assert card._looking._said.text() == "Hiding it halves the odds."
    assert "not a finding" in card._looking._what.text()


def test_that_the_key_again_takes_it_off(qtbot: QtBot, window: MainWindow) -> None:
    asked_for(qtbot, window)
    qtbot.keyClick(window.planes.main, Qt.Key.Key_H)
    assert not heat(window.planes.main)
    assert not window.actions_by_id["looked"].isChecked()


def test_that_it_stays_on_its_own_image_and_goes_with_the_overlay(qtbot: QtBot, window: MainWindow) -> None:
    asked_for(qtbot, window)
    window.session.scroll(1)
    assert not heat(window.planes.main)
    window.session.scroll(2)
    assert heat(window.planes.main)
    window.session.hide_overlay(True)
    assert not heat(window.planes.main)


def test_that_escape_gives_it_up_and_a_late_answer_is_refused(
    qtbot: QtBot, window: MainWindow, model: Classifier
) -> None:
    model.gate.clear()
    qtbot.keyClick(window.planes.main, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: bool(model.asked), timeout=PATIENCE)
    number = window.looking._number
    assert "Looking" in window.results.findings.cards[0]._looking._progress.text()
    qtbot.keyClick(window.planes.main, Qt.Key.Key_Escape)
    assert not window.looking.is_on
    late = Looked(2, np.ones((16, 12), np.float32), "late")
    window.looking._came(number, late)
    assert not heat(window.planes.main)
    assert not window.looking.is_on


def test_that_another_series_leaves_nothing_of_it(qtbot: QtBot, window: MainWindow) -> None:
    asked_for(qtbot, window)
    assert window.session.state.scan is not None
    current = window.session.state.series
    other = next(s for s in window.session.state.scan.all_series() if s is not current)
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.show(other.key)
    assert not heat(window.planes.main)
    assert not window.looking.is_on


def test_that_it_goes_with_its_finding_and_with_no_other(qtbot: QtBot, window: MainWindow) -> None:
    asked_for(qtbot, window)
    window.looking.apply(window.session.state, Change.RESULT)
    assert heat(window.planes.main)
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.analyze_button.click()
    assert not heat(window.planes.main)
    assert not window.looking.is_on


def test_that_a_failure_is_a_sentence_in_the_card(
    qtbot: QtBot, window: MainWindow, model: Classifier
) -> None:
    model.error = DeviceError("There is not enough memory.", "Close something.")
    qtbot.keyClick(window.planes.main, Qt.Key.Key_H)
    said = window.results.findings.cards[0]._looking._said
    qtbot.waitUntil(lambda: "not enough memory" in said.text(), timeout=PATIENCE)
    assert not heat(window.planes.main)


def test_that_another_version_of_the_model_tells_nothing_of_this_result(
    qtbot: QtBot, window: MainWindow, model: Classifier
) -> None:
    card = window.results.findings.cards[0]
    assert window.looking.words()["f"].can
    model.bundle = Bundle(Path("none"), replace(CLASSIFIER.card, version="9.9.9"))
    window.refresh_offers()
    assert not window.looking.words()["f"].can
    window.looking.toggle(card.finding.id)
    assert model.asked == []


def test_that_no_report_holds_it(qtbot: QtBot, window: MainWindow) -> None:
    window.session.select_finding("f")
    window.session.add_key_image()
    before = report.build(window.session.state, now=NOW, app_version="0.1.0")
    asked_for(qtbot, window)
    after = report.build(window.session.state, now=NOW, app_version="0.1.0")
    assert len(after.figures) == len(before.figures) == 2  # the finding's own, and the marked image
    for one, other in zip(after.figures, before.figures, strict=True):
        assert np.array_equal(one.rgb, other.rgb)


@pytest.mark.parametrize("turn", [STRAIGHT, RIGHT, FLIP_ACROSS])
def test_that_the_strongest_place_lies_on_its_stored_pixel_however_it_is_turned(
    qtbot: QtBot, turn: Turn
) -> None:
    view = shown(qtbot, replace(numbered(None), geometry=None))
    strength = np.zeros(SHAPE[1:], np.float32)
    strength[3, 8] = 1.0
    view.set_index(4)
    view.set_looked(Looked(4, strength, ""))
    view.set_look(Look(turn), turn)
    place = view._canvas._heat
    row, column = np.argwhere(place.image[..., 3] > 0).mean(axis=0) + 0.5
    x, y = place.transform().map(float(column), float(row))
    assert view.picture is not None
    stored = view.picture.view.to_voxel(4, y - 0.5, x - 0.5)
    assert stored == pytest.approx((4, 3, 8), abs=0.51)
