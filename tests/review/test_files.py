"""Writing files: all or nothing, and one sentence when the disk says no."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from medviewer.errors import WriteError
from medviewer.review.files import atomic_write, make_folder


def refuse(number: int):  # type: ignore[no-untyped-def]
    def write(file: BinaryIO) -> None:
        file.write(b"half of it")
        raise OSError(number, os.strerror(number), "/home/Doe^Jane/report.pdf")

    return write


@pytest.mark.parametrize("content", [b"new", "new", lambda file: file.write(b"new")])
def test_that_bytes_text_and_functions_are_written_over_the_old_file(tmp_path: Path, content: object) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"old")
    atomic_write(path, content)  # type: ignore[arg-type]
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["report.pdf"]


@pytest.mark.parametrize(
    ("number", "word"),
    [(errno.ENOSPC, "full"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only"), (errno.EIO, "could not")],
)
def test_that_a_failing_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, number: int, word: str
) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"old")
    with pytest.raises(WriteError, match=word) as caught:
        atomic_write(path, refuse(number))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["report.pdf"]
    assert caught.value.hint
    assert caught.value.exit_status == 7
    assert "Doe" not in caught.value.sentence()


@pytest.mark.usefixtures("full_disk")
def test_that_the_disk_filling_up_at_the_flush_is_noticed_too(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="full"):
        atomic_write(tmp_path / "a.json", b"x")
    assert os.listdir(tmp_path) == []


def test_that_any_other_failure_leaves_nothing_either(tmp_path: Path) -> None:
    def broken(file: BinaryIO) -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        atomic_write(tmp_path / "a.json", broken)
    assert os.listdir(tmp_path) == []


def test_that_a_folder_without_permission_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr("builtins.open", forbidden)
    with pytest.raises(WriteError, match="may not be written"):
        atomic_write(tmp_path / "a.json", b"x")


def test_that_a_missing_folder_or_a_file_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="does not exist"):
        atomic_write(tmp_path / "none" / "a.json", b"x")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError):
        make_folder(tmp_path / "file" / "below")
    make_folder(tmp_path / "a" / "b")
    atomic_write(tmp_path / "a" / "b" / "c", b"x")
