"""``medviewer export``: pictures, and de-identified files that nobody looked at only by the caller's word."""

from __future__ import annotations

import errno
import json
import os
from io import BytesIO
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pydicom
import pytest
from PIL import Image
from pypdf import PdfReader

from medviewer.cli import COMMANDS
from medviewer.commands.export import FORMS
from medviewer.review.audit import default_path
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


def test_that_named_pictures_leave_as_secondary_captures_of_the_same_study(
    series: Path, tmp_path: Path, capsys: Captured
) -> None:
    words = ("--to", "sc", "--index", 2, "--index", 7, "--index", 2)
    assert call("export", series, *words, "-o", tmp_path / "o") == 0
    sources = {ds.InstanceNumber: ds for ds in exported(series)}
    made = exported(tmp_path / "o")
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "manifest.json", "picture-01.dcm", "picture-02.dcm",
    ]  # fmt: skip
    source = sources[1]
    for ds in made:
        assert ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
        assert (ds.PatientID, ds.StudyInstanceUID) == (source.PatientID, source.StudyInstanceUID)
        assert ds.SeriesInstanceUID != source.SeriesInstanceUID
        assert ds.BurnedInAnnotation == "YES"
    shown = [ds.SourceImageSequence[0].ReferencedSOPInstanceUID for ds in made]
    order = sorted(sources.values(), key=lambda ds: float(ds.ImagePositionPatient[2]))
    in_display_order = [ds.SOPInstanceUID for ds in order]
    if in_display_order.index(shown[0]) != 2:
        in_display_order.reverse()
    assert shown == [in_display_order[2], in_display_order[7]]
    told = " ".join(ds.get("ImageComments", "") + ds.get("DerivationDescription", "") for ds in made)
    assert "Image 3 of 10" in told
    assert "Marked by the reader" not in told
    assert "picture-02.dcm" in capsys.readouterr().err


def test_that_the_report_without_ai_says_so_and_leaves_as_pdf_and_object(
    series: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert call("export", series, "--to", "pdf", "-o", tmp_path / "o") == 0
    assert "image 5 of 0 to 9" in capsys.readouterr().err
    pdf = (tmp_path / "o" / "report.pdf").read_bytes()
    inside = pydicom.dcmread(tmp_path / "o" / "report.dcm")
    assert inside.EncapsulatedDocument[: inside.EncapsulatedDocumentLength] == pdf
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "Image 6 of 10" in text
    assert "Marked by the reader" not in text
    assert "No analysis was run on this series." in text


@pytest.mark.parametrize("form", ["sc", "pdf"])
def test_that_objects_are_whole_or_not_there(series: Path, tmp_path: Path, form: str) -> None:
    assert call("export", series, "--to", form) == 2
    assert call("export", series, "--to", form, "-o", series) == 7
    assert call("export", series, "--to", form, "--index", 10, "-o", tmp_path / "o") == 2
    assert not (tmp_path / "o").exists()
    (tmp_path / "empty").mkdir()
    assert call("export", series, "--to", form, "-o", tmp_path / "empty") == 0
    assert (tmp_path / "empty" / "manifest.json").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "in"]


@pytest.mark.skipif(os.name == "nt", reason="Windows asks for rights before it makes a link")
def test_that_objects_go_where_a_link_leads(series: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty", target_is_directory=True)
    assert call("export", series, "--to", "sc", "-o", tmp_path / "link") == 0
    assert (tmp_path / "empty" / "manifest.json").is_file()
    assert (tmp_path / "link").is_symlink()


def test_that_a_folder_that_must_stay_is_told_in_a_sentence(
    series: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is mounted there cannot be given a new folder's name."""
    (tmp_path / "mounted").mkdir()
    monkeypatch.setattr(Path, "rmdir", Mock(side_effect=OSError(errno.EBUSY, "busy")))
    assert call("export", series, "--to", "sc", "-o", tmp_path / "mounted") == 7
    assert "nothing was written" in capsys.readouterr().err


def test_that_an_image_is_named_for_objects_only(series: Path, tmp_path: Path) -> None:
    assert call("export", series, "--to", "png", "--index", 1, "-o", tmp_path / "o") == 2
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("form", ["png", "sc", "pdf", "deidentified"])
def test_that_every_form_is_in_the_audit_without_its_place(series: Path, tmp_path: Path, form: str) -> None:
    words = ("--burned-in", "none") if form == "deidentified" else ()
    assert call("export", series, "--to", form, *words, "-o", tmp_path / "o") == 0
    lines = default_path().read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["action"] for line in lines[-2:]] == ["open", "export"]
    assert str(tmp_path) not in "".join(lines)
