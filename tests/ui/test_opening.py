"""Folder to pixels through the real window: by argument and drop; the newest wins; patients never mix."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from medviewer.review.state import Change, State
from medviewer.ui.dialogs.issues_list import IssuesList
from medviewer.ui.main_window import MainWindow
from tests.factories import make_ct_series
from tests.ui.windows import PATIENCE, make_window, open_and_wait, write_patient, write_series


def test_that_an_empty_window_says_what_to_do(window: MainWindow) -> None:
    assert "Ctrl+O" in window.planes.main._front.notes.message
    assert not window.analyze_button.isEnabled()
    assert not window.report_button.isEnabled()


def test_that_a_folder_is_opened_shown_and_loaded(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    state = open_and_wait(qtbot, window, write_series(tmp_path))
    assert state.series is not None
    assert state.index == 5
    assert window.planes.main.index == 5
    assert state.volume is not None
    assert set(np.unique(state.volume.voxels)) == {100 + k - 1024 for k in range(10)}
    assert window.planes.main.grab_image().width() > 0
    assert "Loaded 10 images" in window.status._said.text()


def test_that_no_patient_is_named_in_the_title(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    open_and_wait(qtbot, window, write_series(tmp_path))
    assert window.windowTitle() == "MedViewer"


def test_that_the_largest_volume_is_shown_first(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    make_ct_series(tmp_path, seed=1, slices=3)
    make_ct_series(tmp_path, seed=2, slices=9)
    state = open_and_wait(qtbot, window, tmp_path)
    assert state.series is not None
    assert len(state.series.instances) == 9


def test_that_a_dropped_folder_is_opened(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(write_series(tmp_path)))])
    drop = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.dropEvent(drop)
    assert window.session.state.series is not None


def test_that_a_folder_without_images_gives_one_sentence_and_keeps_the_screen(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    before = open_and_wait(qtbot, window, write_series(tmp_path / "good"))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.txt").write_text("no image")
    with qtbot.waitSignal(window.opening.problem, timeout=PATIENCE):
        window.opening.open_paths([tmp_path / "bad"])
    assert "could be opened" in window.notices.text
    assert window.session.state.series is before.series
    assert window.session.state.volume is before.volume


def test_that_an_empty_folder_says_so(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with qtbot.waitSignal(window.opening.problem, timeout=PATIENCE) as told:
        window.opening.open_paths([tmp_path])
    assert "no files" in told.args[0]


def test_that_a_truncated_file_is_listed_and_the_others_open(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    write_series(tmp_path)
    broken = tmp_path / "000-0003.dcm"
    broken.write_bytes(broken.read_bytes()[:400])
    state = open_and_wait(qtbot, window, tmp_path)
    assert state.scan is not None
    assert [item.path.name for item in state.scan.unreadable] == ["000-0003.dcm"]
    window.commands.show_issues()
    dialog = window.findChild(IssuesList)
    assert dialog is not None
    shown = [dialog.tree.topLevelItem(k) for k in range(dialog.tree.topLevelItemCount())]
    assert shown[0] is not None
    assert shown[0].text(0) == str(broken)
    assert all(row.text(1) for row in shown if row is not None)
    dialog.close()


def test_that_a_file_that_vanished_after_the_scan_is_one_missing_image(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    write_series(tmp_path)

    def vanish(state: State, change: Change) -> None:
        if Change.STUDY in change:
            (tmp_path / "000-0002.dcm").unlink(missing_ok=True)

    window.session.subscribe(vanish)
    state = open_and_wait(qtbot, window, tmp_path)
    assert state.volume is not None
    assert "1 image of this series could not be read" in window.notices.text


def test_that_the_newest_of_many_requests_is_what_opens(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    folders = [write_patient(tmp_path / str(n), n) for n in range(1, 6)]
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        for folder in folders:
            window.opening.open_paths([folder])
    state = window.session.state
    assert state.patient is not None
    assert state.patient.id == "P5"
    assert state.scan is not None
    assert [p.id for p in state.scan.patients] == ["P5"]


def test_that_two_patients_in_one_folder_stay_apart(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    write_patient(tmp_path, 1)
    write_patient(tmp_path, 2)
    state = open_and_wait(qtbot, window, tmp_path)
    assert state.scan is not None
    assert sorted(p.id for p in state.scan.patients) == ["P1", "P2"]


def test_that_no_switch_of_patients_ever_mixes_pixels_or_words(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    """Sixty switches at random moments of loading: what is on screen is always one patient's."""
    for number in (1, 2, 3):
        write_patient(tmp_path, number, slices=24)
    open_and_wait(qtbot, window, tmp_path)
    scan = window.session.state.scan
    assert scan is not None
    keys = [series.key for series in scan.all_series()]
    seen: list[str] = []

    def check(state: State, change: Change) -> None:
        if state.volume is None or state.patient is None:
            return
        number = int(state.patient.id[1:])
        values = set(np.unique(state.volume.voxels)) - {0}
        assert values <= {1000 * number}, (state.patient.id, values)
        corner = " ".join(window.planes.main._front.notes.corners.top_left)
        if corner:
            seen.append(state.patient.id)

    window.session.subscribe(check)
    chance = random.Random(7)
    for _ in range(60):
        window.opening.show(chance.choice(keys))
        for _ in range(chance.randrange(4)):
            qtbot.wait(1)
        state = window.session.state
        assert state.patient is not None
        shown = window.planes.main.picture
        assert shown is None or shown.volume is state.volume
        corner = " ".join(window.planes.main._front.notes.corners.top_left)
        assert f"Patient, {state.patient.id[1:]}" in corner
    qtbot.waitUntil(lambda: window.opening.is_complete(window.session.state.series.key), timeout=PATIENCE)  # type: ignore[union-attr]
    assert len(set(seen)) == 3


def test_that_scrolling_while_loading_asks_for_the_near_images_first(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    write_series(tmp_path, slices=40)
    state = open_and_wait(qtbot, window, tmp_path)
    window.session.scroll(39)
    assert window.planes.main.index == 39
    assert state.series is not None
    assert window.opening.is_complete(state.series.key)


def test_that_only_images_painted_count_as_seen(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    open_and_wait(qtbot, window, write_series(tmp_path))
    qtbot.waitUntil(lambda: {index for _, index in window.session.state.seen} == {5}, timeout=PATIENCE)
    window.session.scroll(6)
    qtbot.waitUntil(lambda: {index for _, index in window.session.state.seen} == {5, 6}, timeout=PATIENCE)


def test_that_going_back_to_a_series_shows_it_at_once(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    open_and_wait(qtbot, window, write_series(tmp_path, (1, 2)))
    scan = window.session.state.scan
    assert scan is not None
    first, second = (series.key for series in scan.all_series())
    for key in (second, first):
        if window.session.state.series.key != key:  # type: ignore[union-attr]
            with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
                window.opening.show(key)
    window.opening.show(second)
    assert window.session.state.volume is not None


def test_that_closing_while_loading_is_quiet(qtbot: QtBot, tmp_path: Path) -> None:
    write_series(tmp_path, slices=60)
    window = make_window()
    window.show()
    window.opening.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.session.state.series is not None, timeout=PATIENCE)
    window.close()
    assert not any(window.runner.busy(lane) for lane in ("open", "load", "thumbnails"))
    window.dispose()


def test_that_a_series_of_which_nothing_can_be_read_says_so_in_its_place(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    def spoil(ds: Dataset, k: int) -> None:
        ds.file_meta.TransferSyntaxUID = JPEGLSLossless
        ds.PixelData = encapsulate([b"no stream at all"])
        ds["PixelData"].is_undefined_length = True

    write_series(tmp_path, slices=3, tweak=spoil)
    with qtbot.waitSignal(window.opening.series_failed, timeout=PATIENCE) as told:
        window.opening.open_paths([tmp_path])
    assert window.planes.main._front.notes.message == told.args[0]
    assert window.session.state.volume is None
    assert not window.runner.busy("analyze")


def test_that_a_series_of_one_image_has_its_little_picture(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    write_series(tmp_path, slices=1)
    said: list[str] = []
    window.opening.message.connect(said.append)
    with qtbot.waitSignal(window.opening.thumbnail_ready, timeout=PATIENCE) as came:
        window.opening.open_paths([tmp_path])
    assert "1 image in 1 series" in said
    state = window.session.state
    assert state.series is not None
    assert came.args[0] == state.series.key
