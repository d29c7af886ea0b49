"""Raw element bytes to values. Wrong input gives None or a visible replacement, never an exception."""

from __future__ import annotations

import math
import unicodedata
import warnings
from functools import lru_cache

from pydicom.charset import convert_encodings, decode_bytes, python_encoding


def ascii_text(raw: bytes) -> str:
    """A code or UID: ASCII without padding."""
    return raw.decode("ascii", "replace").strip("\0 ")


def parts(raw: bytes) -> tuple[str, ...]:
    """The values of a multi-valued code string."""
    return tuple(part.strip() for part in ascii_text(raw).split("\\")) if raw else ()


def number(raw: bytes | str) -> float | None:
    """A finite decimal (DS, IS), else None; a decimal comma is not a number, nor is Python's "1_0"."""
    digits = raw.strip(b"\0 ").decode("latin-1") if isinstance(raw, bytes) else raw
    if "_" in digits:
        return None
    try:
        value = float(digits)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def numbers(raw: bytes) -> tuple[float, ...]:
    """All values of a DS, or () when any one is not a finite number."""
    values = [number(part) for part in raw.split(b"\\")] if raw else []
    return tuple(v for v in values if v is not None) if None not in values else ()


def integer(raw: bytes) -> int | None:
    """The first value of an IS."""
    value = number(raw.split(b"\\")[0]) if raw else None
    return None if value is None or abs(value) > 2**31 else int(value)


def binary(raw: bytes, little: bool, signed: bool = False) -> int | None:
    """The first 16-bit value of a US or SS (PS3.5 6.2)."""
    if len(raw) < 2:
        return None
    return int.from_bytes(raw[:2], "little" if little else "big", signed=signed)


def plain(text: str) -> str:
    """Without control characters: what a header says is shown, never interpreted (PS3.5 6.1.3)."""
    kept = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    return " ".join(kept.split())


@lru_cache(maxsize=4096)
def text(raw: bytes, charset: bytes) -> str:
    """A string or person name in the header's character set; unknown bytes become a visible replacement."""
    raw = raw.rstrip(b"\0 ")
    if raw.isascii() and b"\x1b" not in raw:
        return plain(raw.decode("ascii"))
    names = _names(charset)
    if not is_known(charset):
        return plain(raw.decode("utf-8", "replace"))
    if names == [""]:
        return plain(_undeclared(raw))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return plain(decode_bytes(raw, convert_encodings(names), {0x5C, 0x5E, 0x3D, 0x0A, 0x0D}))
    except (LookupError, ValueError):
        return plain(raw.decode("utf-8", "replace"))


@lru_cache(maxsize=256)
def is_known(charset: bytes) -> bool:
    """Whether every character set that is named is one of PS3.3 C.12.1.1.2."""
    return all(name in python_encoding for name in _names(charset))


def _names(charset: bytes) -> list[str]:
    return [part.strip() for part in charset.decode("ascii", "replace").strip("\0 ").split("\\")]


def _undeclared(raw: bytes) -> str:
    """No character set is named: UTF-8 where it is valid, else Latin-1, what such writers mean."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
