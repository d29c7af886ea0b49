"""``medviewer demo``: the sample study where it was asked for, and nowhere else."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path

import pytest

from medviewer.dicom.scan import scan
from medviewer.training.demo import write_demo
from tests.program import call


def test_that_the_demo_is_images_and_their_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(write_demo, slices=12, size=64, spacing_mm=(20.0, 5.0, 5.0))
    monkeypatch.setattr("medviewer.commands.demo.write_demo", small)
    assert call("demo", "-q", "-o", tmp_path / "new", "--seed", 7) == 0
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["ct", "truth.json", "truth_seg.dcm"]
    (patient,) = scan([tmp_path / "new" / "ct"]).patients
    assert patient.id == "DEMO-0007"


def test_that_the_demo_is_not_mixed_with_other_files(
    series: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(series.iterdir())
    assert call("demo", "-o", series) == 2
    assert "not empty" in capsys.readouterr().err
    assert sorted(series.iterdir()) == before


def test_that_a_demo_that_cannot_be_written_is_status_7(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert call("demo", "-q", "-o", tmp_path / "file") == 7


def test_that_a_disk_that_fills_up_leaves_no_half_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    small = partial(write_demo, slices=12, size=64, spacing_mm=(20.0, 5.0, 5.0))
    monkeypatch.setattr("medviewer.commands.demo.write_demo", small)
    monkeypatch.setattr("medviewer.training.demo.write_seg", full)
    assert call("demo", "-q", "-o", tmp_path / "new") == 7
    assert "could not be written" in capsys.readouterr().err
    assert list((tmp_path / "new").iterdir()) == []
