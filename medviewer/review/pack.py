"""The evidence pack: one folder of objects, each read back before the folder stands under its name.

Everything is written into a hidden folder beside its place, flushed, read back by other code than wrote it,
listed with its hash in ``manifest.json``; only then the folder is renamed. Whatever goes wrong before leaves
nothing; what a killed program left is swept by the next export there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from medviewer.errors import Cancelled, MedviewerError, UsageError, WriteError
from medviewer.review.files import make_folder, sync_folder, write_error, write_new
from medviewer.review.pack_manifest import MANIFEST, About, Entry, LeftOut, manifest_text, verify
from medviewer.review.whole_folder import hidden_room
from medviewer.tasks import TaskContext

_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
_MOST = 1000
"""So many packs of one name in one folder; then something else is wrong."""


class Part(Protocol):
    """One file of a pack. Neither ``what`` nor ``file_name`` names a patient."""

    @property
    def kind(self) -> str:
        """ "SEG", "SR" …"""

    @property
    def what(self) -> str:
        """In plain words, for the manifest: "Outlines of Lung CT 1.2.0"."""

    @property
    def file_name(self) -> str:
        """Lower case, with its extension."""

    @property
    def facts(self) -> Mapping[str, str]:
        """What else the manifest tells, asked for after writing: UIDs."""

    def write(self, done: frozenset[str]) -> bytes:
        """The whole file. ``done``: names of the files that stand in the pack already, read back and found
        right: to nothing else may this one refer. Raises :class:`MedviewerError` with the reason where it
        cannot be written."""

    def check(self, path: Path) -> Sequence[str]:
        """Read the file again, by other code than wrote it: a sentence for all that is not as meant."""


@dataclass(frozen=True)
class Pack:
    """What was written where. ``manifest_sha256`` stands for all of it: it holds the hash of every file."""

    folder: Path
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    manifest_sha256: str
    about: About


def write_pack(parts: Sequence[Part], parent: Path, name: str, about: About, context: TaskContext) -> Pack:
    """Write ``parts`` in their order into a new folder of ``parent``: ``name``, or ``name-2`` and so on.

    A part that cannot be written, or does not come back as it was meant, is left out and named in the
    manifest. Raises :class:`UsageError` for no part, the first part's reason where none could be written,
    :class:`WriteError` where the disk refuses, :class:`Cancelled`. Then nothing is left behind.
    """
    if not parts:
        raise UsageError("Nothing is ticked, so there is nothing to write.", "Tick what you need.")
    make_folder(parent)
    try:
        with hidden_room(parent) as room:
            entries, left_out = _fill(parts, room, context)
            if not entries:
                raise left_out[0].error
            text = manifest_text(about, entries, left_out)
            write_new(room / MANIFEST, text)
            wrong = verify(room)
            if wrong:
                raise WriteError(f"What was written is not as it was meant: {wrong[0]}", "Check the disk.")
            sync_folder(room)
            context.check()
            folder = _put(room, parent, name)
    except OSError as error:
        raise write_error(error) from error
    return Pack(folder, entries, left_out, sha256(text.encode()).hexdigest(), about)


def proven(
    parts: Sequence[Part], folder: Path, context: TaskContext
) -> tuple[dict[str, bytes], tuple[LeftOut, ...]]:
    """What a pack of ``parts`` would hold, by file name, each written and read back; ``folder`` stays as it
    was. For who writes other files along with them, all at once. Raises as :func:`write_pack`, but for parts
    that cannot be written: these are only told."""
    try:
        with hidden_room(folder) as room:
            entries, left_out = _fill(parts, room, context)
            return {entry.name: (room / entry.name).read_bytes() for entry in entries}, left_out
    except OSError as error:
        raise write_error(error) from error


def _fill(
    parts: Sequence[Part], room: Path, context: TaskContext
) -> tuple[tuple[Entry, ...], tuple[LeftOut, ...]]:
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for k, part in enumerate(parts):
        context.check()
        context.report(k / len(parts), f"Writing {part.file_name}")
        try:
            entries.append(_one(part, room, frozenset(entry.name for entry in entries)))
        except Cancelled:
            raise
        except MedviewerError as error:
            left_out.append(LeftOut(part.kind, part.what, error))
    return tuple(entries), tuple(left_out)


def _one(part: Part, room: Path, done: frozenset[str]) -> Entry:
    data = part.write(done)
    path = room / part.file_name
    write_new(path, data)
    back = path.read_bytes()
    wrong = [] if back == data else ["the disk gave other bytes back"]
    wrong = wrong or list(part.check(path))
    if wrong:
        path.unlink()
        raise WriteError(
            f"It did not come back as it was meant ({wrong[0].rstrip('.')}), so it was left out.",
            "Please report this.",
        )
    return Entry(part.file_name, part.kind, part.what, len(data), sha256(data).hexdigest(), dict(part.facts))


def _put(room: Path, parent: Path, name: str) -> Path:
    """Give the folder its name, or the first of ``name-2``, ``name-3`` … that is free. Raises OSError."""
    for number in range(1, _MOST):
        place = parent / (name if number == 1 else f"{name}-{number}")
        if os.path.lexists(place):
            continue
        try:
            os.rename(room, place)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            continue
        try:
            sync_folder(parent)
        except OSError:
            os.rename(place, room)  # back, all at once, to be removed
            raise
        return place
    raise FileExistsError(errno.EEXIST, "every name is taken")
