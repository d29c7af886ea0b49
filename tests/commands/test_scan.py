"""``medviewer scan``: the schema to the letter, and words for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.factories import make_ct_series, make_instance, save
from tests.program import call


def test_that_scan_json_is_the_schema_to_the_letter(series: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (series / "notes.txt").write_text("no image")
    assert call("scan", "--json", series) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["schema", "patients", "unreadable", "objects"]
    assert found["schema"] == "medviewer.scan/1"
    patient = found["patients"][0]
    assert {k: patient[k] for k in ("id", "name", "birth_date", "sex")} == {
        "id": "T1",
        "name": "Test^Tina",
        "birth_date": "19700101",
        "sex": "F",
    }
    study = patient["studies"][0]
    assert (study["date"], study["description"], study["accession"]) == ("20240102", "Chest", "A1")
    assert study["uid"]
    one = study["series"][0]
    assert one.pop("uid")
    assert one == {
        "part": None,
        "number": 1,
        "modality": "CT",
        "description": "Axial",
        "body_part": "CHEST",
        "instances": 10,
        "frames": 10,
        "rows": 16,
        "columns": 12,
        "spacing_mm": [2.0, 0.8, 0.5],
        "volume": True,
        "transfer_syntaxes": ["1.2.840.10008.1.2.1"],
        "issues": [],
        "sop_class": "1.2.840.10008.5.1.4.1.1.2",
    }
    assert found["unreadable"] == [{"path": str(series / "notes.txt"), "reason": "Not a DICOM file."}]


def test_that_a_series_without_geometry_has_null_spacing_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def forget(ds: Any, _k: int) -> None:
        del ds.ImagePositionPatient

    make_ct_series(tmp_path, tweak=forget)
    assert call("scan", "--json", tmp_path) == 0
    one = json.loads(capsys.readouterr().out)["patients"][0]["studies"][0]["series"][0]
    assert one["spacing_mm"] is None
    assert one["volume"] is False
    assert "NO_POSITION" in one["issues"]
    assert call("scan", tmp_path) == 0
    assert "! NO_POSITION: Image positions are missing" in capsys.readouterr().out


def test_that_scan_for_people_names_patient_study_series_and_what_was_not_read(
    series: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (series / "notes.txt").write_text("no image")
    assert call("scan", series) == 0
    out = capsys.readouterr().out
    assert "Test, Tina  T1  1970-01-01  F" in out
    assert "2024-01-02  Chest" in out
    assert "10 of 16 × 12, 2 × 0.8 × 0.5 mm" in out
    assert "notes.txt: Not a DICOM file." in out


def test_that_two_patients_in_one_folder_stay_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def other(ds: Any, _k: int) -> None:
        ds.PatientID, ds.PatientName = "T2", "Other^One"

    make_ct_series(tmp_path / "a")
    make_ct_series(tmp_path / "b", seed=1, tweak=other)
    assert call("scan", "--json", tmp_path) == 0
    assert {p["id"] for p in json.loads(capsys.readouterr().out)["patients"]} == {"T1", "T2"}


def test_that_nothing_readable_is_status_3_and_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("scan", "-q", tmp_path) == 3
    assert capsys.readouterr().err == (
        "error: No DICOM image was found here. Choose a file or folder with DICOM images.\n"
    )
    (tmp_path / "x.dcm").write_bytes(b"\0" * 200)
    assert call("scan", "--json", "-q", tmp_path) == 3
    assert len(json.loads(capsys.readouterr().out)["unreadable"]) == 1
    assert call("render", "-q", tmp_path, "-o", tmp_path / "o.png") == 3
    assert call("analyze", "-q", tmp_path, "-o", tmp_path / "o") == 3


def test_that_a_projection_is_listed_with_its_kind_of_millimetres(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ds = make_instance()
    ds.Modality, ds.ImagerPixelSpacing = "DX", ds.PixelSpacing
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    assert call("scan", save(ds, tmp_path / "one.dcm")) == 0
    assert "0.8 × 0.5 mm at detector" in capsys.readouterr().out
