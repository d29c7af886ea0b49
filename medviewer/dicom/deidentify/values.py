"""Dummies, shifted dates, pseudonyms, new UIDs: every one valid for its value representation (PS3.5 6.2)."""

from __future__ import annotations

import hmac
import re
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

DUMMY_TEXT = "REMOVED"
DUMMY_NAME = "REMOVED"
_DUMMY_DAY = "20000101"
DUMMIES: dict[str, Any] = {
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC", "CS"), DUMMY_TEXT),
    "PN": DUMMY_NAME,
    "AE": DUMMY_TEXT,
    "DA": _DUMMY_DAY,
    "TM": "000000",
    "DT": f"{_DUMMY_DAY}000000",
    "AS": "000Y",
    **dict.fromkeys(("DS", "IS"), "0"),
    **dict.fromkeys(("SS", "US", "SL", "UL", "SV", "UV"), 0),
    **dict.fromkeys(("FL", "FD"), 0.0),
    **dict.fromkeys(("OB", "OW", "OF", "OD", "OL", "OV", "UN"), b"\0" * 8),
}
"""A value that says nothing, by value representation."""

_DAY = re.compile(r"\d{8}")
_DAY_TIME = re.compile(r"(\d{8})((?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?)?([+-]\d{4})?")
_TIME = re.compile(r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?")
_STANDARD_UID = re.compile(r"1\.2\.840\.10008(?:\.\d{1,5}){1,12}")
_FIRST, _SPAN = 366, 3650
"""Days that dates are shifted back: at least a year, at most eleven."""


class Secret:
    """The key of one export, made for it and never written: the same input gives the same output under one
    key, and nobody without it finds the way back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _digest(self, what: str, value: str) -> bytes:
        return hmac.new(self._key, f"{what}\0{value}".encode(), sha256).digest()

    def uid(self, uid: str) -> str:
        """Another UID, the same for the same one (PS3.5 B.2: 2.25 and 128 bits); the standard's own stay."""
        if not uid or _STANDARD_UID.fullmatch(uid):
            return uid
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:16], 'big')}"

    def word(self, what: str, value: str, length: int = 10) -> str:
        """Letters and digits that stand for a value: those of one kind (``what``) differ for two values."""
        return self._digest(what, value).hex()[:length].upper()

    def days(self, patient: str) -> int:
        """How many days the dates of a patient are moved, always into the past."""
        return -_FIRST - int.from_bytes(self._digest("days", patient)[:8], "big") % _SPAN


def shifted(text: str, vr: str, days: int) -> str | None:
    """A DA or DT moved by whole days; a TM as it is. None where the text is no valid value (PS3.5 6.2)."""
    if vr == "TM":
        return text if _TIME.fullmatch(text) else None
    if vr == "DA":
        return _moved(text, days) if _DAY.fullmatch(text) else None
    found = _DAY_TIME.fullmatch(text)
    day = _moved(found[1], days) if found else None
    return None if found is None or day is None else f"{day}{found[2] or ''}{found[3] or ''}"


def _moved(day: str, days: int) -> str | None:
    try:
        moved = date(int(day[:4]), int(day[4:6]), int(day[6:])) + timedelta(days)
    except (ValueError, OverflowError):
        return None
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"
