"""What the audit and file names call a study, series or image: a keyed hash, never a UID or a name.

The key is drawn once for an installation and lies in a file that only its user may read. It encrypts nothing:
who holds the audit alone cannot try UIDs against it, who holds the study and the key recognises it.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from medviewer import paths

_SIZE = 32


def uid_hash(uid: str) -> str:
    """A UID as the audit tells it: 16 hexadecimal digits, the same on every day of one installation."""
    return reference(uid)[:16]


def reference(text: str) -> str:
    """HMAC-SHA256 of a text under the installation's key, as 64 hexadecimal digits."""
    return hmac.digest(_key(paths.state_dir() / "reference.key"), text.encode(), "sha256").hex()


@lru_cache(maxsize=8)
def _key(path: Path) -> bytes:
    """The key of the installation; one for this run alone where the disk gives or takes none."""
    try:
        return _read(path) or _make(path)
    except OSError:
        return secrets.token_bytes(_SIZE)


def _read(path: Path) -> bytes:
    found = path.read_bytes() if path.exists() else b""
    return found if len(found) == _SIZE else b""


def _make(path: Path) -> bytes:
    """A new key, whole or not at all: of two windows that begin at once, the first one's counts."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_name(f".{secrets.token_hex(8)}.tmp")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_SIZE))
            file.flush()
            os.fsync(handle)
        if path.exists() and not _read(path):
            os.replace(made, path)  # a damaged key names nothing any more
        else:
            with suppress(FileExistsError):
                os.link(made, path)
        return _read(path)
    finally:
        made.unlink(missing_ok=True)
