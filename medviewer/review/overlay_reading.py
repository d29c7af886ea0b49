"""From an object in the folder to overlays on the series it was drawn on. Runs beside the window.

The source is an open series of the same patient: the one whose images the object names, else one of the same
frame of reference whose planes it fits. Nothing else is ever drawn on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from medviewer.dicom.elements import Broken
from medviewer.dicom.objects.contour_placing import PlacedRoi, PlacedStructures, place_structures
from medviewer.dicom.objects.rtstruct import StructureSet, read_structures
from medviewer.dicom.objects.seg_file import Segment, Segmentation, read_segmentation
from medviewer.dicom.objects.seg_placing import Nowhere, Plan, place_segments, plan
from medviewer.dicom.other_objects import OtherObject
from medviewer.dicom.scan_cache import remembered
from medviewer.dicom.study import DicomObject, ScanResult, Series
from medviewer.errors import UnreadableImage
from medviewer.imaging.render import PALETTE
from medviewer.imaging.volume import Mask
from medviewer.review.overlays import Overlay, OverlayFile
from medviewer.review.waiting import ImagesNotOpen, open_here
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
    """Read a segmentation or structure set onto the series it fits best. Raises as :func:`read_files`."""
    return read_files(request, context)[0]


def read_files(request: Request, context: TaskContext | None = None) -> tuple[OverlayFile, ...]:
    """Read a segmentation or structure set onto the series it fits best, and onto other pieces of it.

    Raises :class:`UnreadableImage` with one sentence (:class:`ImagesNotOpen` where more images may help),
    Cancelled.
    """
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
    raise ImagesNotOpen(f"The images this {name} was drawn on are not open.", references, frozenset(uids))


# ---- segmentations --------------------------------------------------------------------------------------


def _segmentation(request: Request, context: TaskContext) -> tuple[OverlayFile, ...]:
    seg = read_segmentation(request.found.path, context)
    candidates, named = sources(request, seg.references, (seg.frame_of_reference_uid,))
    try:
        best, how = _best_plan(seg, candidates)
    except Nowhere as error:
        if open_here(request.scan, request.found.patient.key, seg.references) == len(seg.references):
            raise
        raise ImagesNotOpen(str(error), seg.references, frozenset({seg.frame_of_reference_uid})) from error
    files = [_segments_on(request, seg, (best, how), named, context)]
    for series in _pieces(candidates, best):
        try:
            files.append(_segments_on(request, seg, (series, plan(seg, series)), named, context))
        except UnreadableImage:  # nothing of it lies there
            continue
    return tuple(files)


def _pieces(candidates: Sequence[Series], best: Series) -> list[Series]:
    """The other parts of one DICOM series: its images came in two lots, or make two stacks."""
    return [s for s in candidates if s.uid == best.uid and s.key != best.key]


def _segments_on(
    request: Request, seg: Segmentation, where: tuple[Series, Plan], named: bool, context: TaskContext
) -> OverlayFile:
    series, how = where
    placed = place_segments(seg, series, how, context)
    colours = _colours([s.colour for s, _ in placed.segments])
    overlays = tuple(
        _of_segment(segment, mask, colour, seg.fraction)
        for (segment, mask), colour in zip(placed.segments, colours, strict=True)
    )
    return overlay_file(request, series, overlays, placed.notices, seg.references, named=named)


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


def _structures(request: Request, context: TaskContext) -> tuple[OverlayFile, ...]:
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
    found = [(best, placed)]
    for series in _pieces(candidates, best):
        try:
            found.append((series, place_structures(structures, series, context)))
        except UnreadableImage:  # nothing of it lies there
            continue
    return tuple(_rois_on(request, structures, *one, named=named) for one in found)


def _rois_on(
    request: Request, structures: StructureSet, series: Series, placed: PlacedStructures, *, named: bool
) -> OverlayFile:
    colours = _colours([p.roi.colour for p in placed.rois])
    overlays = tuple(_of_roi(p, colour) for p, colour in zip(placed.rois, colours, strict=True))
    return overlay_file(request, series, overlays, placed.notices, structures.references, named=named)


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


def overlay_file(
    request: Request,
    series: Series,
    overlays: tuple[Overlay, ...],
    notices: tuple[str, ...],
    references: frozenset[str],
    *,
    named: bool,
) -> OverlayFile:
    """What lies on ``series``; ``named``: whether the object names its images, or they share its frame."""
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
        references=references,
        here=open_here(request.scan, found.patient.key, references),
    )


_READERS: dict[str, Callable[[Request, TaskContext], tuple[OverlayFile, ...]]] = {
    "SEG": _segmentation,
    "RTSTRUCT": _structures,
}
KINDS = frozenset(_READERS)
"""Codes of the objects that become overlays."""
