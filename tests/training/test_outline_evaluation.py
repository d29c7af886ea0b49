"""Outlines are measured on the stored pixels, and a mask that was missed counts as what it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from medviewer.ai.card import Metric
from medviewer.ai.steps import Step
from medviewer.training.outline_evaluation import (
    Case,
    Masks,
    agreements,
    answer,
    error_figures,
    measured,
    overlap_figures,
)


def box(first: int, last: int) -> Masks:
    """Rows 5 to 24, columns ``first`` up to ``last``; of a picture of 30 x 40."""
    mask = np.zeros((1, 30, 40), bool)
    mask[0, 5:25, first:last] = True
    return mask


def figures(*cases: Case) -> dict[str, Metric]:
    found = overlap_figures(cases, 0, "heart", "boxes", tolerance=1.0, rounds=50)
    return {metric.name: metric for metric in found}


def values(*cases: Case) -> list[float]:
    """Dice, surface Dice, HD95."""
    return [metric.value for metric in figures(*cases).values()]


def test_what_is_said_rightly_is_one_and_no_pixel_away() -> None:
    assert values(Case("a", box(10, 20), box(10, 20))) == [1, 1, 0]
    names = set(figures(Case("a", box(10, 20), box(10, 20))))
    assert names == {"Dice, heart", "surface Dice 1 px, heart", "HD95, heart"}


def test_a_shift_is_as_far_as_it_is() -> None:
    """Ten columns, moved by three: seven of them overlap, and no side lies within one pixel."""
    found = figures(Case("a", box(13, 23), box(10, 20)))
    assert found["Dice, heart"].value == pytest.approx(0.7)
    assert found["HD95, heart"].value == 3
    assert found["surface Dice 1 px, heart"].value < 0.7
    assert values(Case("a", box(11, 21), box(10, 20)))[1:] == [1, 1]


def test_a_mask_that_was_missed_is_no_overlap_and_the_diagonal_away() -> None:
    missed = Case("a", box(10, 10), box(10, 20))
    assert values(missed) == [0, 0, 50]
    assert values(Case("a", box(10, 20), box(10, 10))) == [0, 0, 50]  # nor is one that should not be there
    found = figures(missed, Case("b", box(10, 20), box(10, 20)))
    assert [metric.value for metric in found.values()] == [0.5, 0.5, 25]
    assert {metric.cases for metric in found.values()} == {2}


def test_intervals_are_those_of_patients() -> None:
    """Ten pictures of one patient are one piece of evidence: nothing is known of other patients."""
    good, bad = (box(10, 20), box(10, 20)), (box(20, 30), box(10, 20))
    many = [Case(f"p{k}", *(good if k % 2 else bad)) for k in range(20)]
    one = [Case("p", *(good if k % 2 else bad)) for k in range(20)]
    low, high = figures(*many)["Dice, heart"].range or (0, 0)
    assert low < 0.5 < high
    assert figures(*one)["Dice, heart"].range in (None, (0.5, 0.5))


def area(masks: Masks) -> float:
    """Columns of the box; no number where there is none."""
    return float(masks[0, 10].sum()) or float("nan")


def test_what_cannot_be_measured_counts_as_the_worst() -> None:
    cases = [Case("a", box(10, 18), box(10, 20)), Case("b", box(3, 3), box(10, 20))]
    assert measured(cases, area, worst=0.0) == ([8, 0], [10, 10])


def test_errors_are_sizes_and_bias_keeps_its_sign() -> None:
    cases = [Case(name, box(0, 1), box(0, 1)) for name in "abcd"]
    both = ([8.0, 13.0, 10.0, 5.0], [10.0, 10.0, 10.0, 10.0])
    found = {m.name: m for m in error_figures("width", "boxes", cases, both, unit="px", rounds=50)}
    assert found["absolute error, width"].value == 2.5
    assert found["bias, width"].value == -1
    assert {m.unit for m in found.values()} == {"px"}
    (shown,) = agreements("Width", "px", *both)
    assert shown.bias == -1
    assert shown.difference == (-2, 3, 0, -5)


def test_one_case_has_an_error_and_no_limits_of_agreement() -> None:
    case = Case("a", box(10, 18), box(10, 20))
    both = measured([case], lambda masks: float(masks.any(axis=1).sum()), worst=0.0)
    assert [m.value for m in error_figures("width", "boxes", [case], both, rounds=20)] == [2, -2]
    assert agreements("Width", "px", *both) == ()


class Bright(nn.Module):
    """Inside is what is brighter than one half."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return (picture - 0.5) * 40


@pytest.mark.parametrize(
    "steps",
    [
        [Step("scale_percentiles", {"low": 0, "high": 100})],
        [Step("scale_percentiles", {"low": 0, "high": 100}), Step("pad_square")],
        [
            Step("scale_percentiles", {"low": 0, "high": 100}),
            Step("pad_square"),
            Step("resize_area", {"size": [80, 80]}),
        ],
    ],
    ids=["as stored", "padded", "padded and enlarged"],
)
def test_an_answer_lies_on_the_stored_pixels(steps: Sequence[Step]) -> None:
    mask = box(10, 20)
    grey = np.where(mask[0], 220, 30).astype(np.uint8)
    assert np.array_equal(answer(Bright(), grey, steps), mask)
