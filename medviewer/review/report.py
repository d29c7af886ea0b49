"""The report as a value: findings and decisions, figures, how it was made. Pure; writing is done elsewhere.

Only accepted findings become text. What was not decided says "not reviewed", what was rejected is listed with
its reason, and a scan that was not analysed says so: nothing here reads as "normal" by being left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Finding
from medviewer.ai.second_opinion import compare_all, maker_of, model_name
from medviewer.dicom.captions import age, display_name
from medviewer.dicom.study import Patient, Series, Study
from medviewer.errors import UsageError
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Volume
from medviewer.review import report_words as words
from medviewer.review.calibration import calibrated
from medviewer.review.deciding import as_read, on_own_outlines
from medviewer.review.modification import models_own
from medviewer.review.report_figures import figures
from medviewer.review.report_made import by, made_facts
from medviewer.review.report_model import (
    Fact,
    Figure,
    Group,
    Line,
    MeasurementRow,
    Report,
    Row,
    Sentence,
)
from medviewer.review.report_scale import issue_notices
from medviewer.review.state import State, Verdict
from medviewer.review.thresholding import own_cost, own_words, thresholds_here

__all__ = ["Report", "build", "suggest_name"]

_AGREED = (Verdict.ACCEPTED, Verdict.MODIFIED)


def build(
    state: State,
    *,
    now: datetime,
    app_version: str,
    cards: Mapping[str, ModelCard] | None = None,
    volumes: Mapping[str, Volume] | None = None,
) -> Report:
    """The report on the series on screen.

    ``now`` has a zone. ``cards`` by model id are those of the models that ran, for their measured figures.
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
    pictures = figures(state, pixels)
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
        groups=_groups(state, pictures),
        figures=pictures,
        no_figures="" if pictures else _why_no_figures(state),
        measurements=_measurements(state),
        made=made_facts(state, cards or {}, now, app_version),
        footer=f"Study {words.short_uid(study.uid)} · series …{series.uid[-4:]}",
        generated=now.isoformat(timespec="seconds"),
        app_version=app_version,
        study_uid=study.uid,
        series_uid=series.uid,
        result=result,
        thresholds=thresholds_here(state),
        results=state.results_here,
        comparisons=state.opinions_here or compare_all(state.results_here),
    )


def suggest_name(state: State, extension: str, now: datetime) -> str:
    """A file name without patient data: "medviewer-report-1f2e3d4c-2026-11-21.pdf"."""
    uid = state.study.uid if state.study is not None else ""
    study = sha256(uid.encode()).hexdigest()[:8]
    return f"medviewer-report-{study}-{now:%Y-%m-%d}.{extension.lstrip('.')}"


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


def _groups(state: State, pictures: tuple[Figure, ...]) -> tuple[Group, ...]:
    """Each model's findings under its own name; a single model stands for the whole report."""
    several = len(state.results_here) > 1
    groups = []
    for result in state.results_here:
        maker = maker_of(result)
        rows = tuple(replace(_row(f, state, pictures), model=maker) for f in result.findings)
        title, said = (model_name(result), words.group_words(result)) if several else ("", "")
        groups.append(Group(title, said, rows))
    return tuple(groups)


def _sentences(state: State, pictures: tuple[Figure, ...]) -> tuple[Sentence, ...]:
    """Of accepted findings; each says whose it is where several models ran."""
    several = len(state.results_here) > 1
    return tuple(
        Sentence(
            f.id,
            words.signed(" ".join((as_read(state, f).sentence, *_own(state, f))), maker if several else ""),
            _figure_of(f.id, pictures),
        )
        for maker, f in ((maker_of(r), f) for r in state.results_here for f in r.findings)
        if state.decision_of(f.id).verdict in _AGREED
    )


def _own(state: State, finding: Finding) -> tuple[str, ...]:
    """The reader's threshold; a score that the reader's outline replaced has none."""
    return () if state.decision_of(finding.id).modification is not None else own_words(state, finding)


def _figure_of(finding_id: str, pictures: tuple[Figure, ...]) -> int | None:
    return next((p.number for p in pictures if finding_id in p.finding_ids), None)


def _notices(state: State) -> tuple[str, ...]:
    several = len(state.results_here) > 1
    notices = [] if state.results_here else list(words.state_notice(None))
    for result in state.results_here:
        told = (*words.state_notice(result), *(w.text for w in result.warnings))
        told += on_own_outlines(result, state.decisions)
        notices += [f"{model_name(result)}: {text}" if several else text for text in told]
    done, total = state.reviewed
    if done < total:
        left = total - done
        some = "1 finding was" if left == 1 else f"{left} findings were"
        notices.append(f"{some} not reviewed: the machine's word only, not part of the text.")
    notices += issue_notices(state)
    return tuple(dict.fromkeys(notices))


def _row(found: Finding, state: State, pictures: tuple[Figure, ...]) -> Row:
    """A finding as the reader left it; where the reader modified it, the model's own stands in the notes."""
    decision, finding = state.decision_of(found.id), as_read(state, found)
    lines = tuple(
        Line(m.name, number(m.value, m.unit, m.decimals), words.spread(m), words.indicative(m, finding))
        for m in finding.measurements
    )
    lines = words.said_once(lines)
    if finding is found:
        told = (words.score_note(found), *own_cost(state, found), words.unsure_note(found))
    else:
        told = (models_own(found), words.score_note(found))
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
        by(decision.reader, decision.time),
        _figure_of(finding.id, pictures),
        shares=words.are_shares(finding),
    )


def _why_no_figures(state: State) -> str:
    if state.volume is None:
        return "The images were not loaded, so none is shown here."
    if not state.findings:
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
        rows.append(MeasurementRow(m.kind, m.text, where, by(m.reader, m.time), m.note))
    return tuple(rows)
