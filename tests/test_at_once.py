"""The suite in several processes is the suite: nothing left out, nothing twice, no failure unheard."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.at_once import TESTS, counts, jobs, run


def test_that_every_file_of_tests_is_in_one_job() -> None:
    given = [
        path
        for job in jobs()
        for place in job
        for path in (place.rglob("test_*.py") if place.is_dir() else [place])
    ]
    assert sorted(given) == sorted(TESTS.rglob("test_*.py"))


def test_that_long_rooms_begin_first_and_loose_files_come_last(tmp_path: Path) -> None:
    for name in ("a/test_1.py", "training/deep/test_2.py", "ui/test_3.py", "empty/x.py", "test_4.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [[place.name for place in job] for job in jobs(tmp_path)] == [
        ["training"], ["ui"], ["a"], ["test_4.py"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("3 passed in 0.01s", {"passed": 3}),
        ("1 failed, 68 passed, 2 skipped in 227.78s (0:03:47)", {"failed": 1, "passed": 68, "skipped": 2}),
        ("4 passed, 1 error in 2.00s", {"passed": 4, "error": 1}),
        ("no tests ran in 0.00s", {}),
    ],
)
def test_that_pytest_s_last_line_is_understood(line: str, found: dict[str, int]) -> None:
    assert counts(f"..F 12 passed, 3 skipped in between\n{line}\n") == found


def test_that_a_failure_in_one_process_is_told_and_is_one_of_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_good.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    (tmp_path / "test_bad.py").write_text("def test_three(): assert 'wrong' == 'right'\n")
    good, bad = (tmp_path / "test_good.py",), (tmp_path / "test_bad.py",)
    assert run([good, bad], 2) == 1
    told = capsys.readouterr().out
    assert "assert 'wrong' == 'right'" in told
    assert told.splitlines()[-1].startswith("1 failed, 2 passed in ")
    assert run([good], 2) == 0
