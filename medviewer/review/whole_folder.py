"""A folder that stands under its name only when everything in it is written, or never.

Until then it is a hidden folder beside its place. Its name tells the machine and the process that fill it:
in a folder that machines share, the same process number elsewhere is another program.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from medviewer.errors import WriteError
from medviewer.review.files import sync_folder, write_error, write_new
from medviewer.scratch import may_run

_SUFFIX = ".partial"


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to write into; it takes that name at the end, or is gone.

    Raises :class:`WriteError` where ``target`` holds anything already, and for whatever the disk says.
    """
    target = target.absolute()
    try:
        check_free(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with hidden_room(target.parent) as room:
            yield room
            _take_name(room, target)
    except OSError as error:
        raise write_error(error) from error


@contextmanager
def hidden_room(parent: Path) -> Iterator[Path]:
    """A new hidden folder in ``parent``; gone afterwards unless it was renamed. Raises OSError.

    What programs that were killed left behind there is swept first.
    """
    sweep(parent)
    room = parent / f"{_prefix()}{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
    room.mkdir()
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the hidden folders of programs of this machine that no longer run."""
    for left in parent.glob(f"{_prefix()}*{_SUFFIX}"):
        owner = left.name.removeprefix(_prefix()).split("-")[0]
        if owner.isdecimal() and left.is_dir() and not left.is_symlink() and not may_run(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _prefix() -> str:
    """The machine as a hash: its name is nobody's business."""
    return f".medviewer-{sha256(socket.gethostname().encode()).hexdigest()[:8]}-"


def put(room: Path, name: str, data: bytes) -> None:
    """Write a file below the room, down to the disk. Raises OSError: :func:`whole_folder` translates it."""
    path = room / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_new(path, data)


def check_free(target: Path) -> None:
    """Raise :class:`WriteError` where a folder holds anything, OSError where a file has its name."""
    if target.is_dir():
        if any(target.iterdir()):
            raise WriteError(
                "The folder already holds something: nothing was written.", "Choose a new folder."
            )
    elif target.exists() or target.is_symlink():
        raise FileExistsError(errno.EEXIST, "a file of this name")


def _take_name(room: Path, target: Path) -> None:
    for folder in [room, *(path for path in room.rglob("*") if path.is_dir())]:
        sync_folder(folder)
    check_free(target)
    if target.is_dir():
        target.rmdir()
    os.rename(room, target)
    sync_folder(target.parent)
