"""Every bad input through the command line: one clear sentence, an exit status, nothing else harmed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pydicom
import pytest

from medviewer import paths
from medviewer.training.demo import DemoStudy
from tests.factories import make_ct_series
from tests.program import call

Captured = pytest.CaptureFixture[str]


def _analyze(source: Path, out: Path, captured: Captured, *more: object) -> tuple[int, str, dict[str, Any]]:
    """Exit status, the one line of error, result.json."""
    captured.readouterr()
    status = call("analyze", "-q", source, "-o", out, *more)
    said = captured.readouterr().err
    assert said.count("\n") <= 1, said
    path = out / "result.json"
    return status, said, json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _other_patient(ds: Any, k: int) -> None:
    ds.PatientID, ds.PatientName = "T2", "Other^One"
    ds.SOPInstanceUID = f"9.8.7.{k}"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID


def _no_geometry(ds: Any, _k: int) -> None:
    del ds.ImagePositionPatient, ds.ImageOrientationPatient


def _colour(ds: Any, _k: int) -> None:
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = bytes(ds.Rows * ds.Columns * 3)


def test_that_no_dicom_and_an_empty_folder_are_told_apart(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.dcm").write_text("no DICOM")
    for folder, sentence in (
        ("empty", "There are no files here. Choose a folder with DICOM images."),
        ("text", "No image could be read: not a DICOM file. Choose a DICOM file or folder."),
    ):
        status, said, _ = _analyze(tmp_path / folder, tmp_path / "out", capsys)
        assert (status, said) == (3, f"error: {sentence}\n")
    assert not (tmp_path / "out").exists()


def test_that_a_truncated_file_is_a_missing_slice_and_stops_the_model(
    tmp_path: Path, capsys: Captured
) -> None:
    files = make_ct_series(tmp_path / "ct", slices=14)
    files[6].write_bytes(files[6].read_bytes()[:-40])
    status, said, result = _analyze(tmp_path / "ct", tmp_path / "out", capsys)
    assert (status, result["state"]) == (4, "not_suitable")
    assert "slices are missing" in said


def test_that_images_without_geometry_are_refused_and_force_says_that_it_does_not_help(
    tmp_path: Path, capsys: Captured
) -> None:
    make_ct_series(tmp_path / "ct", tweak=_no_geometry)
    status, said, result = _analyze(tmp_path / "ct", tmp_path / "out", capsys, "--force")
    assert (status, result["state"], result["run"]["forced"]) == (4, "not_suitable", False)
    assert "image positions are missing" in said
    assert "--force does not help" in said


def test_that_colour_is_refused(tmp_path: Path, capsys: Captured) -> None:
    make_ct_series(tmp_path / "ct", tweak=_colour)
    status, said, result = _analyze(tmp_path / "ct", tmp_path / "out", capsys, "--force")
    assert (status, result["state"]) == (4, "not_suitable")
    assert "in colour" in said


def test_that_one_slice_is_refused_with_its_count(tmp_path: Path, capsys: Captured) -> None:
    make_ct_series(tmp_path / "ct", slices=1)
    status, said, result = _analyze(tmp_path / "ct", tmp_path / "out", capsys)
    assert (status, result["findings"]) == (4, [])
    assert said.startswith("error: No model suits these images: the series has 1 slice;")
    assert "Use --force" in said


def test_that_a_forced_slice_is_marked_in_every_sentence_and_file(
    chest: DemoStudy, tmp_path: Path, capsys: Captured
) -> None:
    """One slice of the demo holds lungs: the numbers come, and nowhere without their warning."""
    (tmp_path / "one").mkdir()
    middle = sorted(chest.series_folder.iterdir())[12]
    shutil.copy(middle, tmp_path / "one")
    assert call("analyze", "-q", tmp_path / "one", "--force", "--device", "cpu", "-o", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert said.startswith("! Run although not suitable")
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert result["run"]["forced"]
    assert result["findings"]
    for finding in result["findings"]:
        assert "Forced run" in finding["sentence"]
        assert finding["warnings"][0]["code"] == "FORCED"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The model was run although this scan does not suit it." in page


def test_that_of_two_patients_in_one_folder_the_reader_must_choose(tmp_path: Path, capsys: Captured) -> None:
    make_ct_series(tmp_path / "both" / "a")
    make_ct_series(tmp_path / "both" / "b", seed=1, tweak=_other_patient)
    for words in (("analyze", "--force"), ("render",)):
        assert call(words[0], "-q", tmp_path / "both", *words[1:], "-o", tmp_path / "out") == 2
        assert capsys.readouterr().err.startswith("error: These images are of more than one patient.")
    assert not list((tmp_path / "out").glob("*"))


def test_that_a_series_uid_of_two_patients_names_neither(tmp_path: Path, capsys: Captured) -> None:
    def same_series(ds: Any, k: int) -> None:
        _other_patient(ds, k)

    first = make_ct_series(tmp_path / "both" / "a")
    make_ct_series(tmp_path / "both" / "b", tweak=same_series)
    uid = pydicom.dcmread(first[0]).SeriesInstanceUID
    status, said, _ = _analyze(tmp_path / "both", tmp_path / "out", capsys, "--series", uid)
    assert status == 2
    assert "more than one patient" in said


def test_that_a_child_by_its_birth_date_is_refused(tmp_path: Path, capsys: Captured) -> None:
    def child(ds: Any, _k: int) -> None:
        ds.PatientBirthDate, ds.StudyDate = "20150301", "20240101"
        if "PatientAge" in ds:
            del ds.PatientAge

    make_ct_series(tmp_path / "ct", slices=14, tweak=child)
    _, _, result = _analyze(tmp_path / "ct", tmp_path / "out", capsys)
    assert "AGE" in [reason["code"] for reason in result["reasons"]]


def test_that_an_output_in_the_way_is_told_and_left_alone(
    series: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.pdf").mkdir()
    status, said, result = _analyze(series, tmp_path / "out", capsys)
    assert (status, result) == (7, {})
    assert said.startswith("error: A folder of this name is in the way")
    (tmp_path / "file").write_text("in the way")
    status, said, _ = _analyze(series, tmp_path / "file", capsys)
    assert status == 7
    assert said.startswith("error: A file of this name is in the way")


def test_that_a_model_file_with_one_byte_changed_stops_before_the_run(
    chest: DemoStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    shutil.copytree(paths.models(), tmp_path / "models")
    weights = tmp_path / "models" / "lung-ct" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    monkeypatch.setattr(paths, "models", lambda: tmp_path / "models")
    status, said, result = _analyze(chest.series_folder, tmp_path / "out", capsys)
    assert (status, result) == (5, {})
    assert "damaged" in said
    assert not list((tmp_path / "out").iterdir())


def test_that_a_gpu_without_memory_for_the_network_is_one_sentence(
    chest: DemoStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    import torch

    from medviewer.ai import runner

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(runner, "pick_device", lambda _="auto": torch.device("cuda"))
    monkeypatch.setattr(runner, "device_line", lambda _=None: "GPU: pretended")
    monkeypatch.setattr(runner, "load_network", full)
    status, said, result = _analyze(chest.series_folder, tmp_path / "out", capsys)
    assert (status, result) == (6, {})
    assert said == (
        "error: The graphics card has too little free memory for this model. Run on the CPU instead.\n"
    )


def test_that_too_little_memory_for_the_images_is_one_sentence(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("medviewer.commands.analyze.load_series", full)
    status, said, _ = _analyze(series, tmp_path / "out", capsys)
    assert status == 6
    assert said.startswith("error: The computer has too little free memory")


def test_that_neither_names_of_files_nor_the_audit_hold_patient_data(tmp_path: Path) -> None:
    def marked(ds: Any, _k: int) -> None:
        ds.PatientID, ds.PatientName, ds.AccessionNumber = "ZZPHI1", "ZZPHI^Two", "ZZPHI3"

    make_ct_series(tmp_path / "ct", tweak=marked)
    call("analyze", "-q", tmp_path / "ct", "-o", tmp_path / "out")
    kept = [p for p in paths.state_dir().rglob("*") if p.is_file()]
    assert kept
    for path in [*kept, *tmp_path.rglob("*")]:
        assert "ZZPHI" not in path.name
    for path in kept:
        assert b"ZZPHI" not in path.read_bytes()
