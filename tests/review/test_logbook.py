"""The log-book's file: what goes in comes out, nothing is edited, two windows and damage are survived."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from medviewer.errors import UsageError, WriteError
from medviewer.review.logbook import LogBook
from medviewer.review.logbook_csv import COLUMNS, to_csv
from medviewer.review.logbook_records import LogData
from tests.review.logbooks import decided, decision, reset, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ai-logbook.sqlite"


def test_that_what_is_written_is_read_in_its_order(path: Path) -> None:
    book = LogBook(path)
    own = decision(2, "a", threshold=0.6, reason="", assessor="Dr Test")
    book.write([run(1, labels=("Right lung", "Left lung")), *decided("r", reason="Not there")])
    book.write([own, reset(3)])
    data = LogBook(path).read()
    assert data.runs == (run(1, labels=("Right lung", "Left lung")),)
    assert data.decisions == (*decided("r", reason="Not there"), own)
    assert data.acts == (reset(3),)
    assert book.read() == data
    assert book.take_notice() == ""


def test_that_reading_on_gives_what_a_new_reader_sees_also_of_another_window(path: Path) -> None:
    first, second = LogBook(path), LogBook(path)
    assert first.read() == LogData()
    for k in range(1, 6):
        (first, second)[k % 2].write([run(k), *decided("a", start=k)])
        assert first.read() == second.read() == LogBook(path).read()
    assert len(first.read().decisions) == 5


def test_that_work_taken_up_again_adds_nothing_but_a_changed_mind_does(path: Path) -> None:
    book = LogBook(path)
    for _ in range(2):
        book.write([run(1), decision(1, "a", subject=1)])
    book.write([decision(0, "r", subject=1), decision(0, "u", subject=1), decision(0, "a", subject=1)])
    data = book.read()
    assert len(data.runs) == 1
    assert [str(d.answer) for d in data.decisions] == ["accepted", "rejected", "undone", "accepted"]


def test_that_taking_back_what_was_never_told_adds_nothing(path: Path) -> None:
    book = LogBook(path)
    book.write([decision(1, "u")])
    assert book.read().decisions == ()


@pytest.mark.parametrize("table", ["runs", "findings", "entries"])
def test_that_nothing_written_can_be_changed_or_removed(path: Path, table: str) -> None:
    LogBook(path).write([run(1), *decided("a")])
    with closing(sqlite3.connect(path)) as connection:
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = rowid + 1"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                connection.execute(change)


@pytest.mark.skipif(os.name != "posix", reason="rights are told otherwise there")
def test_that_only_its_user_may_read_it(path: Path) -> None:
    LogBook(path).write([run(1)])
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["no database", "cut", "empty", "another program's", "torn page"])
def test_that_a_damaged_file_is_set_aside_whole_and_told_once(path: Path, damage: str) -> None:
    LogBook(path).write([run(k) for k in range(1, 400)])
    good = path.read_bytes()
    if damage == "another program's":
        path.unlink()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
    else:
        path.write_bytes(
            {
                "no database": b"not a database" * 300,
                "cut": good[: len(good) // 2],
                "empty": b"",
                "torn page": good[:4096] + b"\xff" * 8192 + good[12288:],
            }[damage]
        )
    bad = path.read_bytes()
    book = LogBook(path)
    book.write([run(1000)])
    (kept,) = path.parent.glob("ai-logbook-damaged-*.sqlite")
    assert kept.read_bytes() == bad
    notice = book.take_notice()
    assert kept.name in notice
    assert "damaged" in notice
    assert book.take_notice() == ""
    assert book.read().runs == (run(1000),)


def test_that_a_window_notices_that_another_set_the_file_aside(path: Path) -> None:
    first = LogBook(path)
    first.write([run(k) for k in range(1, 5)])
    assert len(first.read().runs) == 4
    kept = path.with_name("kept")
    path.rename(kept)
    LogBook(path).write([run(9)])
    assert first.read().runs == (run(9),)


def test_that_damage_done_while_the_window_is_open_loses_no_entry(path: Path) -> None:
    book = LogBook(path)
    book.write([run(1)])
    with open(path, "r+b") as file:
        file.write(b"\x00" * path.stat().st_size)
    book.write([run(2)])
    assert book.take_notice()
    assert book.read().runs == (run(2),)


def test_that_a_newer_program_s_file_is_left_alone(path: Path) -> None:
    LogBook(path).write([run(1)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    book = LogBook(path)
    with pytest.raises(UsageError, match="newer MedViewer"):
        book.write([run(2)])
    assert path.read_bytes() == before
    assert list(path.parent.glob("*damaged*")) == []


def test_that_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError, match="log-book"):
        LogBook(tmp_path / "file" / "ai-logbook.sqlite").write([run(1)])


_WRITER = """
import sys
from pathlib import Path
from medviewer.review.logbook import LogBook
from tests.review.logbooks import decision, run
book, start = LogBook(Path(sys.argv[1])), int(sys.argv[2])
for k in range(start, start + 40):
    book.write([run(k), decision(0, "a", subject=k)])
"""


def test_that_windows_writing_at_once_lose_nothing(path: Path) -> None:
    code = [sys.executable, "-c", _WRITER, str(path)]
    writers = [subprocess.Popen([*code, str(1000 * k)]) for k in (1, 2, 3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    data = LogBook(path).read()
    assert len(data.runs) == 120
    assert sorted(d.number for d in data.decisions) == list(range(1, 121))
    assert list(path.parent.glob("*damaged*")) == []


def test_that_a_batch_cut_in_the_middle_is_as_if_never_begun(path: Path) -> None:
    book = LogBook(path)
    book.write([run(1)])
    broken = replace(run(3), key=None)  # type: ignore[arg-type]  # the column refuses it
    with pytest.raises(WriteError):
        book.write([run(2), broken])
    assert book.read().runs == (run(1),)


def test_that_the_table_holds_every_entry_and_no_formula() -> None:
    evil = '=HYPERLINK("http://x")'
    data = LogData((run(1),), decided("r", reason=evil, assessor="Dr Müller"), (reset(2),))
    lines = to_csv(data).decode("utf-8-sig").split("\r\n")
    assert lines[0].split(",") == list(COLUMNS)
    assert [line.split(",")[0] for line in lines[1:-1]] == ["run", "decision", "reset"]
    assert f'"\'{evil.replace(chr(34), chr(34) * 2)}"' in lines[2]
    assert "Dr Müller" in lines[2]
    assert "ab" * 32 in lines[2]
