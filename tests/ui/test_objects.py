"""Objects that are no images: listed under their study for what they are, opened by a click."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.uid import UID
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from medviewer.dicom.captions import patient_line
from medviewer.dicom.scan import scan
from medviewer.review.merge import merge
from medviewer.ui.dialogs.report_tree import ReportReader
from medviewer.ui.dialogs.tags import Tags
from medviewer.ui.elide import TwoLines
from medviewer.ui.main_window import MainWindow
from medviewer.ui.object_row import ObjectRow, object_title, objects_of, with_objects
from tests.dicom.test_report_tree import content, image, write_report
from tests.factories import make_instance, save
from tests.ui.windows import PATIENCE, open_and_wait, rows, write_series


def write_object(path: Path, ending: str, seed: int = 0, **facts: object) -> Path:
    """An object of the same patient and study as the series of ``seed``."""
    ds = make_instance(500, seed=seed)
    del ds.PixelData
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1." + ending)
    ds.SeriesInstanceUID, ds.SeriesNumber = "1.2.3." + ending, 900
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return save(ds, path)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("66.4", "SEG"),
        ("88.33", "SR"),
        ("88.59", "KO"),
        ("481.3", "RTSTRUCT"),
        ("481.5", "RTPLAN"),
        ("11.1", "PR"),
        ("104.1", "PDF"),
        ("9.1.1", "WAVE"),
        ("66.1", "REG"),
    ],
)
def test_that_every_kind_has_its_word(tmp_path: Path, ending: str, code: str) -> None:
    write_object(tmp_path / "a.dcm", ending)
    found = scan([tmp_path])
    assert [other.kind.code for other in found.objects] == [code]
    assert found.unreadable == ()


def test_that_an_object_lies_under_the_study_of_its_patient(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", slices=3)
    write_object(tmp_path / "sr.dcm", "88.33")
    write_object(tmp_path / "foreign.dcm", "88.33", PatientID="T2")
    found = scan([tmp_path])
    assert len(found.patients) == 1
    own, other = with_objects(found)
    assert [o.path.name for o in objects_of(found, own, own.studies[0])] == ["sr.dcm"]
    assert len(own.studies) == 1
    assert [o.path.name for o in objects_of(found, other, other.studies[0])] == ["foreign.dcm"]


def test_that_two_outlines_with_long_names_are_told_apart(qtbot: QtBot, tmp_path: Path) -> None:
    """In a narrow panel: what differs stands in the middle of the name."""
    shown = []
    for seed, name in enumerate(("Outlines, AI, research use", "Outlines, AI, modified, research use")):
        path = write_object(tmp_path / f"{seed}.dcm", "66.4", SeriesDescription=name)
        (found,) = scan([path]).objects
        row = ObjectRow(found)
        qtbot.addWidget(row)
        row.resize(205, row.sizeHint().height())
        row.show()
        shown.append(row.findChildren(TwoLines)[0].text())
    assert "modified" in shown[1]
    assert "modified" not in shown[0]


def test_that_opening_again_lists_an_object_once(tmp_path: Path) -> None:
    write_object(tmp_path / "sr.dcm", "88.33")
    found = scan([tmp_path])
    assert len(merge(found, scan([tmp_path])).objects) == 1


def test_that_a_click_shows_what_it_holds(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    write_series(tmp_path / "ct")
    path = write_object(tmp_path / "plan.dcm", "481.5", SeriesDescription="Boost")
    open_and_wait(qtbot, window, tmp_path)
    (row,) = rows(window)
    assert row.accessibleName() == "RT plan 900 · Boost"
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    dialog = window.findChild(Tags)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.model.rowCount() > 0, timeout=PATIENCE)
    assert row.path == str(path)
    dialog.reject()


def test_that_a_folder_without_images_still_lists_its_objects(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    write_object(tmp_path / "sr.dcm", "88.33", SeriesDescription="")
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE) as said:
        window.opening.open_paths([tmp_path])
    assert said.args == ["No images, other objects: 1"]
    assert len(rows(window)) == 1
    assert object_title(scan([tmp_path]).objects[0]) == "900 · Structured report"
    assert window.session.state.series is None
    window.actions_by_id["close_all"].trigger()
    assert rows(window) == []


def report_dialog(window: MainWindow, qtbot: QtBot) -> ReportReader:
    """The text, which comes once it is known that nothing of it can be laid over the images."""
    qtbot.waitUntil(lambda: window.findChild(ReportReader) is not None, timeout=PATIENCE)
    dialog = window.findChild(ReportReader)
    assert dialog is not None
    return dialog


def test_that_a_report_opens_to_be_read_and_names_its_images(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    write_series(tmp_path / "ct", slices=3)
    (series,) = scan([tmp_path]).all_series()
    items = (image(series.instances[2].sop_uid), content("TEXT", "Comment", TextValue="<b>No</b> change."))
    path = write_report(tmp_path / "sr.dcm", *items)
    open_and_wait(qtbot, window, tmp_path)
    (row,) = rows(window)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    dialog = report_dialog(window, qtbot)
    qtbot.waitUntil(lambda: dialog.tree.topLevelItemCount() == 2, timeout=PATIENCE)
    assert dialog.heading.text() == "Chest report"
    lines = [dialog.tree.topLevelItem(k) for k in range(2)]
    assert [(line.text(0), line.text(1)) for line in lines if line is not None] == [
        ("Source", "image 3 of series 1"),
        ("Comment", "<b>No</b> change."),
    ]
    with qtbot.waitSignal(dialog.tags_wanted) as asked:
        qtbot.mouseClick(dialog.tags_button, Qt.MouseButton.LeftButton)
    assert asked.args == [str(path)]
    tags = dialog.findChild(Tags) or window.findChild(Tags)
    assert tags is not None
    tags.reject()
    dialog.reject()


def test_that_a_report_that_vanished_says_so(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = write_report(tmp_path / "sr.dcm")
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([tmp_path])
    path.unlink()
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    dialog = report_dialog(window, qtbot)
    qtbot.waitUntil(lambda: dialog.said.text() == "The file could not be read.", timeout=PATIENCE)
    dialog.reject()


@pytest.mark.parametrize("ending", ["88.33", "88.59"])
def test_that_a_line_leads_to_its_image(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, ending: str
) -> None:
    write_series(tmp_path / "ct", seeds=(0, 1), slices=5)
    series = next(s for s in scan([tmp_path]).all_series() if s.instances[0].path.name.startswith("001"))
    region = content("SCOORD", "Region", image(series.instances[3].sop_uid), GraphicType="POLYLINE")
    words = content("TEXT", "Comment", TextValue="No change.")
    path = write_report(tmp_path / "sr.dcm", region, image("1.2.3.999"), words)
    ds = pydicom.dcmread(path)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1." + ending)
    ds.save_as(path)
    open_and_wait(qtbot, window, tmp_path)
    (row,) = rows(window)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    dialog = report_dialog(window, qtbot)
    qtbot.waitUntil(lambda: dialog.tree.topLevelItemCount() == 3, timeout=PATIENCE)
    on_image, lost, plain = (dialog.tree.topLevelItem(k) for k in range(3))

    def chosen(item: QTreeWidgetItem) -> str:
        dialog.tree.setCurrentItem(item)
        qtbot.keyClick(dialog.tree, Qt.Key.Key_Return)
        return dialog.hint.text()

    assert chosen(on_image) == "Image 4 is on screen."
    assert window.session.state.series.key == series.key
    assert window.session.state.index == 3
    assert chosen(lost) == "The image is not open. Open its folder too."
    assert chosen(plain) == "This line points at no image."
    centre = dialog.tree.visualItemRect(on_image.child(0)).center()
    window.session.scroll(0)
    qtbot.mouseClick(dialog.tree.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    qtbot.mouseDClick(dialog.tree.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert window.session.state.index == 3
    qtbot.waitUntil(lambda: window.opening.is_complete(series.key), timeout=PATIENCE)
    dialog.reject()


def test_that_a_line_of_another_patient_leads_nowhere(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    write_series(tmp_path / "ct", slices=3)
    (series,) = scan([tmp_path]).all_series()
    path = write_report(tmp_path / "sr.dcm", image(series.instances[2].sop_uid))
    ds = pydicom.dcmread(path)
    ds.PatientID = "T2"
    ds.save_as(path)
    open_and_wait(qtbot, window, tmp_path)
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    dialog = report_dialog(window, qtbot)
    qtbot.waitUntil(lambda: dialog.tree.topLevelItemCount() == 1, timeout=PATIENCE)
    before = window.session.state.index
    dialog.tree.setCurrentItem(dialog.tree.topLevelItem(0))
    qtbot.keyClick(dialog.tree, Qt.Key.Key_Return)
    assert dialog.hint.text() == "The image is not open. Open its folder too."
    assert window.session.state.index == before
    dialog.reject()


def test_that_a_report_says_whose_it_is_and_goes_with_its_patient(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """It stays beside the window, perhaps beside another patient's images."""
    write_report(tmp_path / "sr.dcm", content("TEXT", "Comment", TextValue="No change."))
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([tmp_path])
    (found,) = window.session.state.scan.objects
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    dialog = report_dialog(window, qtbot)
    assert not dialog.isModal()
    assert dialog.patient.text() == patient_line(found.patient, found.study)
    assert found.patient.id in dialog.patient.text()
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE):
        window.actions_by_id["close_all"].trigger()


def test_that_what_was_said_of_a_closed_patient_is_gone(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """A sentence on one patient's object may not stand over the images of the next."""
    write_object(tmp_path / "ss.dcm", "481.3")
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([tmp_path])
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.notices.text), timeout=PATIENCE)
    window.actions_by_id["close_all"].trigger()
    assert window.notices.text == ""
    write_object(tmp_path / "b" / "ss.dcm", "481.3")
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([tmp_path / "b"])
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    window.actions_by_id["close_all"].trigger()  # while it is read
    qtbot.waitUntil(lambda: not window.runner.busy("inspect"), timeout=PATIENCE)
    assert window.notices.text == ""


def test_that_the_report_of_another_never_stands_under_a_name(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """The file was replaced after it was listed."""
    path = write_report(tmp_path / "sr.dcm", content("TEXT", "Comment", TextValue="No change."))
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([tmp_path])
    ds = pydicom.dcmread(path)
    ds.PatientID = "T2"
    ds.save_as(path)
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    dialog = report_dialog(window, qtbot)
    qtbot.waitUntil(lambda: "Reading" not in dialog.said.text(), timeout=PATIENCE)
    assert dialog.said.text().startswith("The file changed since it was opened.")
    assert dialog.tree.topLevelItemCount() == 0
    dialog.reject()
