"""The table: read by another reader of CSV, cell by cell, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.ai.findings import Notice, ResultState
from medviewer.review.export_build import facts_of, subject_of
from medviewer.review.export_csv import COLUMNS, csv_bytes, text_cell
from medviewer.review.export_facts import Facts, Subject
from tests.review.exports import facts, worked
from tests.review.makers import NOW, make_result


def rows(told: Facts, subject: Subject | None = None) -> list[dict[str, str]]:
    text = csv_bytes(told, subject).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


def test_that_the_bytes_are_what_rfc_4180_and_excel_want() -> None:
    data = csv_bytes(facts(worked()))
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert data.decode("utf-8-sig").splitlines()[0] == ",".join(COLUMNS)
    assert len({len(row) for row in csv.reader(StringIO(data.decode("utf-8-sig"), newline=""))}) == 1


def test_that_there_is_one_row_a_number() -> None:
    told = rows(facts(worked()))
    assert [(r["source"], r["name"], r["value"], r["unit"], r["ucum"]) for r in told] == [
        ("AI", "LAA-950", "9.6", "%", "%"),
        ("AI", "volume", "2643", "mL", "mL"),
        ("AI", "volume", "2204", "mL", "mL"),
        ("AI", "Perc15", "-921", "HU", "[hnsf'U]"),
        ("reader", "Length", "23.4", "mm", "mm"),
        ("reader", "Angle", "91.5", "°", "deg"),
        ("reader", "Mean", "-861", "HU", "[hnsf'U]"),
        ("reader", "Standard deviation", "34", "HU", "[hnsf'U]"),
        ("reader", "Area", "1234.5", "mm²", "mm2"),
        ("reader", "", "", "", ""),
    ]
    assert [r["decision"] for r in told[:4]] == ["not reviewed", "accepted", "rejected", "rejected"]
    assert told[3]["reason"] == "a pleural effusion, not lung"
    assert told[3]["indicative"] == "kernel B, 5 mm"
    assert (told[1]["range_low"], told[1]["range_high"]) == ("2611", "2675")
    assert {(r["model"], r["model_version"]) for r in told[:4]} == {("lung-ct", "1.0.0")}
    assert (told[4]["sop_instance_uid"], told[4]["image"]) == ("1.2.3.1.2", "3")
    assert {r["use"] for r in told} == {"Research use. Not for diagnostic use."}
    assert {r["study_uid"] for r in told} == {"1.2.3"}


def test_that_numbers_are_numbers_anywhere() -> None:
    for row in rows(facts(worked())):
        for column in ("value", "range_low", "range_high", "score", "threshold"):
            assert re.fullmatch(r"(-?\d+(\.\d+)?)?", row[column])


def test_that_the_patient_is_named_only_where_it_was_asked_for() -> None:
    session = worked()
    assert session.state.patient is not None
    data = csv_bytes(facts(session)).decode("utf-8-sig")
    assert not any(word in data for word in ("Doe", "ID-77", "19490101", "patient_id"))
    (first, *_) = rows(facts(session), subject_of(session.state.patient))
    assert (first["patient_id"], first["patient_name"], first["patient_sex"]) == ("ID-77", "Doe^Jane", "M")


def test_that_a_run_that_failed_is_a_row() -> None:
    failed = make_result(ResultState.FAILED, reasons=(Notice("X", "No lung was found."),))
    told = rows(facts_of(worked().state, [failed], NOW))
    assert told[0]["text"] == "lung-ct 1.0.0: failed. No lung was found."
    assert (told[0]["value"], told[0]["model"]) == ("", "lung-ct")


@pytest.mark.parametrize(
    "bad", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r\n=1", "  =1", "＝1"]
)
def test_that_no_text_is_computed_when_it_is_opened(bad: str) -> None:
    session = worked()
    session.reset("left")
    session.reject("left", bad)
    told = facts(session)
    left = replace(told.found[2], label=bad, id=bad, sentence=bad, criterion=bad)
    left = replace(left, place=replace(left.place, series_uid=bad, sop_uid=bad))
    for row in rows(replace(told, found=(left,), study_uid=bad), Subject(bad, bad, bad, bad)):
        for column, cell in row.items():
            if column not in ("value", "range_low", "range_high", "score", "threshold"):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")), column


@given(st.text())
def test_that_any_text_is_one_cell_that_comes_back(text: str) -> None:
    told = facts(worked())
    (row,) = rows(replace(told, found=(replace(told.found[0], label=text),), measured=()))
    assert row["finding"] == text_cell(text).encode("utf-8", "replace").decode()
    assert "\n" not in row["finding"]
    assert row["value"] == "9.6"
