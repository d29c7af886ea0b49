"""The audit: one JSON line per act, each with the SHA-256 of the line before. No patient data.

Changing, removing or inserting a line breaks the chain at that place; :func:`verify` says where. Cutting
lines off the end is seen by comparing the last hash with one noted elsewhere: ``Audit.head``.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from medviewer import paths
from medviewer.review.files import write_error
from medviewer.review.store import local_now

SCHEMA = "medviewer.audit/1"
_START = "0" * 64
_FORBIDDEN = frozenset({"patient", "patient_name", "name", "patient_id", "birth_date", "accession", "path"})


@dataclass(frozen=True)
class Chain:
    """What :func:`verify` found: how many lines hold, and where the first broken one is (from 1)."""

    lines: int
    broken_line: int | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether the whole chain holds."""
        return self.broken_line is None


def default_path() -> Path:
    """Where the program keeps its audit."""
    return paths.state_dir() / "audit.jsonl"


class Audit:
    """Appends to one file, which is made on the first act. Facts that could name a patient are refused."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = local_now) -> None:
        self._path = path
        self._clock = clock
        self._size = -1
        self._head = _START

    @property
    def head(self) -> str:
        """SHA-256 of the last line; zeros where there is none."""
        self._catch_up()
        return self._head

    def append(self, action: str, **facts: Any) -> str:
        """Add one line and flush it to the disk; returns its hash.

        Raises :class:`~medviewer.errors.WriteError` when the disk refuses, ValueError for a forbidden fact.
        """
        wrong = _FORBIDDEN & facts.keys()
        if wrong:
            raise ValueError(f"the audit holds no {', '.join(sorted(wrong))}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _lock(handle)
                self._catch_up()
                line = self._line(action, facts)
                self._write(handle, line + b"\n")
            finally:
                os.close(handle)
        except OSError as error:
            raise write_error(error) from error
        self._head = sha256(line).hexdigest()
        return self._head

    def _line(self, action: str, facts: dict[str, Any]) -> bytes:
        time = self._clock().isoformat(timespec="seconds")
        entry = {**facts, "schema": SCHEMA, "time": time, "action": action, "previous": self._head}
        return json.dumps(entry, ensure_ascii=False, sort_keys=True).encode()

    def _write(self, handle: int, line: bytes) -> None:
        """A line the disk took only half of is cut off again: the chain stays whole."""
        start = os.fstat(handle).st_size
        written = os.write(handle, line)
        if written != len(line):
            os.ftruncate(handle, start)
            raise OSError(errno.ENOSPC, "short write")
        os.fsync(handle)
        self._size = start + len(line)

    def _catch_up(self) -> None:
        """Read the last line again where the file is not as this object left it."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == self._size:
            return
        self._head = _START
        for line in _lines(self._path) if size else ():
            self._head = sha256(line).hexdigest()
        self._size = size


def verify(path: Path) -> Chain:
    """Walk the chain. A file that is not there holds zero lines and is whole."""
    if not path.exists():
        return Chain(0)
    previous, count = _START, 0
    for count, line in enumerate(_lines(path), start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            return Chain(count - 1, count, "the line is not JSON")
        if not isinstance(entry, dict) or entry.get("previous") != previous:
            return Chain(count - 1, count, "a line before it was changed, removed or inserted")
        previous = sha256(line).hexdigest()
    return Chain(count)


def _lock(handle: int) -> None:
    """Wait for the file: two windows may not both continue the same line. Closing the file lets go."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)


def _lines(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        for line in file:
            yield line.rstrip(b"\n")
