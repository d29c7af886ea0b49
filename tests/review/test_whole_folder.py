"""A folder of files under its name whole, or nothing of it."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from medviewer.errors import WriteError
from medviewer.review.whole_folder import hidden_room, put, sweep, whole_folder


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
        if call == "rename" or ".medviewer-" in os.fspath(path):
            raise OSError(code, os.strerror(code))
        real(path, *rest, **named)  # type: ignore[operator]

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(WriteError, match=words):
        fill(tmp_path / "out")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_that_a_room_tells_machine_and_process_and_takes_the_rights_of_its_place(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with hidden_room(tmp_path) as room:
        assert room.parent == tmp_path
        assert room.stat().st_mode == (tmp_path / "plain").stat().st_mode
        assert re.fullmatch(rf"\.medviewer-[0-9a-f]{{8}}-{os.getpid()}-[0-9a-f]{{8}}\.partial", room.name)
        assert socket.gethostname() not in room.name
    assert not room.exists()


@pytest.fixture
def ended() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def left_by(owner: int | str, parent: Path) -> Path:
    """The hidden folder that a process of this machine would have left."""
    with hidden_room(parent) as room:
        left = parent / room.name.replace(f"-{os.getpid()}-", f"-{owner}-")
    put(left, "a.txt", b"half of it")
    return left


@pytest.mark.skipif(os.name == "nt", reason="Windows has no harmless way to ask for a process")
def test_that_what_an_ended_program_left_is_swept_by_the_next(tmp_path: Path, ended: int) -> None:
    left = left_by(ended, tmp_path)
    assert left.is_dir()
    fill(tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_that_what_another_running_program_writes_is_left_alone(tmp_path: Path) -> None:
    own = left_by(os.getppid(), tmp_path)
    fill(tmp_path / "out")
    assert (own / "a.txt").is_file()


def test_that_the_same_process_number_on_another_machine_is_another_program(
    tmp_path: Path, ended: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines share the folder; here the process of that number has ended, there it may still write."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "another machine")
        theirs = left_by(ended, tmp_path)
    fill(tmp_path / "out")
    assert (theirs / "a.txt").is_file()


@pytest.mark.skipif(os.name == "nt", reason="Windows asks for rights before it makes a link")
def test_that_sweeping_takes_nothing_that_is_not_ours(tmp_path: Path, ended: int) -> None:
    (tmp_path / "away").mkdir()
    for owner in ("x", "²", "9" * 40):  # no process has such a number
        left_by(owner, tmp_path)
    left_by(ended, tmp_path / "away").rename(tmp_path / "out")
    link, file = (tmp_path / left_by(ended, tmp_path / "away").name for _ in range(2))
    link.symlink_to(tmp_path / "out", target_is_directory=True)
    file.write_text("a file")
    before = sorted(p.name for p in tmp_path.iterdir())
    sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert (tmp_path / "out" / "a.txt").is_file()
