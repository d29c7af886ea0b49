"""Number text: true minus, thin space, honest digits."""

from __future__ import annotations

import math

import pytest

from medviewer.imaging.numbers import between, chance, counted, number, plus_minus, supported_decimals


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (2643.4, "mL", 0, "2,643\u2009mL"),
        (-841.2, "HU", 0, "\u2212841\u2009HU"),
        (9.64, "%", 1, "9.6\u2009%"),
        (-0.04, "mm", 1, "0.0\u2009mm"),
        (0, "", 0, "0"),
        (-1234567.891, "", 2, "\u22121,234,567.89"),
        (math.nan, "HU", 0, "\u2014"),
        (math.inf, "mm", 1, "\u2014"),
    ],
)
def test_that_a_number_reads_as_in_print(value, unit, decimals, text):
    assert number(value, unit, decimals) == text


def test_that_one_thing_is_no_plural() -> None:
    assert [counted(n, "image") for n in (0, 1, 2, 1234)] == [
        "0 images",
        "1 image",
        "2 images",
        "1,234 images",
    ]


def test_that_ranges_and_deviations_name_the_unit_once():
    assert between(8.8, 10.3, "%", 1) == "8.8 to 10.3\u2009%"
    assert plus_minus(-861, 34, "HU") == "\u2212861\u2009±\u200934\u2009HU"


def test_that_coarse_pixels_support_no_tenths():
    assert supported_decimals((0.8, 0.8)) == 1
    assert supported_decimals((12.0, 0.8)) == 0


def test_that_a_probability_never_rounds_to_certainty() -> None:
    told = [chance(p) for p in (0.0, 0.004, 0.005, 0.931, 0.9949, 0.9951, 1.0)]
    assert told == ["0.00", "below 0.01", "0.01", "0.93", "0.99", "above 0.99", "1.00"]
