"""The grammar of a DICOM file: elements in every encoding, read through a moving buffer (PS3.5 7.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO

LONG_VR = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
SHORT_VR = frozenset(
    {
        *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT"),
        *(b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
    }
)
KNOWN_VR = LONG_VR | SHORT_VR | {b""}
"""With b"" for implicit encodings, which name none."""
_CHUNK = 1 << 15

Element = tuple[int, bytes, int, int]
"""(tag, VR or b"", value length, offset of the value)."""


class Broken(Exception):
    """The file cannot be read; ``str()`` is one sentence without patient data."""

    def __init__(self, reason: str, series_uid: str = "") -> None:
        super().__init__(reason)
        self.series_uid = series_uid


class Window:
    """A file seen through a moving buffer; ``data[at(position, n)]`` is the byte at ``position``."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size
        self._base = 0
        self.data = file.read(_CHUNK)

    def at(self, position: int, count: int) -> int:
        """Index into ``data`` of ``count`` bytes from ``position``. Raises :class:`Broken` past the end."""
        index = position - self._base
        if index >= 0 and index + count <= len(self.data):
            return index
        if position + count > self.size:
            raise Broken("The file is cut short.")
        self._file.seek(position)
        self._base = position
        self.data = self._file.read(max(count, _CHUNK))
        if len(self.data) < count:
            raise Broken("The file is cut short.")
        return 0

    def take(self, position: int, count: int) -> bytes:
        """``count`` bytes from ``position``."""
        index = self.at(position, count)
        return self.data[index : index + count]


@dataclass(frozen=True)
class Coding:
    """How elements are written: byte order and whether the VR is named."""

    little: bool
    explicit: bool
    read: Callable[[Window, int], Element]


def _explicit_reader(order: str) -> Callable[[Window, int], Element]:
    short, long = Struct(order + "HH2sH").unpack_from, Struct(order + "I").unpack_from

    def read(window: Window, position: int) -> Element:
        index = window.at(position, 8)
        group, element, vr, length = short(window.data, index)
        if vr in SHORT_VR or group == 0xFFFE:
            return group << 16 | element, vr, length, position + 8
        if vr not in LONG_VR:
            if not (vr.isalpha() and vr.isupper()):
                raise Broken("The header does not follow its transfer syntax.")
            if length:  # a VR of the future is long and has two zero bytes here (PS3.5 7.1.2); this is none
                return group << 16 | element, vr, length, position + 8
        index = window.at(position, 12)
        return group << 16 | element, vr, long(window.data, index + 8)[0], position + 12

    return read


def _implicit_reader(order: str) -> Callable[[Window, int], Element]:
    unpack = Struct(order + "HHI").unpack_from

    def read(window: Window, position: int) -> Element:
        index = window.at(position, 8)
        group, element, length = unpack(window.data, index)
        return group << 16 | element, b"", length, position + 8

    return read


EXPLICIT_LITTLE = Coding(True, True, _explicit_reader("<"))
EXPLICIT_BIG = Coding(False, True, _explicit_reader(">"))
IMPLICIT_LITTLE = Coding(True, False, _implicit_reader("<"))
IMPLICIT_BIG = Coding(False, False, _implicit_reader(">"))
