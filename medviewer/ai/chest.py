"""What a frontal chest X-ray says: lungs and heart outlined, cardiothoracic ratio drawn as two lines.

The threshold of 0.50 holds for adults on a PA view, upright, in inspiration. On AP and unknown views the
heart is magnified by an unknown amount, children have other limits: there the ratio has no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from medviewer.ai.age import age_years
from medviewer.ai.card import Label, ModelCard
from medviewer.ai.findings import Finding, Line, Measurement, Notice
from medviewer.ai.lung_density import finding_id
from medviewer.ai.picture_area import area_measurement, area_words
from medviewer.ai.picture_checks import check_picture, sides_swapped
from medviewer.ai.pictures import Masks, PictureAnswer, read_pictures, stacked, wrong_view
from medviewer.ai.request import Network, Outcome, Request
from medviewer.ai.widths import HeartSize, heart_size
from medviewer.dicom.study import Series
from medviewer.imaging.numbers import between, number
from medviewer.tasks import TaskContext

RIGHT, LEFT, HEART = "right_lung", "left_lung", "heart"
LIMIT = 0.50
"""A ratio above it is called enlarged: PA, upright, adult."""
POSSIBLE = (0.20, 0.90)
"""Outside it the outlines are wrong, whatever the heart is like."""
ADULT_YEARS = 18.0
PLAUSIBLE = {RIGHT: (0.03, 0.40), LEFT: (0.03, 0.40), HEART: (0.015, 0.30)}
"""Part of the picture's area."""
_CRITERION = "greatest heart width ÷ greatest inner thorax width; enlarged above 0.50 (PA, upright, adult)"


def read(ask: Network, request: Request, context: TaskContext) -> Outcome:
    """Lungs, heart and ratio of every frontal picture of the series."""
    answers = read_pictures(ask, request, context)
    context.report(0.92, "Measuring")
    failures = {answer.index: _failure(answer) for answer in answers}
    good = [answer for answer in answers if failures[answer.index] is None]
    if not good:
        first = next((f for f in failures.values() if f is not None), None)
        return Outcome(failure=first or Notice("NO_RELIABLE_RESULT", "No picture could be read."))
    findings = [_heart_finding(answer, request) for answer in good]
    findings += _organs(good, request)
    warnings = [notice for notice in failures.values() if notice is not None]
    return replace(
        _left_out(request, {answer.index for answer in good}),
        findings=tuple(findings),
        warnings=tuple(warnings),
    )


def _failure(answer: PictureAnswer) -> Notice | None:
    """Why a picture gives no reliable result, or None."""
    where = f"Image {answer.index + 1}"
    for name, title in ((RIGHT, "right lung"), (LEFT, "left lung"), (HEART, "heart")):
        if not answer.masks[name].any():
            text = f"{where}: no {title} was found, so there is no reliable result."
            return Notice("NO_RELIABLE_RESULT", text)
    if sides_swapped(answer.masks[RIGHT], answer.masks[LEFT]):
        text = f"{where}: the model's right lung lies on the left: there is no reliable result."
        return Notice("SIDES_SWAPPED", text)
    size = heart_size(answer.masks[RIGHT], answer.masks[LEFT], answer.masks[HEART])
    if size is None or not POSSIBLE[0] <= size.ratio <= POSSIBLE[1]:
        text = f"{where}: heart and thorax would have widths no chest has: there is no reliable result."
        return Notice("NO_RELIABLE_RESULT", text)
    return None


def _left_out(request: Request, read_: set[int]) -> Outcome:
    """An outcome that says which pictures were not read, and why."""
    instances = request.series.instances
    others = frozenset(k for k in range(len(instances)) if k not in read_)
    lateral = sum(wrong_view(request.bundle.card, instances[k]) for k in others)
    if not others:
        return Outcome()
    text = f"{len(others)} of {len(instances)} images were not read"
    text += f": {lateral} of them no frontal view." if lateral else " reliably."
    return Outcome(left_out=others, why=Notice("IMAGES_LEFT_OUT", text))


@dataclass(frozen=True)
class Judgement:
    """Whether the threshold may be used. ``indicative`` says why not; empty: it may."""

    view: str
    indicative: str = ""
    warnings: tuple[Notice, ...] = ()


def judgement(view: str, age: str) -> Judgement:
    """What View Position and the patient's age allow."""
    years = age_years(age)
    told = view.strip().upper()
    if years is not None and years < ADULT_YEARS:
        return Judgement(told or "unknown view", "child: other limits hold, not judged")
    if told == "AP":
        return Judgement("AP", "AP: magnified, not for the ratio's threshold")
    if told != "PA":
        return Judgement("unknown view", "view unknown: perhaps magnified, not for the ratio's threshold")
    if years is None:
        text = "The patient's age is not told: the limit of 0.50 holds for adults."
        return Judgement("PA", "", (Notice("AGE_UNKNOWN", text),))
    return Judgement("PA")


def verdict(ratio: float, spread: tuple[float, float] | None, judged: Judgement) -> str:
    """The words: "heart normal", "heart enlarged", or why there are none."""
    if judged.indicative:
        return judged.indicative
    words = "heart enlarged (above 0.50)" if ratio > LIMIT else "heart normal (not above 0.50)"
    if spread is not None and spread[0] <= LIMIT < spread[1]:
        words += ", borderline: the range reaches both sides of the limit"
    return words


def _title(ratio: float, judged: Judgement) -> str:
    """The words before the figure; no verdict where the threshold does not hold."""
    if judged.indicative:
        return "Heart size"
    return "Heart enlarged" if ratio > LIMIT else "Heart normal"


def _heart_finding(answer: PictureAnswer, request: Request) -> Finding:
    card, series = request.bundle.card, request.series
    size = heart_size(answer.masks[RIGHT], answer.masks[LEFT], answer.masks[HEART])
    if size is None:  # pragma: no cover - such answers were left out as failures
        raise ValueError("a picture without heart or lungs")
    judged = judgement(series.instances[answer.index].view, request.patient_age)
    shares = answer.spread(_ratio)
    limits = None if shares is None else (size.ratio * shares[0], size.ratio * shares[1])
    said = f"Cardiothoracic ratio {number(size.ratio, decimals=2)}"
    if limits is not None:
        said += f" ({between(*limits, decimals=2)} in slightly changed copies of the picture)"
    words = verdict(size.ratio, limits, judged)
    said += f". {words[:1].upper()}{words[1:]}." if judged.indicative else f", {judged.view}: {words}."
    warnings = [*judged.warnings, *_doubts(answer, card, limits)]
    ratio = Measurement("Cardiothoracic ratio", size.ratio, "", limits, judged.indicative, 2)
    return Finding(
        id=finding_id(card, series, f"heart_size_{answer.index + 1}"),
        label=_title(size.ratio, judged),
        sentence=said,
        code=card.label(HEART).code,
        threshold=None if judged.indicative else LIMIT,
        criterion=_CRITERION,
        measurements=(ratio, *_width_measurements(size, answer.index, request)),
        slices=(answer.index, answer.index),
        key_slice=answer.index,
        warnings=tuple(warnings),
        colour=card.label(HEART).colour,
        lines=_lines(size, answer.index),
    )


def _ratio(masks: Masks) -> float:
    size = heart_size(masks[RIGHT], masks[LEFT], masks[HEART])
    return size.ratio if size is not None else float("nan")


def _doubts(answer: PictureAnswer, card: ModelCard, limits: tuple[float, float] | None) -> list[Notice]:
    """What the checks of all three outlines say, and whether the ratio hangs on trifles."""
    notices = []
    for name in (RIGHT, LEFT, HEART):
        notices += check_picture(answer, name, card.label(name).title, PLAUSIBLE)
    if limits is None and answer.varied:
        text = "In a slightly changed copy of the picture the heart or a lung is not found."
        notices.append(Notice("UNSTABLE", text))
    return notices


def _lines(size: HeartSize, index: int) -> tuple[Line, ...]:
    return tuple(
        Line((index, w.row, w.left), (index, w.row, w.right), label)
        for w, label in ((size.heart, "heart"), (size.thorax, "thorax"))
    )


def _width_measurements(size: HeartSize, index: int, request: Request) -> list[Measurement]:
    """The two widths: millimetres with what they are, else pixels."""
    found = []
    in_plane = request.volume.in_plane
    scale = in_plane[index].scale if index < len(in_plane) else None
    for name, width in (("Heart width", size.heart), ("Inner thorax width", size.thorax)):
        if scale is None:
            found.append(Measurement(name, width.pixels, "px", decimals=0))
        else:
            found.append(Measurement(name, width.pixels * scale.column_mm, scale.label, decimals=0))
    return found


def _organs(answers: Sequence[PictureAnswer], request: Request) -> list[Finding]:
    """One finding an organ, over all pictures read."""
    labels = request.bundle.card.labels
    return [_organ(answers, label, request, request.series) for label in labels]


def _organ(answers: Sequence[PictureAnswer], label: Label, request: Request, series: Series) -> Finding:
    mask = stacked(answers, label.name, label.id, request.volume)
    key = mask.largest_slice
    area = area_measurement(request.volume, key or 0, int(np.count_nonzero(mask.slice(key or 0))))
    warnings = [n for a in answers for n in check_picture(a, label.name, label.title, PLAUSIBLE)]
    return Finding(
        id=finding_id(request.bundle.card, series, label.name),
        label=label.title,
        sentence=f"{label.title}: outlined, {area_words(area)} (image {(key or 0) + 1}).",
        code=label.code,
        criterion="probability at least one half",
        mask=mask,
        measurements=(area,),
        slices=mask.slice_range,
        key_slice=key,
        warnings=tuple(warnings),
        colour=label.colour,
    )
