"""Measurements and findings as a table (RFC 4180): one row a number, its unit in a column of its own.

UTF-8 with a byte order mark, so that Excel reads it as such; numbers with a decimal point and no thousands
separator, whatever the language of the computer. No row names the patient unless that is asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from medviewer.dicom.values import plain
from medviewer.review.export_facts import Compared, Facts, Figure, Found, MadeBy, Measured, Place, Subject
from medviewer.review.report_model import LEGAL

BOM = "\ufeff"
COLUMNS = (
    "study_uid",
    "series_uid",
    "image",
    "sop_instance_uid",
    "frame",
    "source",
    "id",
    "finding",
    "code_scheme",
    "code",
    "code_meaning",
    "name",
    "value",
    "unit",
    "ucum",
    "range_low",
    "range_high",
    "indicative",
    "score",
    "score_meaning",
    "threshold",
    "reader_threshold",
    "criterion",
    "text",
    "model",
    "model_version",
    "weights_sha256",
    "decision",
    "reason",
    "reader",
    "time",
    "remarks",
    "use",
)
_WITH_PATIENT = ("patient_id", "patient_name", "patient_birth_date", "patient_sex")
_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula, in full width too (CWE-1236)."""

Row = dict[str, str]


def csv_bytes(facts: Facts, subject: Subject | None = None) -> bytes:
    """The file. ``subject``: the patient, where the reader wants the table to name them.

    Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    columns = (*(_WITH_PATIENT if subject is not None else ()), *COLUMNS)
    out = StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    whose = _whose(subject)
    for row in _rows(facts):
        writer.writerow({**whose, "study_uid": text_cell(facts.study_uid), **row, "use": LEGAL})
    return (BOM + out.getvalue()).encode("utf-8", "replace")


def text_cell(text: str) -> str:
    """A cell of text: one line, no control characters, nothing that is computed when it is opened."""
    words = plain(text)
    return f"'{words}" if words.startswith(_FORMULAS) else words


def _whose(subject: Subject | None) -> Row:
    if subject is None:
        return {}
    told = (subject.id, subject.name, subject.birth_date, subject.sex)
    return {column: text_cell(value) for column, value in zip(_WITH_PATIENT, told, strict=True)}


def _rows(facts: Facts) -> Iterator[Row]:
    told = {found.made for found in facts.found}
    for run in facts.runs:
        if run.made not in told:  # an empty table would read as "nothing there"
            yield {"source": "AI", **_where(run.place), **_cells({"text": run.text}), **_model(run.made)}
    for found in facts.found:
        about = _about(found)
        for figure in found.figures or (None,):
            yield {**about, **_number(figure)}
    for compared in facts.compared:
        about = _both(compared)
        for one in compared.figures:
            yield {**about, **_number(one)}
    for measured in facts.measured:
        about = _drawn(measured)
        for figure in measured.figures or (None,):
            yield {**about, **_number(figure)}


def _where(place: Place) -> Row:
    return {
        "series_uid": text_cell(place.series_uid),
        "sop_instance_uid": text_cell(place.sop_uid),
        "image": str(place.image or ""),
        "frame": str(place.frame or ""),
    }


def _about(found: Found) -> Row:
    code = found.code
    texts = {
        "id": found.id,
        "finding": found.label,
        "code_scheme": code.scheme if code else "",
        "code": code.value if code else "",
        "code_meaning": code.meaning if code else "",
        "score_meaning": found.score_meaning,
        "criterion": found.criterion,
        "text": found.sentence,
        "decision": found.decision,
        "reason": found.judged.reason,
        "reader": found.judged.reader,
        "time": found.judged.time,
        "remarks": " ".join((*(found.own.sentences if found.own else ()), *found.remarks)),
    }
    own = found.own.value if found.own is not None else None
    scores = {
        "score": _score(found.score),
        "threshold": _score(found.threshold),
        "reader_threshold": _score(own),
    }
    return {
        "source": source_of(found),
        **_where(found.place),
        **_cells(texts),
        **scores,
        **_model(found.made),
    }


def source_of(found: Found) -> str:
    """Whose figures these are."""
    return "AI, modified by the reader" if found.of_reader else "AI"


def _both(compared: Compared) -> Row:
    texts = {"id": " ".join(compared.finding_ids), "finding": compared.structure, "text": compared.text}
    return {"source": "comparison", **_where(compared.place), **_cells(texts)}


def _model(made: MadeBy) -> Row:
    return _cells({"model": made.id, "model_version": made.version, "weights_sha256": made.weights_sha256})


def _drawn(measured: Measured) -> Row:
    texts = {
        "id": measured.id,
        "finding": measured.kind,
        "text": measured.text,
        "reader": measured.reader,
        "time": measured.time,
        "remarks": measured.note,
    }
    return {"source": "reader", **_where(measured.place), **_cells(texts)}


def _cells(texts: Row) -> Row:
    return {column: text_cell(text) for column, text in texts.items()}


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _number(figure: Figure | None) -> Row:
    if figure is None:
        return {}
    return {
        "name": text_cell(figure.name),
        "value": figure.text(figure.value),
        "unit": text_cell(figure.unit),
        "ucum": figure.ucum,
        "range_low": figure.text(figure.low),
        "range_high": figure.text(figure.high),
        "indicative": text_cell(figure.indicative),
    }
