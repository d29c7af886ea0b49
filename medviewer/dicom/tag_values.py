"""One element's value as a short line of plain text: no control characters, binary data as their length."""

from __future__ import annotations

from struct import iter_unpack

from pydicom.config import IGNORE
from pydicom.uid import UID

from medviewer.dicom import values as v
from medviewer.imaging.numbers import number

LONGEST = 400
"""So many characters of a value are shown where nothing else is asked."""
_MAX_NUMBERS = 24
_MAX_HEX = 16
_TEXT = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"}
)
_NUMBERS = {
    "US": ("H", 2),
    "SS": ("h", 2),
    "UL": ("I", 4),
    "SL": ("i", 4),
    "UV": ("Q", 8),
    "SV": ("q", 8),
    "FL": ("f", 4),
    "FD": ("d", 8),
    "AT": ("HH", 4),
}
"""VR -> how one value is packed, and its bytes (PS3.5 6.2)."""


def shown(vr: str, raw: bytes, length: int, *, little: bool, charset: bytes, longest: int = LONGEST) -> str:
    """The value of ``length`` bytes that begins with ``raw``, as text for the reader."""
    if not length:
        return ""
    cut = length > len(raw)
    if vr in _TEXT:
        return _shortened(v.text(raw, charset), cut, longest)
    if vr == "UI":
        return _shortened(_uids(raw), cut, longest)
    if vr in _NUMBERS:
        return _numbers(vr, raw, length, little)
    if vr == "UN" and _is_words(raw):
        return _shortened(v.plain(raw.decode("ascii")), cut, longest)
    return size(length, raw)


def size(length: int, raw: bytes = b"") -> str:
    """Binary data: how many bytes, and the bytes themselves where they are few."""
    said = number(length, "byte" if length == 1 else "bytes")
    return f"{said}: {raw.hex(' ').upper()}" if raw and length <= _MAX_HEX else said


def _numbers(vr: str, raw: bytes, length: int, little: bool) -> str:
    """Values beside each other as DICOM writes them; many are counted."""
    code, width = _NUMBERS[vr]
    whole = raw[: min(len(raw) // width, _MAX_NUMBERS) * width]
    parts = [_one(vr, values) for values in iter_unpack(("<" if little else ">") + code, whole)]
    count = length // width
    return "\\".join(parts) + (f"\\… ({number(count)} values)" if count > len(parts) else "")


def _one(vr: str, values: tuple[float, ...]) -> str:
    if vr == "AT":
        return f"({int(values[0]):04X},{int(values[1]):04X})"
    return f"{values[0]:.8g}" if vr in ("FL", "FD") else str(values[0])


def _uids(raw: bytes) -> str:
    """UIDs, each with the name the standard gives it."""
    found = []
    for part in v.plain(v.ascii_text(raw)).split("\\")[:_MAX_NUMBERS]:
        name = UID(part, validation_mode=IGNORE).name
        found.append(f"{part}  {name}" if name != part else part)
    return "\\".join(found)


def _is_words(raw: bytes) -> bool:
    """Whether bytes of an unknown kind read as text: private elements often do."""
    stripped = raw.rstrip(b"\0 ")
    return len(stripped) > 1 and all(0x20 <= byte < 0x7F for byte in stripped)


def _shortened(text: str, cut: bool, longest: int) -> str:
    if len(text) > longest:
        return text[:longest].rstrip() + " …"
    return f"{text} …" if cut else text
