"""From an object in the folder to overlays on the series it was drawn on. Runs beside the window.

The source is an open series of the same patient: the one whose images the object names, else one of the same
frame of reference whose planes it fits. Nothing else is ever drawn on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from medviewer.dicom.elements import Broken
from medviewer.dicom.objects.contour_placing import PlacedRoi, PlacedStructures, place_structures
from medviewer.dicom.objects.rtstruct import read_structures
from medviewer.dicom.objects.seg_file import Segment, Segmentation, read_segmentation
from medviewer.dicom.objects.seg_placing import Plan, place_segments, plan
from medviewer.dicom.other_objects import OtherObject
from medviewer.dicom.scan_cache import remembered
from medviewer.dicom.study import DicomObject, ScanResult, Series
from medviewer.errors import UnreadableImage
from medviewer.imaging.render import PALETTE
from medviewer.imaging.volume import Mask
from medviewer.review.overlays import Overlay, OverlayFile
from medviewer.tasks import TaskContext

_BY_FRAME = "The images it names are not open: shown on others of the same frame of reference."
_ELSEWHERE = "The images this object names are open under another patient: it is not shown."


@dataclass(frozen=True)
class Request:
    """What to read: an object, what is open, and which series the reader looks at (its key or empty)."""

    found: DicomObject
    title: str
    scan: ScanResult
    on_screen: str = ""


def read_overlays(request: Request, context: TaskContext | None = None) -> OverlayFile:
    """Read a segmentation or structure set. Raises :class:`UnreadableImage` with one sentence, Cancelled."""
    context = context or TaskContext()
    same_object(request.found)
    read = _READERS.get(request.found.kind.code)
    if read is None:
        raise UnreadableImage("This kind of object is no overlay.")
    return read(request, context)


def same_object(found: DicomObject) -> None:
    """Raises :class:`UnreadableImage` unless the file still holds the object of the patient it was listed
    under."""
    try:
        remembered.facts(found.path)
    except OtherObject as now:
        if (now.found.sop_uid, now.found.patient.key) == (found.sop_uid, found.patient.key):
            return
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    except OSError as error:
        raise UnreadableImage("The file could not be read.") from error
    raise UnreadableImage("The file changed since it was opened.", "Open its folder again.")


def sources(
    request: Request, references: frozenset[str], frames: Iterable[str]
) -> tuple[tuple[Series, ...], bool]:
    """(candidates, whether the object names their images), best first.

    Raises :class:`UnreadableImage` where no series of the patient comes into question.
    """
    patient_key = request.found.patient.key
    own = [s for s in request.scan.all_series() if s.patient_key == patient_key]
    here = request.on_screen
    named = [(sum(i.sop_uid in references for i in s.instances), s) for s in own]
    ordered = sorted((x for x in named if x[0]), key=lambda x: (-x[0], x[1].key != here))
    if ordered:
        return tuple(s for _, s in ordered), True
    uids = {uid for uid in frames if uid}
    same = [s for s in own if s.frame_of_reference_uid in uids]
    if same:
        best = sorted(same, key=lambda s: (s.key != here, not s.is_volume, -len(s.instances)))
        return tuple(best), False
    others = (s for s in request.scan.all_series() if s.patient_key != patient_key)
    if any(i.sop_uid in references for s in others for i in s.instances):
        raise UnreadableImage(_ELSEWHERE)
    name = request.found.kind.name.lower().replace("rt ", "RT ")
    raise UnreadableImage(
        f"The images this {name} was drawn on are not open.", "Open the folder that holds them too."
    )


# ---- segmentations --------------------------------------------------------------------------------------


def _segmentation(request: Request, context: TaskContext) -> OverlayFile:
    seg = read_segmentation(request.found.path, context)
    candidates, named = sources(request, seg.references, (seg.frame_of_reference_uid,))
    series, how = _best_plan(seg, candidates)
    placed = place_segments(seg, series, how, context)
    colours = _colours([s.colour for s, _ in placed.segments])
    overlays = tuple(
        _of_segment(segment, mask, colour, seg.fraction)
        for (segment, mask), colour in zip(placed.segments, colours, strict=True)
    )
    return _file(request, series, overlays, placed.notices, named)


def _best_plan(seg: Segmentation, candidates: Sequence[Series]) -> tuple[Series, Plan]:
    """The first series that has the grid of the segmentation, else the first that is parallel to it."""
    found: tuple[Series, Plan] | None = None
    refusal: UnreadableImage | None = None
    for series in candidates:
        try:
            how = plan(seg, series)
        except UnreadableImage as error:
            refusal = refusal or error
            continue
        if how.exact:
            return series, how
        found = found or (series, how)
    if found is not None:
        return found
    raise refusal or UnreadableImage("The segmentation lies nowhere on the open images.")


def _of_segment(segment: Segment, mask: Mask, colour: str, fraction: str) -> Overlay:
    criterion = f"{fraction} ≥ 0.5" if fraction else ""
    return Overlay(
        segment.number,
        segment.label,
        colour,
        segment.maker,
        criterion,
        mask,
        key_slice=mask.largest_slice,
    )


# ---- structure sets -------------------------------------------------------------------------------------


def _structures(request: Request, context: TaskContext) -> OverlayFile:
    structures = read_structures(request.found.path, context)
    frames = {roi.frame_of_reference_uid for roi in structures.rois}
    candidates, named = sources(request, structures.references, frames)
    placed: PlacedStructures | None = None
    refusal: UnreadableImage | None = None
    for series in candidates:
        try:
            now = place_structures(structures, series, context)
        except UnreadableImage as error:
            refusal = refusal or error
            continue
        if placed is None or now.placed > placed.placed:
            placed, best = now, series
    if placed is None:
        raise refusal or UnreadableImage("The structure set lies nowhere on the open images.")
    colours = _colours([p.roi.colour for p in placed.rois])
    overlays = tuple(_of_roi(p, colour) for p, colour in zip(placed.rois, colours, strict=True))
    return _file(request, best, overlays, placed.notices, named)


def _of_roi(placed: PlacedRoi, colour: str) -> Overlay:
    roi = placed.roi
    return Overlay(
        roi.number, roi.name, colour, roi.maker, lines=placed.lines, key_slice=placed.largest_slice
    )


# ---- both -----------------------------------------------------------------------------------------------


def _colours(told: Sequence[str | None]) -> list[str]:
    """The file's own colours; the others take those of the palette in their order."""
    own = iter(PALETTE[k % len(PALETTE)] for k in range(len(told)))
    return [colour or next(own) for colour in told]


def _file(
    request: Request,
    series: Series,
    overlays: tuple[Overlay, ...],
    notices: tuple[str, ...],
    named: bool,
) -> OverlayFile:
    found = request.found
    return OverlayFile(
        found.path,
        found.sop_uid,
        request.title,
        found.kind.name,
        found.patient.key,
        series.key,
        overlays,
        notices if named else (_BY_FRAME, *notices),
    )


_READERS: dict[str, Callable[[Request, TaskContext], OverlayFile]] = {
    "SEG": _segmentation,
    "RTSTRUCT": _structures,
}
KINDS = frozenset(_READERS)
"""Codes of the objects that become overlays."""
