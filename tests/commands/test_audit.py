"""``medviewer audit verify``: the words and the exit status; what the command line records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medviewer import paths
from medviewer.cli import main
from medviewer.dicom.scan import scan
from medviewer.review.audit import Audit, default_path
from medviewer.review.audit_check import verify
from medviewer.review.references import uid_hash
from tests.review.makers import clock

VERIFY = ["audit", "verify", "-q"]


def act(count: int) -> Path:
    audit = Audit(default_path(), clock)
    for k in range(count):
        audit.append("open", k=k)
    return default_path()


def test_that_nothing_done_yet_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(VERIFY) == 0
    assert capsys.readouterr().out == "The audit is empty: nothing was done yet.\n"


def test_that_a_whole_audit_tells_how_many_and_from_when_to_when(capsys: pytest.CaptureFixture[str]) -> None:
    path = act(3)
    assert main(VERIFY) == 0
    said = capsys.readouterr().out
    span = "from 2026-11-21 10:14:00 UTC to 2026-11-21 10:14:00 UTC"
    assert said.startswith(f"The audit holds: 3 entries, {span}.\n")
    assert Audit(path).head in said


def test_that_an_edited_entry_is_status_9_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    path = act(3)
    path.write_text(path.read_text().replace('"k": 1', '"k": 7'))
    assert main(VERIFY) == 9
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: Entry 2 was edited")
    assert "The 1 entry before holds." in said.err


def test_that_an_incomplete_last_line_is_told_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    with act(2).open("ab") as file:
        file.write(b'{"action": "op')
    assert main(VERIFY) == 0
    assert "The last line is incomplete: the program was stopped" in capsys.readouterr().out


def test_that_a_noted_hash_finds_what_was_cut_with_its_record(capsys: pytest.CaptureFixture[str]) -> None:
    path = act(3)
    noted = Audit(path).head
    assert main([*VERIFY, "--head", noted]) == 0
    path.unlink()
    path.with_suffix(".head").unlink()
    act(2)
    assert main(VERIFY) == 0
    assert main([*VERIFY, "--head", noted]) == 9
    assert "the hash that was noted" in capsys.readouterr().err


def test_that_a_copy_is_checked_where_it_lies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(act(2).read_bytes())
    assert main([*VERIFY, str(copy)]) == 0
    assert "no record of its end" in capsys.readouterr().out
    assert main([*VERIFY, str(tmp_path / "none")]) == 3


def test_that_a_picture_is_recorded_by_reference_and_hash(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert main(["render", "-q", str(series), "-o", str(out)]) == 0
    opened, left = (json.loads(line) for line in default_path().read_text().splitlines())
    (one,) = scan([series]).all_series()
    assert (opened["action"], opened["series"], opened["images"]) == ("open", [uid_hash(one.uid)], 10)
    assert (left["action"], left["study"], left["files"]) == ("export", uid_hash(one.study_uid), 1)
    assert len(left["sha256"][0]) == 64
    assert verify(default_path()).ok


def test_that_a_reference_is_keyed_and_the_same_every_day(
    monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    first = uid_hash("1.2.3")
    key = paths.state_dir() / "reference.key"
    assert key.stat().st_mode & 0o077 == 0
    assert (len(first), uid_hash("1.2.3"), uid_hash("1.2.4") == first) == (16, first, False)
    monkeypatch.setenv("MEDVIEWER_HOME", str(own_home / "other"))
    assert uid_hash("1.2.3") != first
