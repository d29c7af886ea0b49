"""The FHIR report: held to the rules of FHIR R4, and to what the reader decided."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.ai.findings import Notice, ResultState
from medviewer.review.export_build import facts_of, subject_of
from medviewer.review.export_facts import Facts, Subject
from medviewer.review.export_fhir import fhir_text, report_of
from tests.review.exports import facts, worked
from tests.review.fhir_rules import faults
from tests.review.makers import NOW, make_result

JANE = Subject("ID-77", "Doe^Jane^Mary^Dr^Jr=山田^花子", "19490101", "F")


def observations(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in report["contained"] if one["resourceType"] == "Observation"}


def test_that_the_report_keeps_every_rule() -> None:
    told = facts(worked())
    assert faults(json.loads(fhir_text(told))) == []
    assert faults(json.loads(fhir_text(told, JANE))) == []
    assert faults(report_of(Facts("1.2.3", "CT", told.generated, "1"))) == []


def test_that_it_is_preliminary_whatever_was_decided() -> None:
    session = worked()
    for finding in session.state.findings:
        session.accept(finding.id)
    report = report_of(facts(session))
    assert report["status"] == "preliminary"
    assert {one["status"] for one in observations(report).values()} == {"preliminary"}


def test_that_a_rejected_finding_is_taken_for_true_by_nobody() -> None:
    found = observations(report_of(facts(worked())))
    assert [found[f"finding-{k}"]["status"] for k in (1, 2, 3)] == [
        "preliminary",
        "preliminary",
        "entered-in-error",
    ]
    notes = [note["text"] for note in found["finding-3"]["note"]]
    assert "Reason: a pleural effusion, not lung" in notes
    conclusion = report_of(facts(worked()))["conclusion"]
    assert "Right lung 2,643 mL." in conclusion
    assert "Left lung" not in conclusion
    assert "1 finding of a model was not reviewed." in conclusion
    assert conclusion.startswith("Research use. Not for diagnostic use.")


def test_that_numbers_and_codes_are_those_of_the_finding() -> None:
    right = observations(report_of(facts(worked())))["finding-2"]
    assert right["code"]["coding"] == [
        {"system": "http://snomed.info/sct", "code": "3341006", "display": "Right lung"}
    ]
    value, spread, decision = right["component"]
    assert value["valueQuantity"] == {
        "value": 2643,
        "unit": "mL",
        "system": "http://unitsofmeasure.org",
        "code": "mL",
    }
    assert (spread["valueRange"]["low"]["value"], spread["valueRange"]["high"]["value"]) == (2611, 2675)
    assert decision["valueCodeableConcept"] == {"text": "accepted"}
    assert right["derivedFrom"][0]["identifier"] == {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
    assert right["derivedFrom"][1]["identifier"]["value"] == "urn:oid:1.2.3.1.2"


def test_that_the_model_stands_behind_its_findings_and_the_reader_behind_theirs() -> None:
    report = report_of(facts(worked()))
    (device,) = (one for one in report["contained"] if one["resourceType"] == "Device")
    assert (device["modelNumber"], device["version"]) == ("lung-ct", [{"value": "1.0.0"}])
    found = observations(report)
    assert {one.get("device", {}).get("reference") for k, one in found.items() if k[0] == "f"} == {"#model-1"}
    assert all("device" not in one for k, one in found.items() if k[0] == "m")
    assert found["measurement-1"]["performer"] == [{"display": "reader01"}]
    assert found["measurement-1"]["component"][0]["valueQuantity"]["value"] == 23.4


def test_that_the_patient_is_named_only_where_it_was_asked_for() -> None:
    session = worked()
    assert session.state.patient is not None
    without = fhir_text(facts(session))
    assert not any(word in without for word in ("Doe", "ID-77", "1949", "subject"))
    report = report_of(facts(session), JANE)
    (patient,) = (one for one in report["contained"] if one["resourceType"] == "Patient")
    assert patient["name"][0] == {
        "text": "Doe, Dr Jane Mary, Jr (山田 花子)",
        "family": "Doe",
        "given": ["Jane", "Mary"],
        "prefix": ["Dr"],
        "suffix": ["Jr"],
    }
    assert (patient["birthDate"], patient["gender"]) == ("1949-01-01", "female")
    assert patient["identifier"] == [{"value": "ID-77"}]
    assert report["subject"] == {"reference": "#patient"}
    assert subject_of(session.state.patient).id == "ID-77"


def test_that_a_run_without_findings_does_not_read_as_normal() -> None:
    failed = make_result(ResultState.FAILED, reasons=(Notice("X", "No lung was found."),))
    report = report_of(facts_of(worked().state, [failed], NOW))
    assert "lung-ct 1.0.0: failed. No lung was found." in report["conclusion"]
    assert "lung-ct 1.0.0: failed." in report["text"]["div"]
    assert faults(report) == []


@given(st.text())
def test_that_any_words_are_harmless(text: str) -> None:
    told = facts(worked())
    found = replace(told.found[0], label=text, sentence=text, criterion=text, remarks=(text,))
    report = report_of(
        replace(told, found=(found,), impression=text, title=text), Subject(text, text, text, text)
    )
    again = json.loads(json.dumps(report))
    assert faults(again) == []


def gone(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(report: dict[str, Any]) -> None:
        at: Any = report
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]

    return change


def becomes(value: Any, *path: Any) -> Callable[[dict[str, Any]], None]:
    def change(report: dict[str, Any]) -> None:
        at: Any = report
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        gone("status"),
        gone("code"),
        gone("issued"),
        gone("text"),
        gone("contained", 0, "status"),
        gone("contained", 0, "code"),
        gone("contained", 0, "component", 0, "valueQuantity"),
        becomes("done", "status"),
        becomes("#nobody", "result", 0, "reference"),
        becomes("#model-1", "result", 0, "reference"),
        becomes([], "result"),
        becomes("mg", "contained", 0, "component", 0, "valueQuantity", "code"),
        becomes("http://example.org", "contained", 1, "code", "coding", 0, "system"),
        becomes("1.2.3", "imagingStudy", 0, "identifier", "value"),
        becomes("x y", "contained", 0, "id"),
        becomes("yes", "finalised"),
        becomes("2026-11-21", "issued"),
    ],
)
def test_that_the_rules_find_what_is_wrong(change: Callable[[dict[str, Any]], None]) -> None:
    report = copy.deepcopy(report_of(facts(worked())))
    change(report)
    assert faults(report) != []
