"""A classifier's word on single pictures: calibrated probability, conformal set; where it looked on request.

The probability is 1 / (1 + exp(-(margin / temperature + bias))) of the card's calibration; the conformal set
holds every answer whose probability reaches its own threshold. A set of both answers says "either", an empty
one that the picture is unlike those the model was calibrated on. No number without a calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import estimate
from medviewer.ai.card import Label, ModelCard
from medviewer.ai.findings import Finding, Notice
from medviewer.ai.looking import Looked, look
from medviewer.ai.lung_density import finding_id
from medviewer.ai.pictures import prepared, readable
from medviewer.ai.request import Network, Outcome, Request
from medviewer.errors import BundleError
from medviewer.imaging import numbers
from medviewer.imaging.numbers import number
from medviewer.tasks import TaskContext

NEITHER = "neither: unlike the training pictures"


def log_odds(logits: NDArray[np.float32], card: ModelCard) -> float:
    """The calibrated log-odds of the card's second output, from the two logits of one picture.

    Raises :class:`BundleError` for a card without calibration or with other than two outputs.
    """
    if card.calibration is None or len(card.network.outputs) != 2 or len(logits) != 2:
        text = f"Model {card.id!r} has no calibration of two answers: it gives no probability."
        raise BundleError(text, "Reinstall the model.")
    margin = float(logits[1]) - float(logits[0])
    return margin / card.calibration.temperature + card.calibration.bias


def probability(logits: NDArray[np.float32], card: ModelCard) -> float:
    """The calibrated probability of the card's second output. Raises as :func:`log_odds`."""
    return float(0.5 * (1 + np.tanh(0.5 * log_odds(logits, card))))


def conformal_set(chance: float, card: ModelCard) -> tuple[str, ...] | None:
    """The answers that cannot be ruled out; None where the card has no conformal thresholds."""
    if card.conformal is None:
        return None
    chances = (1.0 - chance, chance)
    rows = zip(card.network.outputs, chances, card.conformal.thresholds, strict=True)
    return tuple(name for name, own, least in rows if own >= least)


def set_words(answers: Sequence[str]) -> str:
    """The set for a reader."""
    if not answers:
        return NEITHER
    return answers[0].replace("_", " ") if len(answers) == 1 else "either"


def read(ask: Network, request: Request, context: TaskContext) -> Outcome:
    """One finding a picture of a view the model reads."""
    card = request.bundle.card
    order = readable(card, request.series, request.volume)
    findings = []
    for done, index in enumerate(order, start=1):
        context.check()
        logits = ask(prepared(request, index)[None, None])[0]
        findings.append(_finding(logits, index, request))
        context.report(estimate.PICTURES_SHARE * done / len(order), f"Picture {done} of {len(order)}")
    if not findings:
        return Outcome(failure=Notice("NO_RELIABLE_RESULT", "No picture could be read."))
    return replace(_left_out(request, set(order)), findings=tuple(findings))


def _left_out(request: Request, seen: set[int]) -> Outcome:
    total = len(request.series.instances)
    others = frozenset(range(total)) - seen
    if not others:
        return Outcome()
    text = f"{len(others)} of {total} images were not read: no view the model knows, or no picture."
    return Outcome(left_out=others, why=Notice("IMAGES_LEFT_OUT", text))


def _finding(logits: NDArray[np.float32], index: int, request: Request) -> Finding:
    card = request.bundle.card
    label = card.labels[0]
    chance = probability(logits, card)
    answers = conformal_set(chance, card)
    return Finding(
        id=finding_id(card, request.series, f"{label.name}_{index + 1}"),
        label=label.title,
        sentence=_sentence(card, label, chance, answers, index),
        code=label.code,
        score=chance,
        score_meaning=card.score_meaning,
        threshold=label.threshold,
        criterion=_criterion(card, label),
        slices=(index, index),
        key_slice=index,
        warnings=tuple(_warnings(answers, card)),
        colour=label.colour,
        answers=answers,
        is_calibrated=True,
        operating_points=tuple(p for p in card.operating_points if p.label == label.name),
    )


def _sentence(
    card: ModelCard, label: Label, chance: float, answers: tuple[str, ...] | None, index: int
) -> str:
    said = f"{label.title}, image {index + 1}: calibrated probability {numbers.chance(chance)}"
    if label.threshold is not None:
        side = "at or above" if chance >= label.threshold else "below"
        said += f", {side} the threshold of {number(label.threshold, decimals=2)}"
    if answers is not None and card.conformal is not None:
        share = number(100 * card.conformal.coverage, "%")
        said += f"; {share} conformal set: {set_words(answers)}"
    return said + "."


def _criterion(card: ModelCard, label: Label) -> str:
    """The threshold and what it costs on the evaluation set."""
    if label.threshold is None:
        return ""
    said = f"probability at least {number(label.threshold, decimals=3)} (version {card.version})"
    for point in card.operating_points:
        if point.label == label.name and abs(point.threshold - label.threshold) < 1e-9:
            found, spared = (number(100 * x, "%", 1) for x in (point.sensitivity, point.specificity))
            said += f": sensitivity {found}, specificity {spared} on the evaluation set"
    return said


def _warnings(answers: tuple[str, ...] | None, card: ModelCard) -> list[Notice]:
    if answers is None or len(answers) == 1:
        return []
    if answers:
        text = "The model cannot tell: both answers stay possible at the chosen coverage."
        return [Notice("EITHER", text)]
    text = f"The picture is unlike those that {card.id} was calibrated on: neither answer fits."
    return [Notice("NEITHER", text)]


def where_it_looked(ask: Network, request: Request, index: int, context: TaskContext) -> Looked:
    """On the stored slice of one finding (:mod:`medviewer.ai.looking`). Raises what asking raises."""
    card = request.bundle.card
    return look(ask, request, index, context, lambda logits: log_odds(logits, card))
