"""Tables, FHIR and reports of a modified finding: figures of the reader, and those of the model beside."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from medviewer.review.evidence import evidence
from medviewer.review.export_build import facts_of
from medviewer.review.export_csv import csv_bytes
from medviewer.review.export_fhir import report_of
from medviewer.review.pack_tables import csv_faults, csv_part, fhir_faults, fhir_part
from medviewer.review.report import Report, build
from medviewer.review.report_html import html_text
from medviewer.review.report_pdf import pdf_bytes
from medviewer.review.result_json import report_dict
from medviewer.review.session import Session
from tests.review.edited import finding, outline, session_with, smaller
from tests.review.fhir_rules import faults
from tests.review.makers import NOW, make_findings, make_series

READERS, MODELS = "1.2", "3.7"
"""Volumes as they are shown: of two slices, and of all six."""


def session() -> Session:
    """A lung modified, another one accepted as it was found."""
    made = session_with(finding(), make_findings()[2])
    made.modify("right", smaller())
    made.accept("left")
    return made


def report(made: Session) -> Report:
    return build(made.state, now=NOW, app_version="0.1.0")


def rows(made: Session) -> list[dict[str, str]]:
    text = csv_bytes(facts_of(made.state, made.state.results_here, NOW)).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def test_that_the_table_tells_both_apart() -> None:
    told = [(r["id"], r["source"], r["name"], r["value"], r["decision"]) for r in rows(session())]
    modified, replaced = "modified by the reader", "the model's own, replaced by the reader's"
    assert [t for t in told if t[0].startswith("right")] == [
        ("right", "AI", "Volume", MODELS, replaced),
        ("right", "AI", "Mean density", "-850", replaced),
        ("right", "AI", "LAA-950", "9.6", replaced),
        ("right_modified", "AI, modified by the reader", "Volume", READERS, modified),
        ("right_modified", "AI, modified by the reader", "Mean density", "-850", modified),
    ]
    theirs = [r for r in rows(session()) if r["id"] == "right_modified"]
    assert {r["range_low"] for r in theirs} == {""}
    assert {(r["reader"], r["time"]) for r in theirs} == {("reader01", NOW.isoformat())}


def observations(made: Session) -> list[dict[str, Any]]:
    told = report_of(facts_of(made.state, made.state.results_here, NOW))
    assert faults(told) == []
    return [one for one in told["contained"] if one["resourceType"] == "Observation"]


def test_that_the_models_own_is_withdrawn_in_fhir_and_the_readers_is_of_no_device() -> None:
    models, readers, left = observations(session())
    assert [o["status"] for o in (models, readers, left)] == [
        "entered-in-error",
        "preliminary",
        "preliminary",
    ]
    assert "device" in models
    assert "device" not in readers
    assert readers["derivedFrom"][0] == {"reference": "#finding-1"}
    assert "modified by the reader" in readers["valueString"]
    assert readers["component"][0]["valueQuantity"]["value"] == float(READERS)
    told = report_of(facts_of(session().state, session().state.results_here, NOW))
    assert READERS in told["conclusion"]
    assert MODELS not in told["conclusion"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"AI, modified by the reader"', "AI", "its decision is another"),
        ("right_modified", "right", "its decision is another"),
        (f"Volume,{READERS}", f"Volume,{MODELS}", "A figure of the table"),
    ],
)
def test_that_a_table_that_mixes_them_up_is_found(tmp_path: Path, old: str, new: str, words: str) -> None:
    state = session().state
    part, path = csv_part(state, NOW), tmp_path / "findings.csv"
    text = part.write(frozenset()).decode()
    path.write_text(text, encoding="utf-8", newline="")
    assert tuple(part.check(path)) == ()
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")
    assert any(words in fault for fault in csv_faults(path, facts_of(state, state.results_here, NOW)))


def test_that_a_fhir_report_that_mixes_them_up_is_found(tmp_path: Path) -> None:
    state = session().state
    part, path = fhir_part(state, NOW), tmp_path / "findings.fhir.json"
    path.write_bytes(part.write(frozenset()))
    assert tuple(part.check(path)) == ()
    told = json.loads(path.read_text(encoding="utf-8"))
    told["contained"][0]["status"], told["contained"][1]["status"] = "preliminary", "entered-in-error"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert any("told as true" in f for f in fhir_faults(path, facts_of(state, state.results_here, NOW)))


def test_that_the_report_tells_the_readers_figures_with_the_models_beside() -> None:
    made = report(session())
    row = made.rows[0]
    assert (row.verdict, row.decision, row.decided.split(",")[0]) == (
        "modified",
        "modified by the reader",
        "reader01",
    )
    assert [(line.name, line.value.replace("\u2009", " ")) for line in row.lines] == [
        ("Volume", f"{READERS} mL"),
        ("Mean density", "−850 HU"),
    ]
    assert "outline modified by the reader" in row.criterion
    assert row.notes[0].startswith("The model's own: volume 3.7")
    assert not any("Least sure" in note for note in row.notes)
    (sentence, other) = (s.text.replace("\u2009", " ") for s in made.sentences)
    assert (
        sentence == f"Right lung, outline modified by the reader: volume {READERS} mL, mean density −850 HU."
    )
    assert other == "Left lung 2,204 mL."


def test_that_every_form_of_the_report_says_so() -> None:
    made = report(session())
    pdf = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf_bytes(made))).pages)
    for text in (pdf, html_text(made)):
        plain = " ".join(text.replace("\u2009", " ").replace("\xa0", " ").split())
        assert "modified by the reader" in plain
        assert "The model's own" in plain.replace("&#x27;", "'")
    told = report_dict(made)
    assert told["rows"][0]["verdict"] == "modified"
    assert told["result"]["findings"][0]["measurements"][0]["value"] == pytest.approx(3.6864)


def test_that_pictures_show_the_readers_outline_and_name_it() -> None:
    before = report(session_with(finding(), make_findings()[2]))
    after = report(session())
    names = {line.name for figure in after.figures for line in figure.legend}
    assert "right lung (modified by the reader)" in {name.lower() for name in names}
    assert "right lung" not in {name.lower() for name in names}
    assert not np.array_equal(before.figures[0].rgb, after.figures[0].rgb)


def test_that_no_caption_gives_the_readers_outline_to_the_model() -> None:
    by = "Outlined by lung-ct 1.0.0"
    assert {f.caption.rpartition(". ")[2] for f in report(session()).figures} == {
        f"{by}, in part modified by the reader."
    }
    alone = session_with(finding())
    assert all(f.caption.endswith(f"{by}.") for f in report(alone).figures)
    alone.modify("right", smaller())
    assert all(f.caption.endswith(f"{by}, modified by the reader.") for f in report(alone).figures)


def test_that_two_outlines_made_of_one_are_both_drawn() -> None:
    """Two findings stand on one outline of the model; the reader gave each its own."""
    made = session_with(finding("one"), finding("two"))
    made.modify("one", smaller())
    before = report(made).figures[0]
    made.modify("two", outline((1, 30, 40)))
    after = report(made).figures[0]
    assert len(after.legend) == 2
    assert not np.array_equal(before.rgb, after.rgb)


def test_that_every_export_says_that_other_findings_were_not_measured_anew() -> None:
    made = session()
    said = "Right lung: modified by the reader. The model's other findings stand on its own outlines."
    assert said in report(made).notices
    assert [said in r["remarks"] for r in rows(made) if r["id"] == "left"] == [True, True]
    assert not any(said in r["remarks"] for r in rows(made) if r["id"] != "left")
    notes = [[note["text"] for note in one["note"]] for one in observations(made)]
    assert [said in texts for texts in notes] == [False, False, True]
    state = made.state
    told = evidence(state.results[0], make_series(), state.decisions)
    assert [said in one.remarks for one in told.observations] == [False, False, True]


def test_that_taken_back_nothing_of_it_is_left() -> None:
    made = session()
    made.reset("right")
    assert not any("modified" in text for r in rows(made) for text in r.values())
    assert len(observations(made)) == 2
    assert report(made).rows[0].lines[0].value.replace("\u2009", " ") == "3.7 mL"
