"""The log-book's file: its tables, the lock of two windows, and what becomes of a damaged one.

A damaged file is never written to and never removed: it is renamed beside its place, and told.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from medviewer.errors import UsageError, WriteError
from medviewer.review.files import lock

SCHEMA_VERSION = 1
_APPLICATION = 0x4D56_4C42
""" "MVLB" in the file's header: another program's database is not taken for the log-book."""
_WAIT_SECONDS = 5.0
_TABLES = ("runs", "findings", "entries")
_SCHEMA = """
CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
    model_id TEXT NOT NULL, model_version TEXT NOT NULL, title TEXT NOT NULL, weights_sha256 TEXT NOT NULL,
    device TEXT NOT NULL, seconds REAL NOT NULL, state TEXT NOT NULL, started TEXT NOT NULL,
    study TEXT NOT NULL, series TEXT NOT NULL, is_forced INTEGER NOT NULL
);
CREATE TABLE findings (
    run TEXT NOT NULL, finding TEXT NOT NULL, label TEXT NOT NULL, PRIMARY KEY (run, finding)
);
CREATE TABLE entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, time TEXT NOT NULL,
    model_id TEXT NOT NULL, model_version TEXT NOT NULL, reason TEXT NOT NULL, assessor TEXT NOT NULL,
    run TEXT, series TEXT, finding TEXT, label TEXT, answer TEXT, threshold REAL, modified TEXT
);
"""
_ONLY_ADDED_TO = "".join(
    f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'the log-book is only added to'); END;\n"
    for table in _TABLES
    for act in ("UPDATE", "DELETE")
)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The log-book's database, made on first use, within one transaction that other windows wait for.

    Raises sqlite3.DatabaseError for a damaged file, :class:`UsageError` for one of a newer program.
    """
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        _check_version(connection)
        yield connection
        connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise UsageError(
            "The AI log-book was made by a newer MedViewer.", "Use that one; this one leaves it."
        )
    if version == 0:
        for statement in (*_SCHEMA.split(";\n"), *_ONLY_ADDED_TO.split(";\n")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the log-book against other windows, also while it is looked at or set aside. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock(handle)
        yield
    finally:
        os.close(handle)


def is_whole(path: Path) -> bool:
    """Whether the file can be relied on; one that is not there yet can. An empty one was cut off.

    Raises sqlite3.OperationalError where the disk does not let it be read.
    """
    if not path.exists():
        return True
    if path.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False
    return bool(application == _APPLICATION and verdict == "ok")


def set_aside(path: Path) -> str:
    """Give a damaged file another name beside its place, its journal with it; what to tell the reader.

    Raises OSError.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    kept = path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}")
    os.replace(path, kept)
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():
        os.replace(journal, kept.with_name(f"{kept.name}-journal"))
    return (
        f"The AI log-book was damaged: it is kept as {kept.name} beside its place, and a new one begins. "
        "Figures and the stop rule start from nothing."
    )


def write_error(error: sqlite3.Error | OSError) -> WriteError:
    """The reader's sentence when the disk refuses the log-book; names no path."""
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    hint = "Free some space." if full else "Check the disk and the rights of the program's own folder."
    return WriteError("The AI log-book could not be read or written.", hint)
