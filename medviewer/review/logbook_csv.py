"""The log-book as one table for a spreadsheet: a line for each run, decision and act. No patient data."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict

from medviewer.review.logbook_records import LogData, LoggedAct, LoggedDecision, LoggedRun

COLUMNS = (
    "kind", "number", "time_utc", "model_id", "model_version", "weights_sha256", "device", "seconds", "state",
    "forced", "run", "study", "series", "finding", "label", "answer", "reason", "assessor", "threshold",
    "modified",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(data: LogData) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read names right. Runs first, then the rest.

    Text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    runs = {run.key: run for run in data.runs}
    for run in data.runs:
        writer.writerow(_plain(_run(run)))
    entries: list[LoggedDecision | LoggedAct] = [*data.decisions, *data.acts]
    for entry in sorted(entries, key=lambda one: one.number):
        if isinstance(entry, LoggedAct):
            writer.writerow(_plain({**asdict(entry), "kind": str(entry.kind), "time_utc": entry.time}))
            continue
        made = _run(runs[entry.run]) if entry.run in runs else {}
        told = {**made, **asdict(entry), "kind": "decision", "time_utc": entry.time}
        writer.writerow(_plain({**told, "answer": str(entry.answer)}))
    return out.getvalue().encode("utf-8-sig")


def _run(run: LoggedRun) -> dict[str, object]:
    told = {**asdict(run), "kind": "run", "time_utc": run.started, "run": run.key}
    return {**told, "forced": "yes" if run.is_forced else "no"}


def _plain(values: dict[str, object]) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, value in values.items():
        text = "" if value is None else value
        is_formula = isinstance(text, str) and text.startswith(_FORMULA)
        shown[name] = f"'{text}" if is_formula else text
    return shown
