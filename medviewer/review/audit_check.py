"""Walks the audit's chain: whole, or which entry was edited, removed, moved, or cut off the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from medviewer.errors import NothingReadable
from medviewer.review.audit import START, End, head_path, lines


@dataclass(frozen=True)
class Chain:
    """What :func:`verify` found. ``lines``: how many entries hold, from the first; ``broken_line`` the first
    that does not (from 1), and ``reason`` in a sentence."""

    lines: int
    broken_line: int | None = None
    reason: str = ""
    first_time: str = ""
    """UTC, ISO 8601; empty where there is no entry."""
    last_time: str = ""
    head: str = START
    """Hash of the last entry that holds."""
    incomplete: bool = False
    """Whether the file ends within an entry: the program was stopped while it wrote."""
    end_known: bool = True
    """Whether a record of the end was there to compare with."""

    @property
    def ok(self) -> bool:
        """Whether the whole chain holds."""
        return self.broken_line is None


@dataclass(frozen=True)
class _Entry:
    """One line as far as the chain is concerned; ``number`` 0 and ``previous`` "" where it says none."""

    digest: str
    readable: bool
    previous: str = ""
    number: int = 0
    time: str = ""


def verify(path: Path, noted: str = "", *, end_kept: bool = True) -> Chain:
    """Walk the chain. A file that is not there holds zero lines and is whole, unless its end was kept.

    ``noted``: a head that was written down elsewhere; it must be the hash of one of the entries.
    ``end_kept``: whether the record of the end must be there (a copy may lack it). Raises
    :class:`NothingReadable` where the file cannot be read.
    """
    try:
        entries = [_entry(line) for line in lines(path)] if path.exists() else []
        torn = path.exists() and not _ends_whole(path)
        end = _kept_end(head_path(path))
    except OSError as error:
        hint = "Ask who may read it, or start MedViewer as its owner."
        raise NothingReadable("The audit cannot be read.", hint) from error
    broken = _first_broken(entries)
    whole = broken[0] - 1 if broken else len(entries)
    chain = _told(entries[:whole], broken, torn, end is not None)
    if chain.ok:
        chain = _compare_end(chain, entries, end, end_kept)
    if chain.ok and noted and noted.lower() not in {START, *(e.digest for e in entries)}:
        reason = "No entry has the hash that was noted: entries were cut off, or the file was rewritten."
        chain = replace(chain, broken_line=len(entries) + 1, reason=reason)
    return chain


def _told(entries: Sequence[_Entry], broken: tuple[int, str] | None, torn: bool, end_known: bool) -> Chain:
    first, last = (entries[0], entries[-1]) if entries else (None, None)
    return Chain(
        len(entries),
        broken[0] if broken else None,
        broken[1] if broken else "",
        first.time if first is not None else "",
        last.time if last is not None else "",
        last.digest if last is not None else START,
        torn,
        end_known,
    )


def _entry(line: bytes) -> _Entry:
    digest = sha256(line).hexdigest()
    try:
        found: Any = json.loads(line)
    except ValueError:
        return _Entry(digest, False)
    if not isinstance(found, dict):
        return _Entry(digest, False)
    number = found.get("n")
    return _Entry(
        digest,
        True,
        str(found.get("previous", "")),
        number if isinstance(number, int) else 0,
        str(found.get("time", "")),
    )


def _first_broken(entries: Sequence[_Entry]) -> tuple[int, str] | None:
    """(number from 1, what happened to it)."""
    before = START
    for k, entry in enumerate(entries, start=1):
        if not entry.readable:
            return k, f"Entry {k} was edited: it cannot be read any more."
        if entry.number not in (0, k):
            return _misplaced(entries, k)
        if entry.previous != before:
            return _edited(entries, k)
        before = entry.digest
    return None


def _misplaced(entries: Sequence[_Entry], k: int) -> tuple[int, str]:
    number = entries[k - 1].number
    if number < k:
        return k, f"Entry {k} does not belong here: it says that it is number {number}."
    if any(entry.number == k for entry in entries[k:]):
        return k, f"Entry {k} was moved: number {number} stands in its place."
    gone = f"Entry {k} was" if number == k + 1 else f"Entries {k} to {number - 1} were"
    return k, f"{gone} removed."


def _edited(entries: Sequence[_Entry], k: int) -> tuple[int, str]:
    """Entry k does not continue the one before: which of the two was changed, the next one knows."""
    follows = k >= len(entries) or entries[k].previous == entries[k - 1].digest
    if follows and k > 1:
        return k - 1, f"Entry {k - 1} was edited, removed or put in: entry {k} does not continue it."
    return k, f"Entry {k} was edited: it does not continue the one before."


def _compare_end(chain: Chain, entries: Sequence[_Entry], end: End | None, end_kept: bool) -> Chain:
    """The end that was kept beside the file, against the end of the file. Only the first entry of all may
    stand without: a program may be killed between the two."""
    count = len(entries)
    if end is None:
        if end_kept and count > 1 and entries[-1].number:
            reason = "The record of its end (audit.head) is missing: entries may have been cut off."
            return replace(chain, broken_line=count + 1, reason=reason)
        return chain
    if end.count > count:
        missing = end.count - count
        words = "The last entry is" if missing == 1 else f"The last {missing} entries are"
        return replace(chain, broken_line=count + 1, reason=f"{words} missing: cut off the end.")
    if end.count and entries[end.count - 1].digest != end.head:
        reason = f"Entry {end.count} was edited: it is not the one that was written last."
        return replace(chain, lines=end.count - 1, broken_line=end.count, reason=reason)
    return chain


def _kept_end(path: Path) -> End | None:
    try:
        found = json.loads(path.read_bytes())
        return End(int(found["entries"]), str(found["sha256"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _ends_whole(path: Path) -> bool:
    size = path.stat().st_size
    if not size:
        return True
    with open(path, "rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"
