"""Figures of a classifier against answers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medviewer.training.metrics import (
    CLASSIFIER_FIGURES,
    auc,
    classifier_figures,
    confusion,
    counts,
    interval,
    mean_interval,
    operating_points,
    roc,
    threshold_figures,
    threshold_for,
)

TRUTH = np.array([0, 0, 0, 1, 1, 0, 1, 1], bool)
SCORES = np.array([0.1, 0.2, 0.3, 0.3, 0.4, 0.6, 0.8, 0.9])


def test_that_ratios_of_a_table_are_those_of_the_textbook() -> None:
    said = np.array([1] * 40 + [0] * 10 + [1] * 5 + [0] * 45, bool)
    truth = np.array([1] * 50 + [0] * 50, bool)
    table = counts(said, truth)
    assert (table.true_positive, table.false_negative) == (40, 10)
    assert (table.false_positive, table.true_negative) == (5, 45)
    assert table.recall == 0.8
    assert table.specificity == 0.9
    assert table.precision == pytest.approx(40 / 45)
    assert table.accuracy == 0.85
    assert table.f1 == pytest.approx(2 * (40 / 45) * 0.8 / (40 / 45 + 0.8))


def test_that_a_ratio_without_cases_is_no_number_and_never_zero() -> None:
    nobody = counts(np.zeros(3, bool), np.zeros(3, bool))
    assert math.isnan(nobody.recall)
    assert math.isnan(nobody.precision)
    assert nobody.specificity == 1


def test_that_auc_counts_the_pairs_ties_half() -> None:
    pairs = [(s > h) + 0.5 * (s == h) for s in SCORES[TRUTH] for h in SCORES[~TRUTH]]
    assert auc(SCORES, TRUTH) == pytest.approx(np.mean(pairs))
    assert auc(SCORES, ~TRUTH) == pytest.approx(1 - np.mean(pairs))
    assert auc(np.ones(8), TRUTH) == 0.5
    assert auc(TRUTH.astype(float), TRUTH) == 1
    assert math.isnan(auc(SCORES, np.ones(8, bool)))


def test_that_auc_of_two_bell_curves_is_the_known_one() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(40_000) < 0.3
    scores = rng.normal(size=truth.size) + 1.5 * truth
    assert auc(scores, truth) == pytest.approx(0.5 * (1 + math.erf(1.5 / 2)), abs=0.005)


def test_that_the_area_under_the_roc_points_is_the_auc() -> None:
    fpr, tpr, thresholds = roc(SCORES, TRUTH)
    assert (fpr[0], tpr[0], thresholds[0]) == (0, 0, np.inf)
    assert (fpr[-1], tpr[-1]) == (1, 1)
    area = np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2)
    assert area == pytest.approx(auc(SCORES, TRUTH))
    assert len(thresholds) == 1 + len(np.unique(SCORES))


def test_that_an_operating_point_is_the_table_at_its_threshold() -> None:
    (point,) = operating_points(SCORES, TRUTH, [0.4])
    assert (point.sensitivity, point.specificity) == (0.75, 0.75)


def test_that_the_threshold_parts_the_classes_in_the_middle() -> None:
    assert threshold_for(np.array([0.1, 0.2, 0.7, 0.9]), np.array([0, 0, 1, 1], bool)) == pytest.approx(0.45)


def test_that_rows_of_the_confusion_are_the_truth() -> None:
    table = confusion(np.array([0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2]), 3)
    assert table.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 2]]


def test_that_the_bootstrap_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    found = mean_interval(values.tolist(), list(range(400)))
    half = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)


def test_that_copies_of_a_patients_pictures_add_no_certainty() -> None:
    values = np.random.default_rng(2).normal(0, 1, 60)
    once = mean_interval(values.tolist(), list(range(60)))
    copied = mean_interval(np.repeat(values, 9).tolist(), np.repeat(np.arange(60), 9))
    believed = mean_interval(np.repeat(values, 9).tolist(), list(range(540)))
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.1)
    assert believed.high - believed.low < 0.5 * (copied.high - copied.low)


def test_that_an_interval_holds_its_own_figure_even_where_drawing_moves_it() -> None:
    once_each = interval(lambda chosen: float(len(set(chosen.tolist()))), list(range(30)))
    assert once_each.low < once_each.value == once_each.high == 30


def test_that_the_interval_of_a_perfect_figure_is_a_point_and_of_none_is_none() -> None:
    perfect = interval(lambda _: 1.0, ["a", "b"])
    assert (perfect.value, perfect.low, perfect.high) == (1, 1, 1)
    assert math.isnan(interval(lambda _: float("nan"), ["a", "b"]).low)


def test_that_every_figure_of_a_classifier_has_an_interval_around_it() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random(300) < 0.5
    scores = np.clip(rng.normal(0.35 + 0.3 * truth, 0.2), 0, 1)
    figures = classifier_figures(scores, truth, 0.5, rng.integers(80, size=300), rounds=200)
    assert tuple(figures) == CLASSIFIER_FIGURES
    assert all(f.low < f.value < f.high for f in figures.values())
    assert figures["recall"].value == counts(scores >= 0.5, truth).recall


def test_that_the_figures_agree_with_another_library() -> None:
    peer = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(4)
    truth, scores = rng.random(500) < 0.4, np.round(rng.random(500), 2)
    assert auc(scores, truth) == pytest.approx(peer.roc_auc_score(truth, scores))
    assert counts(scores > 0.5, truth).f1 == pytest.approx(peer.f1_score(truth, scores > 0.5))


def test_that_what_a_threshold_costs_has_the_interval_of_the_figures_of_the_card() -> None:
    rng = np.random.default_rng(5)
    truth = rng.random(300) < 0.6
    scores, patients = rng.random(300) * 0.6 + 0.4 * truth, rng.integers(90, size=300)
    figures = classifier_figures(scores, truth, 0.55, patients, rounds=100)
    sensitivity, specificity = threshold_figures(scores, truth, 0.55, patients, rounds=100)
    assert sensitivity == figures["recall"]
    assert specificity == figures["specificity"]
