"""A table or FHIR report that says something else than was measured is found when it is read back."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from medviewer.ai.findings import Code, ResultState
from medviewer.ai.second_opinion import compare_all
from medviewer.dicom.values import plain
from medviewer.review.export_build import facts_of
from medviewer.review.export_csv import csv_bytes
from medviewer.review.export_facts import Facts, OwnThreshold
from medviewer.review.export_fhir import fhir_text, report_of
from medviewer.review.opinion_words import line
from medviewer.review.pack_tables import csv_faults, csv_part, fhir_faults, fhir_part
from tests.factories import make_ct_series
from tests.review.fhir_rules import faults
from tests.review.makers import NOW
from tests.review.packs import read_session


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, Facts]:
    """Both files of a session, and the facts they should hold."""
    make_ct_series(tmp_path / "in", slices=7, columns=11)
    state = read_session(tmp_path / "in").state
    for part in (csv_part(state, NOW), fhir_part(state, NOW)):
        (tmp_path / part.file_name).write_bytes(part.write(frozenset()))
        assert tuple(part.check(tmp_path / part.file_name)) == ()
    return tmp_path, facts_of(state, state.results_here, NOW)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode("utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("1234.5", "1243.5", "A figure of the table"),
        ("rejected", "", "its decision is another"),
        ("2.25.", "1.25.", "another study"),
        ("source", "sauce", "cannot be read"),
    ],
)
def test_that_a_changed_table_is_found(
    written: tuple[Path, Facts], old: str, new: str, sentence: str
) -> None:
    folder, facts = written
    change(folder / "findings.csv", old, new)
    assert sentence in csv_faults(folder / "findings.csv", facts)[0]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("1234.5", "1243.5", "A figure of the FHIR report"),
        ('"resourceType": "Observation"', '"resourceType": "Nothing"', "A figure of the FHIR report"),
        ('"contained"', '"lost"', "A figure of the FHIR report"),
        ('"status": "preliminary"', '"status": "final"', "says that it is final"),
        ("{", "", "cannot be read"),
    ],
)
def test_that_a_changed_fhir_report_is_found(
    written: tuple[Path, Facts], old: str, new: str, sentence: str
) -> None:
    folder, facts = written
    change(folder / "findings.fhir.json", old, new)
    assert sentence in fhir_faults(folder / "findings.fhir.json", facts)[0]


def test_that_a_second_opinion_is_in_both_and_in_no_models_name(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=7, columns=11)
    state = read_session(tmp_path / "in", ("lung-ct", "other")).state
    codes = {"Right lung": Code("SCT", "3341006", "Right lung"), "Left lung": Code("SCT", "44029006", "Left")}
    results = [
        replace(one, findings=tuple(replace(f, code=codes.get(f.label)) for f in one.findings))
        for one in state.results_here
    ]
    facts = facts_of(state, results, NOW)
    opinions = compare_all(results)
    assert [one.structure for one in facts.compared] == [one.structure for one in opinions]
    assert {one.structure for one in opinions} == {"Right lung", "Left lung"}
    rows = list(csv.DictReader(StringIO(csv_bytes(facts).decode("utf-8-sig"), newline="")))
    told = [row for row in rows if row["source"] == "comparison"]
    assert [(row["finding"], row["name"], row["value"]) for row in told] == [
        line
        for one in opinions
        for line in (
            (one.structure, "Dice", f"{one.dice:.3f}"),
            (one.structure, "Difference", f"{one.difference_percent:.1f}"),
        )
    ]
    assert all("Neither is taken for right." in row["text"] for row in told)
    assert all(row["model"] == row["decision"] == "" for row in told)
    report = report_of(facts)
    assert faults(report) == []
    both = [one for one in report["contained"] if one["id"].startswith("comparison-")]
    assert [one["valueString"] for one in both] == [plain(line(one)) for one in opinions]
    assert all("device" not in one and len(one["derivedFrom"]) == 3 for one in both)
    table, system = tmp_path / "findings.csv", tmp_path / "findings.fhir.json"
    table.write_bytes(csv_bytes(facts))
    system.write_text(fhir_text(facts), encoding="utf-8")
    assert csv_faults(table, facts) == fhir_faults(system, facts) == ()
    without = replace(facts, compared=())
    assert csv_faults(table, without) != ()
    assert fhir_faults(system, without) != ()


def test_that_a_lost_threshold_of_the_reader_is_found(written: tuple[Path, Facts]) -> None:
    folder, facts = written
    own = OwnThreshold(0.6, "Reader's threshold 0.60.")
    facts = replace(facts, found=(replace(facts.found[0], own=own), *facts.found[1:]))
    assert "threshold" in csv_faults(folder / "findings.csv", facts)[0]
    assert "threshold" in fhir_faults(folder / "findings.fhir.json", facts)[0]


def test_that_a_run_without_findings_stands_in_the_table_and_is_missed_where_not(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=7, columns=11)
    state = read_session(tmp_path / "in").state
    none = replace(state.results_here[0], state=ResultState.NOTHING_FOUND, findings=())
    facts = facts_of(state, [none], NOW)
    table = tmp_path / "findings.csv"
    table.write_bytes(csv_bytes(facts))
    assert csv_faults(table, facts) == ()
    table.write_bytes(csv_bytes(replace(facts, runs=())))
    assert csv_faults(table, facts) == ("A run without findings is missing in the table.",)
