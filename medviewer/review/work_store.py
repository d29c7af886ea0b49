"""Where kept work lies: one encrypted file a study, and the one before it.

A file is ``MVWORK1``, the key's kind, its salt, the time (UTC seconds), a nonce, then AES-256-GCM
(NIST SP 800-38D) of the work; what stands before it and the study are authenticated with it, so that a file
of another study, or one that was touched, is refused. Its name is a keyed hash.
"""

from __future__ import annotations

import os
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from medviewer import paths, scratch
from medviewer.errors import UsageError
from medviewer.review.claims import Claims
from medviewer.review.files import make_folder, write_error
from medviewer.review.kept_work import KeptWork, decode, encode
from medviewer.review.keys import SALT_BYTES, Key
from medviewer.review.references import reference

_MAGIC = b"MVWORK1\n"
_HEAD = struct.Struct(f">8sc{SALT_BYTES}sq12s")
EXPIRES_DAYS = 30
_LARGEST = 64 << 20
_STALE_SECONDS = 3600


class WorkRefused(UsageError):
    """Kept work that is not what was written, or not of this study, or of another key."""


@dataclass(frozen=True)
class Found:
    """Work that was opened; ``is_older``: the newest file was refused, this is the one before."""

    work: KeptWork
    is_older: bool = False


def default_folder() -> Path:
    """Where the program keeps work."""
    return paths.state_dir() / "work"


class WorkStore:
    """Saves, finds, opens and forgets. ``now`` gives seconds since 1970."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self.claims = Claims(folder)
        """The studies whose work this store alone may write."""

    def _paths(self, study: str) -> tuple[Path, Path]:
        name = reference(study)[:32]
        return self._folder / f"{name}.work", self._folder / f"{name}.before.work"

    def save(self, work: KeptWork, key: Key) -> None:
        """Keep the work in place of the newest, which becomes the one before. Raises
        :class:`~medviewer.errors.WriteError`; whatever stops it, one of the two stands."""
        newest, before = self._paths(work.study)
        sealed = _seal(encode(work), work.study, key, int(self._now()))
        make_folder(self._folder)
        temporary = self._folder / f".{secrets.token_hex(8)}.tmp"
        try:
            self._folder.chmod(0o700)
            try:
                with scratch.create(temporary) as file:
                    file.write(sealed)
                    file.flush()
                    os.fsync(file.fileno())
                if newest.exists():
                    os.replace(newest, before)
                os.replace(temporary, newest)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(error) from error

    def kind_of(self, study: str) -> bytes:
        """What kind of key opens the work on a study; empty where none is kept."""
        for path in self._paths(study):
            head = _head_of(path)
            if head is not None:
                return head[1]
        return b""

    def exists(self, study: str) -> bool:
        """Whether anything is kept of a study, opened or not."""
        return any(path.exists() for path in self._paths(study))

    def load(self, study: str, key: Key) -> Found | None:
        """The newest work that is whole; None where nothing is kept. Raises :class:`WorkRefused`."""
        refused: WorkRefused | None = None
        for path in self._paths(study):
            if path.exists():
                try:
                    return Found(_open(path, study, key), refused is not None)
                except WorkRefused as error:
                    refused = error
        if refused is not None:
            raise refused
        return None

    def discard(self, study: str) -> None:
        """Forget the work on a study."""
        for path in self._paths(study):
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what expired, and what a killed save left behind."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.suffix == ".tmp" and self._now() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink(missing_ok=True)
            head = _head_of(path) if path.suffix == ".work" else None
            if head is not None and self._now() - head[3] > EXPIRES_DAYS * 86400:
                path.unlink(missing_ok=True)


def _seal(plain: bytes, study: str, key: Key, moment: int) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(12)
    head = _HEAD.pack(_MAGIC, key.kind, key.salt, moment, nonce)
    return head + AESGCM(key.bytes_for(key.salt)).encrypt(nonce, plain, head + _bound(study))


def _open(path: Path, study: str, key: Key) -> KeptWork:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("too large")
        data = path.read_bytes()
        magic, kind, salt, _, nonce = _HEAD.unpack(data[: _HEAD.size])
        if magic != _MAGIC or kind != key.kind:
            raise ValueError("another kind of file or key")
        sealed, bound = data[_HEAD.size :], data[: _HEAD.size] + _bound(study)
        work = decode(AESGCM(key.bytes_for(salt)).decrypt(nonce, sealed, bound))
        if work.study != study:
            raise ValueError("another study")
    except (OSError, ValueError, TypeError, InvalidTag, struct.error) as error:
        raise WorkRefused(
            "The kept work was refused: it was changed, is of another study, or the key is another.",
            "Discard it, or go on without it.",
        ) from error
    return work


def _bound(study: str) -> bytes:
    return sha256(study.encode()).digest()


def _head_of(path: Path) -> tuple[bytes, bytes, bytes, int, bytes] | None:
    try:
        with open(path, "rb") as file:
            magic, kind, salt, moment, nonce = _HEAD.unpack(file.read(_HEAD.size))
    except (OSError, struct.error):
        return None
    return (magic, kind, salt, moment, nonce) if magic == _MAGIC else None
