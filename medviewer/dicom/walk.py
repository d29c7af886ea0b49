"""One pass over a file's header at byte level: guard and reader in one (PS3.5 chapter 7, PS3.10 chapter 7).

Nothing is believed: every length is checked against the end of the file, nesting is limited, deflated data
are inflated with a cap. Only the few wanted elements are kept, and the place of the pixel data; so a header
costs a fraction of a millisecond, and a hostile one no more.
"""

from __future__ import annotations

import os
import re
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from struct import unpack
from typing import BinaryIO

from medviewer.dicom import syntaxes
from medviewer.dicom.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    KNOWN_VR,
    SHORT_VR,
    Broken,
    Coding,
    Window,
)
from medviewer.dicom.nesting import ITEM, MIN_SEQUENCE, SEQUENCE_END, UNDEFINED, Nesting, TooMuch

MAX_ELEMENTS = 200_000
MAX_INFLATED = 1 << 28
MAX_VALUE = 1 << 16
"""Longest value kept, in bytes; the header facts we ask for are far shorter."""

REPAIRED = b"MedViewer: the transfer syntax was guessed"
"""How the preamble of a repaired copy begins."""

NOT_DICOM = "Not a DICOM file."
"""The sentence for files that are something else altogether."""

MAX_TABLE = 1 << 22
"""Longest offset table that is read: a million frames."""

PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_HEAD_BYTES = 4096
"""How much of the first compressed frame is kept, for what it tells of itself."""
_IMAGE_UID, _TRANSFER_SYNTAX = 0x00020003, 0x00020010
_IMPLICIT = "1.2.840.10008.1.2"


@dataclass(frozen=True)
class Header:
    """The wanted elements as raw bytes, and where the pixel data lie."""

    values: dict[int, bytes]
    transfer_syntax: str
    coding: Coding
    pixel_tag: int | None
    pixel_vr: bytes
    pixel_offset: int
    pixel_length: int | None
    """None: encapsulated fragments."""
    present: frozenset[int]
    """Wanted sequences that are there (their content is not parsed here)."""
    body: bytes | None
    """The whole inflated file where it was deflated; offsets count in it."""
    stamp: tuple[int, int]
    """Size and modification time, to notice a file that changes later."""
    image_uid: bytes = b""
    """The image's identifier by the meta group; the dataset has its own."""
    irregular: bool = False
    """Whether the file breaks rules of the format that do not stop it from being read."""
    sound: bool = True
    """Whether every sequence is whole: others are never given to a parser that recurses."""
    first_frame: bytes = b""
    """The first bytes of compressed pixel data: what the stream tells of itself."""
    wrong_table: bool = False
    """Whether the offset table of compressed pixel data names places where nothing begins."""
    repaired: bool = False
    """Whether nobody but us says how the file is encoded."""


@dataclass(frozen=True)
class _About:
    """What is known before the dataset begins."""

    syntax: str
    image_uid: bytes
    status: tuple[int, int]
    body: bytes | None = None
    repaired: bool = False


def walk(path: Path, wanted: frozenset[int]) -> Header:
    """Read the header of one DICOM file. Raises :class:`Broken` for what is none, OSError from the disk."""
    with path.open("rb", buffering=0) as file:
        begun = begin(file)
        about = _About(begun.syntax, begun.image_uid, begun.stamp, begun.body, begun.repaired)
        return _dataset(begun.window, begun.start, begun.coding, wanted, about)


def walk_as(path: Path, start: int, syntax: str, wanted: frozenset[int]) -> Header:
    """The header as it would be in another transfer syntax than the file says: raises as :func:`walk`."""
    with path.open("rb", buffering=0) as file:
        stamp = file_status(file)
        about = _About(syntax, b"", stamp, repaired=True)
        return _dataset(Window(file, stamp[0]), start, _coding(syntax), wanted, about)


@dataclass(frozen=True)
class Begun:
    """A DICOM file whose meta information is read: where and how its dataset lies in the window."""

    window: Window
    start: int
    coding: Coding
    syntax: str
    image_uid: bytes
    stamp: tuple[int, int]
    body: bytes | None
    repaired: bool = False


def begin(file: BinaryIO) -> Begun:
    """Read the meta information, inflate what is deflated. Raises :class:`Broken`, OSError from the disk."""
    stamp = file_status(file)
    window = Window(file, stamp[0])
    if window.data[128:132] != b"DICM":
        raise Broken(_foreign(window.data))
    repaired = window.data.startswith(REPAIRED)
    syntax, image_uid, start = _meta(window)
    if syntax != syntaxes.DEFLATED:
        return Begun(window, start, _coding(syntax), syntax, image_uid, stamp, None, repaired)
    file.seek(0)
    body = _inflate(file.read(), start)
    return Begun(Window(BytesIO(body), len(body)), start, EXPLICIT_LITTLE, syntax, image_uid, stamp, body)


def file_status(file: BinaryIO) -> tuple[int, int]:
    """(size in bytes, modification time in ns) of an open file."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _foreign(data: bytes) -> str:
    if not data:
        return "The file is empty."
    if data[:4] == b"PK\x03\x04":
        return "A zip file inside the folder: open it by itself."
    return NOT_DICOM


def _coding(syntax: str) -> Coding:
    if syntax == _IMPLICIT:
        return IMPLICIT_LITTLE
    return EXPLICIT_BIG if syntax == syntaxes.BIG_ENDIAN else EXPLICIT_LITTLE


def _meta(window: Window) -> tuple[str, bytes, int]:
    """Transfer syntax, identifier of the image, start of the dataset (PS3.10 7.1)."""
    position, syntax, image_uid = 132, "", b""
    while position < window.size and window.take(position, 2) == b"\x02\x00":
        tag, _, length, start = EXPLICIT_LITTLE.read(window, position)
        if start + length > window.size:
            raise Broken("The file is cut short.")
        if tag == _TRANSFER_SYNTAX:
            syntax = window.take(start, length).rstrip(b"\0 ").decode("ascii", "replace")
        elif tag == _IMAGE_UID and length <= MAX_VALUE:
            image_uid = window.take(start, length)
        position = start + length
    if not syntax:
        raise Broken("The file does not say how it is encoded (no transfer syntax).")
    if not syntaxes.is_known(syntax):
        told = f" {syntax}" if re.fullmatch(r"[0-9.]{1,64}", syntax) else ""
        raise Broken(f"The file is encoded in an unknown way (transfer syntax{told}).")
    return syntax, image_uid, position


def _inflate(raw: bytes, start: int) -> bytes:
    """Inflate a deflated dataset (PS3.5 A.5) up to a cap."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    cap = min(MAX_INFLATED, 200 * len(raw))
    try:
        body = inflater.decompress(raw[start:], cap)
    except zlib.error as error:
        raise Broken("The compressed file is damaged.") from error
    if not inflater.eof and (inflater.unconsumed_tail or len(body) >= cap):
        raise Broken("The compressed file unpacks to far more than an image.")
    return raw[:start] + body


def _dataset(window: Window, position: int, coding: Coding, wanted: frozenset[int], about: _About) -> Header:
    values: dict[int, bytes] = {}
    present: set[int] = set()
    read, size, count, irregular = coding.read, window.size, 0, False
    nesting = Nesting(window)
    pixel: tuple[int | None, bytes, int, int | None] = (None, b"", size, None)
    compressed: tuple[bytes, bool] = (b"", False)
    while position < size:
        tag, vr, length, start = read(window, position)
        count += 1
        if tag in PIXEL_TAGS:
            pixel, end = (tag, vr, start, length), start + length
            if length == UNDEFINED:
                pixel = (tag, vr, start, None)
                compressed, end = _compressed(window, start, _series(values))
            irregular |= not _ends_well(window, end, coding, nesting)
            break
        if count > MAX_ELEMENTS:
            raise Broken("The header has more elements than an image needs.", _series(values))
        if length == UNDEFINED:
            if tag in wanted:
                present.add(tag)
            position = nesting.skip(start, vr, coding)
            continue
        position = start + length
        if position > size:
            raise Broken("The file is cut short.", _series(values))
        irregular |= length & 1 > 0 or vr not in KNOWN_VR
        if vr not in SHORT_VR and length >= MIN_SEQUENCE:
            nesting.look_into(start, length, vr, coding)
        if tag in wanted:
            present.add(tag)
            values[tag] = window.take(start, length) if length <= MAX_VALUE else b""
    return Header(
        values,
        about.syntax,
        coding,
        *pixel,
        frozenset(present),
        about.body,
        about.status,
        about.image_uid,
        irregular,
        nesting.sound,
        *compressed,
        repaired=about.repaired,
    )


def _ends_well(window: Window, position: int, coding: Coding, nesting: Nesting) -> bool:
    """Whether nothing but elements follows the pixels (padding, signatures). Raises :class:`TooMuch`."""
    before, count = 0x7FE00000, 0
    try:
        while position < window.size:
            tag, vr, length, start = coding.read(window, position)
            count += 1
            if tag <= before or vr not in KNOWN_VR or start + length > window.size or count > MAX_ELEMENTS:
                return False
            nesting.look_into(start, length, vr, coding)
            before, position = tag, start + length
    except TooMuch:
        raise
    except Broken:
        return False
    return True


def fragments(window: Window, position: int) -> list[tuple[int, int]]:
    """(offset, length) of every item of encapsulated pixel data, the offset table first (PS3.5 A.4)."""
    found: list[tuple[int, int]] = []
    while True:
        tag, _, length, start = IMPLICIT_LITTLE.read(window, position)
        if tag == SEQUENCE_END:
            return found
        if tag != ITEM or length == UNDEFINED:
            raise Broken("The compressed pixel data are damaged.")
        position = start + length
        if position > window.size:
            raise Broken("The file is cut short within its pixel data.")
        found.append((start, length))


def _compressed(window: Window, position: int, series_uid: str) -> tuple[tuple[bytes, bool], int]:
    """((first bytes, whether the offset table is wrong), end) of compressed pixel data."""
    try:
        items = fragments(window, position)
    except Broken as error:
        raise Broken("The file is cut short within its pixel data.", series_uid) from error
    if len(items) < 2 or not any(length for _, length in items[1:]):
        raise Broken("The file holds no compressed pixel data.", series_uid)
    table = window.take(*items[0]) if items[0][1] <= MAX_TABLE else b""
    starts = {offset - items[1][0] for offset, _ in items[1:]}
    wrong = not starts.issuperset(unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4]))
    head = window.take(items[1][0], min(items[1][1], _HEAD_BYTES))
    return (head, wrong), items[-1][0] + items[-1][1] + 8


def _series(values: dict[int, bytes]) -> str:
    return values.get(0x0020000E, b"").rstrip(b"\0 ").decode("ascii", "replace")
