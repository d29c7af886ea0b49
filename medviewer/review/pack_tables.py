"""Table and FHIR report in a pack, read again and compared figure by figure."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from medviewer.dicom.values import plain
from medviewer.review.export_build import facts_of
from medviewer.review.export_csv import csv_bytes, source_of, text_cell
from medviewer.review.export_facts import Facts, Found
from medviewer.review.export_fhir import SCORE_OF_MODEL, THRESHOLD_OF_MODEL, THRESHOLD_OF_READER, fhir_text
from medviewer.review.pack import Part
from medviewer.review.pack_objects import FilePart
from medviewer.review.state import State, Verdict


def csv_part(state: State, now: datetime) -> Part:
    """The table; it does not name the patient. Raises :class:`UsageError` for a result of another patient."""
    facts = facts_of(state, state.results_here, now)
    what = "Findings and measurements as a table"
    return FilePart(
        "CSV", what, "findings.csv", lambda: csv_bytes(facts), lambda path: csv_faults(path, facts)
    )


def fhir_part(state: State, now: datetime) -> Part:
    """The FHIR report; it does not name the patient. Raises :class:`UsageError` as :func:`csv_part`."""
    facts = facts_of(state, state.results_here, now)
    return FilePart(
        "FHIR",
        "Findings and measurements as a FHIR DiagnosticReport",
        "findings.fhir.json",
        lambda: fhir_text(facts).encode(),
        lambda path: fhir_faults(path, facts),
    )


def _numbers(facts: Facts) -> list[float]:
    """All figures that have a value, rounded as shown, in their order."""
    shown = [figure for found in facts.found for figure in found.figures]
    shown += [figure for compared in facts.compared for figure in compared.figures]
    shown += [figure for measured in facts.measured for figure in measured.figures]
    return [float(figure.text(figure.value)) for figure in shown if figure.value is not None]


def csv_faults(path: Path, facts: Facts) -> Sequence[str]:
    """What is wrong with a table that should hold ``facts``; () for nothing."""
    try:
        rows = list(csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        values = [float(row["value"]) for row in rows if row["value"]]
        told = [row for row in rows if row["source"].startswith("AI")]
        decided = {(row["id"], row["source"], row["decision"]) for row in told if row["id"]}
        silent = [row["model"] for row in told if not row["id"]]
        own = [float(row["reader_threshold"]) for row in rows if row["reader_threshold"]]
    except (ValueError, KeyError, csv.Error):
        return ("The table cannot be read.",)
    wrong = []
    if values != _numbers(facts):
        wrong.append("A figure of the table is not the one that was measured.")
    if not {(text_cell(f.id), source_of(f), text_cell(f.decision)) for f in facts.found} <= decided:
        wrong.append("A finding of the table is missing, or its decision is another.")
    if len(silent) != sum(run.made not in {found.made for found in facts.found} for run in facts.runs):
        wrong.append("A run without findings is missing in the table.")
    if set(own) != {float(f"{one:.6g}") for one in _thresholds(facts)}:
        wrong.append("A threshold of the reader is missing in the table, or another.")
    if any(row["study_uid"] != facts.study_uid for row in rows):
        wrong.append("A row of the table belongs to another study.")
    return tuple(wrong)


def fhir_faults(path: Path, facts: Facts) -> Sequence[str]:
    """What is wrong with a FHIR report that should hold ``facts``; () for nothing."""
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        observations = [o for o in report.get("contained", ()) if o["resourceType"] == "Observation"]
        parts = [part for one in observations for part in one.get("component", ())]
        told = [part["valueQuantity"] for part in parts if "valueQuantity" in part and not _is_score(part)]
        values = [float(quantity["value"]) for quantity in told]
        own = [one["valueQuantity"]["value"] for one in parts if _is_named(one, THRESHOLD_OF_READER)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ("The FHIR report cannot be read.",)
    wrong = []
    if values != _numbers(facts):
        wrong.append("A figure of the FHIR report is not the one that was measured.")
    if len(observations) != len(facts.found) + len(facts.compared) + len(facts.measured):
        wrong.append("A finding of the FHIR report is missing, or one too many.")
    if own != _thresholds(facts):
        wrong.append("A threshold of the reader is missing in the FHIR report, or another.")
    if [o.get("valueString") for o in observations[: len(facts.found)]] != [_said(f) for f in facts.found]:
        wrong.append("A sentence of the FHIR report is not that of its finding.")
    withdrawn = [o.get("status") == "entered-in-error" for o in observations[: len(facts.found)]]
    if withdrawn != [f.is_replaced or f.judged.verdict is Verdict.REJECTED for f in facts.found]:
        wrong.append("A finding of the FHIR report is told as true that is not, or the other way round.")
    if report.get("status") == "final":
        wrong.append("The FHIR report says that it is final, which nobody signed.")
    return tuple(wrong)


def _said(found: Found) -> str | None:
    """The sentence as FHIR keeps it: empty ones are left out."""
    return plain(found.sentence).strip() or None


def _is_score(part: dict[str, Any]) -> bool:
    return _is_named(part, SCORE_OF_MODEL, THRESHOLD_OF_MODEL, THRESHOLD_OF_READER)


def _is_named(part: dict[str, Any], *names: str) -> bool:
    return str(part["code"].get("text", "")).startswith(names)


def _thresholds(facts: Facts) -> list[float]:
    """The reader's, of the findings that have one."""
    return [found.own.value for found in facts.found if found.own is not None]
