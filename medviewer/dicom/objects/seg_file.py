"""What a DICOM Segmentation says: its segments, and where each frame lies (PS3.3 A.51, C.8.20).

Binary, fractional and label map; frames are read one at a time, when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom import encapsulated
from medviewer.dicom import values as v
from medviewer.dicom.decode import decode
from medviewer.dicom.elements import Broken
from medviewer.dicom.objects.guarded import Item, read_guarded
from medviewer.dicom.objects.planes import Place
from medviewer.dicom.pixel_format import pixel_format
from medviewer.dicom.plane import orientation, position, spacing_pair
from medviewer.dicom.study import Instance
from medviewer.dicom.syntaxes import NATIVE
from medviewer.dicom.tags import TAG
from medviewer.dicom.walk import Header
from medviewer.errors import UnreadableImage
from medviewer.imaging.cielab import colour_of_lab, is_visible
from medviewer.tasks import TaskContext

MAX_SEGMENTS = 4096
MAX_FRAMES = 200_000
ALL_FRAMES = -1
"""Of an image that is named without the number of a frame (PS3.3 10.3)."""
_KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
_MADE = {"AUTOMATIC": "automatic", "SEMIAUTOMATIC": "semi-automatic", "MANUAL": "manual"}
_CHECK_EVERY = 256


@dataclass(frozen=True)
class Segment:
    """One segment: its number, its name, who made it ("semi-automatic, SlicerEditor"), "#RRGGBB" or None."""

    number: int
    label: str
    maker: str
    colour: str | None = None


@dataclass(frozen=True)
class SegFrame:
    """``segment`` is None in a label map; ``images`` are (SOP instance UID, frame from 0 or
    :data:`ALL_FRAMES`) it was drawn on."""

    number: int
    segment: int | None
    plane: Place | None
    images: frozenset[tuple[str, int]]


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A SEG without its pixels. ``step_mm`` is the distance from plane to plane and ``thickness_mm`` that of
    one, as told; None where nobody says."""

    path: Path
    sop_uid: str
    kind: str
    fraction: str
    """ "probability" or "occupancy" for fractional ones, else empty."""
    highest: int
    """The stored value that means 1."""
    frame_of_reference_uid: str
    segments: tuple[Segment, ...]
    frames: tuple[SegFrame, ...]
    references: frozenset[str]
    """SOP instance UIDs of all images it names."""
    step_mm: float | None
    thickness_mm: float | None
    pixels: Instance
    """How the pixels are stored; frame 0."""
    body: bytes | None = None
    """The pixel data of a file that was deflated."""

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the frames."""
        return self.pixels.rows, self.pixels.columns


def read_segmentation(path: Path, context: TaskContext | None = None) -> Segmentation:
    """Read what a SEG says, no pixel. Raises :class:`UnreadableImage`, Cancelled."""
    item, header = read_guarded(path)
    kind = item.code("SegmentationType")
    if kind not in _KINDS:
        raise UnreadableImage("This file is not a readable segmentation.")
    pixels = _layout(path, header, kind)
    frames = tuple(_frames(item, pixels.frames, kind, context or TaskContext()))
    segments = _segments(item)
    if not segments:
        raise UnreadableImage("The segmentation names no segment.")
    named = {uid for frame in frames for uid, _ in frame.images}
    return Segmentation(
        path,
        item.code("SOPInstanceUID"),
        kind,
        item.code("SegmentationFractionalType").lower() if kind == "FRACTIONAL" else "",
        _highest(item) if kind == "FRACTIONAL" else 1,
        item.code("FrameOfReferenceUID"),
        segments,
        frames,
        frozenset(named | set(_named(item))),
        _told(item, "SpacingBetweenSlices"),
        _told(item, "SliceThickness"),
        pixels,
        None if header.body is None else header.body[header.pixel_offset :],
    )


def _highest(item: Item) -> int:
    told = item.shorts("MaximumFractionalValue")
    if not told or not 1 <= told[0] <= 255:
        raise UnreadableImage("The segmentation does not say which of its values means a whole.")
    return told[0]


def _layout(path: Path, header: Header, kind: str) -> Instance:
    """How the frames are stored, checked against the length of the pixel data."""
    try:
        pixels = pixel_format(header)
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    bits = {"BINARY": (1, 8), "FRACTIONAL": (8,), "LABELMAP": (8, 16)}[kind]
    if pixels.samples != 1 or pixels.bits_allocated not in bits or pixels.float_pixels:
        raise UnreadableImage("The pixels of this segmentation contradict its kind.")
    little = header.coding.little
    rows, columns = (v.binary(header.values.get(TAG[k], b""), little) or 0 for k in ("Rows", "Columns"))
    frames = v.integer(header.values.get(TAG["NumberOfFrames"], b"")) or 1
    if not 1 <= frames <= MAX_FRAMES:
        raise UnreadableImage("The number of frames of this segmentation is not believable.")
    return Instance(path, "", "", rows, columns, pixels, 0, frames, stamp=header.stamp)


def _segments(item: Item) -> tuple[Segment, ...]:
    found: dict[int, Segment] = {}
    for entry in item.items("SegmentSequence")[:MAX_SEGMENTS]:
        number = next(iter(entry.shorts("SegmentNumber")), 0)
        if number in found:
            raise UnreadableImage("Two segments of this segmentation have one number.")
        words = [_MADE.get(entry.code("SegmentAlgorithmType"), ""), entry.text("SegmentAlgorithmName")]
        colour = colour_of_lab(entry.shorts("RecommendedDisplayCIELabValue"))
        found[number] = Segment(
            number,
            entry.text("SegmentLabel") or f"Segment {number}",
            ", ".join(word for word in words if word) or "maker not told",
            colour if colour is not None and is_visible(colour) else None,
        )
    found.pop(0, None)  # in a label map the background (PS3.3 C.8.20.2)
    return tuple(found.values())


def _frames(item: Item, count: int, kind: str, context: TaskContext) -> Iterator[SegFrame]:
    shared = item.first("SharedFunctionalGroupsSequence")
    groups = item.items("PerFrameFunctionalGroupsSequence")
    if len(groups) < count:
        raise UnreadableImage("The description of the frames is incomplete.")
    for number in range(count):
        if number % _CHECK_EVERY == 0:
            context.check()
            context.report(0.5 * number / count, "Reading the segmentation")
        group = groups[number]
        segment = None
        if kind != "LABELMAP":
            named = _macro(group, shared, "SegmentIdentificationSequence").shorts("ReferencedSegmentNumber")
            if not named:
                raise UnreadableImage("A frame of this segmentation belongs to no segment.")
            segment = named[0]
        yield SegFrame(number, segment, _plane(group, shared), frozenset(_sources(group, shared)))


def _macro(group: Item, shared: Item, name: str) -> Item:
    """A functional group of one frame, or of all."""
    own = group.items(name)
    return own[0] if own else shared.first(name)


def _plane(group: Item, shared: Item) -> Place | None:
    where = position(_macro(group, shared, "PlanePositionSequence").raw("ImagePositionPatient"))
    turned = orientation(_macro(group, shared, "PlaneOrientationSequence").raw("ImageOrientationPatient"))
    pitch = spacing_pair(_macro(group, shared, "PixelMeasuresSequence").raw("PixelSpacing"))
    if where is None or turned is None or pitch is None:
        return None
    return Place(where, turned, pitch)


def _sources(group: Item, shared: Item) -> Iterator[tuple[str, int]]:
    for derivation in group.items("DerivationImageSequence") or shared.items("DerivationImageSequence"):
        for image in derivation.items("SourceImageSequence"):
            uid = image.code("ReferencedSOPInstanceUID")
            told = image.numbers("ReferencedFrameNumber")
            frames = [int(number) - 1 for number in told if 1 <= number <= MAX_FRAMES] or [ALL_FRAMES]
            yield from ((uid, frame) for frame in frames if uid)


def _named(item: Item) -> Iterator[str]:
    """Images named for the whole object."""
    series = item.items("ReferencedSeriesSequence")
    for image in [x for s in series for x in s.items("ReferencedInstanceSequence")]:
        yield image.code("ReferencedSOPInstanceUID")
    for image in item.items("SourceImageSequence"):
        yield image.code("ReferencedSOPInstanceUID")


def _told(item: Item, keyword: str) -> float | None:
    """A distance in mm, where the measures of all frames tell one."""
    measures = item.first("SharedFunctionalGroupsSequence").first("PixelMeasuresSequence")
    told = measures.numbers(keyword)
    return abs(told[0]) if told and told[0] else None


class FrameReader:
    """Reads frames of one SEG as stored: (rows, columns)."""

    def __init__(self, seg: Segmentation) -> None:
        self._seg = seg
        self._spans: list[list[encapsulated.Span]] | None = None
        if seg.pixels.pixels.transfer_syntax not in NATIVE:
            self._spans = encapsulated.frame_spans(seg.path, seg.pixels)

    def stored(self, number: int) -> NDArray[Any]:
        """Stored values of frame ``number`` from 0. Raises :class:`UnreadableImage`."""
        seg = self._seg
        instance = replace(seg.pixels, frame=number)
        if self._spans is not None:
            return decode(instance, self._spans[number])
        if seg.body is None:
            return decode(instance)
        return self._from_body(seg.body, number)

    def _from_body(self, body: bytes, number: int) -> NDArray[Any]:
        """A frame of a deflated file, which was inflated once."""
        rows, columns = self._seg.size
        size, bits = rows * columns, self._seg.pixels.pixels.bits_allocated
        first = size * number * bits
        data = body[first // 8 :][: (first % 8 + size * bits + 7) // 8]
        if bits > 1:
            return np.frombuffer(data, f"<u{bits // 8}").reshape(rows, columns)
        flat = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return flat[first % 8 :][:size].reshape(rows, columns)

    def inside(self, stored: NDArray[Any], segment: int) -> NDArray[np.bool_]:
        """Pixels of a frame that belong to a segment: (rows, columns).

        A fraction counts from a half up (PS3.3 C.8.20.2.3).
        """
        if self._seg.kind == "LABELMAP":
            return np.asarray(stored == segment)
        if self._seg.kind == "FRACTIONAL":
            return np.asarray(stored.astype(np.uint32) * 2 >= self._seg.highest)
        return np.asarray(stored != 0)
