"""A report object says what was found, by whom, and that nobody has verified it until somebody has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.concepts import ACCEPTED, DECISION, unit
from medviewer.dicom.evidence.derived import write_object
from medviewer.dicom.evidence.facts import Evaluation, Evidence, Person
from medviewer.dicom.evidence.seg_writer import segmentation
from medviewer.dicom.evidence.sr_check import report_faults
from medviewer.dicom.evidence.sr_writer import report, verified
from medviewer.dicom.evidence.written_segments import segments_of
from medviewer.dicom.study import Series
from medviewer.errors import UsageError
from tests.dicom.evidence.makers import WHEN, evidence_of, new_seg, new_sr, origin_of
from tests.dicom.evidence.validators import document, entity_errors, iod_errors
from tests.dicom.scanned import only
from tests.factories import make_x_ray

JANE = Person("Doe^Jane", "Ward 1")


def _pair(series: Series, evidence: Evidence) -> tuple[Dataset, Dataset]:
    origin = origin_of(series)
    seg = segmentation(origin, series, evidence, new_seg())
    return seg, report(origin, series, evidence, new_sr(), segments_of(seg))


def _all_accepted(evidence: Evidence) -> Evidence:
    yes = (Evaluation(DECISION, ACCEPTED),)
    return replace(evidence, observations=tuple(replace(o, evaluations=yes) for o in evidence.observations))


def test_that_validators_find_no_error_and_the_objects_agree(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    evidence = evidence_of(stack, observer=JANE)
    seg, sr = _pair(stack, evidence)
    paths = [write_object(seg, tmp_path / "seg.dcm"), write_object(sr, tmp_path / "sr.dcm")]
    assert iod_errors(paths[1]) == []
    assert entity_errors([stack.instances[0].path, *paths]) == []
    assert report_faults(paths[1], stack, evidence, paths[0]) == ()
    words = document(paths[1])
    for expected in ("UNVERIFIED", "1234.5678", "mL", "Doe^Jane", "Artificial Intelligence", "left lung"):
        assert expected in words


def test_that_highdicom_finds_the_groups_by_their_tracking_uid(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    evidence = evidence_of(stack)
    seg, sr = _pair(stack, evidence)
    read = hd.sr.srread(write_object(sr, tmp_path / "sr.dcm"))
    uid = evidence.regions[0].tracking.uid
    (group,) = read.content.get_volumetric_roi_measurement_groups(tracking_uid=uid)
    volume, density = group.get_measurements()
    assert (volume.value, volume.unit.value) == (1234.5678, "mL")
    assert (density.value, density.unit.value) == (-812.0, "[hnsf'U]")
    outline = group.referenced_segment
    assert outline.referenced_sop_instance_uid == seg.SOPInstanceUID
    number = outline[0].referenced_segment_numbers[0]
    assert uid == seg.SegmentSequence[number - 1].TrackingUID
    (lone,) = read.content.get_image_measurement_groups(tracking_uid=evidence.observations[2].tracking.uid)
    assert lone.finding_type.value == "233604007"


def test_that_it_is_unverified_partial_and_for_research(series: Path) -> None:
    stack = only(series)
    _, sr = _pair(stack, evidence_of(stack))
    flags = (sr.CompletionFlag, sr.PreliminaryFlag, sr.VerificationFlag, sr.ContentQualification)
    assert flags == ("PARTIAL", "PRELIMINARY", "UNVERIFIED", "RESEARCH")


def test_that_a_named_person_verifies_into_a_new_document(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    evidence = _all_accepted(evidence_of(stack, observer=JANE))
    seg, sr = _pair(stack, evidence)
    before = sr.SOPInstanceUID
    done = verified(sr, JANE, WHEN)
    assert (sr.SOPInstanceUID, sr.VerificationFlag) == (before, "UNVERIFIED")
    assert (done.VerificationFlag, done.CompletionFlag, done.PreliminaryFlag) == (
        "VERIFIED", "COMPLETE", "FINAL",
    )  # fmt: skip
    assert str(done.VerifyingObserverSequence[0].VerifyingObserverName) == "Doe^Jane"
    followed = done.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert followed.ReferencedSOPInstanceUID == before != done.SOPInstanceUID
    paths = [write_object(seg, tmp_path / "seg.dcm"), write_object(done, tmp_path / "sr.dcm")]
    assert iod_errors(paths[1]) == []
    assert report_faults(paths[1], stack, evidence, paths[0]) == ()


def test_that_nobody_verifies_what_was_not_reviewed(series: Path) -> None:
    stack = only(series)
    _, sr = _pair(stack, evidence_of(stack))
    with pytest.raises(UsageError, match="not been reviewed"):
        verified(sr, JANE, WHEN)


@pytest.mark.parametrize("person", [Person("", "Ward"), Person("^", "Ward"), Person("Doe^Jane", " ")])
def test_that_nobody_without_name_and_organisation_verifies(person: Person, series: Path) -> None:
    stack = only(series)
    _, sr = _pair(stack, _all_accepted(evidence_of(stack)))
    with pytest.raises(UsageError, match="named person"):
        verified(sr, person, WHEN)


def test_that_no_finding_makes_no_report(series: Path) -> None:
    stack = only(series)
    with pytest.raises(UsageError, match="no finding"):
        report(origin_of(stack), stack, replace(evidence_of(stack), observations=()), new_sr())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_that_a_figure_that_is_no_number_is_refused(value: float, series: Path) -> None:
    stack = only(series)
    evidence = evidence_of(stack)
    first = evidence.observations[0]
    wrong = replace(first, quantities=(replace(first.quantities[0], value=value, low=None, high=None),))
    with pytest.raises(UsageError, match="no number"):
        report(origin_of(stack), stack, replace(evidence, observations=(wrong,)), new_sr())


def test_that_an_image_that_is_not_there_is_refused(series: Path) -> None:
    stack = only(series)
    evidence = evidence_of(stack)
    wrong = replace(evidence.observations[2], images=(("1.2.3", 0),))
    with pytest.raises(UsageError, match="not among the files"):
        report(origin_of(stack), stack, replace(evidence, observations=(wrong,)), new_sr())


def test_that_every_unit_of_the_window_has_its_code() -> None:
    codes = {shown: unit(shown)[0].value for shown in ("mL", "%", "HU", "", "mm", "cm²", "mm²", "px")}
    assert codes == {
        "mL": "mL", "%": "%", "HU": "[hnsf'U]", "": "1", "mm": "mm", "cm²": "cm2", "mm²": "mm2",
        "px": "{pixels}",
    }  # fmt: skip
    assert unit("mm at detector") == (unit("mm")[0], "mm at detector")
    assert unit("cm² at detector") == (unit("cm²")[0], "cm² at detector")
    assert unit("px²") == (unit("px")[0], "px²")
    with pytest.raises(UsageError, match="UCUM"):
        unit("furlong")


def test_that_a_single_projection_gets_its_report(tmp_path: Path) -> None:
    make_x_ray(tmp_path / "in" / "x.dcm", np.zeros((31, 23), np.uint16))
    series = only(tmp_path / "in")
    evidence = evidence_of(series)
    seg, sr = _pair(series, evidence)
    paths = [write_object(seg, tmp_path / "seg.dcm"), write_object(sr, tmp_path / "sr.dcm")]
    assert iod_errors(paths[1]) == []
    assert report_faults(paths[1], series, evidence, paths[0]) == ()
    assert pydicom.dcmread(paths[1]).SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Doe^Jane", "Doe^Jane"),
        ("Dr. Jane Doe", "Dr. Jane Doe^"),
        ("A\\B=C\x1b", "A B C^"),
        ("", ""),
        ("山田^太郎", "山田^太郎"),
    ],
)
def test_that_a_typed_name_is_one_person_name(typed: str, written: str) -> None:
    assert Person(typed).written == written
