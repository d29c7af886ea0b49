"""Room for voxels: in memory, and beyond a budget in a private file that is mapped and has no name.

The file lies in the program's own cache folder (0700), readable by this user alone and without a directory
entry where the system allows that, so that it is gone with the program whatever ends it.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from medviewer import paths
from medviewer.errors import UnreadableImage

_MEMINFO = Path("/proc/meminfo")
_UNKNOWN = 4 << 30
"""Taken for available where the system does not tell: half the memory of a small machine."""
_TOO_LARGE = "The series does not fit into the memory of this computer."
_SPARE_BYTES = 1 << 28
"""Never the last of a disk."""


def available_bytes() -> int:
    """Memory that can be taken without paging (Linux), else the machine's memory, else a small machine's."""
    try:
        if _MEMINFO.exists():
            lines = _MEMINFO.read_text(encoding="ascii").splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) << 10
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, StopIteration, ValueError):
        return _UNKNOWN


def default_budget() -> int:
    """Half of what is available now, in bytes."""
    return available_bytes() // 2


def make_room(shape: tuple[int, ...], dtype: np.dtype[Any], budget: int) -> tuple[NDArray[Any], bool]:
    """Zeros, and whether they lie on the disk: where they take more than ``budget`` bytes.

    Raises :class:`UnreadableImage` where neither has room.
    """
    size = prod(shape) * dtype.itemsize
    try:
        if size <= budget:
            return np.zeros(shape, dtype), False
        return np.frombuffer(_mapped(size), dtype).reshape(shape), True
    except (MemoryError, ValueError, OverflowError) as error:
        raise UnreadableImage(_TOO_LARGE) from error
    except OSError as error:
        raise UnreadableImage("The series fits neither into the memory nor onto the disk.") from error


def _mapped(size: int) -> mmap.mmap:
    """A mapped file of ``size`` zeros; the map outlives the file's handle. Raises OSError on a full disk."""
    folder = paths.cache_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(PermissionError):
        folder.chmod(0o700)
    if shutil.disk_usage(folder).free < size + _SPARE_BYTES:
        raise OSError("not enough free space")
    with tempfile.TemporaryFile(dir=folder) as file:
        _reserve(file, size)
        return mmap.mmap(file.fileno(), size)


def _reserve(file: IO[bytes], size: int) -> None:
    """Take the blocks now: a disk that fills up later would kill the program at the first touch of a page."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
    else:
        file.truncate(size)
