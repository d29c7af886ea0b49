"""Stored values become what their table or line says, and nothing at all outside its range."""

from __future__ import annotations

import numpy as np

from medviewer.imaging.value_map import ValueMap


def test_a_line_holds_on_both_its_ends_and_not_beyond() -> None:
    found = ValueMap(10, 12, slope=0.25, intercept=-1).apply(np.array([9, 10, 11, 12, 13], np.uint8))
    np.testing.assert_array_equal(found, [np.nan, 1.5, 1.75, 2.0, np.nan])
    assert found.dtype == np.float64


def test_a_table_holds_a_value_for_each_whole_number_of_its_range() -> None:
    entries = np.array([7.5, -3.0, 1e300]).astype("<f8").tobytes()
    stored = np.array([[-3, -2], [-1, 0], [1, -32768]], np.int16)
    found = ValueMap(-2, 0, slope=99, intercept=99, entries=entries).apply(stored)
    np.testing.assert_array_equal(found, [[np.nan, 7.5], [-3.0, 1e300], [np.nan, np.nan]])


def test_stored_values_do_not_wrap() -> None:
    stored = np.array([0, 65535], np.uint16)
    np.testing.assert_array_equal(ValueMap(0, 65535, 2, 1).apply(stored), [1, 131071])
    signed = np.array([-128, 127], np.int8)
    np.testing.assert_array_equal(ValueMap(-128, 127, -1000, 0).apply(signed), [128000, -127000])


def test_values_that_are_no_numbers_have_no_value() -> None:
    stored = np.array([np.nan, np.inf, -np.inf, 0.5])
    np.testing.assert_array_equal(ValueMap(0, 1, 2, 0).apply(stored), [np.nan, np.nan, np.nan, 1.0])
