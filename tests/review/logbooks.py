"""Log-books for tests: decisions by a string of answers, and a session that writes into one."""

from __future__ import annotations

from dataclasses import replace

from medviewer.review.logbook_records import (
    ActKind,
    Answer,
    LogData,
    LoggedAct,
    LoggedDecision,
    LoggedFinding,
    LoggedRun,
)

ANSWERS = {"a": Answer.ACCEPTED, "m": Answer.MODIFIED, "r": Answer.REJECTED, "u": Answer.UNDONE}
LUNG = ("lung-ct", "1.0.0")
TIME = "2026-11-21T10:14:00+00:00"


def decision(number: int, answer: str, subject: int | None = None, **facts: object) -> LoggedDecision:
    """The ``number``-th entry: an answer to finding ``subject`` (by default one of its own)."""
    k = number if subject is None else subject
    made = LoggedDecision(
        f"run{k}", *LUNG, f"series{k}", "right", "Right lung", ANSWERS[answer], TIME, number=number
    )
    return replace(made, **facts)  # type: ignore[arg-type]


def decided(answers: str, start: int = 1, **facts: object) -> tuple[LoggedDecision, ...]:
    """One finding after the other, each with its answer."""
    return tuple(decision(start + k, answer, **facts) for k, answer in enumerate(answers))


def reset(number: int, version: tuple[str, str] = LUNG) -> LoggedAct:
    """A model let run again."""
    return LoggedAct(ActKind.RESET, TIME, *version, "trained anew", "Dr Test", number)


def run(k: int, version: tuple[str, str] = LUNG, labels: tuple[str, ...] = ("Right lung",)) -> LoggedRun:
    """A run on ``series{k}``, as :func:`decision` names it."""
    findings = tuple(LoggedFinding("right" if not j else f"f{j}", label) for j, label in enumerate(labels))
    return LoggedRun(
        f"run{k}", *version, "Lungs on chest CT", "ab" * 32, "CPU", 4.2, "findings", TIME, "study",
        f"series{k}", False, findings,
    )  # fmt: skip


def data_of(answers: str) -> LogData:
    """Runs and their decisions."""
    return LogData(tuple(run(k + 1) for k in range(len(answers))), decided(answers))
