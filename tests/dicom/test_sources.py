"""Zip files and DICOMDIRs: nothing outside them is written or read, nothing is left behind."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from medviewer.dicom import sources
from medviewer.dicom.scan import scan
from medviewer.dicom.sources import open_sources
from medviewer.scratch import cleanup
from tests.factories import make_ct_series


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    cleanup()


def zipped(folder: Path, paths: list[Path]) -> Path:
    target = folder / "study.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, f"sub/{path.name}")
    return target


def directory(folder: Path, references: list[list[str]]) -> Path:
    """A DICOMDIR with one IMAGE record for every reference."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    records = []
    for reference in references:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.add(pydicom.DataElement(0x00041500, "CS", reference, validation_mode=0))
        records.append(record)
    ds.DirectoryRecordSequence = Sequence(records)
    path = folder / "DICOMDIR"
    ds.save_as(path, enforce_file_format=True)
    return path


def test_a_zip_whose_names_are_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ä.dcm", b"")
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xff"))
    assert [u.reason for u in scan([path]).unreadable] == ["The zip file is damaged or encrypted."]


def test_a_zip_entry_without_a_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"")
    path.write_bytes(path.read_bytes().replace(b"a", b"\0"))
    assert [u.reason for u in scan([path]).unreadable] == ["The zip file is damaged or encrypted."]


def test_a_directory_that_names_nothing_says_so(tmp_path: Path) -> None:
    result = scan([directory(tmp_path, [])])
    assert [u.reason for u in result.unreadable] == ["The DICOMDIR names no file: open its folder instead."]


def test_a_zip_opens_like_its_folder_and_leaves_nothing(tmp_path: Path) -> None:
    path = zipped(tmp_path, make_ct_series(tmp_path / "in"))
    result = scan([path])
    (series,) = result.all_series()
    assert series.is_volume
    room = series.instances[0].path.parent
    assert stat.S_IMODE(room.stat().st_mode) == 0o700
    assert not any("000-" in p.name for p in room.iterdir())
    cleanup()
    assert not room.exists()


@pytest.mark.parametrize(
    "name", ["../evil.dcm", "/evil.dcm", "a/../../evil.dcm", "C:\\evil.dcm", "..\\e.dcm"]
)
def test_zip_entries_cannot_leave_the_archive(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in" / "bad.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    found = open_sources([path])
    assert found.files == []
    assert "outside the archive" in found.unreadable[0].reason
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "bad.zip"]


def test_zip_links_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert "link" in open_sources([path]).unreadable[0].reason


def test_zip_bombs_are_refused_entry_by_entry(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.dcm", bytes(64 << 20))
        archive.writestr("small.dcm", b"small")
    found = open_sources([path])
    assert len(found.files) == 1
    assert "far more" in found.unreadable[0].reason


def test_a_zip_has_limits_on_entries_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path, make_ct_series(tmp_path / "in", slices=4))
    monkeypatch.setattr(sources, "MAX_TOTAL", 3000)
    found = open_sources([path])
    assert (len(found.files), len(found.unreadable)) == (1, 3)
    monkeypatch.setattr(sources, "MAX_ENTRIES", 3)
    assert "too many" in open_sources([path]).unreadable[0].reason


def test_a_damaged_zip_is_one_sentence(tmp_path: Path) -> None:
    path = zipped(tmp_path, make_ct_series(tmp_path / "in"))
    data = bytearray(path.read_bytes())
    data[60:200] = bytes(140)
    path.write_bytes(data)
    result = scan([path])
    assert any("damaged" in u.reason for u in result.unreadable)
    assert sum(len(s.instances) for s in result.all_series()) == 9


def test_folders_of_programs_that_died_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    stale = tmp_path / "temp" / "medviewer-99999999-abc"
    stale.mkdir(parents=True)
    open_sources([zipped(tmp_path, make_ct_series(tmp_path / "in", slices=1))])
    assert not stale.exists()


def test_a_dicomdir_opens_what_it_names_and_lists_what_is_missing(tmp_path: Path) -> None:
    make_ct_series(tmp_path, slices=2)
    (tmp_path / "000-0000.dcm").rename(tmp_path / "IM0")
    (tmp_path / "000-0001.dcm").rename(tmp_path / "unnamed")
    found = open_sources([directory(tmp_path, [["IM0"], ["IM9"]])])
    assert [p.name for p in found.files] == ["IM0"]
    assert [(u.path.name, "missing" in u.reason) for u in found.unreadable] == [("IM9", True)]


@pytest.mark.parametrize("reference", [["..", "secret"], ["..\\secret"], ["/etc/passwd"], ["C:", "secret"]])
def test_a_dicomdir_cannot_name_files_outside_its_folder(tmp_path: Path, reference: list[str]) -> None:
    (tmp_path / "secret").write_text("x")
    disc = tmp_path / "disc"
    disc.mkdir()
    found = open_sources([directory(disc, [reference])])
    assert found.files == []
    assert "outside its folder" in found.unreadable[0].reason


def test_a_dicomdir_cannot_lead_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    disc = tmp_path / "disc"
    disc.mkdir()
    (disc / "LINK").symlink_to(tmp_path / "secret")
    assert open_sources([directory(disc, [["LINK"]])]).files == []


def test_a_damaged_dicomdir_is_one_sentence(tmp_path: Path) -> None:
    path = directory(tmp_path, [["IM0"]])
    path.write_bytes(path.read_bytes()[:200])
    assert len(open_sources([path]).unreadable) == 1


def test_a_folder_is_read_through_once_without_its_dicomdir(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "a")
    directory(tmp_path, [["A"]])
    found = open_sources([tmp_path, tmp_path / "a"])
    assert len(found.files) == 10
    assert found.unreadable == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [u.reason for u in scan([tmp_path / "pipe"]).unreadable] == [
        "This is neither a file nor a folder."
    ]
    assert scan([tmp_path]).patients == ()
