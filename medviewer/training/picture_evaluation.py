"""Measure a two-class picture classifier: calibrate it, then every figure on patients it has not seen.

Calibration and threshold are made on one part of the patients, figures on another; neither was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.card import Calibration, Conformal, Metric, ModelCard
from medviewer.ai.findings import OperatingPoint
from medviewer.errors import BundleError
from medviewer.training import calibration, metrics
from medviewer.training.picture_task import Pictures, predict
from medviewer.training.report import Section, metric, thin

COVERAGE = 0.9
_SHOWN_THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 20))


@dataclass(frozen=True)
class Calibrated:
    """What the calibration patients gave: for the card."""

    calibration: Calibration
    conformal: Conformal
    threshold: float


@dataclass(frozen=True, eq=False)
class Scores:
    """Margins (positive logit minus negative) of pictures, their truth and patients."""

    margin: NDArray[np.float64]
    truth: NDArray[np.bool_]
    patients: NDArray[Any]

    def chance(self, found: Calibration) -> NDArray[np.float64]:
        """The calibrated probability."""
        return calibration.probability(self.margin, found.temperature, found.bias)


def scores(network: nn.Module, pictures: Pictures) -> Scores:
    """What the network says of pictures."""
    logits = predict(network, pictures.values).astype(np.float64)
    return Scores(logits[:, 1] - logits[:, 0], pictures.classes == 1, pictures.patients)


def calibrate(found: Scores, data: str) -> Calibrated:
    """Temperature and bias, conformal thresholds and the threshold of the verdict, from calibration patients.

    The threshold is that of the greatest Youden index, written in three decimals.
    """
    temperature, bias = calibration.fit_scaling(found.margin, found.truth)
    scaling = Calibration("temperature and bias", round(temperature, 4), data, round(bias, 4))
    chance = found.chance(scaling)
    both = np.stack([1 - chance, chance], axis=1)
    least = calibration.conformal_thresholds(both, found.truth.astype(int), COVERAGE)
    conformal = Conformal(COVERAGE, tuple(float(np.floor(t * 1e6) / 1e6) for t in least), data)
    threshold = round(float(np.clip(metrics.threshold_for(chance, found.truth), 0.05, 0.95)), 3)
    return Calibrated(scaling, conformal, threshold)


def section(
    card: ModelCard, found: Scores, title: str, data: str, rounds: int = metrics.ROUNDS
) -> tuple[Section, tuple[OperatingPoint, ...]]:
    """Every figure of the card on one data set, with plots, and what other thresholds would cost there."""
    label = card.labels[0]
    if card.calibration is None or card.conformal is None or label.threshold is None:
        raise BundleError(f"The card of {card.id!r} lacks calibration, conformal set or threshold.")
    chance, cases = found.chance(card.calibration), len(found.truth)
    measured = metrics.classifier_figures(chance, found.truth, label.threshold, found.patients, rounds)
    figures = [metric(name, value, data, cases) for name, value in measured.items()]
    figures += _calibration_figures(card, found, data, rounds)
    figures += _conformal_figures(card.conformal, chance, found, data, rounds)
    fpr, tpr, _ = metrics.roc(chance, found.truth)
    table = metrics.confusion((chance >= label.threshold).astype(int), found.truth.astype(int), 2)
    bins = calibration.reliability(chance, found.truth)
    made = Section(
        title,
        tuple(figures),
        roc=thin(list(zip(fpr, tpr, strict=True))),
        reliability=tuple((b.said, b.observed, b.count) for b in bins),
        labels=card.network.outputs,
        confusion=tuple(tuple(int(n) for n in row) for row in table),
        notes=(f"Threshold {label.threshold:g}; intervals by bootstrap over patients.",),
    )
    shown = sorted({*_SHOWN_THRESHOLDS, label.threshold})
    points = [_point(label.name, threshold, chance, found, data, rounds) for threshold in shown]
    return made, tuple(points)


def _point(  # noqa: PLR0917
    name: str, threshold: float, chance: NDArray[np.float64], found: Scores, data: str, rounds: int
) -> OperatingPoint:
    """What a threshold costs, with the same intervals as the figures of the card."""
    measured = metrics.threshold_figures(chance, found.truth, threshold, found.patients, rounds)
    ours, others = (metric(name, value, data, len(found.truth)) for value in measured)
    sick = int(found.truth.sum())
    return OperatingPoint(
        name, threshold, ours.value, others.value, ours.range, others.range,
        sick, len(found.truth) - sick, data,
    )  # fmt: skip


def _calibration_figures(card: ModelCard, found: Scores, data: str, rounds: int) -> list[Metric]:
    """Calibration error after and before scaling."""
    assert card.calibration is not None
    raw = calibration.probability(found.margin)
    out = []
    for name, chance in (("ECE", found.chance(card.calibration)), ("ECE before calibration", raw)):
        value = metrics.interval(_error(chance, found.truth), found.patients, rounds)
        out.append(metric(name, value, data, len(found.truth)))
    return out


def _error(chance: NDArray[np.float64], truth: NDArray[np.bool_]) -> Any:
    return lambda chosen: calibration.ece(chance[chosen], truth[chosen])


def _conformal_figures(
    conformal: Conformal, chance: NDArray[np.float64], found: Scores, data: str, rounds: int
) -> list[Metric]:
    """How often the set holds the truth, for each class, and how often it names exactly one class."""
    both = np.stack([1 - chance, chance], axis=1)
    sets = calibration.conformal_sets(both, conformal.thresholds)
    held = sets[np.arange(len(sets)), found.truth.astype(int)]
    percent = f"{100 * conformal.coverage:.0f} % set"
    rows: Sequence[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]] = (
        (f"{percent} holds the truth, pneumonia", held, found.truth),
        (f"{percent} holds the truth, normal", held, ~found.truth),
        (f"{percent} names one answer", sets.sum(axis=1) == 1, np.ones(len(sets), bool)),
    )
    out = []
    for name, values, among in rows:
        interval = metrics.mean_interval(values[among].tolist(), found.patients[among], rounds)
        out.append(metric(name, interval, data, int(among.sum())))
    return out
