"""Where each frame of compressed pixel data lies in its file (PS3.5 A.4)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from struct import unpack

from medviewer.dicom.elements import Broken, Window
from medviewer.dicom.study import Instance
from medviewer.dicom.syntaxes import refusal
from medviewer.dicom.walk import file_status, fragments
from medviewer.errors import UnreadableImage

Span = tuple[int, int]
"""(offset, length) in the file."""

_AT_ONCE = 1 << 26
"""Up to so many bytes a file with one compressed frame is read whole."""
_CHANGED = "The file changed since it was opened."


def frame_spans(path: Path, instance: Instance) -> list[list[Span]]:
    """For every frame the fragments it is made of. Raises :class:`UnreadableImage`."""
    refused = refusal(instance.pixels.transfer_syntax)
    if refused:
        raise UnreadableImage(refused)
    offset = instance.pixels.offset
    if offset is None:
        raise UnreadableImage("Compressed pixels in a deflated file are not supported.")
    with path.open("rb", buffering=0) as file:
        if file_status(file) != instance.stamp:
            raise UnreadableImage(_CHANGED)
        window = Window(file, instance.stamp[0])
        try:
            items = fragments(window, offset)
            table = window.take(*items[0]) if items[0][1] <= 1 << 22 else b""
        except Broken as error:
            raise UnreadableImage(str(error)) from error
    return _grouped(items[1:], table, offset + 8 + items[0][1], instance.frames)


def read_frame(path: Path, instance: Instance) -> bytes:
    """The compressed bytes of one frame. Raises :class:`UnreadableImage`.

    A file with one frame is read at once: opening it a second time costs as much as reading it.
    """
    offset, size = instance.pixels.offset, instance.stamp[0]
    if offset is None or instance.frames > 1 or size - offset > _AT_ONCE:
        return read_spans(path, instance, frame_spans(path, instance)[instance.frame])
    with path.open("rb", buffering=0) as file:
        if file_status(file) != instance.stamp:
            raise UnreadableImage(_CHANGED)
        file.seek(offset)
        data = file.read(size - offset)
    try:
        items = fragments(Window(BytesIO(data), len(data)), 0)
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    return b"".join(data[start : start + length] for start, length in items[1:])


def _grouped(items: list[Span], table: bytes, first: int, frames: int) -> list[list[Span]]:
    if frames == 1:
        return [items]
    if len(items) == frames:
        return [[item] for item in items]
    starts = [first + start for start in unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])]
    if len(starts) < frames or starts != sorted(starts):
        raise UnreadableImage("Frames are missing from the compressed pixel data.")
    ends = [*starts[1:frames], items[-1][0] + items[-1][1] + 1]
    spans = [
        [item for item in items if start <= item[0] - 8 < end]
        for start, end in zip(starts, ends, strict=False)
    ]
    if not all(spans):
        raise UnreadableImage("Frames are missing from the compressed pixel data.")
    return spans


def read_spans(path: Path, instance: Instance, spans: list[Span]) -> bytes:
    """The compressed bytes of one frame. Raises :class:`UnreadableImage` for a file that changed."""
    with path.open("rb", buffering=0) as file:
        if file_status(file) != instance.stamp:
            raise UnreadableImage(_CHANGED)
        parts = []
        for offset, length in spans:
            file.seek(offset)
            parts.append(file.read(length))
    return b"".join(parts)


def read_native(path: Path, instance: Instance, start: int, count: int) -> bytes:
    """``count`` bytes from ``start`` within the pixel data of a file that is not deflated."""
    with path.open("rb", buffering=0) as file:
        if file_status(file) != instance.stamp:
            raise UnreadableImage(_CHANGED)
        file.seek((instance.pixels.offset or 0) + start)
        data = file.read(count)
    if len(data) < count:
        raise UnreadableImage("The file is cut short within its pixel data.")
    return data
