"""From the state of a session to the facts that leave it. Other studies and other patients have no place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from medviewer import __version__
from medviewer.ai.findings import AnalysisResult, Finding, Measurement, Provenance
from medviewer.ai.second_opinion import Comparison, compare_all
from medviewer.dicom.study import Patient, Series
from medviewer.errors import UsageError
from medviewer.imaging.numbers import MINUS, THIN_SPACE, UNKNOWN
from medviewer.imaging.reslice import Plane
from medviewer.review.deciding import on_own_outlines
from medviewer.review.export_facts import (
    Compared,
    Facts,
    Figure,
    Found,
    Judged,
    MadeBy,
    Measured,
    OwnThreshold,
    Place,
    Ran,
    Subject,
)
from medviewer.review.modification import SUFFIX, modified
from medviewer.review.opinion_words import line
from medviewer.review.report_words import title
from medviewer.review.result_json import finite
from medviewer.review.state import ReaderMeasurement, State
from medviewer.review.thresholding import own_cost, own_words, threshold_of

_NUMBER = rf"{MINUS}?[\d,]+(?:\.\d+)?|{UNKNOWN}"
_FIGURE = re.compile(rf"({_NUMBER})(?:{THIN_SPACE}±{THIN_SPACE}({_NUMBER}))?{THIN_SPACE}?(.*)")
_NAMES = {"length": "Length", "angle": "Angle"}


def facts_of(state: State, results: Sequence[AnalysisResult], now: datetime) -> Facts:
    """The facts of the study on screen. ``results``: the runs that count, of series of that study.

    ``now`` has a zone. Raises :class:`UsageError` where no study is on screen, or a result is of another
    patient or study.
    """
    if state.patient is None or state.study is None or state.series is None:
        raise UsageError("There is no study to export.", "Open a study first.")
    series = {one.key: one for one in state.study.series}
    for result in results:
        if result.series_key not in series or result.patient_key != state.patient.key:
            raise UsageError("A result belongs to another patient or study than the one on screen.")
    return Facts(
        study_uid=state.study.uid,
        title=title(state.series, results[-1] if results else None),
        generated=now.isoformat(timespec="seconds"),
        app_version=__version__,
        runs=tuple(_ran(result, series[result.series_key]) for result in results),
        found=tuple(
            found
            for result in results
            for finding in result.findings
            for found in _both(finding, result, series[result.series_key], state)
        ),
        measured=tuple(
            _measured(m, series[m.series_key]) for m in state.measurements if m.series_key in series
        ),
        compared=tuple(
            _compared(c, series[c.series_key])
            for c in state.opinions_here or compare_all(results)
            if c.series_key in series
        ),
        impression=state.impression.strip(),
        accession=state.study.accession,
    )


def subject_of(patient: Patient) -> Subject:
    """Who the patient is: for exports that the reader wants to name the patient."""
    return Subject(patient.id, patient.name, patient.birth_date, patient.sex)


def maker_of(made: Provenance) -> MadeBy:
    """The model behind a result."""
    return MadeBy(made.model_id, made.model_version, made.model_title, made.weights_sha256, made.intended_use)


def place_of(series: Series, index: int | None) -> Place:
    """Image ``index`` of a series in display order; the series itself where there is no such image."""
    if index is None or not 0 <= index < len(series.instances):
        return Place(series.uid)
    instance = series.instances[index]
    frame = instance.frame + 1 if instance.frames > 1 else 0
    return Place(series.uid, instance.sop_uid, frame, index + 1)


def _ran(result: AnalysisResult, series: Series) -> Ran:
    made = result.provenance
    reasons = tuple(notice.text for notice in result.reasons)
    return Ran(maker_of(made), result.state, place_of(series, None), reasons, made.forced)


def _both(finding: Finding, result: AnalysisResult, series: Series, state: State) -> tuple[Found, ...]:
    """A finding; where the reader modified it, the model's own and then the reader's, which has no score and
    so no threshold."""
    own, change = _found(finding, result, series, state), state.decision_of(finding.id).modification
    if change is None:
        return (replace(own, remarks=(*own.remarks, *on_own_outlines(result, state.decisions))),)
    theirs = _found(modified(finding, change), result, series, state)
    return own, replace(theirs, id=finding.id + SUFFIX, own=None, of_reader=True)


def _found(finding: Finding, result: AnalysisResult, series: Series, state: State) -> Found:
    remarks, decision = (*finding.warnings, *result.warnings), state.decision_of(finding.id)
    return Found(
        finding.id,
        finding.label,
        finding.sentence,
        maker_of(result.provenance),
        Judged(decision.verdict, decision.reason, decision.reader, decision.time),
        place_of(series, finding.key_slice),
        finding.code,
        finding.criterion,
        finite(finding.score),
        finding.score_meaning,
        finite(finding.threshold),
        _own(finding, state),
        tuple(_figure(m) for m in finding.measurements),
        tuple(dict.fromkeys(notice.text for notice in remarks)),
    )


def _own(finding: Finding, state: State) -> OwnThreshold | None:
    own = threshold_of(state, finding.id)
    if own is None:
        return None
    text = " ".join(own_cost(state, finding) or own_words(state, finding))
    return OwnThreshold(own.threshold, text, own.reader, own.time)


def _compared(comparison: Comparison, series: Series) -> Compared:
    # As on screen: never 1.000 for less than all.
    dice = min(comparison.dice, 0.999) if comparison.dice < 1 else 1.0
    figures = (Figure("Dice", dice, "", 3), Figure("Difference", comparison.difference_percent, "%", 1))
    ids = tuple(sorted(comparison.finding_ids))
    return Compared(comparison.structure, place_of(series, None), line(comparison), figures, ids)


def _figure(m: Measurement) -> Figure:
    low, high = m.range or (None, None)
    return Figure(
        m.name, finite(m.value), m.unit, m.decimals, finite(low), finite(high), indicative=m.indicative
    )


def _measured(m: ReaderMeasurement, series: Series) -> Measured:
    place = place_of(series, m.index) if m.plane is Plane.NATIVE else _across(m, series)
    figures = () if m.kind == "text" else read_figures(m.kind, m.text)
    kind = "note" if m.kind == "text" else m.kind
    return Measured(m.id, kind, place, m.text, figures, m.note, m.reader, m.time)


def _across(m: ReaderMeasurement, series: Series) -> Place:
    """The stored image that it lies on, where all its points do; else the series."""
    slices = {round(point[0], 3) for point in m.points}
    one = slices.pop() if len(slices) == 1 else 0.5
    return place_of(series, int(one) if one == int(one) else None)


def read_figures(kind: str, text: str) -> tuple[Figure, ...]:
    """The numbers in a figure as the window shows it: "−861 ± 34 HU · 1.23 cm²" is mean, deviation and area.

    What could not be measured ("not measured across regions") has no number.
    """
    found: list[Figure] = []
    for part in text.split(" · ") if text else ():
        match = _FIGURE.fullmatch(part)
        if match is None:
            continue
        value, spread, unit = match.groups()
        if spread is not None:
            found += [_said("Mean", value, unit), _said("Standard deviation", spread, unit)]
        else:
            found.append(_said(_NAMES.get(kind, "Area"), value, unit))
    return tuple(found)


def _said(name: str, words: str, unit: str) -> Figure:
    decimals = len(words.partition(".")[2])
    known = words != UNKNOWN
    value = float(words.replace(",", "").replace(MINUS, "-")) if known else None
    return Figure(name, value, unit, decimals)
