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
    assert {file.what for file, _ in without.stayed} == {"SR", "PDF"}
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
