"""A result and its decisions become evidence without a word lost, and nothing is said that nobody said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from medviewer.ai.findings import AnalysisResult, Code, Finding, Measurement, ResultState
from medviewer.dicom.evidence.concepts import (
    ACCEPTED,
    LEFT,
    MODIFIED,
    NOT_REVIEWED,
    PROBABILITY,
    REJECTED,
    REPLACED,
    SCORE,
)
from medviewer.dicom.evidence.derived import write_object
from medviewer.dicom.evidence.facts import Person
from medviewer.dicom.evidence.seg_check import segmentation_faults
from medviewer.dicom.evidence.seg_writer import segmentation
from medviewer.dicom.evidence.sr_check import report_faults
from medviewer.dicom.evidence.sr_writer import report
from medviewer.dicom.evidence.written_segments import segments_of
from medviewer.imaging.volume import Mask
from medviewer.review.evidence import evidence
from medviewer.review.state import Decision, Verdict
from tests.dicom.evidence.makers import new_seg, new_sr, origin_of
from tests.dicom.scanned import only
from tests.review import edited
from tests.review.makers import make_findings, make_mask, make_series, provenance


def _result(*findings: Finding) -> AnalysisResult:
    series = make_series()
    return AnalysisResult(ResultState.FINDINGS, series.key, "P1", provenance(), findings or make_findings())


def test_that_every_finding_becomes_an_observation_and_every_mask_one_region() -> None:
    result = _result()
    made = evidence(result, make_series(), {})
    assert len(made.observations) == len(result.findings)
    names = {f.mask.name for f in result.findings if f.mask is not None}
    assert {r.tracking.id for r in made.regions} == names
    tracked = {r.tracking.uid for r in made.regions}
    assert {o.region for o in made.observations if o.region} == tracked


def test_that_tracking_uids_follow_from_the_run() -> None:
    first, again = (evidence(_result(), make_series(), {}) for _ in range(2))
    assert [r.tracking for r in first.regions] == [r.tracking for r in again.regions]
    later = replace(_result(), provenance=provenance(started="2026-11-22T10:12:00+00:00"))
    other = evidence(later, make_series(), {})
    assert {r.tracking.uid for r in other.regions}.isdisjoint(r.tracking.uid for r in first.regions)


def test_that_decisions_stand_beside_the_findings() -> None:
    findings = make_findings()[:3]
    yes, no = (findings[k].id for k in (0, 1))
    decisions = {
        yes: Decision(yes, Verdict.ACCEPTED),
        no: Decision(no, Verdict.REJECTED, reason="breathing artefact"),
    }
    made = evidence(_result(*findings), make_series(), decisions, reader=Person("Doe^Jane"))
    said = [o.evaluations[0].value for o in made.observations]
    assert said == [ACCEPTED, REJECTED, NOT_REVIEWED][: len(findings)]
    assert "Reader's reason: breathing artefact" in made.observations[1].remarks
    assert made.observer == Person("Doe^Jane")


def test_that_a_finding_keeps_its_sentence_figures_and_range() -> None:
    mask = make_mask(1, "left_lung", slice(28, 40))
    finding = Finding(
        "a", "Left lung", "Left lung of 2 L.", code=Code("SCT", "44029006", "Left lung"), mask=mask,
        measurements=(
            Measurement("Volume", 2000.0, "mL", (1900.0, 2100.0), "thick slices"),
            Measurement("Mean density", -850.0, "HU"),
            Measurement("LAA-950", 3.5, "%", (4.0, 5.0)),
            Measurement("Perc15", float("nan"), "HU"),
        ),
    )  # fmt: skip
    (seen,) = evidence(_result(finding), make_series(), {}).observations
    volume, density, laa = seen.quantities
    assert (volume.name.value, volume.unit.value) == ("118565006", "mL")
    assert (volume.low, volume.high, volume.note) == (1900.0, 2100.0, "thick slices")
    assert (density.name.value, density.unit.value) == ("112031", "[hnsf'U]")
    assert density.derivation is not None
    assert (laa.name.scheme, laa.name.meaning, laa.low) == ("99MEDVIEWER", "LAA-950", None)
    assert seen.remarks == ("Left lung of 2 L.", "Perc15: could not be measured")


def test_that_only_a_calibrated_score_is_called_a_probability() -> None:
    score = Finding(
        "a", "Pneumonia", "x", score=0.75, score_meaning="Among children of two to five", is_calibrated=True
    )
    series = make_series(slices=1)
    (seen,) = evidence(_result(score), series, {}).observations
    assert (seen.quantities[0].name, seen.quantities[0].value) == (PROBABILITY, 0.75)
    assert seen.images == ((series.instances[0].sop_uid, 0),)
    words = "Calibrated probability: not yet measured"  # what is said of it makes no score a probability
    raw_score = replace(score, score_meaning=words, is_calibrated=False)
    (raw,) = evidence(_result(raw_score), series, {}).observations
    assert raw.quantities[0].name == SCORE


def test_that_a_modified_finding_is_told_twice_each_under_its_own_name() -> None:
    """Never the model's figures or outline as the reader's, nor the other way round."""
    session = edited.session_with()
    session.modify("right", edited.smaller())
    state = session.state
    made = evidence(state.results[0], make_series(), state.decisions)
    (own,), (theirs,) = made.regions, made.modified
    assert (own.edited, theirs.edited) == (False, True)
    assert own.mask is edited.LUNG
    assert np.array_equal(theirs.mask.full(), edited.smaller().full())
    assert own.tracking.uid != theirs.tracking.uid
    assert theirs.source == own.tracking.uid
    models, readers = made.observations
    assert (models.by_reader, readers.by_reader) == (False, True)
    assert (models.region, readers.region) == (own.tracking.uid, theirs.tracking.uid)
    assert [o.evaluations[0].value for o in (models, readers)] == [REPLACED, MODIFIED]
    assert [round(q.value, 1) for q in models.quantities] == [3.7, -850.0, 9.6]
    assert [round(q.value, 1) for q in readers.quantities] == [1.2, -850.0]
    assert all(q.low is None and q.high is None for q in readers.quantities)
    said = " ".join(readers.remarks)
    assert "Modified by reader01" in said
    assert own.tracking.uid in said
    assert edited.finding().sentence not in said


def test_that_a_side_told_by_the_card_reaches_region_and_observation() -> None:
    mask = make_mask(1, "left_thalamus", slice(28, 40))
    finding = Finding("a", "Thalamus", "x", code=Code("SCT", "42695009", "Thalamus"), mask=mask)
    sides = {"left_thalamus": Code("SCT", "7771000", "Left")}
    made = evidence(_result(finding), make_series(), {}, sides=sides)
    assert made.regions[0].laterality == made.observations[0].laterality == LEFT


def test_that_what_was_found_is_written_and_reads_back_with_the_readers_own_words(
    series: Path, tmp_path: Path
) -> None:
    """From a result to the files: odd characters, two findings on one outline, a name as people type it."""
    stack = only(series)
    full = np.zeros((10, 16, 12), bool)
    full[2:7, 3:9, 2:11] = True
    mask = Mask.from_full(1, "left_lung", full, stack.geometry)
    code = Code("SCT", "44029006", "Left lung")
    findings = (
        Finding("a", "Left lung", "Volume 1 L \u2212 a\u200db\nc.", code=code, mask=mask, key_slice=3,
                measurements=(Measurement("Volume", 1 / 3, "mL", (0.1, 0.7)),)),
        Finding("b", "Low attenuation (LAA\u2212950)", "9.6 %.", mask=mask,
                measurements=(Measurement("LAA-950, right upper zone", 9.6, "%"),)),
        Finding("c", "No nodule", "None.", score=0.25, score_meaning="Score", threshold=0.5),
    )  # fmt: skip
    result = replace(_result(*findings), provenance=provenance(series_uid=stack.uid))
    said = {"b": Decision("b", Verdict.REJECTED, reason="Beam  hardening")}
    made = evidence(result, stack, said, reader=Person("Dr. Jane  Doe", "Ward"))
    origin = origin_of(stack)
    seg = segmentation(origin, stack, made, new_seg())
    seg_path = write_object(seg, tmp_path / "seg.dcm")
    sr_path = write_object(report(origin, stack, made, new_sr(), segments_of(seg)), tmp_path / "sr.dcm")
    assert segmentation_faults(seg_path, stack, made) == ()
    assert report_faults(sr_path, stack, made, seg_path) == ()
    assert len(seg.SegmentSequence) == 1


def test_that_a_figure_has_the_decimals_it_is_shown_with() -> None:
    told = Measurement("Volume", 1234.5678, "mL", (1199.96, 1300.04), decimals=1)
    finding = Finding(
        "a", "Left lung", "x", measurements=(told, Measurement("LAA-950", -0.01, "%", decimals=0))
    )
    (seen,) = evidence(_result(finding), make_series(), {}).observations
    assert [(q.value, q.low, q.high) for q in seen.quantities] == [
        (1234.6, 1200.0, 1300.0),
        (0.0, None, None),
    ]
    assert str(seen.quantities[1].value) == "0.0"
