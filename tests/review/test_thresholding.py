"""The reader's threshold: beside the machine's, of one version of one model, with undo, audit and report."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from medviewer.ai.findings import AnalysisResult, Finding, OperatingPoint, ResultState, UnsureSlice
from medviewer.errors import UsageError
from medviewer.review import report
from medviewer.review.audit import Audit
from medviewer.review.export_build import facts_of
from medviewer.review.export_csv import csv_bytes
from medviewer.review.export_fhir import fhir_text, report_of
from medviewer.review.report_words import score_note, unsure_note
from medviewer.review.result_json import report_dict, result_dict
from medviewer.review.session import Session
from medviewer.review.state import Change
from medviewer.review.thresholding import cost_words, point_at, reading_words, threshold_of, threshold_text
from tests.review.fhir_rules import faults
from tests.review.makers import FIRST, NOW, clock, make_scan, make_series, provenance

DATA = "476 held-out patients"
POINTS = tuple(
    OperatingPoint("pneumonia", t, a, b, (a - 0.01, a + 0.01), (b - 0.02, b + 0.02), 644, 234, DATA)
    for t, a, b in ((0.3, 0.98, 0.9), (0.6, 0.97, 0.95), (0.821, 0.95, 0.97))
)
FINDING = Finding(
    "pneumonia_1",
    "Pneumonia",
    "Pneumonia, image 1: calibrated probability 0.71, below the threshold of 0.82.",
    score=0.71,
    score_meaning="Calibrated probability among children.",
    threshold=0.821,
    key_slice=0,
    is_calibrated=True,
    operating_points=POINTS,
)


def result(version: str = "1.0.0", patient: str = "P1", *findings: Finding) -> AnalysisResult:
    made = provenance(model_id="cxr-pneumonia", model_version=version)
    return AnalysisResult(ResultState.FINDINGS, f"{patient} {FIRST}", patient, made, findings or (FINDING,))


def session_with(audit: Audit | None = None) -> Session:
    session = Session("Dr Test", audit, clock=clock)
    session.open(make_scan(make_series()))
    assert session.state.scan is not None
    series = session.state.scan.all_series()[0]
    session.show(series.key)
    add(session, "1.0.0", FINDING)
    return session


def add(session: Session, version: str, finding: Finding) -> Finding:
    """A finished run of a version; returns its finding under the name the session keeps it by."""
    state = session.state
    assert state.series is not None
    made = replace(result(version, "P1", finding), series_key=state.series.key)
    assert session.add_result(made, session.start_analysis(state.series.key, "cxr-pneumonia"))
    return session.state.results[-1].findings[0]


def test_the_readers_threshold_stands_beside_a_finding_that_stays_as_it_was() -> None:
    session = session_with()
    told: list[Change] = []
    session.subscribe(lambda _, change: told.append(change))
    session.set_threshold(FINDING.id, 0.6)
    own = threshold_of(session.state, FINDING.id)
    assert own is not None
    assert (own.threshold, own.model_threshold) == (0.6, 0.821)
    assert (own.model_id, own.model_version, own.reader) == ("cxr-pneumonia", "1.0.0", "Dr Test")
    assert session.state.findings == (FINDING,)
    assert told == [Change.THRESHOLD]


def test_moves_in_a_row_are_one_step_of_undo_and_the_models_own_takes_it_back() -> None:
    session = session_with()
    for threshold in (0.6, 0.3):
        session.set_threshold(FINDING.id, threshold)
    assert session.undo_name == "threshold of Pneumonia"
    session.undo()
    assert threshold_of(session.state, FINDING.id) is None
    session.redo()
    own = threshold_of(session.state, FINDING.id)
    assert own is not None
    assert own.threshold == 0.3
    session.set_threshold(FINDING.id, 0.821)
    assert session.state.thresholds == ()


def test_only_a_threshold_whose_cost_was_measured_can_be_chosen() -> None:
    session = session_with()
    for wrong in (0.45, 0.61, float("nan")):
        with pytest.raises(UsageError, match="not measured"):
            session.set_threshold(FINDING.id, wrong)
    with pytest.raises(UsageError, match="no such finding"):
        session.set_threshold("other", 0.6)
    assert session.state.thresholds == ()


def test_another_version_of_the_model_begins_at_its_own_threshold() -> None:
    session = session_with()
    session.set_threshold(FINDING.id, 0.6)
    newer = add(session, "2.0.0", FINDING)
    assert threshold_of(session.state, newer.id) is None
    again = add(session, "1.0.0", FINDING)
    own = threshold_of(session.state, again.id)
    assert own is not None
    assert own.threshold == 0.6


def test_another_patients_finding_is_refused_and_undo_does_not_reach_it() -> None:
    session = session_with()
    session.set_threshold(FINDING.id, 0.6)
    session.open(
        make_scan(make_series("1.2.3.9", patient="P2", study="1.2.9"), patient="P2", name="Roe^Rick")
    )
    assert session.state.scan is not None
    other = next(s for s in session.state.scan.all_series() if s.patient_key == "P2")
    session.show(other.key)
    with pytest.raises(UsageError, match="another patient"):
        session.set_threshold(FINDING.id, 0.3)
    assert not session.undo()
    assert len(session.state.thresholds) == 1


def test_the_audit_tells_who_moved_which_threshold_of_which_version(tmp_path: Path) -> None:
    session = session_with(Audit(tmp_path / "audit.jsonl", clock))
    session.set_threshold(FINDING.id, 0.6)
    session.undo()
    acts = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    moved = next(act for act in acts if act["action"] == "threshold")
    assert (moved["model"], moved["threshold"], moved["models_own"]) == ("cxr-pneumonia 1.0.0", 0.6, 0.821)
    assert moved["reader"] == "Dr Test"
    undone = next(act for act in acts if act["action"] == "undo")
    assert undone["thresholds"] == {}


def test_the_report_tells_both_thresholds_and_what_the_readers_costs() -> None:
    session = session_with()
    session.set_threshold(FINDING.id, 0.6)
    session.accept(FINDING.id)
    made = report.build(session.state, now=NOW, app_version="0.1.0")
    assert made.sentences[0].text.startswith(FINDING.sentence)
    said = "Reader's threshold 0.60 (model's 0.821), at or above: pneumonia likely."
    assert said in made.sentences[0].text
    note = next(n for n in made.rows[0].notes if n.startswith("Reader's threshold"))
    assert "sensitivity 97.0\u2009% (96.0 to 98.0), n = 644" in note
    assert DATA in note
    data = report_dict(made)
    (kept,) = data["reader_thresholds"]
    assert (kept["threshold"], kept["model_threshold"], kept["model_version"]) == (0.6, 0.821, "1.0.0")
    assert "patient_key" not in kept
    assert data["result"]["findings"][0]["threshold"] == 0.821


def test_table_and_fhir_report_tell_both_thresholds_and_who_moved_it() -> None:
    session = session_with()
    (finding,) = session.state.findings
    session.set_threshold(finding.id, 0.6)
    told = facts_of(session.state, session.state.results_here, NOW)
    (row,) = csv.DictReader(StringIO(csv_bytes(told).decode("utf-8-sig"), newline=""))
    assert (row["score"], row["threshold"], row["reader_threshold"]) == ("0.71", "0.821", "0.6")
    words = "Reader's threshold 0.60 (model's 0.821), at or above: pneumonia likely."
    assert row["remarks"].startswith(f"{words} It costs: sensitivity 97.0")
    assert "Set by Dr Test, 2026-11-21T10:14:00+00:00." in row["remarks"]
    (one,) = (o for o in report_of(told)["contained"] if o["resourceType"] == "Observation")
    numbers = [(p["code"]["text"], p["valueQuantity"]["value"]) for p in one["component"][:-1]]
    assert numbers == [
        ("Score of the model (Calibrated probability among children.)", 0.71),
        ("Threshold of the model", 0.821),
        ("Threshold set by the reader", 0.6),
    ]
    assert one["note"][0]["text"].startswith(words)
    assert faults(report_of(told)) == []


def test_without_a_move_table_and_fhir_report_say_nothing_of_a_reader() -> None:
    session = session_with()
    told = facts_of(session.state, session.state.results_here, NOW)
    assert "eader's threshold" not in csv_bytes(told).decode() + fhir_text(told)
    assert "set by the reader" not in fhir_text(told)


def test_without_a_move_the_report_says_nothing_of_a_reader() -> None:
    made = report.build(session_with().state, now=NOW, app_version="0.1.0")
    assert report_dict(made)["reader_thresholds"] == []
    assert not any("Reader's" in note for note in made.rows[0].notes)


def test_the_result_file_says_what_the_score_is_and_what_thresholds_cost() -> None:
    listed = replace(FINDING, unsure=(UnsureSlice(4, 0.26), UnsureSlice(1, float("inf"))))
    (finding,) = result_dict(result("1.0.0", "P1", listed))["findings"]
    assert finding["score_kind"] == "calibrated probability"
    assert finding["operating_points"][1]["sensitivity_range"] == [0.96, 0.98]
    assert finding["unsure_slices"] == [{"slice": 4, "doubt": 0.26}, {"slice": 1, "doubt": None}]
    (plain,) = result_dict(result("1.0.0", "P1", replace(FINDING, is_calibrated=False)))["findings"]
    assert plain["score_kind"] == "operating point"
    json.dumps(finding, allow_nan=False)


def test_the_kind_of_number_is_said() -> None:
    assert score_note(FINDING).startswith("Calibrated probability 0.71")
    assert score_note(replace(FINDING, is_calibrated=False)).startswith("Score at an operating point 0.71")


def test_the_least_sure_slices_are_told() -> None:
    listed = replace(FINDING, unsure=(UnsureSlice(6, 0.26), UnsureSlice(1, float("inf"))))
    assert unsure_note(listed) == "Least sure: image 7 (varies by 26\u2009%), image 2 (not in every copy)."
    assert unsure_note(FINDING) == ""


def test_below_a_threshold_nothing_is_ruled_out() -> None:
    assert reading_words(FINDING, 0.71) == "at or above: pneumonia likely"
    assert reading_words(FINDING, 0.821) == "below: pneumonia not called, not ruled out"


def test_figures_without_intervals_are_told_without() -> None:
    bare = OperatingPoint("pneumonia", 0.5, 0.9, 0.8)
    assert cost_words(bare) == ("90.0\u2009%", "80.0\u2009%")
    assert point_at(FINDING, 0.5) is None
    assert (threshold_text(0.6), threshold_text(0.821)) == ("0.60", "0.821")
