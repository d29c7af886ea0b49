"""The worst few slices, the worst first; nothing where there is nothing to choose from."""

from __future__ import annotations

import math

import pytest

from medviewer.ai.findings import UnsureSlice
from medviewer.ai.unsure import doubt_words, most_unsure


def test_the_worst_three_come_first() -> None:
    found = most_unsure([(0, 0.1), (1, 0.4), (2, math.inf), (3, 0.2), (4, 0.0)])
    assert found == (UnsureSlice(2, math.inf), UnsureSlice(1, 0.4), UnsureSlice(3, 0.2))


def test_equal_doubts_stay_in_stored_order() -> None:
    assert [one.index for one in most_unsure([(7, 0.2), (3, 0.2), (5, 0.2)], most=2)] == [3, 5]


def test_slices_without_doubt_and_a_slice_alone_are_not_listed() -> None:
    assert most_unsure([(0, 0.0), (1, 0.0)]) == ()
    assert most_unsure([(0, 0.9)]) == ()


def test_what_was_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="no number"):
        most_unsure([(0, math.nan), (1, 0.1)])


def test_the_words() -> None:
    assert doubt_words(UnsureSlice(0, 0.256)) == "varies by 26\u2009%"
    assert doubt_words(UnsureSlice(0, 0.004)) == "varies by 0.4\u2009%"
    assert doubt_words(UnsureSlice(0, math.inf)) == "not in every copy"
