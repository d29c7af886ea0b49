"""What an RT Structure Set says: regions and their contours in the patient (PS3.3 A.19, C.8.8.5, C.8.8.6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.objects.guarded import Item, read_guarded
from medviewer.errors import UnreadableImage
from medviewer.imaging.cielab import colour_of_rgb, is_visible
from medviewer.tasks import TaskContext

MAX_ROIS = 4096
MAX_CONTOURS = 500_000
MAX_POINTS = 20_000_000
_FARTHEST_MM = 1e5
"""No point of a patient is a hundred metres from the origin."""
CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
KINDS = frozenset({*CLOSED, "OPEN_PLANAR", "POINT"})
_MADE = {"AUTOMATIC": "automatic", "SEMIAUTOMATIC": "semi-automatic", "MANUAL": "manual"}


@dataclass(frozen=True, eq=False)
class Contour:
    """One contour: ``points`` (n, 3) in LPS mm; ``images`` are SOP instance UIDs it was drawn on."""

    kind: str
    points: NDArray[np.float64]
    images: frozenset[str]


@dataclass(frozen=True, eq=False)
class Roi:
    """One region: who made it ("manual, Dr A"), "#RRGGBB" or None, its contours."""

    number: int
    name: str
    maker: str
    colour: str | None
    frame_of_reference_uid: str
    contours: tuple[Contour, ...]


@dataclass(frozen=True, eq=False)
class StructureSet:
    """A structure set. ``unusable``: contours left out because their numbers make no contour."""

    path: Path
    sop_uid: str
    label: str
    rois: tuple[Roi, ...]
    references: frozenset[str]
    """SOP instance UIDs of all images it names."""
    unusable: int = 0


def read_structures(path: Path, context: TaskContext | None = None) -> StructureSet:
    """Read a structure set. Raises :class:`UnreadableImage`, Cancelled."""
    item, _ = read_guarded(path)
    context = context or TaskContext()
    drawn: dict[int | None, Item] = {}
    for entry in item.items("ROIContourSequence"):
        drawn.setdefault(entry.integer("ReferencedROINumber"), entry)
    names = _names(item)
    if not names:
        raise UnreadableImage("The structure set names no region.")
    reader = _Reader(context)
    rois = tuple(reader.roi(number, entry, drawn.get(number)) for number, entry in names.items())
    makers = _interpreters(item)
    named = {image for roi in rois for contour in roi.contours for image in contour.images}
    return StructureSet(
        path,
        item.code("SOPInstanceUID"),
        item.text("StructureSetLabel"),
        tuple(_made_by(roi, makers.get(roi.number, "")) for roi in rois),
        frozenset(named | _named(item)),
        reader.unusable,
    )


def _names(item: Item) -> dict[int, Item]:
    found: dict[int, Item] = {}
    for entry in item.items("StructureSetROISequence")[:MAX_ROIS]:
        number = entry.integer("ROINumber")
        if number is None:
            continue
        if number in found:
            raise UnreadableImage("Two regions of this structure set have one number.")
        found[number] = entry
    return found


def _interpreters(item: Item) -> dict[int | None, str]:
    """Who is answerable for a region, where somebody is named."""
    observed = item.items("RTROIObservationsSequence")
    return {entry.integer("ReferencedROINumber"): entry.text("ROIInterpreter") for entry in observed}


def _made_by(roi: Roi, who: str) -> Roi:
    words = ", ".join(word for word in (roi.maker, who.replace("^", " ").strip()) if word)
    return Roi(
        roi.number,
        roi.name,
        words or "maker not told",
        roi.colour,
        roi.frame_of_reference_uid,
        roi.contours,
    )


def _named(item: Item) -> set[str]:
    """The images of the whole structure set."""
    found: set[str] = set()
    for frame in item.items("ReferencedFrameOfReferenceSequence"):
        for study in frame.items("RTReferencedStudySequence"):
            for series in study.items("RTReferencedSeriesSequence"):
                images = series.items("ContourImageSequence")
                found.update(image.code("ReferencedSOPInstanceUID") for image in images)
    return found - {""}


class _Reader:
    """Reads contours and counts what no contour can be made of."""

    def __init__(self, context: TaskContext) -> None:
        self._context = context
        self._contours = self._points = 0
        self.unusable = 0

    def roi(self, number: int, entry: Item, drawn: Item | None) -> Roi:
        """One region with its contours."""
        self._context.check()
        colour = None if drawn is None else _colour(drawn)
        contours = [] if drawn is None else [self._contour(c) for c in drawn.items("ContourSequence")]
        return Roi(
            number,
            entry.text("ROIName") or f"Region {number}",
            _MADE.get(entry.code("ROIGenerationAlgorithm"), ""),
            colour,
            entry.code("ReferencedFrameOfReferenceUID"),
            tuple(contour for contour in contours if contour is not None),
        )

    def _contour(self, item: Item) -> Contour | None:
        self._contours += 1
        if self._contours > MAX_CONTOURS or self._points > MAX_POINTS:
            raise UnreadableImage("The structure set has more contours than can be shown.")
        kind = item.code("ContourGeometricType")
        points = _points(item.raw("ContourData"))
        fewest = {"POINT": 1, "OPEN_PLANAR": 2}.get(kind, 3)
        if kind not in KINDS or points is None or len(points) < fewest:
            self.unusable += 1
            return None
        self._points += len(points)
        images = {image.code("ReferencedSOPInstanceUID") for image in item.items("ContourImageSequence")}
        return Contour(kind, points, frozenset(images - {""}))


def _colour(item: Item) -> str | None:
    levels = item.numbers("ROIDisplayColor")
    whole = [int(level) for level in levels if level.is_integer()]
    colour = colour_of_rgb(whole) if len(whole) == len(levels) else None
    return colour if colour is not None and is_visible(colour) else None


def _points(raw: bytes) -> NDArray[np.float64] | None:
    """(n, 3) of backslash-joined decimals; None unless all are finite, believable, and in threes."""
    parts = raw.strip(b"\0 ").split(b"\\")
    if len(parts) % 3 or b"_" in raw:
        return None
    try:
        values = np.array([float(part) for part in parts])
    except ValueError:
        return None
    if not np.isfinite(values).all() or np.abs(values).max() > _FARTHEST_MM:
        return None
    return values.reshape(-1, 3)
