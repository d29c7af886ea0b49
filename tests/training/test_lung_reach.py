"""The mediastinal border of a lung moved further in, and nothing else of its outline."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.training.lung_reach import reached, reaching
from medviewer.training.mask_task import IGNORE, Outlined


def two_boxes(gap: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Lungs of 100 rows and 80 columns each, ``gap`` columns apart, in 140 x 240."""
    right, left = np.zeros((140, 240), bool), np.zeros((140, 240), bool)
    right[20:120, 20:100] = True
    left[20:120, 100 + gap : 180 + gap] = True
    return right, left


def test_each_lung_gains_the_share_of_the_thorax_width_on_the_inside_only() -> None:
    right, left = two_boxes()
    wide_right, wide_left = reaching(right, left, 0.05)  # of 200 columns: 10
    expected_right, expected_left = right.copy(), left.copy()
    expected_right[20:120, 100:110] = True
    expected_left[20:120, 130:140] = True
    assert np.array_equal(wide_right, expected_right)
    assert np.array_equal(wide_left, expected_left)


def test_mirrored_lungs_are_treated_alike() -> None:
    right, left = two_boxes()
    right[80:120, 60:100] = False
    one = reaching(right, left, 0.04)
    other = reaching(left[:, ::-1], right[:, ::-1], 0.04)
    assert np.array_equal(one[0], other[1][:, ::-1])
    assert np.array_equal(one[1], other[0][:, ::-1])


def test_rows_that_end_at_the_diaphragm_stay() -> None:
    right, left = two_boxes()
    right[110:120, 50:100] = False  # below the dome: the costophrenic angle alone
    wide, _ = reaching(right, left, 0.05)
    assert np.array_equal(wide[110:120], right[110:120])
    assert wide[109, 109]


def test_lungs_that_nearly_meet_do_not_overlap() -> None:
    right, left = two_boxes(gap=8)
    wide_right, wide_left = reaching(right, left, 0.1)
    assert not (wide_right & wide_left).any()
    assert (~(wide_right | wide_left))[20:120, 100:108].sum(axis=1).min() >= 6


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_no_lungs_stay_no_lungs(share: float) -> None:
    empty = np.zeros((10, 12), bool)
    right, left = reaching(empty, empty, share)
    assert not right.any()
    assert not left.any()


def test_a_lone_lung_is_widened_too() -> None:
    right, left = two_boxes()
    wide, nothing = reaching(right, np.zeros_like(left), 0.05)
    assert wide.sum() == right.sum() + 100 * 4
    assert not nothing.any()


def test_of_pictures_only_the_lungs_change() -> None:
    right, left = two_boxes()
    mask = (right * 1 + left * 2).astype(np.uint8)
    mask[60:110, 90:150] |= 4
    mask[50:60, 102:104] |= IGNORE
    grey = np.zeros((1, *mask.shape), np.float16)
    before = Outlined(grey, mask[None].copy(), np.ones((1, 3), bool), np.array(["a"]), np.ones(1))
    after = reached(before, 0.05)
    wide_right, wide_left = reaching(right, left, 0.05)
    assert np.array_equal(after.masks[0] & 1 > 0, wide_right)
    assert np.array_equal(after.masks[0] & 2 > 0, wide_left)
    assert np.array_equal(after.masks & (4 | IGNORE), before.masks & (4 | IGNORE))
    assert np.array_equal(before.masks[0], mask)
