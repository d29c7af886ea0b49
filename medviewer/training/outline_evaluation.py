"""Measure a segmenter of single pictures on pictures it has not seen, through the program's own way back.

Masks are compared on the stored pixels, after the tidying that a reader's run does. Failures count: a mask
that is not found has overlap 0; its distance is the picture's diagonal, so that means stay finite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.card import Metric
from medviewer.ai.pictures import outlined
from medviewer.ai.probabilities import sigmoid
from medviewer.ai.steps import Step, apply_steps
from medviewer.training import metrics
from medviewer.training.mask_metrics import bland_altman, dice, hd95, surface_dice
from medviewer.training.report import Agreement, metric

PIXEL = (1.0, 1.0)
Bool2 = NDArray[np.bool_]
Masks = NDArray[np.bool_]
"""(outputs, rows, columns)"""


@dataclass(frozen=True, eq=False)
class Case:
    """One picture: what was said and what is true, and whose it is."""

    patient: str
    said: Masks
    truth: Masks


def answer(network: nn.Module, grey: NDArray[np.uint8], steps: Sequence[Step]) -> Masks:
    """The outlines on the stored pixels of an exported picture."""
    picture = torch.from_numpy(apply_steps(grey, steps))[None, None]
    network.eval()
    with torch.inference_mode():
        logits = network(picture).float().numpy()[0]
    return outlined(sigmoid(logits), grey.shape, steps)[1]


def overlap_figures(
    cases: Sequence[Case], output: int, title: str, data: str, *, tolerance: float, rounds: int
) -> list[Metric]:
    """Dice, surface Dice within ``tolerance`` pixels and HD95 in pixels of one output, by patient."""
    patients = [case.patient for case in cases]
    pairs = [(case.said[output], case.truth[output]) for case in cases]
    rows: list[tuple[str, str, list[float], int]] = [
        (f"Dice, {title}", "", [dice(a, b) for a, b in pairs], 4),
        (f"surface Dice {tolerance:g} px, {title}", "", [_surface(a, b, tolerance) for a, b in pairs], 4),
        (f"HD95, {title}", "px", [_distance(a, b) for a, b in pairs], 2),
    ]
    return [
        metric(name, metrics.mean_interval(v, patients, rounds), data, len(cases), unit=unit, decimals=d)
        for name, unit, v, d in rows
    ]


def _surface(a: Bool2, b: Bool2, tolerance: float) -> float:
    return surface_dice(a, b, PIXEL, tolerance)


def _distance(a: Bool2, b: Bool2) -> float:
    found = hd95(a, b, PIXEL)
    return found if np.isfinite(found) else float(np.hypot(*a.shape))


def measured(
    cases: Sequence[Case], of: Callable[[Masks], float], worst: float
) -> tuple[list[float], list[float]]:
    """A figure of said and of true masks. What cannot be measured on the said ones counts as ``worst``."""
    said, truth = [of(case.said) for case in cases], [of(case.truth) for case in cases]
    return [value if np.isfinite(value) else worst for value in said], truth


def agreements(title: str, unit: str, said: Sequence[float], truth: Sequence[float]) -> tuple[Agreement, ...]:
    """Bland and Altman of a measurement; of a single case there is none."""
    return (Agreement(title, unit, **asdict(bland_altman(said, truth))),) if len(said) > 1 else ()


def error_figures(
    title: str, data: str, cases: Sequence[Case], both: tuple[list[float], list[float]], *,
    unit: str = "", decimals: int = 4, rounds: int = metrics.ROUNDS,
) -> list[Metric]:  # fmt: skip
    """Mean absolute error and mean difference of a measurement."""
    patients = [case.patient for case in cases]
    difference = np.subtract(*both)
    found = []
    for name, values in ((f"absolute error, {title}", np.abs(difference)), (f"bias, {title}", difference)):
        interval = metrics.mean_interval(values.tolist(), patients, rounds)
        found.append(metric(name, interval, data, len(cases), unit=unit, decimals=decimals))
    return found
