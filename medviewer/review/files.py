"""Writing files: the whole of it or nothing, and a clear sentence when the disk says no."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import BinaryIO

from medviewer.errors import WriteError

Content = bytes | str | Callable[[BinaryIO], object]
"""What goes into a file: bytes, text (as UTF-8), or a function that writes to a binary file."""

_HINTS = {
    errno.ENOSPC: ("The disk is full", "Free some space or choose another folder."),
    errno.EDQUOT: ("The disk quota is used up", "Free some space or choose another folder."),
    errno.EACCES: ("This folder may not be written to", "Choose another folder."),
    errno.EPERM: ("This folder may not be written to", "Choose another folder."),
    errno.EROFS: ("This disk is read-only", "Choose another folder."),
    errno.ENOENT: ("This folder does not exist", "Choose another folder."),
    errno.ENOTDIR: ("This folder does not exist", "Choose another folder."),
    errno.EEXIST: ("A file of this name is in the way", "Choose another name."),
    errno.EISDIR: ("A folder of this name is in the way", "Choose another name."),
    errno.ENAMETOOLONG: ("The file name is too long", "Choose a shorter name."),
}


def write_error(error: OSError) -> WriteError:
    """The reader's sentence for a failed write; names no path, for a path may name a patient."""
    text, hint = _HINTS.get(
        error.errno or 0, ("The file could not be written", "Check the disk, or choose another folder.")
    )
    return WriteError(f"{text}: nothing was written.", hint)


def atomic_write(path: Path, content: Content) -> None:
    """Put ``content`` (bytes, text as UTF-8, or a function that writes to a binary file) at ``path``.

    It goes to a new file of random name in the same folder, is flushed to the disk, then renamed: a file that
    was there stays as it was until the new one is complete. Raises :class:`WriteError`; nothing is left
    behind, whatever went wrong.
    """
    atomic_write_all({Path(path): content})


def atomic_write_all(contents: Mapping[Path, Content], gone: Collection[Path] = ()) -> None:
    """As :func:`atomic_write`, for files that belong together: no old one is replaced before all new ones are
    complete, so that files of two patients never stand side by side. ``gone``: old ones that have no
    successor and are removed then. Raises :class:`WriteError`."""
    staged: list[tuple[Path, Path]] = []
    try:
        try:
            for path, content in contents.items():
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, "a folder of this name")
                staged.append((path.with_name(f".{secrets.token_hex(8)}.tmp"), path))
                write_new(staged[-1][0], content)
            for path in gone:
                path.unlink(missing_ok=True)
            for temporary, path in staged:
                os.replace(temporary, path)
        except BaseException:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
            raise
        for folder in {path.parent for path in contents}:
            sync_folder(folder)
    except OSError as error:
        raise write_error(error) from error


def write_new(path: Path, content: Content) -> None:
    """Write a file that is not there yet and flush it to the disk. Raises OSError."""
    with open(path, "xb") as file:
        _fill(file, content)
        file.flush()
        os.fsync(file.fileno())


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises :class:`WriteError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(error) from error


def _fill(file: BinaryIO, content: Content) -> None:
    if callable(content):
        content(file)
    else:
        file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)


def sync_folder(folder: Path) -> None:
    """Make the rename itself durable where the system can (POSIX; Windows knows no such call)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lock(handle: int) -> None:
    """Wait for an open file until no other program holds it; closing it lets go. Raises OSError."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)


def try_lock(handle: int) -> bool:
    """Lock an open file unless another has it locked; closing it lets go. Raises OSError otherwise."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True
