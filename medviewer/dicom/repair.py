"""Files that do not say, or say wrongly, how they are encoded: a guess the reader may choose, never silent.

A repaired file is a copy with a head of its own in a private folder that is gone with the program; a mark in
its preamble keeps the notice on its series for as long as it is open. The original is never changed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from struct import pack

from medviewer.dicom import syntaxes
from medviewer.dicom import values as v
from medviewer.dicom.codestream import JPEG_XL, told
from medviewer.dicom.elements import EXPLICIT_LITTLE, Broken, Window
from medviewer.dicom.header import frame_count, read_header
from medviewer.dicom.other_objects import OtherObject
from medviewer.dicom.pixel_format import pixel_format
from medviewer.dicom.tags import TAG, WANTED
from medviewer.dicom.walk import REPAIRED, Header, walk_as
from medviewer.errors import UnreadableImage
from medviewer.scratch import create, private_folder, random_name

_UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", syntaxes.BIG_ENDIAN)
_BY_PROCESS = {
    0xC0: "1.2.840.10008.1.2.4.50",
    0xC1: "1.2.840.10008.1.2.4.51",
    0xC2: "1.2.840.10008.1.2.4.55",
    0xC3: "1.2.840.10008.1.2.4.57",
    0xF7: "1.2.840.10008.1.2.4.81",
    0: "1.2.840.10008.1.2.4.91",
    JPEG_XL: "1.2.840.10008.1.2.4.112",
}
"""What a stream is by its own markers; of two syntaxes that share them the one that promises less."""


@dataclass(frozen=True)
class Repair:
    """How a file may be read: where its dataset begins, and in which transfer syntax."""

    start: int
    syntax: str

    @property
    def name(self) -> str:
        """The words for the button."""
        return syntaxes.name(self.syntax)


def guess(path: Path) -> Repair | None:
    """How a file that was refused may be read after all, or None. Only its head is read.

    Offered only where the whole header follows that encoding and describes pixels that are there.
    """
    try:
        read_header(path)
    except OtherObject:
        return None
    except Exception:  # noqa: BLE001 - refused for whatever damage makes of a parser
        return _first_that_fits(path)
    return None


def _first_that_fits(path: Path) -> Repair | None:
    try:
        starts = _starts(path)
    except (Broken, OSError):
        return None
    for start in starts:
        for coding in _UNCOMPRESSED:
            found = _fitting(path, start, coding)
            if found is not None:
                return Repair(start, found)
    return None


def _starts(path: Path) -> list[int]:
    """Where a dataset may begin: behind the meta group, with or without a preamble before it."""
    with path.open("rb", buffering=0) as file:
        window = Window(file, path.stat().st_size)
        position = 132 if window.take(0, 132)[128:] == b"DICM" else 0
        if window.take(position, 2) not in (b"\x02\0", b"\x08\0", b"\0\x08"):
            return []
        while window.take(position, 2) == b"\x02\0":
            _, _, length, start = EXPLICIT_LITTLE.read(window, position)
            position = start + length
        return [position]


def _fitting(path: Path, start: int, coding: str) -> str | None:
    """The transfer syntax, where the dataset reads well in this coding."""
    try:
        header = walk_as(path, start, coding, WANTED)
        if header.pixel_length is not None:
            pixel_format(header)
            frame_count(header.values.get(TAG["NumberOfFrames"], b""))
            return coding
        if not header.coding.little or not header.coding.explicit:
            return None
        return _of_stream(header)
    except (Broken, OSError):
        return None


def _of_stream(header: Header) -> str | None:
    rows, columns = (v.binary(header.values.get(TAG[k], b""), True) for k in ("Rows", "Columns"))
    inside = told(header.first_frame)
    if inside is not None:
        return _BY_PROCESS.get(inside.process) if inside.size == (rows, columns) else None
    planes = int.from_bytes(header.first_frame[:4], "little")
    first = int.from_bytes(header.first_frame[4:8], "little")
    return syntaxes.RLE_LOSSLESS if 1 <= planes <= 15 and first == 64 else None


def write_repaired(path: Path, repair: Repair) -> Path:
    """A copy that says how it is encoded, and that this was guessed. Raises :class:`UnreadableImage`."""
    uid = repair.syntax.encode()
    uid += b"\0" * (len(uid) % 2)
    syntax = pack("<HH2sH", 2, 0x10, b"UI", len(uid)) + uid
    head = REPAIRED.ljust(128, b"\0") + b"DICM" + pack("<HH2sHI", 2, 0, b"UL", 4, len(syntax)) + syntax
    target = private_folder() / random_name()
    try:
        with path.open("rb") as source, create(target) as copy:
            source.seek(repair.start)
            copy.write(head)
            shutil.copyfileobj(source, copy, 1 << 20)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise UnreadableImage("The file could not be copied to be repaired: is the disk full?") from error
    return target
