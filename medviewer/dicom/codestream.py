"""The picture size a compressed stream tells of itself, read before a decoder makes room for it.

A few bytes can claim 60,000 x 60,000 pixels: a decoder that believes them takes gigabytes and seconds.
"""

from __future__ import annotations

from struct import error, unpack_from

_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
"""Markers between C0 and CF that begin no frame (ITU-T T.81 B.1.1.3)."""
_JPEG_LS = 0xF7
_LONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""


def told_size(data: bytes) -> tuple[int, int] | None:
    """(rows, columns) by a JPEG, JPEG-LS or JPEG 2000 header, or None where it tells none."""
    try:
        if data[:2] == b"\xff\xd8":
            return _jpeg(data)
        if data[:4] != b"\xff\x4f\xff\x51":
            return None
        right, bottom, left, top = unpack_from(">4I", data, 8)
    except error:
        return None
    return bottom - top, right - left


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Walk the markers to the first frame header (ITU-T T.81 B.2.2)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        kind = data[position + 1]
        if (0xC0 <= kind <= 0xCF and kind not in _NO_FRAME) or kind == _JPEG_LS:
            rows, columns = unpack_from(">HH", data, position + 5)
            return rows, columns
        if kind == 0xFF:
            position += 1
        elif kind in _LONE:
            position += 2
        else:
            position += 2 + max(2, unpack_from(">H", data, position + 2)[0])
    return None
