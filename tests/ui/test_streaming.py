"""Masks that come while a run goes on, and answers that come when another series is on screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medviewer.ui.main_window import MainWindow
from tests.ui.windows import (
    PATIENCE,
    Model,
    headline,
    loaded_window,
    make_window,
    write_patient,
    write_series,
)


@pytest.fixture
def model() -> Model:
    """A model that streams its masks."""
    return Model(stream=True)


@pytest.fixture
def window(qtbot: QtBot, model: Model, tmp_path: Path) -> Iterator[MainWindow]:
    """A window on a series that is loaded."""
    with loaded_window(qtbot, model, tmp_path / "study") as made:
        yield made


def test_that_masks_stream_in_while_the_run_goes_on(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    window.analyze_button.click()
    picture = window.planes.main.picture
    assert picture is not None
    qtbot.waitUntil(lambda: len(picture.partial) == 10, timeout=PATIENCE)
    assert headline(window) == "Analyzing"
    qtbot.waitUntil(
        lambda: "about 6 s left" in window.results.state_panel._doing.full_text(), timeout=PATIENCE
    )
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        model.gate.set()
    after = window.planes.main.picture
    assert after is not None
    assert not after.partial
    assert len(after.masks) == 2


def test_that_an_answer_for_another_patient_never_reaches_the_one_on_screen(
    qtbot: QtBot, model: Model, tmp_path: Path
) -> None:
    """The run goes on in the background and its result waits at its own series."""
    for number in (1, 2):
        write_patient(tmp_path, number)
    window = make_window(model)
    window.show()
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([tmp_path])
    scan, began_on = window.session.state.scan, window.session.state.series
    assert scan is not None
    assert began_on is not None
    other = next(series for series in scan.all_series() if series.key != began_on.key)
    window.analyze_button.click()
    assert model.at_gate.wait(10)
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.show(other.key)
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        model.gate.set()
    picture = window.planes.main.picture
    assert picture is not None
    assert not picture.partial
    assert not picture.masks
    assert window.session.state.findings == ()
    assert headline(window) == "Not analyzed"
    window.opening.show(began_on.key)
    qtbot.waitUntil(lambda: window.planes.main.picture is not None, timeout=PATIENCE)
    assert len(window.session.state.findings) == 2
    window.dispose()


def test_that_partial_masks_come_back_with_their_series(qtbot: QtBot, model: Model, tmp_path: Path) -> None:
    window = make_window(model)
    window.show()
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([write_series(tmp_path, (1, 2))])
    scan, first = window.session.state.scan, window.session.state.series
    assert scan is not None
    assert first is not None
    second = next(series for series in scan.all_series() if series.key != first.key)
    window.analyze_button.click()
    qtbot.waitUntil(lambda: len(window.planes.main.picture.partial) == 10, timeout=PATIENCE)  # type: ignore[union-attr]
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.show(second.key)
    assert not window.planes.main.picture.partial  # type: ignore[union-attr]
    window.opening.show(first.key)
    assert len(window.planes.main.picture.partial) == 10  # type: ignore[union-attr]
    model.gate.set()
    window.dispose()
