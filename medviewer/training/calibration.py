"""Is the number a probability? Reliability, temperature scaling, conformal sets. numpy only.

Two-class models: a margin is the logit of the positive class minus that of the negative; the probability is
1 / (1 + exp(-(margin / temperature + bias))). Calibration belongs to the patients it was made on and to their
prevalence; it is made on patients that are neither trained on nor reported on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Cases whose probability lies in one tenth: how many, mean probability, share that is positive."""

    count: int
    said: float
    observed: float


def probability(margin: Floats, temperature: float = 1.0, bias: float = 0.0) -> NDArray[np.float64]:
    """The calibrated probability of the positive class."""
    value = np.asarray(margin, np.float64) / temperature + bias
    return np.asarray(np.exp(-np.logaddexp(0.0, -value)))


def reliability(chance: Floats, truth: Bool, bins: int = BINS) -> list[Bin]:
    """The non-empty bins of equal width from 0 to 1."""
    chance, truth = np.asarray(chance, float), np.asarray(truth, bool)
    where = np.minimum((chance * bins).astype(int), bins - 1)
    found = []
    for k in range(bins):
        inside = where == k
        if inside.any():
            found.append(Bin(int(inside.sum()), float(chance[inside].mean()), float(truth[inside].mean())))
    return found


def ece(chance: Floats, truth: Bool, bins: int = BINS) -> float:
    """Expected calibration error: mean distance of said and observed over the bins, by count.

    (Guo et al., ICML 2017, for the probability of the positive class.)
    """
    parts = reliability(chance, truth, bins)
    total = sum(part.count for part in parts)
    return float(sum(part.count * abs(part.said - part.observed) for part in parts) / max(1, total))


def fit_scaling(margin: Floats, truth: Bool, with_bias: bool = True) -> tuple[float, float]:
    """(temperature, bias) of least log loss, by Newton's method on (1 / temperature, bias).

    A small penalty keeps it finite where the classes are parted cleanly. (Platt 1999; Guo et al. 2017.)
    """
    x, y = np.asarray(margin, np.float64), np.asarray(truth, np.float64)
    design = np.stack([x, np.ones_like(x)], axis=1) if with_bias else x[:, None]
    start = np.array([1.0, 0.0])[: design.shape[1]]
    weights, ridge = start.copy(), 1e-3
    for _ in range(100):
        p = probability(design @ weights)
        gradient = design.T @ (p - y) + ridge * (weights - start)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + ridge * np.eye(len(weights))
        move = np.linalg.solve(hessian, gradient)
        weights -= np.clip(move, -1.0, 1.0)
        if np.abs(move).max() < 1e-10:
            break
    slope = max(float(weights[0]), 1e-3)
    return 1 / slope, float(weights[1]) if with_bias else 0.0


def conformal_thresholds(chances: Floats, truth: NDArray[Any], coverage: float = 0.9) -> list[float]:
    """For each class the least probability with which it stays in the set: split conformal, by class.

    ``chances`` (n, classes) of calibration cases and their classes. With probability ``coverage`` the set of
    a new case of that class holds the class, where cases are exchangeable (Vovk 2012; Sadinle et al. 2019).
    A class with too few cases gets 0: it always stays.
    """
    found = []
    for k in range(np.asarray(chances).shape[1]):
        own = np.sort(np.asarray(chances, float)[np.asarray(truth) == k, k])
        # 20 cases at 90 % are two, not 1.9999 rounded down.
        index = int(np.floor((len(own) + 1) * (1 - coverage) + 1e-9)) - 1
        found.append(float(own[index]) if index >= 0 else 0.0)
    return found


def conformal_sets(chances: Floats, thresholds: Sequence[float]) -> Bool:
    """(n, classes): which classes stay in each case's set. An empty or full set means "cannot tell"."""
    return np.asarray(chances, float) >= np.asarray(thresholds, float)[None, :]
