"""A table or FHIR report that says something else than was measured is found when it is read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from medviewer.review.export_build import facts_of
from medviewer.review.export_facts import Facts
from medviewer.review.pack_tables import csv_faults, csv_part, fhir_faults, fhir_part
from tests.factories import make_ct_series
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
