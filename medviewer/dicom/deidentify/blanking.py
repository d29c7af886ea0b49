"""Rectangles made empty in every frame of a file, and written without loss.

Uncompressed pixels are changed where they lie; compressed ones are decoded and written uncompressed, so that
no second compression touches what stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from medviewer.dicom.decode import stored_words
from medviewer.dicom.scan_cache import remembered
from medviewer.dicom.study import Instance
from medviewer.dicom.syntaxes import BIG_ENDIAN, NATIVE
from medviewer.errors import UnreadableImage, UsageError

_OFFSET_TABLES = (0x7FE00001, 0x7FE00002)


@dataclass(frozen=True)
class Rectangle:
    """Part of a picture in stored pixels: left column, top row, width, height."""

    x: int
    y: int
    width: int
    height: int

    def cut(self, rows: int, columns: int) -> tuple[slice, slice]:
        """Rows and columns of it within a picture."""
        return (
            slice(max(0, self.y), max(0, min(rows, self.y + self.height))),
            slice(max(0, self.x), max(0, min(columns, self.x + self.width))),
        )


def parse_rectangle(text: str) -> Rectangle:
    """ "x,y,w,h" in pixels. Raises :class:`UsageError`."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"The rectangle {text!r} is not understood.", "Write x,y,w,h in pixels: 0,0,200,40.")
    x, y, width, height = (int(part) for part in parts)
    if not width or not height:
        raise UsageError(f"The rectangle {text!r} holds no pixel.", "Width and height begin at 1.")
    return Rectangle(x, y, width, height)


def blank(dataset: Dataset, path: Path, rectangles: Sequence[Rectangle], syntax: str) -> str:
    """Empty rectangles in all frames of ``dataset`` (read from ``path``); returns its transfer syntax now.

    Raises :class:`UnreadableImage` for pixels that cannot be decoded."""
    if "PixelData" not in dataset:
        raise UnreadableImage("Rectangles cannot be blanked in this kind of pixels.")
    frames = [facts.instance for facts in remembered.facts(path)]
    if syntax in NATIVE and _is_plain(frames[0]):
        _in_place(dataset, frames[0], rectangles, "big" if syntax == BIG_ENDIAN else "little")
        return syntax
    _decoded(dataset, frames, rectangles)
    return str(ExplicitVRLittleEndian)


def _is_plain(first: Instance) -> bool:
    """Whether samples lie as whole numbers, one place for each pixel."""
    pixels = first.pixels
    whole = pixels.bits_allocated in (8, 16, 32) and not pixels.float_pixels and not pixels.swapped
    return whole and pixels.photometric in _BLACK


_BLACK: dict[str, tuple[int, ...] | None] = {
    "MONOCHROME1": None,
    "MONOCHROME2": None,
    "PALETTE COLOR": (0,),
    "RGB": (0, 0, 0),
    "YBR_FULL": (0, 128, 128),
}
"""What a blank pixel holds; None: the darkest value of the file."""


def _in_place(dataset: Dataset, first: Instance, rectangles: Sequence[Rectangle], order: str) -> None:
    pixels, size = first.pixels, (first.rows, first.columns)
    kind = f"{'>' if order == 'big' else '<'}{'i' if pixels.signed else 'u'}{pixels.bits_allocated // 8}"
    raw = dataset.PixelData
    count = first.frames * size[0] * size[1] * pixels.samples
    if len(raw) < count * pixels.bits_allocated // 8:
        raise UnreadableImage("The pixel data of an image are shorter than the image they should fill.")
    values = np.frombuffer(raw, kind, count).copy()
    colours_apart = pixels.samples > 1 and pixels.planar == 1
    shape = (first.frames, pixels.samples, *size) if colours_apart else (first.frames, *size, pixels.samples)
    view = values.reshape(shape)
    _empty(np.moveaxis(view, 1, -1) if colours_apart else view, rectangles, pixels.photometric)
    done = values.tobytes()
    dataset.PixelData = done + raw[len(done) :]


def _decoded(dataset: Dataset, frames: Sequence[Instance], rectangles: Sequence[Rectangle]) -> None:
    first = frames[0]
    pixels = first.pixels
    stack = np.stack([stored_words(frame) for frame in frames])
    stack = stack.reshape(len(frames), first.rows, first.columns, pixels.samples)
    photometric = "RGB" if pixels.samples == 3 else pixels.photometric
    _empty(stack, rectangles, photometric)
    if pixels.bits_allocated == 1:
        data = np.packbits(stack.astype(np.uint8).reshape(-1), bitorder="little").tobytes()
    else:
        kind = f"<{'i' if stack.dtype.kind == 'i' else 'u'}{pixels.bits_allocated // 8}"
        data = stack.astype(kind).tobytes()
    dataset.add_new(0x7FE00010, "OB" if pixels.bits_allocated <= 8 else "OW", data + b"\0" * (len(data) % 2))
    dataset.PhotometricInterpretation = photometric
    if pixels.samples == 3:
        dataset.PlanarConfiguration = 0
    for tag in _OFFSET_TABLES:
        if tag in dataset:
            del dataset[tag]


def _empty(stack: NDArray[Any], rectangles: Sequence[Rectangle], photometric: str) -> None:
    """Blank in place: (frames, rows, columns, samples)."""
    black = _BLACK.get(photometric, (0,))
    if black is None:
        black = (stack.max() if photometric == "MONOCHROME1" else stack.min(),)
    for rectangle in rectangles:
        rows, columns = rectangle.cut(*stack.shape[1:3])
        stack[:, rows, columns] = np.asarray(black, stack.dtype)
