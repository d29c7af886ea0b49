"""Temporary files: private, swept when their program is dead, gone at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medviewer import scratch

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


@pytest.fixture(autouse=True)
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@POSIX
def test_that_folder_and_files_are_this_users_alone() -> None:
    folder = scratch.private_folder()
    path = folder / scratch.random_name()
    with scratch.create(path) as file:
        file.write(b"x")
    assert (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    with pytest.raises(FileExistsError):
        scratch.create(path)
    scratch.cleanup()
    assert not folder.exists()


def test_that_a_killed_program_is_swept_after_and_a_living_one_is_not(temp: Path) -> None:
    code = (
        f"import tempfile; tempfile.tempdir = {str(temp)!r}\n"
        "from medviewer.scratch import create, private_folder\n"
        "create(private_folder() / 'x').write(b'patient')\n"
        "print('made', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        scratch.sweep()
        assert len(list(temp.iterdir())) == 1
        process.kill()
    scratch.sweep()
    assert not list(temp.iterdir())


@POSIX
def test_that_a_link_in_the_way_is_not_followed(temp: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (temp / "medviewer-99999999-x").symlink_to(tmp_path / "precious")
    scratch.sweep()
    assert (tmp_path / "precious" / "file").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_that_a_crash_leaves_no_image_of_the_memory() -> None:
    code = (
        "import ctypes, resource; from medviewer.scratch import no_core_dumps; no_core_dumps()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["0", "0"]
