"""The audit: one JSON line per act, each with its number and the SHA-256 of the line before. No patient data.

Changing, removing, inserting or reordering a line breaks the chain (:mod:`~medviewer.review.audit_check` says
where). Lines cut off the end leave a whole chain behind, so the number and hash of the last one are kept in a
file beside it (``audit.head``). Who rewrites both is found out by a hash noted elsewhere: ``Audit.head``.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from medviewer import paths
from medviewer.errors import WriteError
from medviewer.review.files import atomic_write, lock, write_error
from medviewer.review.store import local_now

SCHEMA = "medviewer.audit/2"
"""Since 2 an entry holds its number ``n``, and its time is UTC."""
START = "0" * 64
"""What the first entry holds as the hash of the one before."""
_FORBIDDEN = frozenset({"patient", "patient_name", "name", "patient_id", "birth_date", "accession", "path"})


@dataclass(frozen=True)
class End:
    """The last entry there is: its number from 1 and its hash; 0 and zeros where there is none."""

    count: int = 0
    head: str = START


def default_path() -> Path:
    """Where the program keeps its audit."""
    return paths.state_dir() / "audit.jsonl"


def head_path(path: Path) -> Path:
    """Where the end of an audit is kept."""
    return path.with_suffix(".head")


class Audit:
    """Appends to one file, which is made on the first act. Facts that could name a patient are refused."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = local_now) -> None:
        self._path = path
        self._clock = clock
        self._size = -1
        self._end = End()

    @property
    def head(self) -> str:
        """SHA-256 of the last line; zeros where there is none."""
        self._catch_up()
        return self._end.head

    def append(self, action: str, **facts: Any) -> str:
        """Add one line and flush it to the disk; returns its hash.

        Other windows wait meanwhile. What a killed program left of a line is taken off first, and an entry
        says so. Raises :class:`~medviewer.errors.WriteError` when the disk refuses, ValueError for a
        forbidden fact.
        """
        wrong = _FORBIDDEN & facts.keys()
        if wrong:
            raise ValueError(f"the audit holds no {', '.join(sorted(wrong))}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                lock(handle)
                self._mend(handle)
                self._catch_up()
                self._add(handle, action, facts)
                self._keep_end()
            finally:
                os.close(handle)
        except OSError as error:
            raise write_error(error) from error
        return self._end.head

    def _add(self, handle: int, action: str, facts: dict[str, Any]) -> None:
        """A line the disk took only half of is cut off again: the chain stays whole."""
        count = self._end.count + 1
        time = self._clock().astimezone(UTC).isoformat(timespec="seconds")
        own = {"schema": SCHEMA, "n": count, "time": time, "action": action, "previous": self._end.head}
        line = json.dumps({**facts, **own}, ensure_ascii=False, sort_keys=True).encode()
        start = os.fstat(handle).st_size
        if os.write(handle, line + b"\n") != len(line) + 1:
            os.ftruncate(handle, start)
            raise OSError(errno.ENOSPC, "short write")
        os.fsync(handle)
        self._size, self._end = start + len(line) + 1, End(count, sha256(line).hexdigest())

    def _mend(self, handle: int) -> None:
        """Take off what follows the last line end, and say so in an entry of its own."""
        tail = _tail(self._path)
        if not tail:
            return
        os.ftruncate(handle, os.fstat(handle).st_size - len(tail))
        self._catch_up()
        self._add(handle, "mend", {"incomplete_bytes": len(tail), "sha256": sha256(tail).hexdigest()})

    def _catch_up(self) -> None:
        """Find the end again where the file is not as this object left it."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == self._size:
            return
        self._size, self._end = size, End()
        for line in lines(self._path) if size else ():
            self._end = End(self._end.count + 1, sha256(line).hexdigest())

    def _keep_end(self) -> None:
        """An end that was not kept (full disk) is behind the file, which is allowed."""
        record = json.dumps({"entries": self._end.count, "sha256": self._end.head})
        try:
            atomic_write(head_path(self._path), record + "\n")
        except WriteError:
            if head_path(self._path).exists():
                return
            raise


def lines(path: Path) -> Iterator[bytes]:
    """Whole lines without their ends; what follows the last line end is none."""
    with open(path, "rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line.rstrip(b"\n")


def _tail(path: Path) -> bytes:
    """What follows the last line end: nothing, unless a program was killed while it wrote."""
    with open(path, "rb") as file:
        place = file.seek(0, os.SEEK_END)
        found = b""
        while place and b"\n" not in found:
            step = min(4096, place)
            place = file.seek(place - step)
            found = file.read(step) + found
            file.seek(place)
    return found.rpartition(b"\n")[2]
