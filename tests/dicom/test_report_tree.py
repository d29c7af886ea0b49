"""A structured report reads as its document says: names, values with units, and what it points at."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ImplicitVRLittleEndian

from medviewer.dicom.report_tree import (
    ReportLine,
    place_of,
    places,
    pointed_at,
    read_report,
    target_of,
)
from medviewer.dicom.scan import scan
from tests.dicom.test_walk import nested, with_inserted
from tests.factories import coded, make_ct_series, make_instance, save


def content(kind: str, name: str, *children: Dataset, **facts: object) -> Dataset:
    ds = Dataset()
    ds.RelationshipType, ds.ValueType, ds.ConceptNameCodeSequence = "CONTAINS", kind, coded("1", name, "DCM")
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    if children:
        ds.ContentSequence = Sequence(children)
    return ds


def measured(name: str, digits: str, unit: str, meaning: str, scheme: str = "UCUM") -> Dataset:
    value = Dataset()
    value.NumericValue, value.MeasurementUnitsCodeSequence = digits, coded(unit, meaning, scheme)
    return content("NUM", name, MeasuredValueSequence=Sequence([value]))


def image(uid: str) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid
    return content("IMAGE", "Source", ReferencedSOPSequence=Sequence([reference]))


def write_report(path: Path, *items: Dataset, syntax: str = "") -> Path:
    ds = make_instance(700)
    del ds.PixelData
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.88.33")
    ds.SeriesInstanceUID, ds.ValueType, ds.ConceptNameCodeSequence = (
        "1.2.3.88",
        "CONTAINER",
        coded("1", "Chest report", "DCM"),
    )
    ds.CompletionFlag, ds.VerificationFlag, ds.ContentDate = "COMPLETE", "UNVERIFIED", "20240103"
    ds.ContentSequence = Sequence(items)
    if syntax:
        ds.file_meta.TransferSyntaxUID = syntax
    return save(ds, path)


@pytest.mark.parametrize("syntax", ["", ImplicitVRLittleEndian])
def test_that_names_values_and_units_are_told(tmp_path: Path, syntax: str) -> None:
    group = content("CONTAINER", "Measurements", measured("Diameter", "12.50", "mm", "millimeter"))
    text = content("TEXT", "Comment", TextValue="No change.")
    finding = content("CODE", "Finding", ConceptCodeSequence=coded("1", "Nodule", "DCM"))
    person = content("PNAME", "Observer", PersonName="Roe^Rita")
    report = read_report(write_report(tmp_path / "a", group, text, finding, person, syntax=syntax))
    assert (report.title, report.about) == ("Chest report", "2024-01-03 · complete · not verified")
    assert [(line.depth, line.name, line.value) for line in report.lines] == [
        (0, "Measurements", ""),
        (1, "Diameter", "12.50\u2009mm"),
        (0, "Comment", "No change."),
        (0, "Finding", "Nodule"),
        (0, "Observer", "Roe, Rita"),
    ]


@pytest.mark.parametrize(
    ("digits", "unit", "scheme", "expected"),
    [
        ("-119.5", "[hnsf'U]", "UCUM", "\u2212119.5\u2009HU"),
        ("200.0", "mm3", "UCUM", "200.0\u2009mm³"),
        ("128", "{pixels}", "UCUM", "128\u2009pixels"),
        ("0.5", "1", "UCUM", "0.5"),
        ("3", "x", "99OWN", "3\u2009meaning"),
    ],
)
def test_that_units_are_written_as_people_write_them(
    tmp_path: Path, digits: str, unit: str, scheme: str, expected: str
) -> None:
    report = read_report(write_report(tmp_path / "a", measured("Value", digits, unit, "meaning", scheme)))
    assert report.lines[0].value == expected


def test_that_a_measurement_without_value_says_so(tmp_path: Path) -> None:
    empty = content("NUM", "Area", NumericValueQualifierCodeSequence=coded("1", "Measurement failure", "DCM"))
    assert read_report(write_report(tmp_path / "a", empty)).lines[0].value == "Measurement failure"


def test_that_a_reference_names_the_image_where_it_is_open(tmp_path: Path) -> None:
    make_ct_series(tmp_path, slices=3)
    found = scan([tmp_path])
    (series,) = found.all_series()
    known = places(found, series.patient_key)
    report = read_report(write_report(tmp_path / "sr", image(series.instances[1].sop_uid), image("1.2.3")))
    assert [pointed_at(line, known) for line in report.lines] == ["image 2 of series 1", "not open"]


def test_that_images_of_another_patient_are_never_named(tmp_path: Path) -> None:
    make_ct_series(tmp_path, slices=3)
    assert places(scan([tmp_path]), "another") == {}


def test_that_a_line_without_reference_points_nowhere() -> None:
    assert pointed_at(ReportLine(0, "Comment", "words"), {}) == ""


def test_that_a_hostile_report_ends_with_a_sentence(tmp_path: Path) -> None:
    comment = content("TEXT", "Comment", TextValue="x")
    path = with_inserted(write_report(tmp_path / "a", comment), nested(5000))
    report = read_report(path)
    assert report.stopped == "The header is nested too deeply."


def test_that_real_reports_read_to_their_end(shared_data: Path) -> None:
    report = read_report(shared_data / "objects" / "highdicom" / "sr_document_with_multiple_groups.dcm")
    told = {line.name: line.value for line in report.lines}
    assert report.stopped == ""
    assert told["Diameter"] == "20.0\u2009mm"
    assert told["Volume"] == "200.0\u2009mm³"
    assert told["Intensity Histogram Mean"].endswith("HU")


def test_that_a_contour_leads_to_the_frame_it_was_drawn_on(shared_data: Path) -> None:
    found = scan([shared_data / "studies" / "mr_enhanced_multiframe"])
    series = next(s for s in found.all_series() if s.instances[0].frames > 1)
    instance = series.instances[5]
    picture = image(instance.sop_uid)
    picture.ReferencedSOPSequence[0].ReferencedFrameNumber = instance.frame + 1
    lines = (
        ReportLine(0, "Region", "polyline"),
        ReportLine(1, "Source", "", (instance.sop_uid,), (instance.frame + 1,)),
    )
    target = target_of(lines, 0)
    assert target == (instance.sop_uid, instance.frame + 1)
    assert place_of(found, series.patient_key, *target) == (series.key, 5)
    assert place_of(found, "another", *target) is None
    assert target_of((lines[1], ReportLine(0, "Comment", "words")), 1) is None


def test_that_the_frame_of_a_reference_is_read(tmp_path: Path) -> None:
    picture = image("1.2.3")
    picture.ReferencedSOPSequence[0].ReferencedFrameNumber = [7, 8]
    (line,) = read_report(write_report(tmp_path / "a", picture)).lines
    assert (line.references, line.frames) == (("1.2.3",), (7,))
