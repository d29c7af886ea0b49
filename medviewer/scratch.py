"""The program's temporary files: one folder of its own (0700), files only it may read (0600), random names.

It is removed when the program ends; what a killed one left is swept by the next that starts. Standard library
only.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import secrets
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

_PREFIX = "medviewer-"
_STALE_SECONDS = 24 * 3600
_PR_SET_DUMPABLE = 4

_folders: list[Path] = []


def private_folder() -> Path:
    """A new folder only this user can read; what a killed run left behind is swept first."""
    if not _folders:
        sweep()
        atexit.register(cleanup)
    room = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    _folders.append(room)
    return room


def create(path: Path) -> BinaryIO:
    """A new file that only this user can read. Raises OSError, also where one is there."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    return os.fdopen(handle, "wb")


def random_name() -> str:
    """A file name that tells nothing."""
    return secrets.token_hex(16)


def cleanup() -> None:
    """Remove everything of this run."""
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


def sweep() -> None:
    """Remove folders of programs of this user that no longer run."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if (
            owner.isdigit()
            and int(owner) != os.getpid()
            and _is_ours(folder)
            and not _alive(int(owner), folder)
        ):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """A link, or another user's folder, is none of ours."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (os.name == "nt" or found.st_uid == os.getuid())


def _alive(process: int, folder: Path) -> bool:
    """Whether the program that made a folder may still run; on Windows only its age can tell safely."""
    if os.name == "nt":
        return time.time() - folder.stat().st_mtime < _STALE_SECONDS
    return may_run(process)


def may_run(process: int) -> bool:
    """Whether a process of this machine may still run; Windows has no harmless way to ask: there all may."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def no_core_dumps() -> None:
    """A crash writes no image of the memory, which holds patients: neither as a file nor for a crash service.
    Linux and macOS; on Windows a site switches error reports off."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
