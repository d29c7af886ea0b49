"""Run-length frames (PS3.5 annex G), one byte plane after another, each checked to the byte.

imagecodecs' own reader of whole frames believes the segment offsets and leaves planes that are too short
unfilled; its PackBits decoder for one segment does neither.
"""

from __future__ import annotations

from itertools import pairwise
from struct import unpack_from
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

_HEADER = 64
_SPARE = 8
"""Bytes a segment may hold behind its plane: padding that some writers run through their encoder."""


def decode_rle(data: bytes, size: int, planes: int) -> list[NDArray[np.uint8]]:
    """``planes`` byte planes of ``size`` bytes. Raises ValueError for anything else than exactly that."""
    return [_plane(segment, size) for segment in _segments(data, planes)]


def _segments(data: bytes, planes: int) -> list[bytes]:
    if len(data) < _HEADER:
        raise ValueError("no room for the header")
    count, *offsets = unpack_from("<16I", data)
    bounds = [*offsets[:planes], len(data)]
    if count != planes or planes > 15 or bounds[0] < _HEADER or bounds != sorted(bounds):
        raise ValueError("segments that cannot be")
    return [data[start:end] for start, end in pairwise(bounds)]


def _plane(segment: bytes, size: int) -> NDArray[np.uint8]:
    room = np.empty(size + _SPARE, np.uint8)
    try:
        filled = len(imagecodecs.packbits_decode(segment, out=room.data))
    except RuntimeError as error:
        raise ValueError("a segment that is damaged or too long") from error
    if filled < size:
        raise ValueError("a plane that is too short")
    return room[:size]


def joined(planes: list[NDArray[np.uint8]]) -> NDArray[Any]:
    """One sample from its bytes, the highest plane first."""
    if len(planes) == 1:
        return planes[0]
    kind = np.dtype(f"<u{len(planes)}")
    out = np.empty((len(planes[0]), len(planes)), np.uint8)
    for k, plane in enumerate(reversed(planes)):
        out[:, k] = plane
    return out.reshape(-1).view(kind)
