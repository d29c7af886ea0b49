"""Words beneath a picture: all of them, and no pixel of the picture is touched."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.imaging.burned import burned

LABEL = "AI, not for diagnostic use"


@pytest.mark.parametrize("size", [(40, 900), (300, 30), (1, 1)])
def test_that_the_picture_stands_above_its_words_untouched(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
    made = burned(rgb, [LABEL, "lung-ct 1.0.0"])
    np.testing.assert_array_equal(made[: size[0], : size[1]], rgb)
    assert not made[: size[0], size[1] :].any()
    assert made[size[0] :].any()
    assert (made.dtype, made.shape[2]) == (np.uint8, 3)


def test_that_no_word_is_cut_however_narrow_the_picture() -> None:
    """The words are the same under a narrow and under a wide picture, with black around them."""
    narrow, wide = (burned(np.zeros((5, columns, 3), np.uint8), [LABEL]) for columns in (3, 1000))
    words = wide[5:, : narrow.shape[1]]
    np.testing.assert_array_equal(narrow[5:], words)
    assert not wide[5:, narrow.shape[1] :].any()
    assert not narrow[:, -4:].any()


def test_that_other_words_are_other_pixels_and_empty_lines_none() -> None:
    rgb = np.zeros((5, 500, 3), np.uint8)
    one, other = burned(rgb, [LABEL]), burned(rgb, ["Not for diagnostic use"])
    assert one.shape == other.shape
    assert (one != other).any()
    np.testing.assert_array_equal(burned(rgb, [LABEL, "", ""]), one)
    np.testing.assert_array_equal(burned(rgb, []), rgb)


def test_that_any_script_is_written() -> None:
    rgb = np.zeros((5, 500, 3), np.uint8)
    pictures = [burned(rgb, [text])[5:] for text in ("Ωμέγα", "Почка", "肺結節")]
    assert all(picture.any() for picture in pictures)
