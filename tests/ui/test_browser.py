"""The browser names what is open, keeps patients apart, says what was not opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from medviewer.dicom.study import (
    Instance,
    Patient,
    PixelFormat,
    ScanResult,
    Series,
    SeriesIssue,
    Study,
    Unreadable,
)
from medviewer.imaging.volume import Unit
from medviewer.ui import theme
from medviewer.ui.browser import StudyBrowser, issue_lines
from medviewer.ui.elide import ElidedLabel, plain_tip
from medviewer.ui.series_row import THUMBNAIL_PX, SeriesRow

_IMAGE = Instance(Path("a"), "1.2", "1.3", 8, 8, PixelFormat("1.2.840.10008.1.2.1", 16, 12, True))


def _series(uid: str, patient: str, number: int | None = 2, description: str = "Axial 5 mm") -> Series:
    return Series(uid, "9", patient, "CT", (_IMAGE,) * 64, number, description, unit=Unit.HU)


def _patient(key: str, name: str, *series: Series) -> Patient:
    study = Study("9", series, "20070404", "1021", "CT Chest", patient_age="058Y")
    return Patient(key, key, name, (study,), sex="M")


ONE = ScanResult((_patient("p1", "Doe^Jane", _series("1", "p1"), _series("2", "p1", 3)),))
TWO = ScanResult((*ONE.patients, _patient("p2", "Roe^Rita", _series("3", "p2", None, ""))))


@pytest.fixture
def browser(qtbot: QtBot, qapp: QApplication) -> StudyBrowser:
    """A browser on screen, 232 x 600."""
    theme.apply(qapp)
    made = StudyBrowser()
    qtbot.addWidget(made)
    made.resize(232, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


def _words(browser: StudyBrowser) -> list[str]:
    """All words inside, in order from the top."""
    content = browser._area.widget()
    labels = [x for x in content.findChildren(QLabel) if x.isVisibleTo(content)]
    labels.sort(key=lambda x: x.mapTo(content, x.rect().topLeft()).y())
    return [x.whole if isinstance(x, ElidedLabel) else x.text() for x in labels]


def test_an_empty_browser_says_what_to_do(browser: StudyBrowser) -> None:
    assert _words(browser) == ["Drop a study here,\nor Ctrl+O"]


def test_a_study_and_its_series(browser: StudyBrowser) -> None:
    browser.set_scan(ONE)
    words = _words(browser)
    for expected in ("Doe, Jane", "58\u2009y · M · 2007-04-04", "CT Chest", "2 · Axial 5 mm"):
        assert expected in words
    assert words.count("CT · 64 images · HU") == 2
    assert not any("Patient 1" in w for w in words)


def test_two_patients_are_kept_apart(browser: StudyBrowser) -> None:
    browser.set_scan(TWO)
    words = _words(browser)
    first, second = words.index("Patient 1 of 2"), words.index("Patient 2 of 2")
    assert first < words.index("Doe, Jane") < second < words.index("Roe, Rita")


def test_a_missing_patient_id_is_said_in_words(browser: StudyBrowser) -> None:
    nameless = replace(ONE.patients[0], id="", name="")
    browser.set_scan(ScanResult((nameless,)))
    assert {"No name", "NO PATIENT ID"} <= set(_words(browser))


def test_a_series_without_description_is_called_by_its_modality(browser: StudyBrowser) -> None:
    browser.set_scan(TWO)
    assert "CT" in _words(browser)


def test_a_click_or_enter_chooses_a_series(browser: StudyBrowser, qtbot: QtBot) -> None:
    browser.set_scan(ONE)
    told: list[str] = []
    browser.series_chosen.connect(told.append)
    rows = browser.findChildren(SeriesRow)
    qtbot.mouseClick(rows[1], Qt.MouseButton.LeftButton)
    qtbot.keyClick(rows[0], Qt.Key.Key_Return)
    assert told == ["2", "1"]


def test_the_series_on_screen_is_marked(browser: StudyBrowser) -> None:
    browser.set_scan(ONE)
    browser.set_current("2")
    assert [r.property("role") for r in browser.findChildren(SeriesRow)] == ["card", "card-current"]


def test_thumbnails_and_badges_stay_when_more_is_opened(browser: StudyBrowser) -> None:
    browser.set_scan(ONE)
    browser.set_thumbnail("1", np.full((64, 32), 200, np.uint8))
    browser.set_analysis_badge("1", "3 findings")
    browser.set_scan(TWO)
    row = browser._rows["1"]
    picture = row._picture.pixmap()
    assert picture.height() == THUMBNAIL_PX
    assert picture.width() == THUMBNAIL_PX // 2
    assert {"CT · 64 images · HU", "3 findings"} <= set(_words(browser))


def test_a_late_thumbnail_of_a_closed_series_is_dropped(browser: StudyBrowser) -> None:
    browser.set_scan(ONE)
    browser.set_thumbnail("gone", np.zeros((8, 8), np.uint8))
    browser.set_analysis_badge("gone", "1 finding")
    browser.set_scan(TWO)
    assert "gone" not in browser._pictures


def test_colour_thumbnails(browser: StudyBrowser) -> None:
    browser.set_scan(ONE)
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[..., 1] = 255
    browser.set_thumbnail("1", picture)
    shown = browser._rows["1"]._picture.pixmap().toImage().pixelColor(20, 20)
    assert (shown.red(), shown.green(), shown.blue()) == (0, 255, 0)


def test_markup_in_names_is_shown_as_it_is(browser: StudyBrowser) -> None:
    hostile = replace(ONE.patients[0], name="<b>Doe</b>^<u>J</u>")
    browser.set_scan(ScanResult((hostile,)))
    assert "<b>Doe</b>, <u>J</u>" in _words(browser)
    assert all(x.textFormat() == Qt.TextFormat.PlainText for x in browser.findChildren(ElidedLabel))
    assert plain_tip("<b>J</b>") == "<span>&lt;b&gt;J&lt;/b&gt;</span>"


def test_issues_are_named_and_lead_to_the_whole_list(browser: StudyBrowser, qtbot: QtBot) -> None:
    tilted = replace(ONE.patients[0].studies[0].series[0], issues=frozenset({SeriesIssue.TILTED}))
    study = replace(ONE.patients[0].studies[0], series=(tilted,))
    unreadable = (
        Unreadable(Path("a/result.gif"), "Not a DICOM file."),
        *(Unreadable(Path(f"{k}.dcm"), "The file is cut short.") for k in range(3)),
    )
    scan = ScanResult((replace(ONE.patients[0], studies=(study,)),), unreadable)
    assert issue_lines(scan) == [
        "result.gif: Not a DICOM file.",
        "3 files: The file is cut short.",
        "2 · Axial 5 mm: The gantry was tilted: planes and volumes are not computed.",
    ]
    browser.set_scan(scan)
    with qtbot.waitSignal(browser.issues_requested, timeout=1000):
        qtbot.mouseClick(browser.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)


def test_nothing_unusual_means_no_issues_section(browser: StudyBrowser) -> None:
    browser.set_scan(ONE)
    assert not any("ISSUES" in w for w in _words(browser))


def test_long_names_ask_for_no_more_room(browser: StudyBrowser) -> None:
    long = _series("1", "p1", 2, "Thorax with a very long protocol name 5.0 B70f")
    browser.set_scan(ScanResult((_patient("p1", "Doe" * 20 + "^Jane-with-a-very-long-name", long),)))
    QApplication.processEvents()
    (name,) = [x for x in browser.findChildren(ElidedLabel) if x.whole.endswith("Jane-with-a-very-long-name")]
    assert len(name.text()) < len(name.whole)
    assert browser._area.widget().width() <= browser.width()


def test_a_long_name_takes_two_lines_and_ends_in_dots(browser: StudyBrowser) -> None:
    name = "Chest with contrast, arterial phase, soft kernel, thin, lying on the left side"
    browser.set_scan(ScanResult((_patient("p1", "Doe^Jane", _series("1", "p1", 2, name)),)))
    QApplication.processEvents()
    title = browser._rows["1"]._title
    first, second = title.text().split("\n")
    assert title.whole.startswith(first)
    assert second.endswith("…")
    assert second[:-1] in title.whole
    assert name in title.toolTip()
    assert title.height() >= 2 * title.fontMetrics().lineSpacing()
