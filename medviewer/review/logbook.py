"""The AI log-book: runs and decisions in a local SQLite file, only ever added to. No patient data.

Every call holds the file's lock and makes one transaction: two windows wait for each other, and a killed
program leaves all of a batch or nothing. It blocks; the window calls it from a job.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from medviewer import paths
from medviewer.review.logbook_file import is_whole, locked, opened, set_aside, write_error
from medviewer.review.logbook_records import (
    ActKind,
    Answer,
    LogData,
    Logged,
    LoggedAct,
    LoggedDecision,
    LoggedFinding,
    LoggedRun,
)

_DECISION = "decision"
_RUN_COLUMNS = tuple(f.name for f in fields(LoggedRun) if f.name != "findings")
_ACT_COLUMNS = ("kind", "time", "model_id", "model_version", "reason", "assessor")
_ACT_FACTS = (*_ACT_COLUMNS[1:], "number")
_DECISION_COLUMNS = (*_ACT_COLUMNS, "run", "series", "finding", "label", "answer", "threshold", "modified")

T = TypeVar("T")


def default_path() -> Path:
    """Where the program keeps its log-book: one for a user of a computer."""
    return paths.state_dir() / "ai-logbook.sqlite"


class LogBook:
    """One file, made on first use. Call it from one thread at a time.

    Every method raises :class:`~medviewer.errors.WriteError` where the disk refuses and
    :class:`~medviewer.errors.UsageError` for a file of a newer program; nothing is lost then but the call.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None
        self._notice = ""
        self._kept = LogData()
        self._runs_read, self._entries_read = 0, 0

    def take_notice(self) -> str:
        """What to tell the reader since last asked: that a damaged file was set aside. Else empty."""
        notice, self._notice = self._notice, ""
        return notice

    def write(self, batch: Sequence[Logged]) -> None:
        """Add entries, all or none. A run already told, and an answer that says what the last one on its
        finding says, add nothing (work taken up again after a crash)."""

        def add(connection: sqlite3.Connection) -> None:
            for entry in batch:
                _add(connection, entry)

        self._in_file(add)

    def read(self) -> LogData:
        """All of it; what was read before is not read again."""
        return self._in_file(self._read_on)

    def _in_file(self, act: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with locked(self._path):
                self._look()
                try:
                    return self._once(act)
                except sqlite3.DatabaseError:
                    self._known = None
                    if not self._look():
                        raise
                return self._once(act)
        except (sqlite3.Error, OSError) as error:
            raise write_error(error) from error

    def _once(self, act: Callable[[sqlite3.Connection], T]) -> T:
        with opened(self._path) as connection:
            done = act(connection)
        self._known = _identity(self._path)
        return done

    def _look(self) -> bool:
        """Set a damaged file aside; whether that was done. Looked at when the file is not the one known: at
        first, after trouble, and when another window set it aside."""
        if self._known is not None and self._known == _identity(self._path):
            return False
        self._kept, self._runs_read, self._entries_read = LogData(), 0, 0
        whole = is_whole(self._path)
        if not whole:
            self._notice = set_aside(self._path)
        return not whole

    def _read_on(self, connection: sqlite3.Connection) -> LogData:
        runs, acts, decisions = [], [], []
        labels: dict[str, list[LoggedFinding]] = {}
        after = "FROM runs WHERE number > ? ORDER BY number"
        rows = connection.execute(f"SELECT number, {', '.join(_RUN_COLUMNS)} {after}", (self._runs_read,))
        told = rows.fetchall()
        some = "SELECT run, finding, label FROM findings WHERE run IN (SELECT key FROM runs WHERE number > ?)"
        for run, finding, label in connection.execute(f"{some} ORDER BY rowid", (self._runs_read,)):
            labels.setdefault(run, []).append(LoggedFinding(finding, label))
        for number, *values in told:
            facts: dict[str, Any] = dict(zip(_RUN_COLUMNS, values, strict=True))
            facts["is_forced"] = bool(facts["is_forced"])
            runs.append(LoggedRun(**facts, findings=tuple(labels.get(facts["key"], ()))))
            self._runs_read = number
        columns = ("number", *_DECISION_COLUMNS)
        after = "FROM entries WHERE number > ? ORDER BY number"
        for values in connection.execute(f"SELECT {', '.join(columns)} {after}", (self._entries_read,)):
            facts = dict(zip(columns, values, strict=True))
            self._entries_read = facts["number"]
            if facts["kind"] == _DECISION:
                decisions.append(_decision_of(facts))
            else:
                acts.append(LoggedAct(ActKind(facts.pop("kind")), **{k: facts[k] for k in _ACT_FACTS}))
        old = self._kept
        self._kept = LogData((*old.runs, *runs), (*old.decisions, *decisions), (*old.acts, *acts))
        return self._kept


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there."""
    if not path.exists():
        return None
    found = path.stat()
    return found.st_dev, found.st_ino


def _decision_of(facts: dict[str, Any]) -> LoggedDecision:
    del facts["kind"]
    facts["answer"] = Answer(facts["answer"])
    return LoggedDecision(**facts)


def _add(connection: sqlite3.Connection, entry: Logged) -> None:
    if isinstance(entry, LoggedRun):
        _add_run(connection, entry)
    elif isinstance(entry, LoggedDecision):
        if not _says_nothing_new(connection, entry):
            values = {name: getattr(entry, name, None) for name in _DECISION_COLUMNS}
            _insert(connection, "entries", {**values, "kind": _DECISION, "answer": str(entry.answer)})
    else:
        values = {name: getattr(entry, name) for name in _ACT_COLUMNS}
        _insert(connection, "entries", {**values, "kind": str(entry.kind)})


def _add_run(connection: sqlite3.Connection, run: LoggedRun) -> None:
    if connection.execute("SELECT 1 FROM runs WHERE key = ?", (run.key,)).fetchone():
        return
    _insert(connection, "runs", {name: getattr(run, name) for name in _RUN_COLUMNS})
    for finding, label in {one.finding: one.label for one in run.findings}.items():
        _insert(connection, "findings", {"run": run.key, "finding": finding, "label": label})


def _says_nothing_new(connection: sqlite3.Connection, entry: LoggedDecision) -> bool:
    last = connection.execute(
        "SELECT answer, reason, assessor FROM entries WHERE run = ? AND finding = ? "
        "ORDER BY number DESC LIMIT 1",
        (entry.run, entry.finding),
    ).fetchone()
    if last is None:
        return entry.answer is Answer.UNDONE
    return bool(last == (str(entry.answer), entry.reason, entry.assessor))


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
