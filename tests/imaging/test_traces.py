"""Curves lie on paper as 25 mm a second and 10 mm a millivolt say."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.imaging.traces import between, rows_of, usual_gain


def sine(amplitude: float) -> np.ndarray:
    return (amplitude * np.sin(np.linspace(0, 20, 2000))).astype(np.float32)


@pytest.mark.parametrize(("unit", "amplitude"), [("mV", 1.0), ("µV", 1000.0), ("V", 0.001)])
def test_that_a_millivolt_is_ten_millimetres(unit: str, amplitude: float) -> None:
    (row,) = rows_of(["I"], [unit], [sine(amplitude)], 10.0)
    assert np.ptp(row.heights(np.array([0.0, amplitude], np.float32))) == pytest.approx(10.0)
    assert row.title == "I"


def test_that_the_first_channel_is_on_top() -> None:
    rows = rows_of(["I", "II", "III"], ["mV"] * 3, [sine(1.0)] * 3, 10.0)
    heights = [row.y_mm for row in rows]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[1] >= 14


def test_that_other_units_fill_their_row_and_tell_their_span() -> None:
    pressure = 90 + sine(30.0)
    (row,) = rows_of(["ART"], ["mmHg"], [pressure], 10.0)
    assert np.ptp(row.heights(pressure)) <= 30
    assert row.title == "ART   60 to 120\u2009mmHg"


def test_that_gain_is_the_usual_where_it_shows_something() -> None:
    assert usual_gain(["mV", "mV"], [sine(1.0), sine(0.2)]) == 10.0
    assert usual_gain(["µV"], [sine(30.0)]) == 100.0
    assert usual_gain(["mmHg"], [sine(1.0)]) == 10.0
    assert usual_gain(["V"], [sine(5.0)]) == 1.0


def test_that_constant_and_empty_channels_have_a_row() -> None:
    flat, none = np.zeros(10, np.float32), np.full(10, np.nan, np.float32)
    rows = rows_of(["a", "b", "c"], ["mV", "mmHg", "mV"], [flat, flat, none], 10.0)
    assert all(np.isfinite([row.y_mm, row.centre, row.gain]).all() for row in rows)


def test_that_the_caliper_tells_time_rate_and_amplitude() -> None:
    (row,) = rows_of(["I"], ["µV"], [sine(1000.0)], 10.0)
    assert between(row, (0.0, 0.0), (25.0, -10.0)) == "1.000\u2009s · 60/min · \u22121.00\u2009mV"
    assert between(row, (25.0, 0.0), (26.0, 0.5)) == "0.040\u2009s · 50\u2009µV"
    (other,) = rows_of(["ART"], ["mmHg"], [90 + sine(30.0)], 10.0)
    assert "/min" not in between(other, (0.0, 0.0), (25.0, 10.0))
    assert between(other, (0.0, 0.0), (25.0, 10.0)).endswith("mmHg")
