"""A probability is what happens that often."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.training.calibration import (
    conformal_sets,
    conformal_thresholds,
    ece,
    fit_scaling,
    probability,
    reliability,
)


def test_that_the_error_is_the_weighted_distance_of_said_and_seen() -> None:
    chance = np.array([0.05] * 10 + [0.95] * 30)
    truth = np.array([1] * 2 + [0] * 8 + [1] * 24 + [0] * 6, bool)
    low, high = reliability(chance, truth)
    assert (low.count, low.said, low.observed) == (10, pytest.approx(0.05), 0.2)
    assert (high.count, high.said, high.observed) == (30, pytest.approx(0.95), 0.8)
    assert ece(chance, truth) == pytest.approx((10 * 0.15 + 30 * 0.15) / 40)
    assert ece(np.array([0.0, 1.0]), np.array([False, True])) == 0


def log_loss(chance: np.ndarray, truth: np.ndarray) -> float:
    """Mean negative logarithm of the probability given to what is."""
    return float(-np.log(np.where(truth, chance, 1 - chance)).mean())


def test_that_scaling_finds_the_slope_and_shift_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(0, 4, 60_000)
    truth = rng.random(margin.size) < probability(margin, 2.5, 0.7)
    temperature, bias = fit_scaling(margin, truth)
    assert temperature == pytest.approx(2.5, rel=0.03)
    assert bias == pytest.approx(0.7, abs=0.05)
    before, after = probability(margin), probability(margin, temperature, bias)
    assert ece(after, truth) < 0.01 < ece(before, truth)
    assert log_loss(after, truth) < log_loss(before, truth)


def test_that_a_temperature_alone_moves_no_verdict() -> None:
    margin = np.array([-3.0, -0.1, 0.2, 5.0])
    temperature, bias = fit_scaling(margin, np.array([0, 1, 1, 1], bool), with_bias=False)
    assert bias == 0
    assert np.array_equal(probability(margin, temperature) > 0.5, margin > 0)


def test_that_cleanly_parted_classes_give_finite_numbers() -> None:
    temperature, bias = fit_scaling(np.array([-5.0, -4, 4, 5]), np.array([0, 0, 1, 1], bool))
    assert 0 < temperature < 10
    assert np.isfinite(bias)
    assert np.isfinite(probability(np.array([-2000.0, 2000.0]), temperature, bias)).all()


def test_that_conformal_sets_hold_the_truth_as_often_as_promised_in_each_class() -> None:
    rng = np.random.default_rng(1)

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        truth = (rng.random(count) < 0.75).astype(int)
        chance = probability(rng.normal(2.0 * truth - 0.6, 1.5))
        return np.stack([1 - chance, chance], axis=1), truth

    thresholds = conformal_thresholds(*draw(4000), coverage=0.9)
    chances, truth = draw(40_000)
    sets = conformal_sets(chances, thresholds)
    for k in (0, 1):
        assert sets[truth == k, k].mean() == pytest.approx(0.9, abs=0.02)


def test_that_a_class_with_too_few_cases_always_stays() -> None:
    chances = np.array([[0.9, 0.1]] * 30 + [[0.2, 0.8]] * 3)
    truth = np.array([0] * 30 + [1] * 3)
    thresholds = conformal_thresholds(chances, truth, coverage=0.9)
    assert thresholds[1] == 0
    assert conformal_sets(np.array([[1.0, 0.0]]), thresholds)[0, 1]


def test_that_the_conformal_rank_is_the_one_of_the_proof() -> None:
    # 19 cases at 90 %: floor(20 * 0.1) = 2, the second smallest probability given to the truth.
    own = np.linspace(0.05, 0.95, 19)
    chances = np.stack([own, 1 - own], axis=1)
    assert conformal_thresholds(chances, np.zeros(19, int), 0.9)[0] == pytest.approx(0.1)
