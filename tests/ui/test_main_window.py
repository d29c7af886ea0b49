"""The window as a whole: keys, menus, layout kept, one action table for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QToolBar
from pytestqt.qtbot import QtBot

from medviewer.imaging.presets import preset
from medviewer.imaging.window import VoiLut, Window
from medviewer.review.settings import Settings, load_settings
from medviewer.review.state import State
from medviewer.ui.actions import ACTIONS, TOOLBAR, spec
from medviewer.ui.main_window import MainWindow
from medviewer.ui.menus import ActionSet
from medviewer.ui.status import LEGAL, window_name
from tests.ui.windows import PATIENCE, make_window, write_series

Key = Qt.Key
Shift = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    with qtbot.waitSignal(made.opening.series_loaded, timeout=PATIENCE):
        made.opening.open_paths([write_series(tmp_path / "study", slices=25)])
    made.planes.main.setFocus()
    yield made
    made.dispose()


def press(qtbot: QtBot, window: MainWindow, *keys: Key, held: Qt.KeyboardModifier | None = None) -> State:
    for key in keys:
        qtbot.keyClick(window.planes.main, key, held or Qt.KeyboardModifier.NoModifier)
    return window.session.state


def test_that_no_key_means_two_things() -> None:
    keys = Counter(QKeySequence(key).toString() for row in ACTIONS for key in row.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_that_the_toolbar_names_only_what_the_table_has() -> None:
    assert all(spec(action_id).short for action_id in TOOLBAR if action_id != "|")


def test_that_a_command_missing_from_the_table_is_refused(window: MainWindow) -> None:
    with pytest.raises(ValueError, match="about"):
        ActionSet({row.id: window.close for row in ACTIONS if row.id != "about"}, {}, window)


def test_that_everything_offered_with_a_study_open_is_enabled_or_says_when(window: MainWindow) -> None:
    greyed = {row.id for row in ACTIONS if not window.actions_by_id[row.id].isEnabled()}
    waits_for_a_result = {
        "cancel",
        "next_finding",
        "previous_finding",
        "accept",
        "reject",
        "edit",
        "originals",
        "undecide",
        "looked",
        "overlay",
    }
    turns = {"rotate_right", "rotate_left", "flip_across", "flip_down"}  # it is a CT
    own_millimetres = {"calibrate", "magnification", "uncalibrate"}
    assert greyed == {"undo", "redo", "delete", *turns, *own_millimetres, *waits_for_a_result}


def test_that_arrows_scroll_and_stop_at_the_ends(qtbot: QtBot, window: MainWindow) -> None:
    assert press(qtbot, window, Key.Key_Down).index == 13
    assert press(qtbot, window, Key.Key_Down, held=Shift).index == 23
    assert press(qtbot, window, Key.Key_Up).index == 22
    assert press(qtbot, window, Key.Key_End, Key.Key_Down).index == 24
    assert press(qtbot, window, Key.Key_Home, Key.Key_Up).index == 0


def test_that_digits_are_windows(qtbot: QtBot, window: MainWindow) -> None:
    shown = press(qtbot, window, Key.Key_4).window
    assert shown == preset("lung")
    assert window.status._window.text() == "Lung window (4)"
    first = press(qtbot, window, Key.Key_1).window
    second = press(qtbot, window, Key.Key_1).window
    assert (first.centre, second.centre) == (40, -600)  # type: ignore[union-attr]
    assert press(qtbot, window, Key.Key_0).window.name == "auto"  # type: ignore[union-attr]


def test_that_inversion_stays_when_the_window_changes(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Key.Key_I, held=Shift)
    state = press(qtbot, window, Key.Key_2)
    assert state.window is not None
    assert state.window.invert
    assert window_name(state).endswith(", inverted")


def test_that_tools_are_exclusive_and_show_it(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Key.Key_D)
    pressed = [row.id for row in ACTIONS if row.group == "tool" and window.actions_by_id[row.id].isChecked()]
    assert pressed == ["tool_length"]
    assert window.planes.main.tool_name == "length"


def test_that_escape_resets_the_view_and_keeps_the_image(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Key.Key_4, Key.Key_Down, Key.Key_Plus)
    state = press(qtbot, window, Key.Key_Escape)
    assert state.index == 13
    assert state.window is not None
    assert state.window.centre == 40


def test_that_cine_starts_and_stops(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Key.Key_C)
    assert window.actions_by_id["cine"].isChecked()
    qtbot.waitUntil(lambda: window.session.state.index != 12, timeout=PATIENCE)
    press(qtbot, window, Key.Key_C)
    assert not window.actions_by_id["cine"].isChecked()


def test_that_a_key_image_can_be_undone(qtbot: QtBot, window: MainWindow) -> None:
    assert len(press(qtbot, window, Key.Key_K).key_images) == 1
    assert "key image" in window.actions_by_id["undo"].text()
    window.actions_by_id["undo"].trigger()
    assert window.session.state.key_images == ()


def test_that_corner_text_cycles(qtbot: QtBot, window: MainWindow) -> None:
    levels = [press(qtbot, window, Key.Key_I).annotations for _ in range(3)]
    assert levels == ["minimal", "off", "full"]


def test_that_the_legal_word_is_always_there(window: MainWindow) -> None:
    texts = [child.text() for child in window.status.children() if hasattr(child, "text")]
    assert LEGAL in texts


def test_that_size_and_preferences_are_kept_for_the_next_time(qtbot: QtBot) -> None:
    first = make_window()
    first.show()
    first.resize(790, 640)
    first._splitter.setSizes([150, 340, 300])
    first.session.annotation_level("minimal")
    sizes = first._splitter.sizes()
    first.dispose()
    kept = load_settings()
    assert kept.annotations == "minimal"
    second = make_window(settings=kept)
    second.show()
    assert (second.width(), second.height()) == (790, 640)
    assert second._splitter.sizes() == sizes
    second.dispose()


def test_that_a_layout_from_nowhere_is_ignored(qtbot: QtBot) -> None:
    window = make_window(settings=Settings(window_layout="not base64 ÿ", window_geometry="????"))
    window.show()
    window.dispose()


def test_that_the_readers_own_keys_take_the_place_of_ours(qtbot: QtBot) -> None:
    window = make_window(settings=Settings(keys={"cine": "Ctrl+Alt+P"}))
    assert [k.toString() for k in window.actions_by_id["cine"].shortcuts()] == ["Ctrl+Alt+P"]
    window.dispose()


@pytest.mark.parametrize("name", ["keys", "about", "model_card", "issues", "reader_name"])
def test_that_every_dialog_opens_and_closes(qtbot: QtBot, window: MainWindow, name: str) -> None:
    window.actions_by_id[name].trigger()
    dialogs = [w for w in window.children() if w.inherits("QDialog") and w.isVisible()]  # type: ignore[attr-defined]
    assert len(dialogs) == 1
    dialogs[0].close()  # type: ignore[attr-defined]


def test_that_panels_can_be_put_away(window: MainWindow) -> None:
    window.actions_by_id["results"].trigger()
    assert window.results.isHidden()
    window.actions_by_id["results"].trigger()
    assert not window.results.isHidden()


@pytest.mark.parametrize(("width", "words"), [(1600, True), (1280, False)])
def test_that_analyze_and_report_never_fall_off_the_toolbar(
    qtbot: QtBot, window: MainWindow, width: int, words: bool
) -> None:
    window.resize(width, 720)
    bar = window.report_button.parentWidget()
    assert isinstance(bar, QToolBar)
    style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if words else Qt.ToolButtonStyle.ToolButtonIconOnly
    qtbot.waitUntil(lambda: bar.toolButtonStyle() == style)
    qtbot.waitUntil(lambda: window.report_button.isVisible() and window.analyze_button.isVisible())
    assert window.report_button.geometry().right() <= bar.width()


def test_that_key_1_goes_through_windows_and_tables_by_their_names(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    lut = VoiLut(0, 8, np.arange(200, dtype="<u2").tobytes())
    own = Window(40, 400, name="SOFT"), Window(100, 200, name="SKIN", lut=lut)
    session = window.session
    state = session.state
    assert state.series is not None
    images = tuple(replace(i, windows=own) for i in state.series.instances)
    session._state = replace(state, series=replace(state.series, instances=images))
    names = [press(qtbot, window, Key.Key_1).window for _ in range(3)]
    assert [w.name for w in names if w is not None] == ["SOFT", "SKIN", "SOFT"]
    press(qtbot, window, Key.Key_1)
    assert window.status._window.text() == "VOI LUT SKIN"
