"""What a compressed stream tells of itself, read before a decoder makes room for it.

A few bytes can claim 60,000 x 60,000 pixels: a decoder that believes them takes gigabytes and seconds. A
stream that was cut gives some decoders a picture all the same: its end is looked for first.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import error, unpack_from

from medviewer.dicom import jxl_header, syntaxes

_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
"""Markers between C0 and CF that begin no frame (ITU-T T.81 B.1.1.3)."""
_JPEG_LS, _LOSSLESS = 0xF7, 0xC3
_COD, _TILE = 0x52, 0x90
RLE, JPEG_XL = -1, -2
_LONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_J2K_START = b"\xff\x4f\xff\x51"
_JP2_START = b"\0\0\0\x0cjP  "
_END = b"\xff\xd9"
_END_WITHIN = 64
"""Bytes that may follow the last marker: padding."""
_BLANK_JPEG_LS, _BLANK_JPEG_2000 = 1 << 24, 1 << 22
_PIXELS_PER_BYTE = 2000
_MOST_PIXELS_PER_BYTE = {0xC0: 256, 0xC1: 256, 0xC2: 512, 0xC3: 8, RLE: 64}
"""A block of 64 needs a bit for its DC and one for its end (T.81 F.1.2), in progressive scans one alone, a
lossless sample one; a run of 128 needs two bytes."""


@dataclass(frozen=True)
class Told:
    """Size, samples a pixel, bits a sample. ``signed``: None where the stream does not know."""

    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool | None = None
    process: int = 0
    """The marker of a JPEG's frame header: how it is coded."""
    transformed: bool = False
    """Whether a JPEG 2000 stream carries a colour transform that its decoder undoes (ITU-T T.800 annex G)."""

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns


def told(data: bytes) -> Told | None:
    """What a JPEG, JPEG-LS, JPEG 2000 or JPEG XL header says, or None where there is none."""
    if not data:
        return None
    try:
        if data[:2] == b"\xff\xd8":
            return _jpeg(data)
        if data[:8] == _JP2_START:
            return _boxes(data)
        if data[:2] == jxl_header.BARE or data[:12] == jxl_header.BOXED:
            return _jpeg_xl(data)
        return _jpeg_2000(data, 0)
    except (error, IndexError):
        return None


def written_in(inside: Told, syntax: str) -> str:
    """``syntax`` where the stream may be of it, else one of those it is of."""
    if inside.process == JPEG_XL:
        kind = syntaxes.JPEG_XL
    elif inside.process == _JPEG_LS:
        kind = syntaxes.JPEG_LS
    elif inside.process == _LOSSLESS:
        kind = syntaxes.JPEG_LOSSLESS
    else:
        kind = syntaxes.JPEG_DCT if inside.process else syntaxes.JPEG_2000
    return syntax if syntax in kind else max(kind)


def has_end(data: bytes) -> bool:
    """Whether the last marker is there; in whole streams its bytes stand nowhere else."""
    return data.rfind(_END, max(0, len(data) - _END_WITHIN)) >= 0


def believable(data: bytes, rows: int, columns: int, process: int = 0) -> bool:
    """Whether so few bytes may be so large an image; what is missing some decoders make up in grey.

    JPEG needs some bits for every block or sample. What codes whole blank areas may be of any size up to a
    limit: 2,048 x 2,048 in JPEG 2000 and JPEG XL, whose decoders take many bytes a pixel, 4,096 x 4,096 in
    JPEG-LS.
    """
    most = _MOST_PIXELS_PER_BYTE.get(process)
    if most is not None:
        return rows * columns <= most * len(data)
    free = _BLANK_JPEG_LS if process == _JPEG_LS else _BLANK_JPEG_2000
    return rows * columns <= max(free, _PIXELS_PER_BYTE * len(data))


def _jpeg(data: bytes) -> Told | None:
    """Walk the markers to the first frame header (ITU-T T.81 B.2.2)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        kind = data[position + 1]
        if (0xC0 <= kind <= 0xCF and kind not in _NO_FRAME) or kind == _JPEG_LS:
            bits, rows, columns, samples = unpack_from(">BHHB", data, position + 4)
            return Told(rows, columns, samples, bits, None, kind)
        if kind == 0xFF:
            position += 1
        elif kind in _LONE:
            position += 2
        else:
            position += 2 + max(2, unpack_from(">H", data, position + 2)[0])
    return None


def _boxes(data: bytes) -> Told | None:
    """The stream inside a JP2 file (ITU-T T.800 annex I), which does not belong in DICOM but is found."""
    position = 0
    for _ in range(32):
        length, kind = unpack_from(">I4s", data, position)
        if kind == b"jp2c":
            return _jpeg_2000(data, position + 8)
        if length < 8:
            return None
        position += length
    return None


def _jpeg_2000(data: bytes, start: int) -> Told | None:
    """The SIZ segment (ITU-T T.800 A.5.1)."""
    if data[start : start + 4] != _J2K_START:
        return None
    right, bottom, left, top = unpack_from(">4I", data, start + 8)
    samples, depth = unpack_from(">HB", data, start + 40)
    size = (bottom - top, right - left)
    return Told(*size, samples, (depth & 0x7F) + 1, depth >= 0x80, transformed=_has_transform(data, start))


def _has_transform(data: bytes, start: int) -> bool:
    """Multiple component transformation of the COD segment (ITU-T T.800 A.6.1); False where none is found."""
    position = start + 2
    while position + 9 <= len(data) and data[position] == 0xFF and data[position + 1] != _TILE:
        if data[position + 1] == _COD:
            return data[position + 8] != 0
        position += 2 + max(2, unpack_from(">H", data, position + 2)[0])
    return False


def _jpeg_xl(data: bytes) -> Told | None:
    found = jxl_header.read_jxl(data)
    if found is None:
        return None
    return Told(found.rows, found.columns, found.samples, found.bits, process=JPEG_XL)
