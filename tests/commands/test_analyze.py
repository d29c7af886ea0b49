"""``medviewer analyze``: the real model on a small chest, and every way it can end."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from medviewer.ai.widths import heart_size
from medviewer.training.demo import DemoStudy
from tests.dicom.evidence.validators import document, iod_errors
from tests.factories import make_ct_series, make_x_ray
from tests.program import call, shell

FILES = ["report.html", "report.pdf", "result.json"]
RESULT_KEYS = [
    "schema",
    "state",
    "reasons",
    "study_uid",
    "series_uid",
    "model",
    "run",
    "findings",
    "warnings",
]
FINDING_KEYS = ["id", "label", "code", "score", "score_meaning", "threshold", "measurements", "segment"]
FINDING_KEYS += ["slices", "key_slice", "warnings"]


def test_that_analyze_writes_result_and_report(
    chest: DemoStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real model, once, on a small chest: lungs on their own sides, volumes near the truth."""
    out = tmp_path / "out"
    assert call("analyze", "-q", chest.series_folder, "--device", "cpu", "-o", out) == 0
    assert sorted(p.name for p in out.iterdir()) == sorted([*FILES, "seg.dcm", "sr.dcm"])
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "ot for diagnostic use" in (out / "report.html").read_text(encoding="utf-8")
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert set(RESULT_KEYS) <= set(result)
    assert (result["schema"], result["state"]) == ("medviewer.result/1", "findings")
    assert set(FINDING_KEYS) <= set(result["findings"][0])
    assert result["run"]["device"].startswith("GPU: none, CPU")
    volumes = {f["code"]["value"]: f["measurements"][0]["value"] for f in result["findings"] if f["code"]}
    truth = json.loads(chest.truth_json.read_text())["regions"]
    assert volumes["3341006"] == pytest.approx(truth["right_lung"]["volume_ml"], rel=0.1)
    assert volumes["44029006"] == pytest.approx(truth["left_lung"]["volume_ml"], rel=0.1)
    assert capsys.readouterr().out.startswith("Reading of lung density: ")
    _check_objects(out, result)


def _check_objects(out: Path, result: dict[str, Any]) -> None:
    """Segments are numbered as the result says, and hold the volume it says; the report object refers to
    them; no validator finds anything."""
    seg, sr = (pydicom.dcmread(out / f"{name}.dcm") for name in ("seg", "sr"))
    shape = (seg.NumberOfFrames, seg.Rows, seg.Columns)
    bits = np.unpackbits(np.frombuffer(seg.PixelData, np.uint8), bitorder="little")[: np.prod(shape)]
    frames = bits.reshape(shape)
    groups = seg.PerFrameFunctionalGroupsSequence
    owners = np.array([g.SegmentIdentificationSequence[0].ReferencedSegmentNumber for g in groups])
    for finding in result["findings"]:
        volumes = [m["value"] for m in finding["measurements"] if m["name"].lower() == "volume"]
        if finding["segment"] is not None and volumes:
            count = int(frames[owners == finding["segment"]].sum())
            assert count * 10.0 * 1.2 * 1.2 / 1000 == pytest.approx(volumes[0], rel=1e-6)
    assert str(seg.SOPInstanceUID) in sr.to_json()
    values = {m["value"] for f in result["findings"] for m in f["measurements"] if m["value"] is not None}
    assert values
    written = [float(element.value) for element in sr.iterall() if element.keyword == "NumericValue"]
    # With the decimals that it is shown with, so that no object claims more.
    assert all(any(round(value, k) in written for k in range(5)) for value in values)
    assert [iod_errors(out / name) for name in ("seg.dcm", "sr.dcm")] == [[], []]
    assert "Measurement Group" in document(out / "sr.dcm")


def test_that_objects_of_an_earlier_run_go_where_this_one_has_none(series: Path, tmp_path: Path) -> None:
    """They may be of another patient."""
    (tmp_path / "out").mkdir()
    for name in ("seg.dcm", "sr.dcm"):
        (tmp_path / "out" / name).write_text("the patient before")
    assert call("analyze", "-q", series, "-o", tmp_path / "out") == 4
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES


def test_that_a_chest_x_ray_gets_its_ratio_with_two_lines(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real picture with a truth, far from the limit."""
    folder = shared_data / "evaluation" / "cxr_adult"
    with Image.open(folder / "2a4df1b084.png") as image:
        make_x_ray(tmp_path / "x" / "pa.dcm", np.asarray(image.convert("L")), spacing=0.7)
    with Image.open(folder / "2a4df1b084_mask.png") as image:
        bits = np.asarray(image)
    truth = heart_size(bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)
    assert truth is not None
    assert call("analyze", "-q", tmp_path / "x", "--device", "cpu", "-o", tmp_path / "out") == 0
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    heart = result["findings"][0]
    assert result["model"]["id"] == "cxr-anatomy"
    assert heart["measurements"][0]["value"] == pytest.approx(truth.ratio, abs=0.05)
    assert [line["label"] for line in heart["lines"]] == ["heart", "thorax"]
    assert heart["measurements"][1]["unit"] == "mm at detector"
    assert "PA: heart normal" in capsys.readouterr().out
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")


def test_that_what_does_not_fit_is_status_4_with_its_reasons_written(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_ct(ds: Any, _k: int) -> None:
        ds.Modality, ds.SOPClassUID = "MR", "1.2.840.10008.5.1.4.1.1.4"
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID

    make_ct_series(tmp_path / "mr", tweak=no_ct)
    out = tmp_path / "out"
    assert call("analyze", "-q", tmp_path / "mr", "--model", "lung-ct", "-o", out) == 4
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["state"] == "not_suitable"
    assert result["reasons"][0] == {
        "code": "MODALITY",
        "text": "The images are MR; this model reads CT only.",
    }
    assert result["findings"] == []
    assert capsys.readouterr().err.startswith("error: No model suits these images")


def test_that_force_runs_it_all_the_same_and_the_result_says_so(series: Path, tmp_path: Path) -> None:
    """Ten slices of 10 mm are no chest: the forced run ends without a reliable result, and says it."""
    assert call("analyze", "-q", series, "--force", "-o", tmp_path / "out") == 4
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert result["state"] == "failed"
    assert result["run"]["forced"] is True


def test_that_a_device_that_is_not_there_is_status_6(
    chest: DemoStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert call("analyze", "-q", chest.series_folder, "--device", "cuda", "-o", tmp_path / "out") == 6
    assert not list((tmp_path / "out").iterdir())


def test_that_a_folder_that_cannot_be_is_told_before_the_work(chest: DemoStudy, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert call("analyze", "-q", chest.series_folder, "-o", tmp_path / "file") == 7
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C in another way")
def test_that_ctrl_c_ends_an_analysis_with_130_and_writes_nothing(chest: DemoStudy, tmp_path: Path) -> None:
    process = shell(["analyze", chest.series_folder, "-o", tmp_path / "out"], stdout=subprocess.DEVNULL)
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if "Slice 1 of 24" in line:
                process.send_signal(signal.SIGINT)
                break
        assert process.stderr.read().splitlines()[-1] == "error: Cancelled."
    assert process.returncode == 130
    assert not list((tmp_path / "out").iterdir())


def test_that_an_impatient_second_ctrl_c_is_130_too(series: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("medviewer.commands.scan.run", pressed)
    assert call("scan", series) == 130


def test_that_of_two_kernels_the_soft_one_is_taken(tmp_path: Path) -> None:
    """Only its emphysema figures may be believed; the sharp one is larger and comes first."""

    def sharp(ds: Any, _k: int) -> None:
        ds.Manufacturer, ds.ConvolutionKernel, ds.SeriesNumber = "SIEMENS", "B70f", 1

    def soft(ds: Any, _k: int) -> None:
        ds.Manufacturer, ds.ConvolutionKernel, ds.SeriesNumber = "SIEMENS", "B40f", 2
        ds.SeriesInstanceUID = "1.2.3.4"

    make_ct_series(tmp_path / "a", slices=12, tweak=sharp)
    make_ct_series(tmp_path / "b", slices=10, tweak=soft)
    call("analyze", "-q", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "result.json").read_text())["series_uid"] == "1.2.3.4"


def test_that_a_disk_that_fills_up_is_status_7_and_an_earlier_run_stays_whole(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not this result.json beside the report of whoever was analysed before."""
    out = tmp_path / "out"
    out.mkdir()
    for name in (*FILES, "seg.dcm"):
        (out / name).write_text("the patient before")
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "no space")
        real(handle)

    monkeypatch.setattr("medviewer.review.audit.Audit.append", lambda *_, **__: None)
    monkeypatch.setattr("medviewer.review.files.os.fsync", full)
    assert call("analyze", "-q", series, "-o", out) == 7
    assert capsys.readouterr().err.startswith("error: The disk is full")
    assert sorted(p.name for p in out.iterdir()) == [*FILES, "seg.dcm"]
    assert {p.read_text() for p in out.iterdir()} == {"the patient before"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C in another way")
def test_that_a_cancel_while_the_report_is_made_writes_nothing(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(_report: object) -> bytes:
        os.kill(os.getpid(), signal.SIGINT)
        return b"%PDF"

    monkeypatch.setattr("medviewer.commands.analyze.pdf_bytes", pressed)
    assert call("analyze", "-q", series, "-o", tmp_path / "out") == 130
    assert not list((tmp_path / "out").iterdir())
