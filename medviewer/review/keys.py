"""The key that kept work is encrypted with: from the system's keyring, or from a passphrase each session.

It is never in a file. A keyring that would put it into one (keyrings.alt), or keeps nothing, counts as none.
"""

from __future__ import annotations

import logging
import secrets
from base64 import b64decode, b64encode
from typing import Any, Protocol

log = logging.getLogger(__name__)

KEY_BYTES = SALT_BYTES = 32
SERVICE, USER = "MedViewer", "kept work"
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**15, 8, 1
"""32 MB and about 0.1 s a try (RFC 7914; OWASP's least is 2**15 with r 8, p 3 or 2**17 with p 1)."""
SHORTEST_PASSPHRASE = 8


class Key(Protocol):
    """Seals and opens files. ``kind`` is one byte that says where it comes from."""

    kind: bytes

    @property
    def salt(self) -> bytes:
        """What new files are sealed under."""

    def bytes_for(self, salt: bytes) -> bytes:
        """The 256-bit key of a file sealed under ``salt``."""


class KeyringKey:
    """A random key that the system's keyring holds."""

    kind = b"K"

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @property
    def salt(self) -> bytes:
        """None is needed."""
        return bytes(SALT_BYTES)

    def bytes_for(self, salt: bytes) -> bytes:
        """The same for all files."""
        del salt
        return self._secret


class PassphraseKey:
    """Keys by scrypt; the passphrase lives as long as the window."""

    kind = b"P"

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase.encode()
        self._salt = secrets.token_bytes(SALT_BYTES)
        self._made: dict[bytes, bytes] = {}

    @property
    def salt(self) -> bytes:
        """Another one each session."""
        return self._salt

    def bytes_for(self, salt: bytes) -> bytes:
        """Takes about a tenth of a second the first time."""
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        if salt not in self._made:
            kdf = Scrypt(salt=salt, length=KEY_BYTES, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
            self._made[salt] = kdf.derive(self._passphrase)
        return self._made[salt]


def system_keyring() -> Any | None:
    """The system's keyring where there is one that keeps secrets; may take a while, and ask the reader."""
    import keyring

    found: Any = keyring.get_keyring()
    several = getattr(found, "backends", None)
    candidates = list(several) if several is not None else [found]
    return next((one for one in candidates if _keeps_secrets(one)), None)


def _keeps_secrets(backend: Any) -> bool:
    """Only keyring's own backends of a system; those of ``keyrings.alt`` are files."""
    module = type(backend).__module__
    return module.startswith("keyring.backends.") and module.rpartition(".")[2] not in (
        "fail",
        "null",
        "chainer",
    )


def from_keyring() -> KeyringKey | None:
    """The key in the keyring, made there the first time; None where there is no keyring, or it is locked."""
    try:
        ring = system_keyring()
        if ring is None:
            return None
        kept = ring.get_password(SERVICE, USER)
        if kept is None:
            ring.set_password(SERVICE, USER, b64encode(secrets.token_bytes(KEY_BYTES)).decode())
            kept = ring.get_password(SERVICE, USER)
        secret = b64decode(kept or "", validate=True)
    except Exception as error:  # noqa: BLE001 - every system's keyring has errors of its own
        log.info("no key from the keyring: %s", type(error).__name__)
        return None
    return KeyringKey(secret) if len(secret) == KEY_BYTES else None
