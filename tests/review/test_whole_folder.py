"""A folder of files under its name whole, or nothing of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from medviewer.errors import WriteError
from medviewer.review.whole_folder import put, whole_folder


def fill(target: Path) -> None:
    with whole_folder(target) as room:
        assert not target.exists() or not any(target.iterdir())
        put(room, "a/b.txt", b"one")


def test_that_it_stands_there_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    fill(tmp_path / "new" / "out")
    assert (tmp_path / "new" / "out" / "a" / "b.txt").read_bytes() == b"one"
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["out"]
    (tmp_path / "empty").mkdir()
    fill(tmp_path / "empty")
    assert (tmp_path / "empty" / "a" / "b.txt").is_file()


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        ("mkdir", errno.EROFS, "read-only"),
        ("mkdir", errno.EACCES, "may not be written"),
        ("rename", errno.EROFS, "read-only"),
    ],
)
def test_that_a_read_only_place_is_a_sentence_and_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, words: str
) -> None:
    real = os.mkdir if call == "mkdir" else os.rename

    def refuse(path: Path, *rest: object, **named: object) -> None:
        if call == "rename" or ".medviewer-export-" in os.fspath(path):
            raise OSError(code, os.strerror(code))
        real(path, *rest, **named)  # type: ignore[operator]

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(WriteError, match=words):
        fill(tmp_path / "out")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_that_what_another_running_program_writes_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / f".medviewer-export-{os.getppid()}-abc"
    own.mkdir()
    fill(tmp_path / "out")
    assert own.is_dir()
