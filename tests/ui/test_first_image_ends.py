"""What becomes of a first image: a failed scan, another folder, a study on screen; never two patients."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult
from medviewer.errors import UsageError
from medviewer.imaging.window import Window
from medviewer.review.state import Change, State
from medviewer.ui.main_window import MainWindow
from tests.factories import make_ct_series
from tests.ui.first_images import Gate, assert_empty, finish, show_first, value, words
from tests.ui.windows import PATIENCE, headline, open_and_wait, write_patient, write_series

pytestmark = pytest.mark.usefixtures("gate")


def test_that_a_failed_scan_leaves_nothing_behind(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> ScanResult:
        raise UsageError("The disk was pulled out.")

    gate.then = fail
    show_first(qtbot, window, write_series(tmp_path))
    window.planes.main.window_dragged.emit(Window(55, 333))
    with qtbot.waitSignal(window.opening.problem, timeout=PATIENCE):
        gate.open.set()
    assert_empty(window)
    assert window.session.state.window is None
    gate.then = scan
    state = open_and_wait(qtbot, window, tmp_path)
    assert state.window == Window(40, 400)


def test_that_closing_everything_meanwhile_leaves_nothing_behind(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    show_first(qtbot, window, write_series(tmp_path))
    window.opening.forget()
    window.session.close()
    assert_empty(window)
    gate.open.set()
    qtbot.waitUntil(lambda: not window.runner.busy("open"), timeout=PATIENCE)
    assert_empty(window)


def test_that_another_folder_opened_meanwhile_is_the_only_one(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    for number in (1, 2):
        write_patient(tmp_path / str(number), number)
    show_first(qtbot, window, tmp_path / "1")
    assert value(window) == 1000
    window.opening.open_paths([tmp_path / "2"])
    assert window.planes.main.picture is None
    assert "Patient" not in words(window)
    qtbot.waitUntil(lambda: window.planes.main.picture is not None, timeout=PATIENCE)
    assert value(window) == 2000
    state = finish(qtbot, window, gate)
    assert state.scan is not None
    assert [p.id for p in state.scan.patients] == ["P2"]
    assert "Patient, 2" in words(window)


def test_that_a_study_on_screen_stays_until_the_next_is_read(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    for number in (1, 2):
        write_patient(tmp_path / str(number), number)
    gate.open.set()
    before = open_and_wait(qtbot, window, tmp_path / "1")
    gate.open.clear()
    shown = window.planes.main.picture
    with qtbot.waitSignal(window.opening._scanning.first_image, timeout=PATIENCE):
        window.opening.open_paths([tmp_path / "2"])
    assert window.planes.main.picture is shown
    assert window.session.state is before
    assert "Patient, 1" in words(window)
    empty: list[State] = []

    def watch(state: State, _: Change) -> None:
        if state.volume is not None and window.planes.main.picture is None:
            empty.append(state)

    window.session.subscribe(watch)
    finish(qtbot, window, gate)
    assert value(window) == 2000
    assert "Patient, 2" in words(window)
    assert not empty


def test_that_words_and_pixels_are_one_patients_at_every_moment(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        write_patient(tmp_path / str(number), number, slices=12)
    gate.open.set()
    seen: list[tuple[int, str]] = []
    window.planes.slice_painted.connect(lambda _: seen.append((value(window), words(window))))
    for turn in range(12):
        window.opening.open_paths([tmp_path / str(turn % 3 + 1)])
        qtbot.wait(turn % 4 * 3)
        if turn % 5 == 4:
            window.opening.forget()
            window.session.close()
    open_and_wait(qtbot, window, tmp_path / "2")
    assert seen
    for pixels, said in seen:
        assert f"Patient, {pixels // 1000}" in said


def test_that_an_empty_window_says_that_it_reads(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("no image")
    window.opening.open_paths([tmp_path])
    assert window.planes.main._front.notes.message == "Reading …"
    assert headline(window) == "Reading the images"
    with qtbot.waitSignal(window.opening.problem, timeout=PATIENCE):
        gate.open.set()
    assert_empty(window)
    assert headline(window) == "No series is open"


def test_that_a_series_that_grew_is_loaded_anew(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    gate.open.set()
    paths = make_ct_series(tmp_path / "all", slices=8)
    (tmp_path / "some").mkdir()
    for path in paths[:4]:
        (tmp_path / "some" / path.name).write_bytes(path.read_bytes())
    open_and_wait(qtbot, window, tmp_path / "some")
    state = open_and_wait(qtbot, window, tmp_path / "all")
    assert state.series is not None
    assert len(state.series.instances) == 8
    assert state.volume is not None
    assert state.volume.shape[0] == 8
