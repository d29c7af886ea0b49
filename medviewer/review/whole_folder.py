"""A folder that stands under its name only when everything in it is written, or never."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medviewer.errors import WriteError
from medviewer.review.files import sync_folder, write_error
from medviewer.scratch import may_run

_PREFIX = ".medviewer-export-"


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to write into; it takes that name at the end, or is gone.

    What a program that was killed left behind beside ``target`` is swept first. Raises :class:`WriteError`
    where ``target`` holds anything already, and for whatever the disk says.
    """
    target = target.absolute()
    try:
        check_free(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        room = target.parent / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(6)}"
        room.mkdir(mode=0o700)
    except OSError as error:
        raise write_error(error) from error
    try:
        yield room
        _take_name(room, target)
    except OSError as error:
        raise write_error(error) from error
    finally:
        shutil.rmtree(room, ignore_errors=True)


def put(room: Path, name: str, data: bytes) -> None:
    """Write a file below the room, down to the disk. Raises OSError: :func:`whole_folder` translates it."""
    path = room / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


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


def _sweep(parent: Path) -> None:
    """Remove rooms of programs that no longer run; they hold cleaned files only, but not all of them."""
    for room in parent.glob(f"{_PREFIX}*-*"):
        owner = room.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not may_run(int(owner)):
            shutil.rmtree(room, ignore_errors=True)
