"""A picture before the scan ends: shown as what it is, of one patient alone, and gone without a trace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pytestqt.qtbot import QtBot

from medviewer.dicom.likely import Look, likely
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult
from medviewer.errors import UsageError
from medviewer.imaging.window import Window
from medviewer.review.state import Change, State
from medviewer.tasks import TaskContext
from medviewer.ui import scanning
from medviewer.ui.main_window import MainWindow
from tests.factories import make_ct_series
from tests.ui.test_opening import open_and_wait
from tests.ui.windows import PATIENCE, make_window, write_patient, write_series


class Gate:
    """A scan that shows its first image, then waits until the test lets it go on."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.then: Callable[..., ScanResult] = scan

    def __call__(self, paths: Sequence[Path], context: TaskContext, *, glimpse: Look) -> ScanResult:
        glimpse.look(likely(paths))
        while not self.open.wait(0.005):
            context.check()
        return self.then(paths, context, glimpse=glimpse)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Every scan of the test goes through it."""
    made = Gate()
    monkeypatch.setattr(scanning, "scan", made)
    yield made
    made.open.set()


@pytest.fixture
def window(qtbot: QtBot, gate: Gate) -> Iterator[MainWindow]:
    """An empty window."""
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    yield made
    gate.open.set()
    made.dispose()


def show_first(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    """Open a folder; its first image is painted, its scan waits at the gate."""
    with qtbot.waitSignal(window.planes.slice_painted, timeout=PATIENCE):
        window.opening.open_paths([folder])


def finish(qtbot: QtBot, window: MainWindow, gate: Gate) -> State:
    """Let the scan go on until the series is loaded."""
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        gate.open.set()
    return window.session.state


def words(window: MainWindow) -> str:
    """All corner texts of the main view."""
    shown = window.planes.main._front.notes.corners
    return "\n".join((*shown.top_left, *shown.top_right, *shown.bottom_left, *shown.bottom_right))


def value(window: MainWindow) -> int:
    """The value of the picture on screen, constant in the factories' series."""
    picture = window.planes.main.picture
    assert picture is not None
    assert picture.is_ready(window.planes.main.index)
    return int(picture.volume.voxels[window.planes.main.index, 0, 0])


def test_that_the_picture_comes_first_with_its_own_words_and_no_number(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    show_first(qtbot, window, write_series(tmp_path))
    assert value(window) == 104 - 1024  # file 5 of 10
    said = words(window)
    assert "Test, Tina" in said
    assert "Reading all images" in said
    assert "z −22.0\u2009mm" in said
    assert "W 400 L 40" in said
    assert "Image 1" not in said
    assert window.planes.main._front.notes.letters is not None
    assert window.planes.main._front.notes.message == ""
    assert window.planes.main.shown_window == Window(40, 400)


def test_that_nothing_can_be_done_with_it_before_its_series_is_known(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    show_first(qtbot, window, write_series(tmp_path))
    assert window.session.state.series is None
    assert not window.analyze_button.isEnabled()
    assert not window.report_button.isEnabled()
    for name in ("report", "key_image", "analyze", "tags"):
        assert not window.actions_by_id[name].isEnabled()
    window.planes.set_tool("length")
    from medviewer.ui.shapes import Shape

    window.planes.main.finish(Shape("length", ((1.0, 1.0), (4.0, 4.0)), "1 mm"))
    assert window.session.state.measurements == ()
    assert window.session.state.seen == frozenset()


def test_that_the_series_takes_its_place_and_keeps_the_image(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    show_first(qtbot, window, write_series(tmp_path))
    before = value(window)
    blank: list[str] = []

    def watch() -> None:
        if window.planes.main._front.notes.message or window.planes.main.picture is None:
            blank.append(window.planes.main._front.notes.message)

    window.planes.slice_painted.connect(watch)
    state = finish(qtbot, window, gate)
    assert state.series is not None
    assert state.series.instances[state.index].path.name == "000-0004.dcm"
    assert value(window) == before
    assert not blank
    assert f"Image {state.index + 1} / 10" in words(window)
    assert "Reading" not in words(window)
    assert "Zoom" in words(window)
    assert state.volume is not None
    assert sorted(np.unique(state.volume.voxels)) == [100 + k - 1024 for k in range(10)]


def test_that_loading_begins_around_the_first_image(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    show_first(qtbot, window, write_series(tmp_path, slices=60))
    came: list[int] = []
    window.opening.slice_ready.connect(came.append)
    state = finish(qtbot, window, gate)
    assert state.index not in came  # it was there
    assert len(came) == 59
    assert np.mean(np.abs(np.array(came[:10]) - state.index)) < 10


def test_that_window_zoom_and_place_stay_as_the_reader_set_them(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    window.planes.set_layout("single")
    show_first(qtbot, window, write_series(tmp_path))
    main = window.planes.main
    main.window_dragged.emit(Window(55, 333))
    main.zoom_by(3.0)
    zoomed = main.camera
    assert main.shown_window == Window(55, 333)
    assert "W 333 L 55" in words(window)
    state = finish(qtbot, window, gate)
    assert state.window == main.shown_window == Window(55, 333)
    assert (main.camera.zoom, main.camera.centre) == (zoomed.zoom, zoomed.centre)


def test_that_without_the_readers_hand_the_series_begins_as_ever(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    show_first(qtbot, window, write_series(tmp_path))
    state = finish(qtbot, window, gate)
    assert state.window == Window(40, 400)
    assert window.planes.main.camera.fitted


def test_that_a_larger_series_of_another_patient_takes_over_whole(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    """The largest folder holds single images of patient 1, the only volume is of patient 2."""
    for k in range(6):
        write_patient(tmp_path / "singles", 1, slices=1)
        (tmp_path / "singles" / "001-0000.dcm").rename(tmp_path / "singles" / f"copy-{k}.dcm")
    write_patient(tmp_path / "volume", 2, slices=4)
    show_first(qtbot, window, tmp_path)
    assert value(window) == 1000
    assert "Patient, 1" in words(window)
    window.planes.main.zoom_by(3.0)
    finish(qtbot, window, gate)
    assert value(window) == 2000
    assert "Patient, 2" in words(window)
    assert "Patient, 1" not in words(window)
    assert window.planes.main.camera.fitted


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


def assert_empty(window: MainWindow) -> None:
    """As if nothing had ever been opened."""
    assert window.planes.main.picture is None
    assert words(window).strip() == ""
    assert "Ctrl+O" in window.planes.main._front.notes.message
    assert window.session.state.series is None
    assert not window.planes.planes_shown


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


def test_that_an_inverted_image_is_inverted_from_the_start(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    def radiograph(ds: Dataset, k: int) -> None:
        ds.PhotometricInterpretation, ds.Modality = "MONOCHROME1", "DX"
        del ds.WindowCenter, ds.WindowWidth
        ds.RescaleIntercept = 0
        ds.PixelData = np.arange(16 * 12, dtype="<i2").tobytes()

    make_ct_series(tmp_path, slices=1, tweak=radiograph)
    show_first(qtbot, window, tmp_path)
    shown = window.planes.main.shown_window
    assert shown is not None
    assert shown.invert
    state = finish(qtbot, window, gate)
    assert state.window == shown


def test_that_an_empty_window_says_that_it_reads(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("no image")
    window.opening.open_paths([tmp_path])
    assert window.planes.main._front.notes.message == "Reading …"
    with qtbot.waitSignal(window.opening.problem, timeout=PATIENCE):
        gate.open.set()
    assert_empty(window)


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
