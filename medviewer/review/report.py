"""The report as a value: findings and decisions, figures, how it was made. Pure; writing is done elsewhere.

Only accepted findings become text. What was not decided says "not reviewed", what was rejected is listed with
its reason, and a scan that was not analysed says so: nothing here reads as "normal" by being left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from medviewer.ai.card import Metric, ModelCard
from medviewer.ai.findings import AnalysisResult, Finding, ResultState
from medviewer.dicom.captions import age, display_name
from medviewer.dicom.study import Patient, Series, Study
from medviewer.errors import UsageError
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Volume
from medviewer.review import report_words as words
from medviewer.review.calibration import calibrated
from medviewer.review.report_figures import figures
from medviewer.review.report_model import (
    Fact,
    Figure,
    Line,
    MeasurementRow,
    Report,
    Row,
    Sentence,
)
from medviewer.review.report_scale import issue_notices, scale_facts
from medviewer.review.state import State, Verdict
from medviewer.review.thresholding import own_cost, own_words, thresholds_here

__all__ = ["Report", "build", "suggest_name"]

_AGREED = (Verdict.ACCEPTED, Verdict.EDITED)


def build(
    state: State,
    *,
    now: datetime,
    app_version: str,
    card: ModelCard | None = None,
    volumes: Mapping[str, Volume] | None = None,
) -> Report:
    """The report on the series on screen.

    ``now`` has a zone. ``card`` is that of the model that ran, for its measured figures and limits.
    ``volumes`` adds pixels of other series by key, for key images marked there. Raises
    :class:`~medviewer.errors.UsageError` when nothing is on screen.
    """
    if state.patient is None or state.study is None or state.series is None:
        raise UsageError("There is no study to report on.", "Open a study first.")
    patient, study, series, result = state.patient, state.study, state.series, state.result
    pixels = dict(volumes or {})
    if state.volume is not None:
        pixels[series.key] = state.volume
    # Other studies, and other patients, have no place in this report, whatever was marked there.
    pixels = {
        one.key: calibrated(pixels[one.key], one, state.calibrations)
        for one in study.series
        if one.key in pixels
    }
    maker = _maker(result)
    pictures = figures(state, pixels, maker)
    done, total = state.reviewed
    return Report(
        title=words.title(series, result),
        subtitle=words.subtitle(study, series),
        status="Draft, not signed",
        progress=f"{done} of {total} findings reviewed" if total else "",
        patient=_patient_facts(patient, study, series),
        technique=_technique(series),
        impression=state.impression.strip(),
        sentences=_sentences(state, pictures),
        notices=_notices(state),
        rows=tuple(_row(f, state, pictures) for f in state.findings),
        figures=pictures,
        no_figures="" if pictures else _why_no_figures(state),
        measurements=_measurements(state),
        made=_made(state, card, now, app_version),
        footer=f"Study {words.short_uid(study.uid)} · series …{series.uid[-4:]}",
        generated=now.isoformat(timespec="seconds"),
        app_version=app_version,
        study_uid=study.uid,
        series_uid=series.uid,
        result=result,
        thresholds=thresholds_here(state),
    )


def suggest_name(state: State, extension: str, now: datetime) -> str:
    """A file name without patient data: "medviewer-report-1f2e3d4c-2026-11-21.pdf"."""
    uid = state.study.uid if state.study is not None else ""
    study = sha256(uid.encode()).hexdigest()[:8]
    return f"medviewer-report-{study}-{now:%Y-%m-%d}.{extension.lstrip('.')}"


def _maker(result: AnalysisResult | None) -> str:
    return f"{result.provenance.model_id} {result.provenance.model_version}" if result is not None else ""


def _patient_facts(patient: Patient, study: Study, series: Series) -> tuple[Fact, ...]:
    about = ", ".join(x for x in (age(study.patient_age, patient.birth_date, study.date), patient.sex) if x)
    name = display_name(patient.name) or "no name given"
    return (
        Fact("Patient", f"{name} ({about})" if about else name),
        Fact("Patient ID", patient.id or "none given"),
        Fact("Accession", study.accession or "none given"),
        Fact("Scanner", words.scanner(series)),
    )


def _technique(series: Series) -> tuple[Fact, ...]:
    made, first = series.acquisition, series.instances[0]
    size = f"{len(series.instances)} of {first.columns} × {first.rows}"
    spacing = first.pixel_spacing
    pixel = (
        f"{number(spacing[0], decimals=2)} × {number(spacing[1], first.spacing_label, 2)}" if spacing else ""
    )
    thickness = "" if made.slice_thickness_mm is None else number(made.slice_thickness_mm, "mm", 1)
    facts = (
        ("Series", series.description),
        ("Images", size),
        ("Thickness", thickness),
        ("Pixel", pixel),
        ("Kernel", made.kernel),
        ("Tube voltage", "" if made.kvp is None else number(made.kvp, "kV")),
        ("Contrast", made.contrast),
        ("Compression", series.lossy),
    )
    return tuple(Fact(label, value) for label, value in facts if value)


def _sentences(state: State, pictures: tuple[Figure, ...]) -> tuple[Sentence, ...]:
    agreed = [f for f in state.findings if state.decision_of(f.id).verdict in _AGREED]
    texts = {f.id: " ".join((f.sentence, *own_words(state, f))) for f in agreed}
    return tuple(Sentence(f.id, texts[f.id], _figure_of(f.id, pictures)) for f in agreed)


def _figure_of(finding_id: str, pictures: tuple[Figure, ...]) -> int | None:
    return next((p.number for p in pictures if finding_id in p.finding_ids), None)


def _notices(state: State) -> tuple[str, ...]:
    notices = list(words.state_notice(state.result))
    if state.result is not None:
        notices += [w.text for w in state.result.warnings]
    done, total = state.reviewed
    if done < total:
        left = total - done
        some = "1 finding was" if left == 1 else f"{left} findings were"
        notices.append(f"{some} not reviewed: the machine's word only, not part of the text.")
    notices += issue_notices(state)
    return tuple(dict.fromkeys(notices))


def _row(finding: Finding, state: State, pictures: tuple[Figure, ...]) -> Row:
    decision = state.decision_of(finding.id)
    lines = tuple(
        Line(m.name, number(m.value, m.unit, m.decimals), words.spread(m), words.indicative(m, finding))
        for m in finding.measurements
    )
    lines = words.said_once(lines)
    told = (words.score_note(finding), *own_cost(state, finding), words.unsure_note(finding))
    notes = tuple(x for x in (*told, *(w.text for w in finding.warnings)) if x)
    key, span = words.images(finding)
    return Row(
        finding.id,
        finding.label,
        finding.criterion,
        lines,
        notes,
        key,
        span,
        decision.verdict,
        decision.reason,
        _by(decision.reader, decision.time),
        _figure_of(finding.id, pictures),
        shares=words.are_shares(finding),
    )


def _by(reader: str, time: str) -> str:
    return ", ".join(x for x in (reader, words.moment(time) if time else "") if x)


def _why_no_figures(state: State) -> str:
    if state.volume is None:
        return "The images were not loaded, so none is shown here."
    if state.result is None or not state.findings:
        return ""
    return "No image was marked, and no finding that stands points at one."


def _measurements(state: State) -> tuple[MeasurementRow, ...]:
    if state.scan is None or state.study is None:
        return ()
    numbers = {s.key: s.number for s in state.study.series}
    rows = []
    for m in state.measurements:
        if m.series_key not in numbers:
            continue
        where = f"{m.index + 1}" if m.plane == "native" else f"{m.plane} {m.index + 1}"
        if numbers[m.series_key] is not None:
            where = f"series {numbers[m.series_key]}, image {where}"
        rows.append(MeasurementRow(m.kind, m.text, where, _by(m.reader, m.time), m.note))
    return tuple(rows)


def _made(state: State, card: ModelCard | None, now: datetime, app_version: str) -> tuple[Fact, ...]:
    facts = [*_run_facts(state.result, card), *scale_facts(state)]
    decided = [d for f in state.findings if (d := state.decision_of(f.id)).verdict is not Verdict.PENDING]
    if decided:
        last = {d.reader: d.time for d in sorted(decided, key=lambda d: d.time)}
        readers = (_by(reader or "a reader without name", time) for reader, time in last.items())
        facts.append(Fact("Reviewed by", "; ".join(readers)))
    facts.append(Fact("Images seen", f"{_percent(state.seen_fraction)} of the images were on screen"))
    made = f"MedViewer {app_version}, {words.moment(now.isoformat(timespec='seconds'))}"
    return (*facts, Fact("Written by", made))


def _percent(fraction: float) -> str:
    """Never "100 %" for less than all, never "0 %" for some."""
    percent = round(100 * fraction)
    if 0 < fraction < 1:
        percent = min(99, max(1, percent))
    return number(percent, "%")


def _run_facts(result: AnalysisResult | None, card: ModelCard | None) -> list[Fact]:
    if result is None:
        return [Fact("Model", "none was run")]
    run = result.provenance
    ran = result.state not in (ResultState.NOT_SUITABLE, ResultState.NOT_RUN)
    model = f"{run.model_title}: {_maker(result)} (weights {words.short_hash(run.weights_sha256)})"
    facts = [Fact("Model", f"{model}, {run.device}, {number(run.seconds, 's', 1)}" if ran else model)]
    if card is not None and card.metrics:
        facts.append(Fact("Measured", _measured(card.metrics)))
    if result.checked:
        facts.append(Fact("Checked before", ", ".join(result.checked)))
    if ran and result.state is not ResultState.FAILED:
        warned = [w.text for f in result.findings for w in f.warnings] + [w.text for w in result.warnings]
        facts.append(Fact("Checks after", " ".join(dict.fromkeys(warned)) or "passed"))
    facts.append(Fact("Intended use", run.intended_use))
    return facts


def _measured(metrics: Sequence[Metric]) -> str:
    """The figures of the first data set on the card; the rest stand on the card itself."""
    data = metrics[0].data
    figures = (
        f"{m.name} {number(m.value, m.unit, 3 if abs(m.value) < 1 and not m.unit else 1)}"
        for m in metrics
        if m.data == data
    )
    return f"{'; '.join(figures)} ({data})"
