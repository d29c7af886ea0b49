"""The folder of the reader's own models: a model appears there whole, or not at all, and leaves the same way.

Folders whose names begin with "." are on their way in or out; the shelf does not look at them.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medviewer import paths
from medviewer.errors import WriteError

_COMING, _GOING = ".installing-", ".removing-"
_ABANDONED_SECONDS = 3600.0
"""A folder on its way for longer than this belongs to a program that was killed."""

_HINTS = {
    errno.ENOSPC: ("the disk is full", "Free some space."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space."),
    errno.EACCES: ("the folder of models may not be written to", "Check its permissions."),
    errno.EPERM: ("the folder of models may not be written to", "Check its permissions."),
    errno.EROFS: ("the disk is read-only", "Check its permissions."),
    errno.EEXIST: ("a folder of this name is in the way", "Remove the model first."),
    errno.ENOTEMPTY: ("a folder of this name is in the way", "Remove the model first."),
}


def place(model_id: str) -> Path:
    """Where a model of that id stands once it is installed."""
    return paths.user_models() / model_id


def is_own(folder: Path) -> bool:
    """Whether a bundle's folder lies on the reader's own shelf."""
    return folder.parent == paths.user_models()


@contextmanager
def staged(model_id: str) -> Iterator[Path]:
    """A new folder to fill; it takes its place when the block ends, and goes away when it raises.

    Raises :class:`WriteError`.
    """
    root = paths.user_models()
    folder = root / f"{_COMING}{secrets.token_hex(6)}"
    try:
        try:
            root.mkdir(parents=True, exist_ok=True)
            _tidy(root)
            folder.mkdir()
            yield folder
            if place(model_id).exists():
                raise FileExistsError(errno.EEXIST, "a folder of this name")
            folder.rename(place(model_id))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise _write_error(error, "installed") from error


def write(path: Path, content: bytes) -> None:
    """A new file, on the disk when this returns. Raises OSError."""
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def remove(folder: Path) -> None:
    """Take a folder of the shelf away; a link is cut, what it leads to stays. Raises :class:`WriteError`."""
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        going = folder.with_name(f"{_GOING}{secrets.token_hex(6)}")
        folder.rename(going)
    except OSError as error:
        raise _write_error(error, "removed") from error
    shutil.rmtree(going, ignore_errors=True)  # off the shelf already; the rest is tidied at the next install


def _tidy(root: Path) -> None:
    """Let go of what a killed program left behind."""
    for folder in root.iterdir():
        ours = folder.name.startswith((_COMING, _GOING)) and not folder.is_symlink()
        if ours and time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _write_error(error: OSError, what: str) -> WriteError:
    text, hint = _HINTS.get(error.errno or 0, ("the file could not be written", "Check the disk."))
    return WriteError(f"{text[:1].upper()}{text[1:]}: nothing was {what}.", hint)
