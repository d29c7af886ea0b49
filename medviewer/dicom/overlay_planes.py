"""Overlay planes (60xx,eeee): bitmaps that lie on an image, beside its pixels (PS3.3 C.9.2, C.9.3).

Read straight from the guarded bytes: a plane that is cut short or makes no sense is left out with a sentence,
the others are still there. Planes in unused high bits of the pixel data (retired in 2004) are read too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom import values as v
from medviewer.dicom.decode import stored_words
from medviewer.dicom.elements import Broken, Coding
from medviewer.dicom.nesting import UNDEFINED, Nesting
from medviewer.dicom.study import Instance
from medviewer.dicom.tags import OVERLAY_GROUPS
from medviewer.dicom.walk import MAX_ELEMENTS, PIXEL_TAGS, begin

_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN = 0x0010, 0x0011, 0x0015, 0x0040, 0x0050
_FIRST_FRAME, _BITS_ALLOCATED, _BIT, _LABEL, _DATA, _LAYER = 0x0051, 0x0100, 0x0102, 0x1500, 0x3000, 0x1001
_CHARSET = 0x00080005
_MOST_FRAMES = 200_000
_KINDS = {"G": "graphics", "R": "ROI"}


@dataclass(frozen=True)
class OverlayPlane:
    """One plane of ``rows`` x ``columns`` whose first pixel lies on image pixel ``origin``.

    ``origin``: (row, column) counted from 1, as the standard does; it may be negative or beyond the image.
    ``frames`` None: one bitmap for all frames of the image; else bitmap k belongs to image frame
    ``first_frame`` + k, counted from 1. ``data``: packed bits, lowest first; None where the bits are bit
    ``bit`` of the pixel data.
    """

    group: int
    kind: str
    """ "G" graphics, "R" region of interest (PS3.3 C.9.2.1.1)."""
    rows: int
    columns: int
    origin: tuple[int, int]
    frames: int | None = None
    first_frame: int = 1
    data: bytes | None = None
    bit: int = 0
    label: str = ""
    layer: str = ""
    """Overlay Activation Layer (60xx,1001), in presentation states only."""

    @property
    def name(self) -> str:
        """ "Overlay 6000: graphics, Collimation"."""
        parts = [_KINDS.get(self.kind, ""), self.label]
        return f"Overlay {self.group:04X}: {', '.join(part for part in parts if part)}".removesuffix(": ")


@dataclass(frozen=True)
class Planes:
    """The planes of one file, in order of group, and a sentence for each that could not be read."""

    planes: tuple[OverlayPlane, ...] = ()
    left_out: tuple[str, ...] = ()
    layers: tuple[tuple[int, str], ...] = ()
    """(group, layer) of every Overlay Activation Layer, also of groups that hold no plane here."""


@lru_cache(maxsize=64)
def planes_of(path: Path, _stamp: tuple[int, int]) -> Planes:
    """The planes of an image's file, remembered as long as the file is the same. Raises as read_planes."""
    return read_planes(path)


def read_planes(path: Path) -> Planes:
    """The planes of a file. Raises :class:`Broken` for what is no DICOM file, OSError."""
    with path.open("rb", buffering=0) as file:
        begun = begin(file)
        window, coding, position = begun.window, begun.coding, begun.start
        nesting, found, charset = Nesting(window), dict[int, dict[int, bytes]](), b""
        for _ in range(MAX_ELEMENTS):
            if position >= window.size:
                break
            tag, vr, length, start = coding.read(window, position)
            if tag in PIXEL_TAGS:
                break
            if length == UNDEFINED:
                position = nesting.skip(start, vr, coding)
                continue
            position = start + length
            if position > window.size:
                raise Broken("The file is cut short.")
            if tag == _CHARSET:
                charset = window.take(start, length)
            if tag >> 16 in OVERLAY_GROUPS:
                raw = window.take(start, length)
                swapped = tag & 0xFFFF == _DATA and vr == b"OW" and not coding.little
                found.setdefault(tag >> 16, {})[tag & 0xFFFF] = _swapped(raw) if swapped else raw
    return _planes(found, coding, charset)


def _swapped(raw: bytes) -> bytes:
    """Big-endian words hold the second byte first (PS3.5 8.1.2)."""
    return np.frombuffer(raw[: len(raw) // 2 * 2], "<u2").byteswap().tobytes()


def _planes(found: dict[int, dict[int, bytes]], coding: Coding, charset: bytes) -> Planes:
    planes, left_out, layers = [], [], []
    for group, told in sorted(found.items()):
        layer = v.ascii_text(told.get(_LAYER, b""))
        if layer:
            layers.append((group, layer))
        if not told.keys() & {_ROWS, _COLUMNS, _DATA}:
            continue
        try:
            planes.append(_plane(group, told, coding.little, charset))
        except Broken as error:
            left_out.append(str(error))
    return Planes(tuple(planes), tuple(left_out), tuple(layers))


def _plane(group: int, told: dict[int, bytes], little: bool, charset: bytes) -> OverlayPlane:
    rows, columns = (v.binary(told.get(k, b""), little) or 0 for k in (_ROWS, _COLUMNS))
    origin = _origin(told.get(_ORIGIN, b""), little)
    frames = v.integer(told[_FRAMES]) if told.get(_FRAMES, b"").strip(b"\0 ") else None
    first = v.binary(told.get(_FIRST_FRAME, b""), little) or 1
    if rows < 1 or columns < 1 or (frames is not None and not 1 <= frames <= _MOST_FRAMES):
        raise Broken(f"Overlay plane {group:04X} has no believable size and is not shown.")
    kind, label = v.ascii_text(told.get(_TYPE, b"")), v.text(told.get(_LABEL, b""), charset)
    data, bit = told.get(_DATA), v.binary(told.get(_BIT, b""), little) or 0
    if data is not None and 8 * len(data) < rows * columns * (frames or 1):
        raise Broken(f"Overlay plane {group:04X} is shorter than it says and is not shown.")
    if data is None and v.binary(told.get(_BITS_ALLOCATED, b""), little) != 16:
        raise Broken(f"Overlay plane {group:04X} holds no picture and is not shown.")
    layer = v.ascii_text(told.get(_LAYER, b""))
    return OverlayPlane(group, kind, rows, columns, origin, frames, first, data, bit, label, layer)


def _origin(raw: bytes, little: bool) -> tuple[int, int]:
    """(row, column), from 1; where it is missing the plane begins with the image."""
    if len(raw) < 4:
        return 1, 1
    row, column = np.frombuffer(raw[:4], "<i2" if little else ">i2")
    return int(row), int(column)


def plane_on(plane: OverlayPlane, instance: Instance) -> NDArray[np.bool_] | None:
    """The plane on the pixels of one image: (rows, columns) of the image, what lies outside cut away.

    None where the plane does not belong to the image's frame. Raises :class:`Broken`, UnreadableImage.
    """
    number = 0 if plane.frames is None else instance.frame + 1 - plane.first_frame
    if plane.frames is not None and not 0 <= number < plane.frames:
        return None
    bits = _embedded(plane, instance) if plane.data is None else _unpacked(plane, number)
    return _placed(bits, plane.origin, (instance.rows, instance.columns))


def _unpacked(plane: OverlayPlane, number: int) -> NDArray[np.bool_]:
    """Bitmap ``number``; bitmaps follow each other without padding (PS3.5 8.1.2)."""
    size = plane.rows * plane.columns
    first, last = number * size, (number + 1) * size
    packed = np.frombuffer(plane.data or b"", np.uint8)[first // 8 : (last + 7) // 8]
    bits = np.unpackbits(packed, bitorder="little")[first % 8 :][:size]
    return bits.reshape(plane.rows, plane.columns).astype(bool)


def _embedded(plane: OverlayPlane, instance: Instance) -> NDArray[np.bool_]:
    """One bit of the stored pixels, above those of the image (PS3.3-2004 C.9.2, retired)."""
    pixels = instance.pixels
    free = pixels.bits_stored <= plane.bit < 16 == pixels.bits_allocated and pixels.samples == 1
    if not free or (plane.rows, plane.columns) != (instance.rows, instance.columns):
        raise Broken(f"Overlay plane {plane.group:04X} names bits that belong to the image: it is not shown.")
    words = stored_words(instance)
    if words.dtype.itemsize != 2:
        raise Broken(f"Overlay plane {plane.group:04X} was lost when the pixels were compressed.")
    return np.asarray((words.view(f"{words.dtype.byteorder}u2") >> plane.bit & 1).astype(bool))


def _placed(bits: NDArray[np.bool_], origin: tuple[int, int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    out = np.zeros(shape, bool)
    top, left = origin[0] - 1, origin[1] - 1
    down, across = max(0, -top), max(0, -left)
    cut = bits[down : max(down, shape[0] - top), across : max(across, shape[1] - left)]
    top, left = max(0, top), max(0, left)
    out[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return out


def union_on(planes: tuple[OverlayPlane, ...], instance: Instance) -> NDArray[np.bool_] | None:
    """All planes on the pixels of one image, (rows, columns); None where none belongs to it.

    A plane that cannot be read is left out. Raises UnreadableImage where the pixels cannot be read.
    """
    out: NDArray[np.bool_] | None = None
    for plane in planes:
        try:
            here = plane_on(plane, instance)
        except Broken:
            continue
        if here is not None:
            out = here if out is None else out | here
    return out
