"""Frames that lie as they are: uncompressed pixel data, and fragments that hold such (PS3.5 8.1, 8.2)."""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom import encapsulated
from medviewer.dicom.elements import Broken
from medviewer.dicom.pixel_format import frame_bytes
from medviewer.dicom.study import Instance
from medviewer.dicom.syntaxes import BIG_ENDIAN, DEFLATED, DEFLATED_FRAMES
from medviewer.dicom.walk import walk
from medviewer.errors import UnreadableImage

Array = NDArray[Any]
_TOO_FEW = "The pixel data of an image are shorter than the image they should fill."


def native_frame(instance: Instance) -> Array:
    """Stored samples of a frame of uncompressed pixel data; raises :class:`UnreadableImage`."""
    pixels = instance.pixels
    size = instance.rows * instance.columns
    if pixels.bits_allocated == 1:
        first = size * instance.frame
        return _bits(_bytes(instance, first // 8, (first % 8 + size + 7) // 8), instance, first % 8)
    count = int(frame_bytes(pixels, size))
    return _samples(_bytes(instance, count * instance.frame, count), instance)


def laid_out_frame(data: bytes, instance: Instance) -> Array:
    """Stored samples of one frame's fragments: as they are, or deflated on their own (PS3.5 A.4.11, A.4.12).

    Each frame begins with a byte of its own, single bits too. Raises :class:`UnreadableImage`, zlib.error.
    """
    pixels = instance.pixels
    needed = -int(-frame_bytes(pixels, instance.rows * instance.columns) // 1)
    if pixels.transfer_syntax == DEFLATED_FRAMES:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, needed)  # no more than that: a bomb stops
    if len(data) < needed:
        raise UnreadableImage(_TOO_FEW)
    if pixels.bits_allocated == 1:
        return _bits(data, instance, 0)
    return _samples(data[:needed], instance)


def _samples(data: bytes, instance: Instance) -> Array:
    """(rows, columns) or (rows, columns, 3) of whole bytes."""
    pixels = instance.pixels
    order = ">" if pixels.transfer_syntax == BIG_ENDIAN else "<"
    values = np.frombuffer(data, f"{order}{'f' if pixels.float_pixels else 'u'}{pixels.bits_allocated // 8}")
    if pixels.samples == 1:
        return values.reshape(instance.rows, instance.columns)
    if pixels.photometric == "YBR_FULL_422":
        return _unpacked_422(values, instance)
    if pixels.planar == 1:
        return np.moveaxis(values.reshape(3, instance.rows, instance.columns), 0, -1)
    return values.reshape(instance.rows, instance.columns, 3)


def _bits(data: bytes, instance: Instance, first: int) -> Array:
    """Single bits from bit ``first`` on: without padding between rows, nor between native frames."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[first:]
    return bits[: instance.rows * instance.columns].reshape(instance.rows, instance.columns)


def _unpacked_422(values: Array, instance: Instance) -> Array:
    """Y0 Y1 Cb Cr for every two pixels (PS3.3 C.7.6.3.1.2)."""
    quads = values.reshape(-1, 4)
    out = np.empty((len(quads), 2, 3), values.dtype)
    out[:, :, 0] = quads[:, :2]
    out[:, :, 1:] = quads[:, None, 2:]
    return out.reshape(instance.rows, instance.columns, 3)


# ---- bytes ----------------------------------------------------------------------------------------------


def _bytes(instance: Instance, start: int, count: int) -> bytes:
    """Bytes of the pixel data; of words that hold smaller pixels whole words, their bytes in order."""
    if not (instance.pixels.swapped and instance.pixels.bits_allocated < 16):
        return _stored(instance, start, count)
    even = start - start % 2
    words = _stored(instance, even, (start - even + count + 1) // 2 * 2)
    return np.frombuffer(words, "<u2").byteswap().tobytes()[start - even :][:count]


def _stored(instance: Instance, start: int, count: int) -> bytes:
    if instance.pixels.transfer_syntax != DEFLATED:
        return encapsulated.read_native(instance.path, instance, start, count)
    inflate = _inflated if instance.frames > 1 else _inflated.__wrapped__
    offset, body = inflate(instance.path, instance.stamp)
    return body[offset + start : offset + start + count]


@lru_cache(maxsize=1)
def _inflated(path: Path, stamp: tuple[int, int]) -> tuple[int, bytes]:
    """(where the pixels begin, the whole inflated file): its frames are asked for one after another."""
    try:
        header = walk(path, frozenset())
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    if header.stamp != stamp or header.body is None:
        raise UnreadableImage("The file changed since it was opened.")
    return header.pixel_offset, header.body
