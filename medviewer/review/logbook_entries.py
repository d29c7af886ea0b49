"""What the log-book is told when the session changes: finished runs, and every decision, undo and redo.

Made of two states, so that nothing can be decided past it: whatever way a decision came about or went.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from medviewer.ai.findings import AnalysisResult, Finding
from medviewer.dicom.study import Patient
from medviewer.review.acts import own_name
from medviewer.review.logbook_records import Answer, Logged, LoggedDecision, LoggedFinding, LoggedRun
from medviewer.review.references import reference
from medviewer.review.state import Decision, State, Verdict
from medviewer.review.thresholding import threshold_of

_ANSWERS = {
    Verdict.ACCEPTED: Answer.ACCEPTED,
    Verdict.MODIFIED: Answer.MODIFIED,
    Verdict.REJECTED: Answer.REJECTED,
    Verdict.PENDING: Answer.UNDONE,
}
_HASH_DIGITS = 16
_LEFT_OUT = "\u2026"
_FIRST_WITHOUT_GAPS = "\u2e80"
"""From here on letters stand without gaps between words (Chinese, Japanese, Korean)."""


def entries_between(before: State, after: State, now: datetime) -> tuple[Logged, ...]:
    """What to write when ``before`` became ``after``. Closing studies takes no decision back.

    A decision that undo brings back is a new entry: nothing written is ever changed.
    """
    if after.results is before.results and after.decisions is before.decisions:
        return ()
    known = {id(result) for result in before.results}
    runs = [run_of(result) for result in after.results if id(result) not in known]
    made = {f.id: (result, f) for result in after.results for f in result.findings}
    decisions = []
    for finding_id in dict.fromkeys((*before.decisions, *after.decisions)):
        decision = after.decision_of(finding_id)
        if finding_id in made and decision != before.decision_of(finding_id):
            decisions.append(_decision(after, *made[finding_id], decision, now))
    return (*runs, *decisions)


def run_of(result: AnalysisResult) -> LoggedRun:
    """A finished run as the log-book tells it."""
    made = result.provenance
    started, series = _utc(made.started), _hash(made.series_uid)
    own = (made.model_id, made.model_version, made.weights_sha256, started, result.series_key)
    return LoggedRun(
        key=reference("\n".join(own))[: 2 * _HASH_DIGITS],
        model_id=made.model_id,
        model_version=made.model_version,
        title=made.model_title,
        weights_sha256=made.weights_sha256,
        device=made.device,
        seconds=round(made.seconds, 3),
        state=str(result.state),
        started=started,
        study=_hash(made.study_uid),
        series=series,
        is_forced=made.forced,
        findings=tuple(LoggedFinding(finding_name(f), f.label) for f in result.findings),
    )


def finding_name(finding: Finding) -> str:
    """The keyed hash of a finding's own name."""
    return _hash(own_name(finding.id))


def _decision(
    state: State, result: AnalysisResult, finding: Finding, decision: Decision, now: datetime
) -> LoggedDecision:
    run, own, made = run_of(result), threshold_of(state, finding.id), decision.modification
    taken_back = decision.verdict is Verdict.PENDING
    return LoggedDecision(
        run=run.key,
        model_id=run.model_id,
        model_version=run.model_version,
        series=run.series,
        finding=finding_name(finding),
        label=finding.label,
        answer=_ANSWERS[decision.verdict],
        time=now.astimezone(UTC).isoformat(timespec="seconds"),
        reason=without_patient(decision.reason, _patient(state, result.patient_key)),
        assessor=state.reader if taken_back else decision.reader,
        threshold=None if own is None else own.threshold,
        modified="" if made is None else _hash(f"{finding.id} {made.digest}"),
    )


def _patient(state: State, key: str) -> Patient | None:
    patients = state.scan.patients if state.scan is not None else ()
    return next((patient for patient in patients if patient.key == key), None)


def without_patient(text: str, patient: Patient | None) -> str:
    """The reader's own words with what names the patient left out: parts of the name, id, date of birth."""
    if patient is None or not text:
        return text
    parts = {part for part in re.split(r"[\^=\s,.\-]+", patient.name) if len(part) > 1}
    parts |= {x for x in (patient.id.strip(), patient.name.strip(), *_dates(patient.birth_date)) if x}
    for part in sorted(parts, key=len, reverse=True):
        text = re.sub(_pattern(part), _LEFT_OUT, text, flags=re.IGNORECASE)
    return text


def _pattern(part: str) -> str:
    """Whole words alone, but where words have no gaps between them: "An" is no part of "And"."""
    if any(letter >= _FIRST_WITHOUT_GAPS for letter in part):
        return re.escape(part)
    return rf"(?<!\w){re.escape(part)}(?!\w)"


def _dates(dicom_date: str) -> tuple[str, ...]:
    """A date (YYYYMMDD) in the ways people write it."""
    if not re.fullmatch(r"\d{8}", dicom_date):
        return (dicom_date,)
    year, month, day = dicom_date[:4], dicom_date[4:6], dicom_date[6:]
    ways = {(day, month), (day.lstrip("0"), month.lstrip("0"))}
    ways |= {(second, first) for first, second in ways}
    written = [f"{a}{gap}{b}{gap}{year}" for a, b in ways for gap in "./-"]
    return (dicom_date, f"{year}-{month}-{day}", f"{year}/{month}/{day}", *written)


def _hash(text: str) -> str:
    return reference(text)[:_HASH_DIGITS]


def _utc(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).isoformat(timespec="seconds")
