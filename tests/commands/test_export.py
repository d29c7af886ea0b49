"""``medviewer export``: pictures, and de-identified files that nobody looked at only by the caller's word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from medviewer.cli import COMMANDS
from medviewer.commands.export import FORMS
from tests.factories import make_ct_series
from tests.program import call

Captured = pytest.CaptureFixture[str]


def exported(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def test_that_suspect_pixels_do_not_leave_without_a_word(
    series: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert call("export", series, "--to", "deidentified", "-o", tmp_path / "o") == 2
    assert "--burned-in none" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_that_they_leave_on_the_word_that_somebody_looked(
    series: Path, tmp_path: Path, capsys: Captured
) -> None:
    words = ("--burned-in", "none", "--keep", "dates", "--keep", "descriptors")
    assert call("export", series, "--to", "deidentified", *words, "-o", tmp_path / "o") == 0
    made = exported(tmp_path / "o")
    assert len(made) == 10
    assert {(ds.BurnedInAnnotation, ds.StudyDescription) for ds in made} == {("NO", "Chest")}
    assert all(len(ds.StudyDate) == 8 and ds.StudyDate < "20240102" for ds in made)
    told = capsys.readouterr().err
    assert "reduces" in told
    assert "guarantee" not in told


def test_that_a_rectangle_is_empty_in_every_picture(series: Path, tmp_path: Path) -> None:
    assert call("export", series, "--to", "deidentified", "--blank", "0,0,3,2", "-o", tmp_path / "o") == 0
    codes = {
        code.CodeValue for ds in exported(tmp_path / "o") for code in ds.DeidentificationMethodCodeSequence
    }
    assert codes == {"113100", "113101"}


def test_that_leaving_all_out_writes_nothing(series: Path, tmp_path: Path) -> None:
    words = ("--to", "deidentified", "--burned-in", "leave-out")
    assert call("export", series, *words, "-o", tmp_path / "o") == 3
    assert not (tmp_path / "o").exists()


def test_that_a_preview_lists_every_file_and_writes_none(
    series: Path, tmp_path: Path, capsys: Captured
) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert call("export", series, "--to", "deidentified", "--preview", "--burned-in", "none") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("ST000001/SE000001/IM000001.dcm  CT  ")
    assert all("kept" in line and "removed" in line for line in lines)
    assert sorted(tmp_path.rglob("*")) == before


def test_that_pictures_are_those_of_the_window(series: Path, tmp_path: Path) -> None:
    assert call("export", series, "--to", "png", "-o", tmp_path / "o") == 0
    names = sorted(path.name for path in (tmp_path / "o").iterdir())
    assert names == [f"IM{k:06d}.png" for k in range(1, 11)]
    assert call("render", series, "--index", 3, "-o", tmp_path / "one.png") == 0
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "o" / names[3]) as other:
        assert np.array_equal(np.asarray(one), np.asarray(other))


def test_that_nothing_is_written_into_a_folder_that_holds_something(series: Path, tmp_path: Path) -> None:
    for form in ("png", "deidentified"):
        words = ("--burned-in", "none") if form == "deidentified" else ()
        assert call("export", series, "--to", form, *words, "-o", series) == 7


def test_that_a_wrong_request_is_told(series: Path, tmp_path: Path) -> None:
    assert call("export", series, "--to", "deidentified") == 2
    assert call("export", series, "--to", "png") == 2
    assert call("export", series, "--to", "jpeg", "-o", tmp_path / "o") == 2
    both = ("--blank", "0,0,1,1", "--burned-in", "none")
    assert call("export", series, "--to", "deidentified", *both, "-o", tmp_path / "o") == 2


def test_that_one_series_of_several_may_be_named(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=2)
    uid = pydicom.dcmread(make_ct_series(tmp_path / "in", slices=3, seed=4)[0]).SeriesInstanceUID
    words = ("--to", "deidentified", "--series", uid, "--burned-in", "none")
    assert call("export", tmp_path / "in", *words, "-o", tmp_path / "o") == 0
    assert len(exported(tmp_path / "o")) == 3


def test_that_what_is_offered_is_what_there_is() -> None:
    from medviewer.cli import _command_parser

    assert "export" in COMMANDS
    text = next(
        action.choices["export"].format_help() for action in _command_parser()._actions if action.choices
    )
    assert "{" + ",".join(FORMS) + "}" in text
