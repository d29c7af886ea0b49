"""Run-length frames (PS3.5 annex G), one byte plane after another, each checked to the byte.

imagecodecs' own reader of whole frames believes the segment offsets and leaves planes that are too short
unfilled; its PackBits decoder for one segment does neither.
"""

from __future__ import annotations

import threading
from itertools import pairwise
from struct import unpack_from
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

_HEADER = 64
_scratch = threading.local()
_SPARE = 8
"""Bytes a segment may hold behind its plane: padding that some writers run through their encoder."""


def decode_rle(data: bytes, size: int, planes: int) -> NDArray[np.uint8]:
    """(planes, size) bytes, this thread's until its next call: join them at once.

    Raises ValueError for anything else than exactly that many.
    """
    room = _room(planes, size + _SPARE)
    for segment, plane in zip(_segments(data, planes), room, strict=True):
        _fill(segment, plane, size)
    return room[:, :size]


def _room(planes: int, width: int) -> NDArray[np.uint8]:
    """The same memory again and again: fresh pages cost more than decoding into them."""
    room: NDArray[np.uint8] | None = getattr(_scratch, "room", None)
    if room is None or room.shape != (planes, width):
        _scratch.room = room = np.empty((planes, width), np.uint8)
    return room


def _segments(data: bytes, planes: int) -> list[bytes]:
    if len(data) < _HEADER:
        raise ValueError("no room for the header")
    count, *offsets = unpack_from("<16I", data)
    bounds = [*offsets[:planes], len(data)]
    if count != planes or planes > 15 or bounds[0] < _HEADER or bounds != sorted(bounds):
        raise ValueError("segments that cannot be")
    return [data[start:end] for start, end in pairwise(bounds)]


def _fill(segment: bytes, plane: NDArray[np.uint8], size: int) -> None:
    try:
        filled = len(imagecodecs.packbits_decode(segment, out=plane.data))
    except RuntimeError as error:
        raise ValueError("a segment that is damaged or too long") from error
    if filled < size:
        raise ValueError("a plane that is too short")


def joined(planes: NDArray[np.uint8]) -> NDArray[Any]:
    """One sample from its bytes, the highest plane first; a copy."""
    out: NDArray[Any] = planes[0].astype(f"u{len(planes)}")
    for plane in planes[1:]:  # whole words are shifted: three times as fast as bytes laid side by side
        out <<= 8
        out |= plane
    return out
