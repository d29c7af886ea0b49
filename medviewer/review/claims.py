"""Which window keeps the work on a study: one at a time, in whatever process it runs.

A claim is a lock of the operating system on a small empty file, so that a killed program lets go of it. Its
name is a keyed hash.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from medviewer.review.files import try_lock
from medviewer.review.references import reference

_TRIES = 10


class Claims:
    """The studies that one window keeps the work on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    @property
    def held(self) -> frozenset[str]:
        """The studies claimed."""
        return frozenset(self._held)

    def take(self, study: str) -> bool:
        """Claim a study; False where another window has it. Where no claim can be written, none stands in the
        way: that nothing can be kept there is told when it is tried."""
        if study in self._held:
            return True
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = _locked(self._path(study))
        except OSError:
            return True
        if handle is None:
            return False
        self._held[study] = handle
        return True

    def let_go(self, study: str) -> None:
        """Another window may have it."""
        handle = self._held.pop(study, None)
        if handle is None:
            return
        with suppress(OSError):
            if os.name == "posix":  # elsewhere a file that is open cannot be removed
                self._path(study).unlink()
        os.close(handle)
        if os.name != "posix":
            with suppress(OSError):
                self._path(study).unlink()

    def let_all_go(self) -> None:
        """The window closes."""
        for study in tuple(self._held):
            self.let_go(study)

    def _path(self, study: str) -> Path:
        return self._folder / f"{reference(study)[:32]}.claim"


def _locked(path: Path) -> int | None:
    """The locked file, or None where somebody else holds it. Raises OSError.

    One who lets go removes the file: a lock on a file that no longer has its name is none.
    """
    for _ in range(_TRIES):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not try_lock(handle):
            os.close(handle)
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        os.close(handle)
    return None
