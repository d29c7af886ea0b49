"""The audit: every line holds the one before; touching any is seen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from medviewer.errors import WriteError
from medviewer.review.audit import Audit, verify
from tests.review.makers import clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "audit.jsonl"
    audit = Audit(path, clock)
    for k in range(4):
        audit.append("decide", finding=f"f{k}", verdict="accepted")
    return path


def test_that_an_untouched_chain_holds_and_each_line_is_plain_json(path: Path) -> None:
    assert verify(path).ok
    assert verify(path).lines == 4
    first = json.loads(path.read_text().splitlines()[0])
    assert (first["action"], first["finding"], first["previous"]) == ("decide", "f0", "0" * 64)


def test_that_no_audit_yet_is_a_whole_one(tmp_path: Path) -> None:
    assert verify(tmp_path / "none").ok
    assert Audit(tmp_path / "none").head == "0" * 64


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda lines: [lines[0].replace("f0", "fX"), *lines[1:]], 2),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:3], "{torn"], 4),
    ],
    ids=["edited", "removed", "inserted", "swapped", "torn"],
)
def test_that_any_touch_breaks_the_chain_where_it_happened(path: Path, change: object, broken: int) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join(change(lines)) + "\n")  # type: ignore[operator]
    found = verify(path)
    assert (found.ok, found.broken_line) == (False, broken)
    assert found.reason


def test_that_lines_cut_off_the_end_are_seen_by_the_head(path: Path) -> None:
    head = Audit(path).head
    path.write_text("\n".join(path.read_text().splitlines()[:3]) + "\n")
    assert verify(path).ok
    assert Audit(path).head != head


def test_that_a_second_window_continues_the_same_chain(path: Path) -> None:
    one, two = Audit(path, clock), Audit(path, clock)
    for k in range(3):
        one.append("open", n=k)
        two.append("open", n=k)
    assert verify(path).lines == 10
    assert one.head == two.head


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
