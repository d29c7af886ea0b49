"""What is not plausible of an outline is said with it: lost, cut off, in islands, too small or too large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from medviewer.ai.picture_checks import border_contact, centre_column, check_picture, sides_swapped
from medviewer.ai.pictures import PictureAnswer


def box(rows: slice, columns: slice) -> Any:
    mask = np.zeros((100, 80), bool)
    mask[rows, columns] = True
    return mask


INSIDE = box(slice(20, 60), slice(20, 60))


def codes(mask: Any, dropped: float = 0.0, filled: float = 0.0) -> list[str]:
    masks = {"heart": mask}
    answer = PictureAnswer(2, masks, masks, (), {"heart": dropped}, {"heart": filled})
    found = check_picture(answer, "heart", "Heart", {"heart": (0.05, 0.5)})
    assert all(notice.text.startswith("Heart, image 3: ") for notice in found)
    return [notice.code for notice in found]


def test_an_outline_inside_its_picture_gives_no_word() -> None:
    assert codes(INSIDE) == []


def test_an_empty_outline_is_told_and_nothing_more() -> None:
    assert codes(INSIDE & False, dropped=1.0) == ["EMPTY_MASK"]


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (slice(0, 40), slice(20, 60)),
        (slice(60, 100), slice(20, 60)),
        (slice(20, 60), slice(0, 40)),
        (slice(20, 60), slice(40, 80)),
    ],
)
def test_an_outline_at_any_edge_is_cut_off(rows: slice, columns: slice) -> None:
    assert codes(box(rows, columns)) == ["CUT_BY_BORDER"]


def test_a_touch_of_the_edge_is_none() -> None:
    """Contact counts in proportion to the shorter side, 80 pixels."""
    assert border_contact(INSIDE) == 0
    touching = INSIDE | box(slice(0, 20), slice(30, 33))
    assert border_contact(touching) == pytest.approx(3 / 80)
    assert codes(touching) == []
    assert codes(INSIDE | box(slice(0, 20), slice(30, 34))) == ["CUT_BY_BORDER"]


def test_islands_and_holes_are_worth_a_word_from_three_hundredths() -> None:
    assert codes(INSIDE, dropped=0.029, filled=0.029) == []
    assert codes(INSIDE, dropped=0.03) == ["ISLANDS_DROPPED"]
    assert codes(INSIDE, filled=0.03) == ["HOLES"]


def test_too_small_and_too_large_are_told() -> None:
    assert codes(box(slice(20, 30), slice(20, 30))) == ["AREA_RANGE"]
    assert codes(box(slice(5, 95), slice(5, 75))) == ["AREA_RANGE"]


def test_the_patient_s_right_lies_on_the_picture_s_left() -> None:
    left_half, right_half = box(slice(0, 50), slice(5, 30)), box(slice(20, 90), slice(50, 75))
    assert not sides_swapped(left_half, right_half)
    assert sides_swapped(right_half, left_half)
    assert sides_swapped(left_half, left_half)  # both in one place cannot be right either
    assert not sides_swapped(left_half & False, right_half)  # nothing to tell
    assert centre_column(left_half) == pytest.approx((5 + 29) / 2)
