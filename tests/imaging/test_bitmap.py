"""Overlay planes on pictures that leave the program: no pixel is lost, none is added."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from medviewer.imaging.bitmap import lay, resized

BITS = np.zeros((7, 10), bool)
BITS[6, 9] = BITS[2, 3] = True


@given(st.integers(1, 7), st.integers(1, 10))
def test_that_a_smaller_picture_shows_every_set_pixel(rows, columns):
    small = resized(BITS, (rows, columns))
    assert small.shape == (rows, columns)
    assert small[-1, -1]
    assert 1 <= small.sum() <= 2


def test_that_a_larger_picture_repeats_each_pixel():
    np.testing.assert_array_equal(resized(BITS, (21, 20)), BITS.repeat(3, 0).repeat(2, 1))


def test_that_the_colour_is_exact_and_the_dark_is_around_it():
    white = np.full((7, 10, 3), 255, np.uint8)
    made = lay(white, BITS, "#D0D5DB")
    assert (made[BITS] == (0xD0, 0xD5, 0xDB)).all()
    assert (made[[1, 3, 2, 2], [3, 3, 2, 4]] == 127).all()
    assert (made[0, 0] == 255).all()
    assert (white == 255).all()
