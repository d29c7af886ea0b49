"""The audit: every line holds the one before; touching any is seen, and which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from medviewer.errors import WriteError
from medviewer.review.audit import Audit, head_path
from medviewer.review.audit_check import verify
from tests.review.makers import clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "audit.jsonl"
    audit = Audit(path, clock)
    for k in range(4):
        audit.append("decide", finding=f"f{k}", verdict="accepted")
    return path


def rewrite(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def test_that_an_untouched_chain_holds_and_each_line_is_plain_json(path: Path) -> None:
    chain = verify(path)
    assert (chain.ok, chain.lines, chain.incomplete, chain.end_known) == (True, 4, False, True)
    assert chain.first_time == chain.last_time == "2026-11-21T10:14:00+00:00"
    assert chain.head == Audit(path).head
    first = json.loads(path.read_text().splitlines()[0])
    assert (first["action"], first["finding"], first["previous"]) == ("decide", "f0", "0" * 64)
    assert first["n"] == 1


def test_that_times_are_utc_wherever_the_reader_sits(tmp_path: Path) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    audit = Audit(tmp_path / "a", lambda: datetime(2026, 11, 21, 2, 0, tzinfo=kolkata))
    audit.append("open")
    assert json.loads((tmp_path / "a").read_text())["time"] == "2026-11-20T20:30:00+00:00"


def test_that_no_audit_yet_is_a_whole_one(tmp_path: Path) -> None:
    assert verify(tmp_path / "none").ok
    assert Audit(tmp_path / "none").head == "0" * 64


@pytest.mark.parametrize(
    ("change", "broken", "word"),
    [
        (lambda a, b, c, d: [a.replace("f0", "fX"), b, c, d], 1, "Entry 1 was edited"),
        (lambda a, b, c, d: [a, b, c.replace("f2", "fX"), d], 3, "Entry 3 was edited"),
        (lambda a, b, c, d: [a, b, c, d.replace("f3", "fX")], 4, "Entry 4 was edited"),
        (lambda a, b, c, d: [a, c, d], 2, "Entry 2 was removed"),
        (lambda a, b, c, d: [d], 1, "Entries 1 to 3 were removed"),
        (lambda a, b, c, d: [a, a, b, c, d], 2, "says that it is number 1"),
        (lambda a, b, c, d: [b, a, c, d], 1, "Entry 1 was moved: number 2"),
        (lambda a, b, c, d: [a, b, "{torn", d], 3, "cannot be read"),
        (lambda a, b, c, d: [a, b, c, "7"], 4, "cannot be read"),
        (lambda a, b, c, d: [a, b], 3, "The last 2 entries are missing"),
        (lambda a, b, c, d: [], 1, "The last 4 entries are missing"),
    ],
)
def test_that_any_touch_is_seen_and_which_entry_it_was(
    path: Path, change: object, broken: int, word: str
) -> None:
    rewrite(path, change(*path.read_text().splitlines()))  # type: ignore[operator]
    found = verify(path)
    assert (found.ok, found.broken_line, found.lines) == (False, broken, broken - 1)
    assert word in found.reason


def test_that_a_changed_link_is_told_of_the_entry_that_holds_it(path: Path) -> None:
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace(json.loads(lines[1])["previous"], "1" * 64)
    rewrite(path, lines)
    assert verify(path).broken_line == 2


def test_that_a_removed_audit_is_missed(path: Path) -> None:
    path.unlink()
    assert verify(path).reason.startswith("The last 4 entries are missing")


def test_that_a_record_of_the_end_that_was_removed_is_told(path: Path) -> None:
    head_path(path).unlink()
    assert "audit.head" in verify(path).reason
    copy = verify(path, end_kept=False)
    assert (copy.ok, copy.end_known) == (True, False)


def test_that_who_cuts_both_files_is_found_by_the_noted_hash(path: Path) -> None:
    noted = Audit(path).head
    assert verify(path, noted).ok
    rewrite(path, path.read_text().splitlines()[:3])
    digest = verify(path, end_kept=False).head
    head_path(path).write_text(json.dumps({"entries": 3, "sha256": digest}))
    assert verify(path).ok
    assert "noted" in verify(path, noted).reason


def test_that_an_end_behind_the_file_is_no_break(path: Path) -> None:
    before = head_path(path).read_bytes()
    Audit(path, clock).append("open")
    head_path(path).write_bytes(before)  # killed between entry and end
    assert verify(path).ok


@pytest.mark.parametrize("size", [1, 40, 100])
def test_that_a_line_cut_by_a_kill_is_told_and_the_next_start_goes_on(path: Path, size: int) -> None:
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(whole.splitlines()[0][:size])
    found = verify(path)
    assert (found.ok, found.lines, found.incomplete) == (True, 4, True)
    Audit(path, clock).append("open")
    after = verify(path)
    assert (after.ok, after.lines, after.incomplete) == (True, 6, False)
    mended = json.loads(path.read_text().splitlines()[4])
    assert (mended["action"], mended["incomplete_bytes"]) == ("mend", size)
    assert path.read_bytes().startswith(whole)


def test_that_an_entry_cut_in_the_middle_is_missed(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])
    assert verify(path).reason.startswith("The last entry is missing")


def test_that_an_older_audit_without_numbers_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text(json.dumps({"action": "open", "previous": "0" * 64, "time": "2026-11-01T08:00:00+01:00"}))
    with path.open("a") as file:
        file.write("\n")
    assert verify(path).ok
    Audit(path, clock).append("open")
    assert (verify(path).ok, verify(path).lines) == (True, 2)


def test_that_a_second_window_continues_the_same_chain(path: Path) -> None:
    one, two = Audit(path, clock), Audit(path, clock)
    for k in range(3):
        one.append("open", n_images=k)
        two.append("open", n_images=k)
    assert verify(path).lines == 10
    assert one.head == two.head


def test_that_three_programs_at_once_lose_no_entry(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    code = (
        "import sys, pathlib; from medviewer.review.audit import Audit\n"
        "audit = Audit(pathlib.Path(sys.argv[1]))\n"
        "for k in range(20): audit.append('open', k=k)"
    )
    at_once = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(3)]
    assert [process.wait() for process in at_once] == [0, 0, 0]
    assert (verify(path).ok, verify(path).lines) == (True, 60)


def test_that_patient_data_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="patient_name"):
        Audit(path).append("open", patient_name="Doe")
    assert verify(path).lines == 4


def test_that_a_line_half_written_is_cut_off_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[: len(data) // 2]))
    with pytest.raises(WriteError, match="full"):
        Audit(path, clock).append("open")
    monkeypatch.undo()
    assert path.read_bytes() == before
    Audit(path, clock).append("open")
    assert verify(path).lines == 5


def test_that_only_the_owner_may_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0
