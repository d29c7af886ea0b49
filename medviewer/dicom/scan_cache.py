"""What the headers of files said, remembered while the program runs: opening a folder again is instant.

Header facts hold names. They are kept in memory alone and are gone with the program; nothing of them is ever
written to a disk. A file counts as the same while its size, both its times and its inode are the same.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from medviewer.dicom.elements import Broken
from medviewer.dicom.header import Facts, read_header
from medviewer.dicom.other_objects import OtherObject

MAX_IMAGES = 50_000
"""How many images are remembered; beyond it the files asked for longest ago are forgotten."""

_SETTLED_NS = 2_000_000_000
"""A file changed less than this before it was read may change again within one tick of its time stamp."""

_Stamp = tuple[int, int, int, int]
_Outcome = tuple[Facts, ...] | Broken


class ScanCache:
    """Facts by path. Thread-safe; files are read outside the lock."""

    def __init__(
        self,
        limit: int = MAX_IMAGES,
        clock_ns: Callable[[], int] = time.time_ns,
        read: Callable[[Path], list[Facts]] = read_header,
    ) -> None:
        self._limit, self._clock_ns, self._read = limit, clock_ns, read
        self._kept: OrderedDict[Path, tuple[_Stamp, _Outcome]] = OrderedDict()
        self._images = 0
        self._lock = threading.Lock()

    def facts(self, path: Path) -> tuple[Facts, ...]:
        """The images of one file.

        Raises :class:`OtherObject` and :class:`Broken` (both remembered), OSError from the disk (never).
        """
        stamp = _stamp(path)
        with self._lock:
            known = self._kept.get(path)
            if known is not None and known[0] == stamp:
                self._kept.move_to_end(path)
                return _told(known[1])
        began = self._clock_ns()
        try:
            outcome: _Outcome = tuple(self._read(path))
        except OtherObject as error:
            outcome = OtherObject(error.found)
        except Broken as error:
            outcome = Broken(str(error), error.series_uid)  # without the frames that the traceback holds
        if began - max(stamp[1:3]) >= _SETTLED_NS and _stamp(path) == stamp:
            self._keep(path, stamp, outcome)
        return _told(outcome)

    def forget(self) -> None:
        """Remember nothing any more."""
        with self._lock:
            self._kept.clear()
            self._images = 0

    def _keep(self, path: Path, stamp: _Stamp, outcome: _Outcome) -> None:
        with self._lock:
            if path in self._kept:
                self._images -= _weight(self._kept.pop(path)[1])
            self._kept[path] = (stamp, outcome)
            self._images += _weight(outcome)
            while self._images > self._limit:
                self._images -= _weight(self._kept.popitem(last=False)[1][1])


def _stamp(path: Path) -> _Stamp:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _told(outcome: _Outcome) -> tuple[Facts, ...]:
    if isinstance(outcome, OtherObject):
        raise OtherObject(outcome.found)
    if isinstance(outcome, Broken):
        raise Broken(str(outcome), outcome.series_uid)
    return outcome


def _weight(outcome: _Outcome) -> int:
    return 1 if isinstance(outcome, Broken) else max(1, len(outcome))


remembered = ScanCache()
"""The one the program uses."""
