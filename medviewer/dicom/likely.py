"""Which files to try first for a picture, found without listing everything.

A few thousand directory entries are looked at, however many there are: the wait for the first picture must
not grow with the folder.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePath
from typing import Protocol, TypeVar

_PER_FOLDER, _ENTRIES = 2048, 4096
"""How many directory entries are looked at: in one folder, and in all."""
_FROM_EACH, _FOLDERS = 8, 3
"""How many files of a folder are named, and of how many folders."""

T = TypeVar("T")


class Look(Protocol):
    """Somebody who waits for the first image."""

    @property
    def wanted(self) -> bool:
        """Whether it was not found yet."""

    def look(self, paths: Iterable[Path]) -> None:
        """Try files, in this order."""


def likely(paths: Sequence[Path]) -> Iterator[Path]:
    """Files that may hold an image of the main series: the middle of the largest folder seen, then others.

    Zip files and DICOMDIRs are not opened here.
    """
    for path in spread(paths, _FROM_EACH):
        try:
            if path.is_dir():
                yield from _within(path)
            elif path.is_file() and path.name.upper() != "DICOMDIR":
                yield path
        except OSError:  # the scan says what is wrong with it
            continue


def spread(items: Sequence[T], most: int) -> Iterator[T]:
    """The middle item, then those at the quarters, the eighths and so on: at most ``most``, each once."""
    seen: set[int] = set()
    parts = 2
    while len(seen) < min(most, len(items)):
        for part in range(1, parts, 2):
            place = (len(items) * part - 1) // parts
            if place not in seen and len(seen) < most:
                seen.add(place)
                yield items[place]
        parts *= 2


def likely_name(names: Sequence[str]) -> int:
    """Index of the name in the middle of the folder that holds most of them; for what a zip file lists."""
    folders: dict[PurePath, list[int]] = {}
    for k, name in enumerate(names):
        folders.setdefault(PurePath(name).parent, []).append(k)
    largest = max(folders.values(), key=len)
    return sorted(largest, key=lambda k: names[k])[(len(largest) - 1) // 2]


def _within(folder: Path) -> Iterator[Path]:
    """The largest folders first, each from its middle by name."""
    found: list[tuple[Path, list[str]]] = []
    waiting, left = deque([folder]), _ENTRIES
    while waiting and left > 0:
        here = waiting.popleft()
        names, folders, looked = _glance(here, min(left, _PER_FOLDER))
        left -= max(1, looked)
        waiting.extend(here / name for name in folders)
        found.append((here, names))
    found.sort(key=lambda entry: -len(entry[1]))
    for here, names in found[:_FOLDERS]:
        for name in spread(names, _FROM_EACH):
            yield here / name


def _glance(folder: Path, most: int) -> tuple[list[str], list[str], int]:
    """(names of files, of folders, how many entries were looked at), sorted."""
    try:
        with os.scandir(folder) as entries:
            looked = list(islice(entries, most))
    except OSError:  # the scan says what is wrong with it
        return [], [], 0
    return (*split(looked), len(looked))


def split(entries: Iterable[os.DirEntry[str]]) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders among directory entries, sorted.

    Links to folders, DICOMDIRs, pipes and devices are neither.
    """
    names: list[str] = []
    folders: list[str] = []
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.name.upper() != "DICOMDIR" and entry.is_file():
                names.append(entry.name)
        except OSError:  # a link that leads round in a circle
            continue
    return sorted(names), sorted(folders)
