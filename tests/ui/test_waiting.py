"""Files in any order: what comes before its images waits, says so, and is shown when they come."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medviewer.dicom.scan import scan
from medviewer.ui.dialogs.report_tree import ReportReader
from medviewer.ui.main_window import MainWindow
from tests.dicom.foreign_makers import Drawn, write_seg_frames
from tests.dicom.measured_reports import (
    LENGTH,
    NODULE,
    code,
    figure,
    group,
    image,
    region,
    write_measured,
)
from tests.factories import make_ct_series
from tests.review.test_overlays import INSIDE
from tests.ui.windows import PATIENCE, open_and_wait, rows


def open_objects(window: MainWindow, qtbot: QtBot, folder: Path) -> None:
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([folder])


def click(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)


def wait_for_overlays(window: MainWindow, qtbot: QtBot, count: int = 1) -> None:
    qtbot.waitUntil(lambda: len(window.session.state.overlay_files) == count, timeout=PATIENCE)


def apart(folder: Path, first: int = 4) -> None:
    """A segmentation of the first and the last of four images in ``seg``, images in ``ct`` and ``more``."""
    make_ct_series(folder / "ct", slices=4)
    (series,) = scan([folder / "ct"]).all_series()
    frames = []
    for k in (0, 3):
        at = series.instances[k]
        assert at.position is not None
        frames.append(Drawn(INSIDE, at.position, images=(at.sop_uid,)))
    write_seg_frames(folder / "seg" / "seg.dcm", frames)
    (folder / "more").mkdir()
    for moved in series.instances[first:]:
        shutil.move(moved.path, folder / "more")


def words(window: MainWindow) -> list[str]:
    return [label.text() for card in window.results.foreign.waiting for label in card.findChildren(QLabel)]


def test_that_a_segmentation_opened_first_waits_and_is_laid_over_its_images(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    apart(tmp_path)
    open_objects(window, qtbot, tmp_path / "seg")
    click(window, qtbot)
    qtbot.waitUntil(lambda: len(window.session.state.waiting) == 1, timeout=PATIENCE)
    assert "Waits for its images (none of 2 here)." in words(window)
    assert window.results.foreign.isVisible()
    assert "as soon as they come" in window.notices.text
    open_and_wait(qtbot, window, tmp_path / "ct")
    wait_for_overlays(window, qtbot)
    assert window.session.state.waiting == ()
    assert words(window) == []
    assert window.notices.text.startswith("Segmentation: 1 region laid over the images.")
    (file,) = window.session.state.overlay_files_here
    mask = file.overlays[0].mask
    assert mask is not None
    np.testing.assert_array_equal(mask.slice(0), INSIDE)


def test_that_images_of_others_change_nothing(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    apart(tmp_path)
    make_ct_series(tmp_path / "other", slices=3, seed=4)
    open_objects(window, qtbot, tmp_path / "seg")
    click(window, qtbot)
    qtbot.waitUntil(lambda: len(window.session.state.waiting) == 1, timeout=PATIENCE)
    open_and_wait(qtbot, window, tmp_path / "other")
    qtbot.waitUntil(lambda: not window.runner.busy("inspect"), timeout=PATIENCE)
    assert len(window.session.state.waiting) == 1
    assert window.session.state.overlay_files == ()


def test_that_images_that_come_later_extend_it(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    apart(tmp_path, first=3)
    shutil.copytree(tmp_path / "seg", tmp_path / "ct" / "seg")
    open_and_wait(qtbot, window, tmp_path / "ct")
    click(window, qtbot)
    wait_for_overlays(window, qtbot)
    (file,) = window.session.state.overlay_files
    assert (file.here, len(file.references)) == (1, 2)
    (card,) = window.results.foreign.cards
    told = [label.text() for label in card.findChildren(QLabel)]
    assert "Waits for more of its images (1 of 2 here)." in told
    open_objects(window, qtbot, tmp_path / "more")
    wait_for_overlays(window, qtbot, 2)
    drawn = {len(f.overlays[0].mask.box) for f in window.session.state.overlay_files if f.overlays[0].mask}
    assert drawn == {1}
    assert {f.here for f in window.session.state.overlay_files} == {2}


def test_that_a_series_that_grows_has_its_overlay_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    apart(tmp_path, first=3)
    shutil.copytree(tmp_path / "seg", tmp_path / "ct" / "seg")
    open_and_wait(qtbot, window, tmp_path / "ct")
    click(window, qtbot)
    wait_for_overlays(window, qtbot)
    for path in (tmp_path / "more").iterdir():
        shutil.move(path, tmp_path / "ct")
    open_and_wait(qtbot, window, tmp_path / "ct")
    qtbot.waitUntil(lambda: {f.here for f in window.session.state.overlay_files} == {2}, timeout=PATIENCE)
    (file,) = window.session.state.overlay_files_here
    assert file.overlays[0].mask is not None
    assert file.overlays[0].mask.shape[0] == 4
    assert window.session.state.waiting == ()


def test_that_the_reader_may_stop_waiting_and_close_all(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    apart(tmp_path)
    open_objects(window, qtbot, tmp_path / "seg")
    for end in ("remove", "close"):
        click(window, qtbot)
        qtbot.waitUntil(lambda: len(window.session.state.waiting) == 1, timeout=PATIENCE)
        if end == "remove":
            window.results.foreign.waiting[0]._ask_remove()
        else:
            window.actions_by_id["close_all"].trigger()
        assert window.session.state.waiting == ()
        assert words(window) == []
    open_and_wait(qtbot, window, tmp_path)
    assert window.session.state.overlay_files == ()
    click(window, qtbot)
    wait_for_overlays(window, qtbot)


def test_that_a_grid_that_fits_nowhere_is_refused_when_the_images_come(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """Nothing half-done: it waits no longer, and nothing lies on the images."""
    make_ct_series(tmp_path / "ct", slices=4)
    (series,) = scan([tmp_path / "ct"]).all_series()
    at = series.instances[0]
    assert at.position is not None
    slanted = (1.0, 0.0, 0.0, 0.0, 0.8, 0.6)
    write_seg_frames(
        tmp_path / "seg" / "seg.dcm",
        [Drawn(INSIDE, at.position, images=(at.sop_uid,))],
        orientation=slanted,
    )
    open_objects(window, qtbot, tmp_path / "seg")
    click(window, qtbot)
    qtbot.waitUntil(lambda: len(window.session.state.waiting) == 1, timeout=PATIENCE)
    open_and_wait(qtbot, window, tmp_path / "ct")
    qtbot.waitUntil(lambda: "other planes" in window.notices.text, timeout=PATIENCE)
    assert window.session.state.waiting == ()
    assert window.session.state.overlay_files == ()


def test_that_a_report_is_read_again_when_its_segmentation_comes(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    apart(tmp_path)
    (series,) = scan([tmp_path / "ct"]).all_series()
    (seg,) = scan([tmp_path / "seg"]).objects
    write_measured(
        tmp_path / "ct" / "sr.dcm",
        group(code(*NODULE), image(seg.sop_uid, segment=1)),
        group(image(series.instances[2].sop_uid), code(*NODULE)),
    )
    open_and_wait(qtbot, window, tmp_path / "ct")
    click(window, qtbot)
    wait_for_overlays(window, qtbot)
    (file,) = window.session.state.overlay_files
    assert file.overlays[0].is_empty
    assert file.notices == ("A segmentation it refers to is not open.",)
    open_objects(window, qtbot, tmp_path / "seg")
    wait_for_overlays(window, qtbot, 2)
    report = next(f for f in window.session.state.overlay_files if f.kind == "Structured report")
    assert report.overlays[0].key_slice in (0, 3)
    assert report.notices == ()
    assert window.findChild(ReportReader) is None


@pytest.mark.parametrize("first", ["sr", "ct"])
def test_that_a_report_comes_back_in_either_order(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, first: str
) -> None:
    make_ct_series(tmp_path / "ct", slices=4)
    (series,) = scan([tmp_path / "ct"]).all_series()
    shape = region("POLYLINE", [[2, 3], [8, 8]], series.instances[2].sop_uid)
    write_measured(tmp_path / "sr" / "sr.dcm", group(code(*NODULE), shape, figure(LENGTH, "7.0", "mm")))
    if first == "sr":
        open_objects(window, qtbot, tmp_path / "sr")
        click(window, qtbot)
        qtbot.waitUntil(lambda: len(window.session.state.waiting) == 1, timeout=PATIENCE)
        open_and_wait(qtbot, window, tmp_path / "ct")
    else:
        open_and_wait(qtbot, window, tmp_path / "ct")
        open_objects(window, qtbot, tmp_path / "sr")
        click(window, qtbot)
    wait_for_overlays(window, qtbot)
    (card,) = window.results.foreign.cards
    if first == "ct":  # the images show it: nothing lies over them until the text is asked for
        assert window.findChild(ReportReader) is None
        qtbot.mouseClick(card.text_button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(ReportReader)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.tree.topLevelItemCount() > 0, timeout=PATIENCE)
    dialog.reject()
    item = card.list.topLevelItem(0)
    assert item is not None
    assert item.text(0) == "N  Nodule"
    lines = [item.child(k).text(0) for k in range(item.childCount())]
    assert lines[0] == "Length 7.0\u2009mm"
    assert lines[1].startswith("Its drawn points: ")
    window.session.scroll(0)
    card.list.itemClicked.emit(item.child(0), 0)
    assert window.session.state.index == 2
    picture = window.planes.main.picture
    assert picture is not None
    (stroke,) = picture.foreign.strokes(picture.view, 2)
    np.testing.assert_array_equal(stroke.ends, [[[2, 3], [8, 8]]])
    assert window.session.state.findings == ()
    assert window.session.state.measurements == ()


def test_that_the_text_of_a_report_is_in_the_menu_of_its_row(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    make_ct_series(tmp_path / "ct", slices=4)
    (series,) = scan([tmp_path / "ct"]).all_series()
    write_measured(tmp_path / "ct" / "sr.dcm", group(code(*NODULE), image(series.instances[2].sop_uid)))
    open_and_wait(qtbot, window, tmp_path / "ct")
    menu = rows(window)[0].menu()
    assert [action.text() for action in menu.actions()] == ["Text…", "Tags…"]
    menu.actions()[0].trigger()
    menu.close()
    dialog = window.findChild(ReportReader)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.tree.topLevelItemCount() > 0, timeout=PATIENCE)
    assert window.session.state.overlay_files == ()
    dialog.reject()
