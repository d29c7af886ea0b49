"""Colour maps from the menu to the screen, with the bar that says what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medviewer.imaging.colour_map import COLOUR_MAPS
from medviewer.ui.main_window import MainWindow
from tests.dicom.maps import mapping, write_map
from tests.ui.windows import PATIENCE, Model, loaded_window, make_window


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with loaded_window(qtbot, Model(), tmp_path) as made:
        yield made


@pytest.fixture
def map_window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    values = np.linspace(0, 3000, 4 * 64 * 64, dtype=np.float32).reshape(4, 64, 64)
    write_map(tmp_path / "a.dcm", values, [mapping((0.0, 4000.0), slope=1e-6, intercept=0.0)], (1500, 3000))
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    with qtbot.waitSignal(made.opening.series_loaded, timeout=PATIENCE):
        made.opening.open_paths([tmp_path])
    yield made
    made.dispose()


def bar(window: MainWindow):
    return window.planes.main._front.notes.bar


def test_that_images_of_patients_are_grey_without_a_bar(window: MainWindow) -> None:
    assert window.session.state.window.colours == ""
    assert bar(window) is None
    assert window.actions_by_id["colours_grey"].isChecked()


def test_that_the_menu_puts_colours_on_screen(window: MainWindow) -> None:
    window.actions_by_id["colours_hot_iron"].trigger()
    assert window.session.state.window.colours == "hot_iron"
    assert bar(window).title == "HU"
    assert window.actions_by_id["colours_hot_iron"].isChecked()
    view = window.planes.main
    levels = view.picture.levels(view.index, view.shown_window)
    assert levels.ndim == 3
    lit = {tuple(c) for c in COLOUR_MAPS["hot_iron"].table.tolist()}
    assert {tuple(c) for c in levels.reshape(-1, 3).tolist()} <= lit
    window.actions_by_id["colours_grey"].trigger()
    assert bar(window) is None


def test_that_windows_and_presets_keep_the_colours(window: MainWindow) -> None:
    window.actions_by_id["colours_inferno"].trigger()
    for act in ("preset_lung", "window_auto", "window_dicom", "invert"):
        window.actions_by_id[act].trigger()
        assert window.session.state.window.colours == "inferno"


def test_that_the_bar_follows_the_window(window: MainWindow) -> None:
    window.actions_by_id["colours_pet"].trigger()
    before = [text for _, text in bar(window).ticks]
    window.session.set_window(replace(window.session.state.window, centre=5000.0, width=100.0))
    assert [text for _, text in bar(window).ticks] != before


def test_that_a_key_image_keeps_its_colours(window: MainWindow) -> None:
    window.actions_by_id["colours_viridis"].trigger()
    window.actions_by_id["key_image"].trigger()
    (marked,) = window.session.state.key_images
    assert marked.window.colours == "viridis"


def test_that_a_map_opens_in_colours_with_quantity_and_unit(map_window: MainWindow) -> None:
    assert map_window.session.state.window.colours == "viridis"
    assert bar(map_window).title == "Apparent Diffusion Coefficient, ×10⁻³ mm²/s"
    assert [text for _, text in bar(map_window).ticks] == ["0", "1", "2"]  # up to 2.999
    picture = map_window.planes.main.picture
    assert picture.value_text(0, 63.5, 63.5).startswith("mm²/s 0.00")


def test_that_a_map_may_be_dragged_on_its_own_scale(map_window: MainWindow) -> None:
    view = map_window.planes.main
    assert 0 < view.window_step < 1e-4
    from medviewer.ui.picture import dragged

    wider = dragged(view.shown_window, 100 * view.window_step, 0.0, view.whole_values)
    map_window.session.set_window(wider)
    assert map_window.session.state.window.width > view.window_step * 100
    assert map_window.session.state.window.width < 0.01
    assert "W 0.00" in " ".join(view._front.notes.corners.bottom_left)
