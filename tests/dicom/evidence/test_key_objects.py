"""Key Object Selections: the images that were marked, in their order, and listed as evidence."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import highdicom
import pydicom
import pytest

from medviewer.dicom.evidence.key_objects import KeyObjects, key_object_selection
from medviewer.dicom.evidence.read_back import check_keys
from medviewer.dicom.evidence.references import Shown
from medviewer.dicom.report_tree import read_report
from medviewer.errors import UsageError
from tests.dicom.evidence.written import ct_origin, errors_of, keys, multiframe_origin, new, put


def test_that_the_marked_images_come_back_in_order(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    path = put(key_object_selection(origin, keys(origin), new()), tmp_path / "out")
    check_keys(path, origin, keys(origin))
    lines = [line for line in read_report(path).lines if line.references]
    assert [line.references for line in lines] == [
        (origin.images[2].sop_uid,),
        (origin.images[0].sop_uid,),
    ]


def test_that_highdicom_resolves_every_reference(tmp_path: Path) -> None:
    """Another library's reader; it also holds the document to its template."""
    origin = ct_origin(tmp_path)
    path = put(key_object_selection(origin, keys(origin), new()), tmp_path / "out")
    document = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(path))
    for image in (origin.images[0], origin.images[2]):
        assert document.resolve_reference(image.sop_uid) == (
            origin.study_uid,
            image.series_uid,
            image.sop_uid,
        )
    with pytest.raises(ValueError, match="not"):
        document.resolve_reference(origin.images[1].sop_uid)


def test_that_frames_are_named_and_an_image_is_evidence_once(tmp_path: Path) -> None:
    origin = multiframe_origin(tmp_path)
    path = put(key_object_selection(origin, keys(origin, 3, 1, 3), new()), tmp_path / "out")
    check_keys(path, origin, keys(origin, 3, 1, 3))
    ds = pydicom.dcmread(path)
    images = [item.ReferencedSOPSequence[0] for item in ds.ContentSequence if item.ValueType == "IMAGE"]
    assert [item.ReferencedFrameNumber for item in images] == [3, 1]
    (series,) = ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert len(series.ReferencedSOPSequence) == 1


def test_that_reader_and_words_are_kept_in_any_script(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    meant = KeyObjects(keys(origin).images, "Κύρια ευρήματα, ключевые, 主要所見", "山田 太郎")
    path = put(key_object_selection(origin, meant, new()), tmp_path / "out")
    said = [line.value for line in read_report(path).lines]
    assert any("山田 太郎" in value for value in said)
    assert "Κύρια ευρήματα, ключевые, 主要所見" in said


def test_that_nothing_marked_or_a_strange_image_is_refused(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    for wrong in (KeyObjects(()), KeyObjects((Shown("1.2.3"),))):
        with pytest.raises(UsageError):
            key_object_selection(origin, wrong, new())


def test_that_the_validator_has_nothing_against_it(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    assert errors_of(put(key_object_selection(origin, keys(origin), new()), tmp_path / "out")) == []


def test_that_dcmtk_prints_the_selection(tmp_path: Path) -> None:
    if which("dsrdump") is None:
        pytest.skip("dsrdump (dcmtk) is not on this machine")
    origin = ct_origin(tmp_path)
    path = put(key_object_selection(origin, keys(origin), new()), tmp_path / "out")
    told = subprocess.run(["dsrdump", "+Pu", str(path)], capture_output=True, text=True, check=True)
    assert [line for line in told.stderr.splitlines() if line.startswith("E:")] == []
    listed = told.stdout
    assert listed.index(origin.images[2].sop_uid) < listed.index(origin.images[0].sop_uid)
    assert "Of Interest" in listed
