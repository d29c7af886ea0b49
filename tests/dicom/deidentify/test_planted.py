"""Identifiers in every kind of place: none of them leaves."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.plan import Decision, Plan, Verdict, make_plan
from medviewer.dicom.scan import scan
from medviewer.review.deidentified import Exported, export
from tests.dicom.deidentify.planted import Planter, plant_study
from tests.factories import make_ct_series

ALL = frozenset(Option)
LOOKED = Decision(Verdict.CLEAN)


def leave(source: Path, target: Path, options: frozenset[Option]) -> tuple[Plan, Exported]:
    plan = make_plan(scan([source]), options)
    return plan, export(plan, dict.fromkeys(plan.suspects, LOOKED), target)


@pytest.fixture
def planter(tmp_path: Path) -> Planter:
    return plant_study(tmp_path / "in")


def test_that_more_than_fifty_places_are_planted(planter: Planter, tmp_path: Path) -> None:
    assert len(planter.words) >= 54
    inside = b"".join(path.read_bytes() for path in (tmp_path / "in").iterdir())
    names = " ".join(path.name for path in (tmp_path / "in").iterdir())
    assert [word for word in planter.words if word.encode() not in inside and word not in names] == []


@pytest.mark.parametrize("options", [frozenset(), ALL], ids=["basic", "all options"])
def test_that_none_of_them_leaves(planter: Planter, tmp_path: Path, options: frozenset[Option]) -> None:
    _, done = leave(tmp_path / "in", tmp_path / "out", options)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == len(done.names) >= 2
    everything = b"".join(path.read_bytes() + str(path.relative_to(tmp_path)).encode() for path in files)
    left = [word for word in planter.words + planter.uids if word.encode() in everything]
    assert left == []
    for path in files:  # compressed or encoded otherwise, nothing hides either
        assert "ZZPHI" not in str(pydicom.dcmread(path))


def test_that_a_document_stays_and_says_why(planter: Planter, tmp_path: Path) -> None:
    _, done = leave(tmp_path / "in", tmp_path / "out", ALL)
    assert [(file.what, "document" in reason) for file, reason in done.stayed] == [("PDF", True)]


def test_that_a_report_leaves_only_with_the_option(planter: Planter, tmp_path: Path) -> None:
    _, without = leave(tmp_path / "in", tmp_path / "a", frozenset())
    assert {file.what for file, _ in without.stayed} == {"SR", "KO", "PDF"}
    _, done = leave(tmp_path / "in", tmp_path / "b", frozenset({Option.STRUCTURED}))
    assert {file.what for file, _ in done.stayed} == {"PDF"}


def test_that_the_figures_of_a_report_and_its_image_stay(planter: Planter, tmp_path: Path) -> None:
    leave(tmp_path / "in", tmp_path / "out", ALL)
    made = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    image = next(ds for ds in made if ds.Modality == "CT")
    report = next(ds for ds in made if ds.Modality == "SR")
    content = {str(i.ValueType): i for i in report.ContentSequence}
    assert content["NUM"].MeasuredValueSequence[0].NumericValue == 12.5
    unit = content["NUM"].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0]
    assert (unit.CodeValue, "ZZ" in unit.CodeMeaning) == ("mm", False)
    assert content["IMAGE"].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert content["TEXT"].TextValue == "REMOVED"


def test_that_the_evidence_of_a_selection_leads_to_the_new_image(planter: Planter, tmp_path: Path) -> None:
    leave(tmp_path / "in", tmp_path / "out", ALL)
    made = {ds.Modality: ds for ds in map(pydicom.dcmread, (tmp_path / "out").rglob("*.dcm"))}
    study = made["KO"].CurrentRequestedProcedureEvidenceSequence[0]
    series = study.ReferencedSeriesSequence[0]
    image = made["CT"]
    assert study.StudyInstanceUID == image.StudyInstanceUID == made["KO"].StudyInstanceUID
    assert series.SeriesInstanceUID == image.SeriesInstanceUID
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert made["KO"].ConceptNameCodeSequence[0].CodeMeaning == "Of Interest"


def test_that_a_drawing_stays_without_its_text(planter: Planter, tmp_path: Path) -> None:
    leave(tmp_path / "in", tmp_path / "out", ALL)
    state = next(d for d in map(pydicom.dcmread, (tmp_path / "out").rglob("*.dcm")) if d.Modality == "PR")
    annotation = state.GraphicAnnotationSequence[0]
    assert list(annotation.GraphicObjectSequence[0].GraphicData) == [3.0, 4.0]
    assert annotation.TextObjectSequence[0].UnformattedTextValue == "REMOVED"
    leave(tmp_path / "in", tmp_path / "basic", frozenset())
    state = next(d for d in map(pydicom.dcmread, (tmp_path / "basic").rglob("*.dcm")) if d.Modality == "PR")
    assert "GraphicAnnotationSequence" not in state


def test_that_every_file_says_what_was_done(planter: Planter, tmp_path: Path) -> None:
    leave(tmp_path / "in", tmp_path / "out", frozenset({Option.DATES}))
    for path in (tmp_path / "out").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        codes = [code.CodeValue for code in ds.DeidentificationMethodCodeSequence]
        assert ds.PatientIdentityRemoved == "YES"
        assert ds.LongitudinalTemporalInformationModified == "MODIFIED"
        assert codes == (["113100", "113101", "113107"] if ds.Modality == "CT" else ["113100", "113107"])
        assert ds.preamble == b"\0" * 128
        assert {int(tag) & 0xFFFF for tag in list(ds.file_meta.keys())} == {0, 1, 2, 3, 0x10, 0x12, 0x13}


def test_that_a_name_written_elsewhere_is_found_by_what_the_header_says(tmp_path: Path) -> None:
    def careless(ds: pydicom.Dataset, _: int) -> None:
        ds.Manufacturer, ds.PatientName, ds.PatientID = (
            "scanned by Meier-Lüders",
            "Meier-Lüders^Eva",
            "4711-0815",
        )
        ds.BodyPartExamined, ds.ConvolutionKernel = "CHEST", "ID 4711-0815"

    make_ct_series(tmp_path / "in", slices=1, tweak=careless)
    leave(tmp_path / "in", tmp_path / "out", ALL)
    ds = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert (ds.Manufacturer, ds.ConvolutionKernel, ds.BodyPartExamined) == ("REMOVED", "REMOVED", "CHEST")


def test_that_private_figures_stay_with_the_option_and_nothing_else_private(tmp_path: Path) -> None:
    def tweak(ds: pydicom.Dataset, _: int) -> None:
        block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0C, "IS", "800")
        block.add_new(0x0D, "LO", "Doe")

    make_ct_series(tmp_path / "in", slices=1, tweak=tweak)
    for options, expected in ((frozenset({Option.PRIVATE}), {0x00190010, 0x0019100C}), (frozenset(), set())):
        leave(tmp_path / "in", tmp_path / f"out{len(options)}", options)
        ds = pydicom.dcmread(next((tmp_path / f"out{len(options)}").rglob("*.dcm")))
        assert {int(tag) for tag in list(ds.keys()) if tag.is_private} == expected


def test_that_a_damaged_value_does_not_leave_and_does_not_stop_the_file(tmp_path: Path) -> None:
    path = make_ct_series(tmp_path / "in", slices=1)[0]
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"IS\x02\x001 ", b"IS\x02\x00Z!"))  # Series Number and the like
    _, done = leave(tmp_path / "in", tmp_path / "out", ALL)
    assert len(done.names) == 1
    assert b"Z!" not in (tmp_path / "out" / done.names[0]).read_bytes()
