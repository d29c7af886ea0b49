"""An ECG opens as curves on paper; the caliper measures between two clicks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medviewer.ui.dialogs.tags import Tags
from medviewer.ui.dialogs.waveform import WaveformReader
from medviewer.ui.main_window import MainWindow
from tests.dicom.waves import channel, group, sines, write_waveform
from tests.ui.windows import open_and_click


def test_that_a_click_shows_twelve_leads_with_their_readings(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    shutil.copy(get_testdata_file("waveform_ecg.dcm", download=False), tmp_path / "a.dcm")
    dialog = open_and_click(qtbot, window, WaveformReader, tmp_path)
    assert [row.name for row in dialog.plot.rows][:3] == ["I", "II", "III"]
    assert dialog.said.text() == "10.0\u2009s · 1,000\u2009Hz · 25\u2009mm/s · 10\u2009mm/mV"
    assert dialog.patient.text().startswith("Anonymous")
    assert dialog.notes.item(0).text() == "RITMO SINUSALE"
    dialog.groups.setCurrentIndex(1)
    assert dialog.said.text().startswith("1.2\u2009s")
    dialog.reject()


def test_that_gain_changes_the_height_of_the_curves(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    leads = [channel("Lead I", "uV", "10"), channel("Lead II", "uV", "10")]
    write_waveform(tmp_path / "a.dcm", group(sines(), "SS", "500", *leads))
    dialog = open_and_click(qtbot, window, WaveformReader, tmp_path)
    assert dialog.plot.rows[0].gain == pytest.approx(0.01)
    dialog.gains.setCurrentIndex(dialog.gains.findText("20\u2009mm/mV"))
    assert dialog.plot.rows[0].gain == pytest.approx(0.02)
    assert "20\u2009mm/mV" in dialog.said.text()
    dialog.reject()


def test_that_two_clicks_measure_and_a_third_begins_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    leads = [channel("Lead I", "uV", "10"), channel("Lead II", "uV", "10")]
    write_waveform(tmp_path / "a.dcm", group(sines(), "SS", "500", *leads))
    dialog = open_and_click(qtbot, window, WaveformReader, tmp_path)
    dialog.plot.click_at(0.0, 0.0)
    assert "two clicks" in dialog.measured.text()
    dialog.plot.click_at(25.0, 10.0)
    assert dialog.measured.text() == "1.000\u2009s · 60/min · 1.00\u2009mV"
    dialog.plot.click_at(30.0, 10.0)
    assert "two clicks" in dialog.measured.text()
    dialog.reject()


def test_that_a_damaged_one_says_why_and_still_shows_its_tags(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    made = group(sines())
    made.SamplingFrequency = "0"
    path = write_waveform(tmp_path / "a.dcm", made)
    dialog = open_and_click(qtbot, window, WaveformReader, tmp_path)
    assert dialog.said.text() == "The waveform does not say how often it was sampled."
    dialog.plot.click_at(1.0, 1.0)
    with qtbot.waitSignal(dialog.tags_wanted) as asked:
        qtbot.mouseClick(dialog.tags_button, Qt.MouseButton.LeftButton)
    assert asked.args == [str(path)]
    tags = dialog.findChild(Tags) or window.findChild(Tags)
    assert tags is not None
    tags.reject()
    dialog.reject()
