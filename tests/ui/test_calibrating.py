"""Calibration in the window: offered where it may be, asked clearly, seen in ruler, figures and panel."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medviewer.imaging.turn import RIGHT
from medviewer.review.state import ReaderMeasurement
from medviewer.ui import shapes
from medviewer.ui.dialogs.calibrate import Calibrate, Magnification
from medviewer.ui.main_window import MainWindow
from medviewer.ui.measurements_panel import in_parts
from tests.dicom.presentations import area, make_presentation
from tests.factories import save
from tests.review.calibrations import COLUMNS, ROWS, at_detector, projection
from tests.ui.windows import PATIENCE, open_and_wait

ACTS = ("calibrate", "magnification", "uncalibrate")


def opened(qtbot: QtBot, window: MainWindow, folder: Path, *images: object) -> None:
    for k, ds in enumerate(images):
        save(ds, folder / f"{k}.dcm")
    open_and_wait(qtbot, window, folder)
    window.session.scroll(0)


def draw(window: MainWindow, *points: tuple[float, float]) -> ReaderMeasurement:
    """A length as the tool finishes it, points (x, y) of the picture on screen."""
    main = window.planes.main
    main.finish(shapes.Shape("length", points, main.figure_of("length", points)))
    return window.session.state.measurements[-1]


def offered(window: MainWindow) -> set[str]:
    return {name for name in ACTS if window.actions_by_id[name].isEnabled()}


def ask(window: MainWindow, act: str = "calibrate") -> Calibrate | Magnification:
    window.actions_by_id[act].trigger()
    found = [d for d in window.findChildren((Calibrate, Magnification)[act != "calibrate"]) if d.isVisible()]
    return found[-1]


def answer(window: MainWindow, length: str, *, whole: bool = False) -> None:
    dialog = ask(window)
    dialog.field.setText(length)
    dialog.reader.setText("A. Reader")
    dialog.whole.setChecked(whole)
    dialog.agree_button.click()


def plain(text: str) -> str:
    return text.replace("\u2009", " ")


def ruler(window: MainWindow) -> tuple[float | None, str]:
    notes = window.planes.main._front.notes
    return notes.column_mm, notes.ruler_label


def test_that_it_is_offered_once_there_is_a_length(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, projection(0), projection(1))
    assert offered(window) == set()
    draw(window, (0, 0), (50, 0))
    assert offered(window) == {"calibrate"}
    window.session.scroll(1)
    assert offered(window) == set()
    window.session.scroll(0)
    assert offered(window) == {"calibrate"}


def test_that_figures_ruler_and_panel_say_whose_millimetres_they_are(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, projection())
    assert plain(draw(window, (0, 0), (50, 0)).text) == "50.0 px"
    assert ruler(window)[0] is None
    answer(window, "100")
    assert window.session.state.reader == "A. Reader"
    assert ruler(window) == (2.0, "mm (calibrated by reader)")
    assert [plain(s.text) for s in window.planes.main._front.notes.shapes] == [
        "1  100.0 mm (calibrated by reader)"
    ]
    drawn = draw(window, (0, 0), (0, 20))
    assert plain(drawn.text) == "40.0 mm (calibrated by reader)"
    assert drawn.note.startswith("mm, calibrated by reader: A. Reader, ")
    said = [plain(x.text()) for x in window.results.measurements.findChildren(QLabel)]
    assert any(s.startswith("Image 1: mm, calibrated by reader: A. Reader") for s in said)
    assert offered(window) == {"calibrate", "uncalibrate"}


def test_that_undo_takes_it_off_the_screen(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, projection())
    draw(window, (0, 0), (50, 0))
    answer(window, "100")
    window.actions_by_id["undo"].trigger()
    assert ruler(window) == (None, "mm")
    assert plain(window.session.state.measurements[0].text) == "50.0 px"
    assert offered(window) == {"calibrate"}


def test_that_the_ruler_goes_with_the_image(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, projection(0), projection(1))
    draw(window, (0, 0), (50, 0))
    answer(window, "100")
    window.session.scroll(1)
    assert ruler(window) == (None, "mm")
    assert plain(draw(window, (0, 0), (50, 0)).text) == "50.0 px"
    window.session.scroll(0)
    assert ruler(window)[0] == 2.0


def test_that_the_whole_series_is_the_readers_own_choice(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, projection(0), projection(1))
    draw(window, (0, 0), (50, 0))
    dialog = ask(window)
    assert dialog.whole.isVisible()
    assert not dialog.whole.isChecked()
    dialog.reject()
    answer(window, "100", whole=True)
    window.session.scroll(1)
    assert ruler(window)[0] == 2.0


def test_that_a_turned_picture_has_the_ruler_of_its_own_columns(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, at_detector())
    window.session.turn(RIGHT)
    line = draw(window, (0, 0), (15, 40))  # 15 columns of 0.4 and 40 rows of 0.2, on the turned picture
    assert plain(line.text) == "10.0 mm at detector"
    answer(window, "8")
    assert ruler(window)[0] == pytest.approx(0.32)
    assert plain(window.session.state.measurements[0].text) == "8.0 mm (calibrated by reader)"


def test_that_pixels_told_not_to_be_square_are_drawn_so_once_they_are_measured(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, projection(PixelAspectRatio=[2, 1]))
    draw(window, (0, 0), (40, 15))
    answer(window, "100")
    sx, sy = window.planes.main.camera.scale
    assert sy / sx == pytest.approx(2.0)


def test_that_the_chosen_length_is_asked_for_else_the_last(qtbot, window, tmp_path):
    opened(qtbot, window, tmp_path, projection())
    first = draw(window, (0, 0), (50, 0))
    draw(window, (0, 0), (0, 30))
    dialog = ask(window)
    assert "Length 2 on image 1, now 30.0" in plain(dialog.findChildren(QLabel)[1].text())
    dialog.reject()
    window.planes.main._front.notes.chosen = first.id
    assert "Length 1 on image 1, now 50.0" in plain(ask(window).findChildren(QLabel)[1].text())


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("25.4\u2009mm (calibrated by reader)", ("25.4\u2009mm", "(calibrated by reader)")),
        ("8.0\u2009mm, detector scale ÷ 1.3 (file)", ("8.0\u2009mm", "detector scale ÷ 1.3 (file)")),
        ("7\u2009±\u20091 · 18.30\u2009cm² at detector", ("7\u2009±\u20091 · 18.30\u2009cm²", "at detector")),
        ("25.4\u2009mm", ("25.4\u2009mm", "")),
        ("50.0\u2009px", ("50.0\u2009px", "")),
        ("37.0° (in pixels)", ("37.0° (in pixels)", "")),
    ],
)
def test_that_the_list_sets_the_figure_apart_from_what_its_millimetres_are(words, parts):
    assert in_parts(words) == parts


class TestDialog:
    @pytest.mark.parametrize("wrong", ["", "12,5", "0", "abc", "-3", "1e9", "0.01"])
    def test_that_what_is_no_length_cannot_be_agreed_to(self, qtbot, window, tmp_path, wrong):
        opened(qtbot, window, tmp_path, projection())
        draw(window, (0, 0), (50, 0))
        dialog = ask(window)
        dialog.reader.setText("A. Reader")
        dialog.field.setText(wrong)
        assert not dialog.agree_button.isEnabled()
        assert bool(dialog.said.text()) is bool(wrong)

    def test_that_somebody_must_stand_for_it(self, qtbot, window, tmp_path):
        opened(qtbot, window, tmp_path, projection())
        draw(window, (0, 0), (50, 0))
        dialog = ask(window)
        dialog.field.setText("100")
        dialog.reader.setText("  ")
        assert not dialog.agree_button.isEnabled()
        dialog.reader.setText("A. Reader")
        assert dialog.agree_button.isEnabled()

    def test_that_it_says_what_a_pixel_will_be(self, qtbot, window, tmp_path):
        opened(qtbot, window, tmp_path, at_detector())
        draw(window, (0, 0), (40, 15))
        dialog = ask(window)
        dialog.field.setText("8")
        words = "A pixel is then 0.1600 × 0.3200 mm (width × height); the picture at the detector is"
        assert plain(dialog.said.text()) == f"{words} 1.25 times as large."
        dialog.field.setText("20")
        assert "larger than its picture at the detector" in dialog.said.text()
        assert dialog.said.property("role") == "attention"


class TestMagnification:
    def test_that_the_file_is_named_and_asked_about(self, qtbot, window, tmp_path):
        opened(qtbot, window, tmp_path, at_detector(EstimatedRadiographicMagnificationFactor="1.25"))
        draw(window, (0, 0), (50, 0))
        action = window.actions_by_id["magnification"]
        assert action.text() == "Correct for magnification (file says 1.25)…"
        dialog = ask(window, "magnification")
        dialog.reader.setText("A. Reader")
        assert ruler(window)[0] == 0.2
        dialog.agree_button.click()
        assert ruler(window) == (pytest.approx(0.16), "mm, detector scale ÷ 1.25 (file)")
        assert plain(window.session.state.measurements[0].text) == "8.0 mm, detector scale ÷ 1.25 (file)"

    def test_that_cancel_changes_nothing(self, qtbot, window, tmp_path):
        opened(qtbot, window, tmp_path, at_detector(EstimatedRadiographicMagnificationFactor="1.25"))
        ask(window, "magnification").reject()
        assert window.session.state.calibrations == ()


def test_that_the_spacing_of_a_presentation_state_goes_before(qtbot, window, tmp_path):
    ds = projection()
    shown = [area([1, 1], [COLUMNS, ROWS], PresentationPixelSpacing=[0.1, 0.1])]
    save(make_presentation([ds], {"DisplayedAreaSelectionSequence": shown}), tmp_path / "state.dcm")
    opened(qtbot, window, tmp_path, ds)
    draw(window, (0, 0), (50, 0))
    answer(window, "100")
    assert ruler(window)[0] == 2.0
    found = window.session.state.scan.objects[0]
    window.presenting.open(found)
    qtbot.waitUntil(lambda: window.session.state.presentation is not None, timeout=PATIENCE)
    assert ruler(window) == (0.1, "mm (presentation state)")
    assert offered(window) == set()
    drawn = draw(window, (0, 0), (50, 0))
    assert plain(drawn.text) == "5.0 mm (presentation state)"
    window.session.remove_presentation()
    assert ruler(window) == (2.0, "mm (calibrated by reader)")
