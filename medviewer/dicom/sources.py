"""Files, folders, zip files and DICOMDIRs to a plain list of files. Nothing outside them is ever touched."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pydicom

from medviewer.dicom.elements import Broken
from medviewer.dicom.likely import Look, likely, likely_name, split, spread
from medviewer.dicom.study import Unreadable
from medviewer.dicom.walk import walk
from medviewer.errors import Cancelled
from medviewer.scratch import create, private_folder, random_name
from medviewer.tasks import TaskContext

MAX_ENTRIES = 100_000
MAX_TOTAL = 64 << 30
MAX_RATIO = 200
_SMALL = 1 << 20
"""Entries below this size are not judged by their ratio: a blank image compresses well."""
_SHOWN = 8
"""So many files of a DICOMDIR are tried for a first picture."""
_COMPONENT = re.compile(r"[A-Za-z0-9_\-. ]{1,64}")
_MEDIA_DIRECTORY = b"1.2.840.10008.1.3.10"
_SOP_CLASS_META = 0x00020002


@dataclass
class Sources:
    """The files to read, and what was refused before reading."""

    files: list[Path] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    glimpse: Look | None = None

    def show(self, paths: Iterable[Path]) -> None:
        """Let who waits for the first image try these files."""
        if self.glimpse is not None and self.glimpse.wanted:
            self.glimpse.look(paths)

    def refuse(self, path: Path, reason: str) -> None:
        """List a path that will not be read."""
        self.unreadable.append(Unreadable(path, reason))


def open_sources(
    paths: Sequence[Path], context: TaskContext | None = None, glimpse: Look | None = None
) -> Sources:
    """Every file under the given paths, in a stable order, each once. Raises :class:`Cancelled`.

    Zip files are unpacked into a private folder (:mod:`medviewer.scratch`) that the end of the program
    removes. ``glimpse`` is shown likely files before everything is listed or unpacked.
    """
    context = context or TaskContext()
    sources = Sources(glimpse=glimpse)
    sources.show(likely(paths))
    for path in paths:
        context.check()
        try:
            _add(path, sources, context)
        except Cancelled:
            raise
        except OSError:
            sources.refuse(path, "The file or folder could not be opened.")
    sources.files = list(dict.fromkeys(sources.files))
    return sources


def _add(path: Path, sources: Sources, context: TaskContext) -> None:
    if path.is_dir():
        sources.files += _walk_folder(path, sources, context)
    elif not path.exists():
        sources.refuse(path, "There is no such file or folder.")
    elif not path.is_file():  # a pipe or device would be waited for without end
        sources.refuse(path, "This is neither a file nor a folder.")
    elif zipfile.is_zipfile(path) and not _is_dicom(path):
        _unzip(path, sources, context)
    elif path.name.upper() == "DICOMDIR":
        _follow_directory(path, sources)
    else:
        sources.files.append(path)


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _walk_folder(folder: Path, sources: Sources, context: TaskContext) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        context.check()
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                names, folders = split(entries)
        except OSError:
            sources.refuse(here, "The folder could not be opened.")
            continue
        yield from (here / name for name in names)
        waiting += [here / name for name in reversed(folders)]


# ---- DICOMDIR -------------------------------------------------------------------------------------------


def _follow_directory(path: Path, sources: Sources) -> None:
    """The files a DICOMDIR names, confined to its own folder (PS3.10 8.6)."""
    try:
        if not walk(path, frozenset()).sound:
            raise Broken("The DICOMDIR is damaged: open its folder instead.")
        records = pydicom.dcmread(path).get("DirectoryRecordSequence") or []
        named = [record.get("ReferencedFileID") for record in records]
    except Broken as error:
        sources.refuse(path, str(error))
        return
    except Exception:  # noqa: BLE001 - a hostile directory must not stop the other paths
        sources.refuse(path, "The DICOMDIR is damaged: open its folder instead.")
        return
    if not any(named):
        sources.refuse(path, "The DICOMDIR names no file: open its folder instead.")
    before = len(sources.files)
    for value in named:
        if value:
            parts = [value] if isinstance(value, str) else [str(part) for part in value]
            _add_reference(path, parts, sources)
    sources.show(spread(sources.files[before:], _SHOWN))


def _add_reference(directory: Path, parts: list[str], sources: Sources) -> None:
    if not all(_COMPONENT.fullmatch(part) and part.strip(". ") for part in parts):
        sources.refuse(directory, "The DICOMDIR names a file outside its folder; it was not opened.")
        return
    home = directory.parent.resolve()
    target = directory.parent.joinpath(*parts)
    for candidate in (target, directory.parent.joinpath(*(part.lower() for part in parts))):
        if candidate.is_file():
            inside = candidate.resolve().is_relative_to(home)
            if inside:
                sources.files.append(candidate)
            else:
                sources.refuse(directory, "The DICOMDIR names a file outside its folder; it was not opened.")
            return
    sources.refuse(target, "The DICOMDIR names this file, but it is missing.")


# ---- zip ------------------------------------------------------------------------------------------------


def _unzip(path: Path, sources: Sources, context: TaskContext) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            if len(entries) > MAX_ENTRIES:
                sources.refuse(path, "The zip file holds too many entries.")
                return
            _unpack_all(archive, entries, sources, context)
    except (Cancelled, OSError):
        raise
    except Exception:  # noqa: BLE001 - a damaged directory makes zipfile raise of many kinds
        sources.refuse(path, "The zip file is damaged or encrypted.")


def _unpack_all(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], sources: Sources, context: TaskContext
) -> None:
    """Unpack in the archive's order, but for the likeliest image: that one goes first."""
    room, budget = private_folder(), MAX_TOTAL
    first = likely_name([entry.filename for entry in entries]) if entries else 0
    unpacked: dict[int, Path] = {}
    for done, k in enumerate(sorted(range(len(entries)), key=lambda k: k != first)):
        context.check()
        context.report(done / len(entries), f"Unpacking: {done} of {len(entries)}")
        target = _extract(archive, entries[k], room, sources, budget)
        if target is not None:
            unpacked[k] = target
            budget -= entries[k].file_size
            sources.show([target])
    sources.files += [unpacked[k] for k in sorted(unpacked)]


def _refusal(entry: zipfile.ZipInfo, budget: int) -> str:
    """Why an entry is not unpacked, or empty."""
    name = entry.filename
    parts = re.split(r"[/\\]", name)
    if name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
        return "A zip entry points outside the archive; it was not unpacked."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "A zip entry is a link; it was not unpacked."
    if entry.flag_bits & 1:
        return "The zip file is encrypted: unpack it first."
    if entry.file_size > budget:
        return "The zip file unpacks to more than can be opened."
    if entry.file_size > _SMALL and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        return "A zip entry unpacks to far more than an image; it was not unpacked."
    return ""


def _extract(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: Path, sources: Sources, budget: int
) -> Path | None:
    """Unpack one entry under a random name; returns it, or None for what was refused."""
    path = Path(archive.filename or "")
    reason = _refusal(entry, budget)
    if reason:
        sources.refuse(path, reason)
        return None
    if re.split(r"[/\\]", entry.filename)[-1].upper() == "DICOMDIR":
        return None
    target = room / random_name()
    try:
        with archive.open(entry) as source, create(target) as file:
            _copy(source, file, entry.file_size)
    except OSError:
        target.unlink(missing_ok=True)
        sources.refuse(path, "A zip entry could not be unpacked: is the disk full?")
        return None
    except Exception:  # noqa: BLE001 - each method of packing has errors of its own
        target.unlink(missing_ok=True)
        sources.refuse(path, "A zip entry is damaged; it was not unpacked.")
        return None
    return target


def _copy(source: IO[bytes], file: IO[bytes], limit: int) -> None:
    """Copy at most ``limit`` bytes; ValueError when there are more than the directory says."""
    left = limit
    while block := source.read(1 << 20):
        left -= len(block)
        if left < 0:
            raise ValueError("entry larger than declared")
        file.write(block)
