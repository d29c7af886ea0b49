"""Defects that no validator sees (reliability.md, 5.3) are each seen when an object is read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.checked import refuse
from medviewer.dicom.evidence.derived import write_object
from medviewer.dicom.evidence.facts import Person
from medviewer.dicom.evidence.seg_check import segmentation_faults
from medviewer.dicom.evidence.seg_writer import segmentation
from medviewer.dicom.evidence.sr_check import report_faults
from medviewer.dicom.evidence.sr_writer import report
from medviewer.dicom.evidence.written_segments import segments_of
from medviewer.errors import WriteError
from tests.dicom.evidence.makers import evidence_of, new_seg, new_sr, origin_of
from tests.dicom.scanned import only

Twist = Callable[[Dataset], object]


def _shift(ds: Dataset) -> None:
    where = ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0]
    x, y, z = (float(v) for v in where.ImagePositionPatient)
    where.ImagePositionPatient = [x + 0.25, y, z]


def _drop_measures(ds: Dataset) -> None:
    del ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence


def _flip_bit(ds: Dataset) -> None:
    data = bytearray(ds.PixelData)
    data[len(data) // 2] ^= 1
    ds.PixelData = bytes(data)


def _swap_images(ds: Dataset) -> None:
    first, second = ds.PerFrameFunctionalGroupsSequence[0], ds.PerFrameFunctionalGroupsSequence[1]
    first.DerivationImageSequence, second.DerivationImageSequence = (
        second.DerivationImageSequence, first.DerivationImageSequence,
    )  # fmt: skip


def _turn(ds: Dataset) -> None:
    group = ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    group.ImageOrientationPatient = [0, 1, 0, 1, 0, 0]


def _spread(ds: Dataset) -> None:
    ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.5, 0.8]


def _no_tracking(ds: Dataset) -> None:
    del ds.SegmentSequence[0].TrackingID, ds.SegmentSequence[0].TrackingUID


def _mirror(ds: Dataset) -> None:
    kind = ds.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0]
    kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue = "24028007"


def _rename_code(ds: Dataset) -> None:
    ds.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].CodeValue = "39607008"


def _other_weights(ds: Dataset) -> None:
    entry = ds.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    entry.AlgorithmParameters = "weights_sha256=" + "cd" * 32


SEG_DEFECTS: dict[str, tuple[Twist, str]] = {
    "half a voxel aside": (_shift, "lies beside the image"),
    "no pixel measures": (_drop_measures, "no position, orientation or pixel spacing"),
    "no frame of reference": (
        lambda ds: ds.__delattr__("FrameOfReferenceUID"), "in which frame of reference",
    ),
    "another frame of reference": (
        lambda ds: setattr(ds, "FrameOfReferenceUID", "1.2.3"), "another frame of reference",
    ),
    "one bit": (_flip_bit, "voxels of the segmentation are not those"),
    "images swapped": (_swap_images, "lies beside the image"),
    "turned": (_turn, "turned against the image"),
    "spacing swapped": (_spread, "another pixel spacing"),
    "another patient's id": (lambda ds: setattr(ds, "PatientID", "T2"), "another patient's id"),
    "another patient's name": (lambda ds: setattr(ds, "PatientName", "A^B"), "another patient's name"),
    "another birth date": (lambda ds: setattr(ds, "PatientBirthDate", "19710101"), "another birth date"),
    "another study": (lambda ds: setattr(ds, "StudyInstanceUID", "1.2.3"), "another study"),
    "no tracking id": (_no_tracking, "no tracking identifier"),
    "another tracking uid": (
        lambda ds: setattr(ds.SegmentSequence[0], "TrackingUID", "1.2.3"), "another tracking identifier",
    ),
    "another side": (_mirror, "on another side"),
    "another code": (_rename_code, "coded as something else"),
    "other weights": (_other_weights, "does not name the model, version and weights"),
    "a segment gone": (lambda ds: ds.SegmentSequence.pop(), "does not hold the segments"),
    "not research": (lambda ds: ds.__delattr__("ContentQualification"), "for research"),
}  # fmt: skip


@pytest.mark.parametrize("defect", SEG_DEFECTS)
def test_that_a_defect_of_a_segmentation_is_seen(defect: str, series: Path, tmp_path: Path) -> None:
    twist, sentence = SEG_DEFECTS[defect]
    stack = only(series)
    evidence = evidence_of(stack)
    ds = segmentation(origin_of(stack), stack, evidence, new_seg())
    path = write_object(ds, tmp_path / "seg.dcm")
    assert segmentation_faults(path, stack, evidence) == ()
    twist(ds)
    faults = segmentation_faults(write_object(ds, path), stack, evidence)
    assert any(sentence in fault for fault in faults), faults
    with pytest.raises(WriteError, match="read back"):
        refuse(faults)


def _groups(ds: Dataset) -> list[Any]:
    return list(ds.ContentSequence[-1].ContentSequence)


def _child(item: Dataset, value: str) -> Dataset:
    found: list[Dataset] = [
        c for c in item.ContentSequence if c.ConceptNameCodeSequence[0].CodeValue == value
    ]
    return found[0]


def _volume(ds: Dataset) -> Dataset:
    measured: Dataset = _child(_groups(ds)[0], "118565006").MeasuredValueSequence[0]
    return measured


def _wrong_unit(ds: Dataset) -> None:
    _volume(ds).MeasurementUnitsCodeSequence[0].CodeValue = "bogus"


def _other_unit(ds: Dataset) -> None:
    _volume(ds).MeasurementUnitsCodeSequence[0].CodeValue = "mm"


def _drop(value: str) -> Twist:
    def twist(ds: Dataset) -> None:
        group = _groups(ds)[0]
        group.ContentSequence = [
            c for c in group.ContentSequence if c.ConceptNameCodeSequence[0].CodeValue != value
        ]

    return twist


def _drop_group(ds: Dataset) -> None:
    ds.ContentSequence[-1].ContentSequence = _groups(ds)[:-1]


def _decide(ds: Dataset) -> None:
    _child(_groups(ds)[1], "decision").ConceptCodeSequence[0].CodeValue = "accepted"


def _other_segment(ds: Dataset) -> None:
    _child(_groups(ds)[0], "121191").ReferencedSOPSequence[0].ReferencedSegmentNumber = 2


def _other_side(ds: Dataset) -> None:
    _child(_groups(ds)[0], "363698007").ContentSequence[0].ConceptCodeSequence[0].CodeValue = "24028007"


def _absent_image(ds: Dataset) -> None:
    study = ds.CurrentRequestedProcedureEvidenceSequence[0]
    study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3"


def _range(ds: Dataset) -> None:
    upper = _child(_child(_groups(ds)[0], "118565006"), "371886008")
    upper.MeasuredValueSequence[0].NumericValue = "1"


SR_DEFECTS: dict[str, tuple[Twist, str]] = {
    "wrong unit code": (_wrong_unit, "none of UCUM"),
    "another unit": (_other_unit, "another unit than"),
    "another value": (lambda ds: setattr(_volume(ds), "NumericValue", "1234.5679"), "another value"),
    "another range": (_range, "another value"),
    "no figure": (_drop("118565006"), "figure of a finding is missing"),
    "no tracking uid": (_drop("112040"), "no tracking identifier"),
    "no tracking id": (_drop("112039"), "no tracking identifier"),
    "no finding code": (_drop("121071"), "coded as something else"),
    "no outline": (_drop("121191"), "does not refer to its own outline"),
    "another outline": (_other_segment, "does not refer to its own outline"),
    "another side": (_other_side, "another side"),
    "no decision": (_drop("decision"), "decision on a finding is missing"),
    "another decision": (_decide, "decision on a finding is missing, or another"),
    "no sentence": (_drop("121106"), "sentence about a finding"),
    "a finding gone": (_drop_group, "finding is missing"),
    "another patient's id": (lambda ds: setattr(ds, "PatientID", "T2"), "another patient's id"),
    "an image that is not there": (_absent_image, "that are not there"),
    "verified by nobody": (lambda ds: setattr(ds, "VerificationFlag", "VERIFIED"), "nobody who verified"),
    "not research": (lambda ds: ds.__delattr__("ContentQualification"), "for research"),
}


@pytest.mark.parametrize("defect", SR_DEFECTS)
def test_that_a_defect_of_a_report_is_seen(defect: str, series: Path, tmp_path: Path) -> None:
    twist, sentence = SR_DEFECTS[defect]
    stack = only(series)
    evidence = evidence_of(stack, observer=Person("Doe^Jane", "Ward"))
    origin = origin_of(stack)
    seg = segmentation(origin, stack, evidence, new_seg())
    seg_path = write_object(seg, tmp_path / "seg.dcm")
    ds = report(origin, stack, evidence, new_sr(), segments_of(seg))
    path = write_object(ds, tmp_path / "sr.dcm")
    assert report_faults(path, stack, evidence, seg_path) == ()
    twist(ds)
    faults = report_faults(write_object(ds, path), stack, evidence, seg_path)
    assert any(sentence in fault for fault in faults), faults


def test_that_a_report_is_held_against_the_segmentation_itself(series: Path, tmp_path: Path) -> None:
    """Not against what the writer believed: the segments of the file are swapped, the report is not."""
    stack = only(series)
    evidence, origin = evidence_of(stack), origin_of(stack)
    seg = segmentation(origin, stack, evidence, new_seg())
    path = write_object(report(origin, stack, evidence, new_sr(), segments_of(seg)), tmp_path / "sr.dcm")
    first, second = seg.SegmentSequence
    first.TrackingUID, second.TrackingUID = second.TrackingUID, first.TrackingUID
    swapped = write_object(seg, tmp_path / "seg.dcm")
    assert "A finding does not refer to its own outline." in report_faults(path, stack, evidence, swapped)


def test_that_a_cut_file_is_told(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    evidence = evidence_of(stack)
    path = write_object(segmentation(origin_of(stack), stack, evidence, new_seg()), tmp_path / "seg.dcm")
    path.write_bytes(path.read_bytes()[:-40])
    (fault, *_) = segmentation_faults(path, stack, evidence)
    assert "cannot be read" in fault


def test_that_an_unknown_outline_is_no_outline(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    evidence, origin = evidence_of(stack), origin_of(stack)
    path = write_object(report(origin, stack, evidence, new_sr()), tmp_path / "sr.dcm")
    assert report_faults(path, stack, evidence) == ()
    assert pydicom.dcmread(path).PatientID == "T1"
    more = replace(evidence, observations=evidence.observations[:2])
    assert "The report object holds a finding that was not made." in report_faults(path, stack, more)
