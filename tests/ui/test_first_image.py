"""A picture before the scan ends: shown as what it is, of one patient alone, and gone without a trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pytestqt.qtbot import QtBot

from medviewer.imaging.window import Window
from medviewer.ui.main_window import MainWindow
from tests.factories import make_ct_series
from tests.ui.first_images import Gate, finish, show_first, value, words
from tests.ui.windows import write_patient, write_series

pytestmark = pytest.mark.usefixtures("gate")


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
