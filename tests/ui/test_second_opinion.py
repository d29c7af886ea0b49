"""Where two models differ, through the real window: figures, jumps, and the difference drawn alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medviewer.review import opinion_words
from medviewer.ui.main_window import MainWindow
from tests.ui.lung_models import compared, drawn, two_and_a_misfit
from tests.ui.windows import PATIENCE, Model, loaded_window


@pytest.fixture
def model() -> Model:
    return two_and_a_misfit()


@pytest.fixture
def window(qtbot: QtBot, model: Model, tmp_path: Path) -> Iterator[MainWindow]:
    """A window on a series that two models suit and one does not."""
    with loaded_window(qtbot, model, tmp_path / "study") as made:
        yield made


def test_that_the_second_opinion_says_how_far_two_models_agree(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    """128 against 140 voxels, 12 of them the second's alone."""
    compared(qtbot, window, model)
    (card,) = window.results.opinions.cards
    assert card.comparison.dice == pytest.approx(256 / 268)
    assert [one.index for one in card.comparison.slices] == [8, 4]
    assert [jump.text() for jump in card.jumps] == ["9", "5"]
    assert window.results._opinions_head.isVisible()


def test_that_a_click_on_an_image_goes_there(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    compared(qtbot, window, model)
    (card,) = window.results.opinions.cards
    card.jumps[0].click()
    assert window.session.state.index == 8
    card.jumps[1].click()
    assert window.planes.main.index == 4


def test_that_the_switch_draws_the_difference_alone_and_back(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    compared(qtbot, window, model)
    (card,) = window.results.opinions.cards
    card.show_switch.click()
    picture = window.planes.main.picture
    assert picture is not None
    assert [(colour, name) for _, colour, name in picture.masks] == [
        (opinion_words.COLOURS[0], "A only: lung-ct 1.0.0"),
        (opinion_words.COLOURS[1], "B only: other 2.0.0"),
    ]
    assert [mask.voxel_count for mask, _, _ in picture.masks] == [0, 12]
    card.show_switch.click()
    assert drawn(window) == ["Lungs (lung-ct)", "Lungs (other)"]


def test_that_a_new_run_ends_the_drawing_and_is_compared_anew(
    qtbot: QtBot, window: MainWindow, model: Model
) -> None:
    compared(qtbot, window, model)
    before = window.results.opinions.cards[0].comparison
    window.results.opinions.cards[0].show_switch.click()
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.commands.analyze_with("other")
    assert window.session.state.difference is None
    qtbot.waitUntil(
        lambda: [c.comparison is before for c in window.results.opinions.cards] == [False], timeout=PATIENCE
    )
    assert not window.results.opinions.cards[0].show_switch.isChecked()
