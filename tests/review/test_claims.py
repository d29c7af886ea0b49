"""One window keeps the work on a study; who closes or dies lets go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from medviewer.review.claims import Claims

HOLD = """
import sys
from pathlib import Path
from medviewer.review.claims import Claims
claims = Claims(Path(sys.argv[1]))
print(claims.take("a study"), flush=True)
sys.stdin.read()
"""


def test_that_a_study_is_claimed_once_and_free_again(tmp_path: Path) -> None:
    first, second = Claims(tmp_path / "work"), Claims(tmp_path / "work")
    assert first.take("a study")
    assert first.take("a study")
    assert not second.take("a study")
    assert second.take("another study")
    assert (first.held, second.held) == ({"a study"}, {"another study"})
    first.let_all_go()
    assert second.take("a study")
    assert not first.take("a study")
    second.let_all_go()
    assert list((tmp_path / "work").iterdir()) == []


def test_that_its_name_tells_nothing(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claims.take("ID-77 1.2.3")
    (path,) = tmp_path.iterdir()
    assert "77" not in path.name.replace(path.stem, "")
    assert len(path.stem) == 32
    assert path.read_bytes() == b""
    claims.let_all_go()


def test_that_a_killed_program_lets_go(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        claims = Claims(tmp_path)
        assert not claims.take("a study")
        other.kill()
        other.wait()
        assert claims.take("a study")
        claims.let_all_go()


def test_that_a_folder_that_cannot_be_made_stands_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    claims = Claims(tmp_path / "file" / "work")
    assert claims.take("a study")
    assert claims.held == frozenset()


def test_that_another_error_of_the_system_is_no_claim_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> bool:
        raise OSError(5, "input/output error")

    monkeypatch.setattr("medviewer.review.claims.try_lock", broken)
    assert Claims(tmp_path).take("a study")
