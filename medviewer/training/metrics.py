"""Figures of a classifier against the truth, with intervals by patient. numpy only.

Truth is boolean (n,), scores are floats (n,), patients any codes (n,): pictures of one patient are drawn
together, for they are no independent evidence. Masks: :mod:`medviewer.training.mask_metrics`; whether a
probability is one: :mod:`medviewer.training.calibration`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]

ROUNDS = 1000
"""Samples of a bootstrap."""


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Counts:
    """A 2 x 2 table. Ratios without a case are NaN."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int

    @property
    def recall(self) -> float:
        """Share of the sick that are found: sensitivity."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> float:
        """Share of the healthy that are called healthy."""
        return _ratio(self.true_negative, self.true_negative + self.false_positive)

    @property
    def precision(self) -> float:
        """Share of the alarms that are right: positive predictive value."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def accuracy(self) -> float:
        """Share of all that are right."""
        total = self.true_positive + self.false_positive + self.true_negative + self.false_negative
        return _ratio(self.true_positive + self.true_negative, total)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        wrong = self.false_positive + self.false_negative
        return _ratio(2 * self.true_positive, 2 * self.true_positive + wrong)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def counts(said: Bool, truth: Bool) -> Counts:
    """The 2 x 2 table of what was said against what is."""
    said, truth = np.asarray(said, bool), np.asarray(truth, bool)
    return Counts(
        int((said & truth).sum()),
        int((said & ~truth).sum()),
        int((~said & ~truth).sum()),
        int((~said & truth).sum()),
    )


def confusion(said: NDArray[Any], truth: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """(classes, classes): rows are the truth, columns what was said."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (np.asarray(truth), np.asarray(said)), 1)
    return table


def auc(scores: Floats, truth: Bool) -> float:
    """Area under the ROC curve: the chance that a sick one scores above a healthy one, ties half.

    NaN where one of the classes is empty. (Hanley and McNeil, Radiology 1982; 143:29-36.)
    """
    truth = np.asarray(truth, bool)
    sick, healthy = int(truth.sum()), int((~truth).sum())
    if not sick or not healthy:
        return float("nan")
    _, where, times = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    rank = np.cumsum(times) - (times - 1) / 2
    return float((rank[where][truth].sum() - sick * (sick + 1) / 2) / (sick * healthy))


def roc(scores: Floats, truth: Bool) -> tuple[Floats, Floats, Floats]:
    """False positive rate, true positive rate and threshold of every distinct operating point.

    From (0, 0) at threshold infinity to (1, 1) at the least score; "positive" is score >= threshold.
    """
    scores, truth = np.asarray(scores, float), np.asarray(truth, bool)
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if len(scores) else np.array([], int)
    found = np.cumsum(truth[order])[ends]
    alarms = ends + 1 - found
    tpr = np.append(0.0, found / max(1, int(truth.sum())))
    fpr = np.append(0.0, alarms / max(1, int((~truth).sum())))
    return fpr, tpr, np.append(np.inf, scores[order][ends])


@dataclass(frozen=True)
class OperatingPoint:
    """What a threshold costs."""

    threshold: float
    sensitivity: float
    specificity: float


def operating_points(scores: Floats, truth: Bool, thresholds: Sequence[float]) -> list[OperatingPoint]:
    """Sensitivity and specificity at each threshold ("positive" is score >= threshold)."""
    tables = [(t, counts(np.asarray(scores) >= t, truth)) for t in thresholds]
    return [OperatingPoint(float(t), c.recall, c.specificity) for t, c in tables]


def threshold_for(scores: Floats, truth: Bool) -> float:
    """The threshold of the greatest Youden index (recall + specificity - 1), midway to the next score."""
    fpr, tpr, thresholds = roc(scores, truth)
    best = int(np.argmax(tpr - fpr))
    if best == 0:
        return float(thresholds[1])
    following = thresholds[best + 1] if best + 1 < len(thresholds) else thresholds[best]
    return float((thresholds[best] + following) / 2)


def interval(
    statistic: Callable[[Indices], float], patients: Sequence[Any] | NDArray[Any], rounds: int = ROUNDS,
    seed: int = 0,
) -> Interval:  # fmt: skip
    """A figure with its 95 % interval by bootstrap over patients (percentiles 2.5 and 97.5).

    ``statistic`` gets indices of cases, with repetition; rounds in which it is no number are left out.
    """
    _, owner = np.unique(np.asarray(patients), return_inverse=True)
    members = [np.flatnonzero(owner == k) for k in range(int(owner.max()) + 1)]
    value = statistic(np.arange(len(owner)))
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        picked = rng.integers(len(members), size=len(members))
        found = statistic(np.concatenate([members[k] for k in picked]))
        if np.isfinite(found):
            drawn.append(found)
    if not drawn:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(drawn, [2.5, 97.5])
    # A calibration error is drawn larger than it is; an interval that leaves its own figure out helps nobody.
    return Interval(value, min(float(low), value), max(float(high), value))


def mean_interval(
    values: Sequence[float], patients: Sequence[Any] | NDArray[Any], rounds: int = ROUNDS
) -> Interval:
    """The mean of a figure over cases with its interval by patient."""
    array = np.asarray(values, float)
    return interval(lambda chosen: float(array[chosen].mean()), patients, rounds)


def threshold_figures(
    scores: Floats, truth: Bool, threshold: float, patients: Sequence[Any] | NDArray[Any],
    rounds: int = ROUNDS,
) -> tuple[Interval, Interval]:  # fmt: skip
    """Sensitivity and specificity at a threshold with intervals by patient, drawn as all figures are."""
    said, truth = np.asarray(scores, float) >= threshold, np.asarray(truth, bool)
    sensitivity = interval(lambda c: counts(said[c], truth[c]).recall, patients, rounds)
    return sensitivity, interval(lambda c: counts(said[c], truth[c]).specificity, patients, rounds)


CLASSIFIER_FIGURES = ("AUC", "accuracy", "recall", "specificity", "precision", "F1")


def classifier_figures(
    scores: Floats,
    truth: Bool,
    threshold: float,
    patients: Sequence[Any] | NDArray[Any],
    rounds: int = ROUNDS,
) -> dict[str, Interval]:
    """Every figure of :data:`CLASSIFIER_FIGURES` at the threshold, with intervals by patient."""
    scores, truth = np.asarray(scores, float), np.asarray(truth, bool)
    said = scores >= threshold

    def table(name: str) -> Callable[[Indices], float]:
        return lambda chosen: float(getattr(counts(said[chosen], truth[chosen]), name.lower()))

    found = {"AUC": interval(lambda c: auc(scores[c], truth[c]), patients, rounds)}
    for name in CLASSIFIER_FIGURES[1:]:
        found[name] = interval(table(name), patients, rounds)
    return found
