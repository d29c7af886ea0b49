"""From a measurement report to overlays on the series it speaks of: a row a group, its regions, its figures.

Figures are those of the file. Where the drawn points say something else, that stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from medviewer.dicom.objects.measured_report import MeasuredGroup, MeasuredReport, read_measured
from medviewer.dicom.objects.region_placing import PlacedRegion, RegionPlacer, largest, lines_of
from medviewer.dicom.study import DicomObject, Series
from medviewer.errors import UnreadableImage
from medviewer.imaging.numbers import number
from medviewer.imaging.render import PALETTE
from medviewer.review.drawn_figures import beside
from medviewer.review.overlay_reading import Request, overlay_file, read_files, same_object, sources
from medviewer.review.overlays import Overlay, OverlayFile
from medviewer.review.waiting import ImagesNotOpen
from medviewer.tasks import TaskContext

_LONGEST = 400
"""Characters of a line beside the images."""
_MOST_LINES = 100
"""Lines of figures of one group, and as many of what else is said."""


def read_object(request: Request, context: TaskContext | None = None) -> tuple[OverlayFile, ...]:
    """Read a segmentation, structure set or measurement report; () for a report of another kind.

    A report brings the segmentations it refers to with it, where they are open; its own files come first.
    Raises as :func:`~medviewer.review.overlay_reading.read_files`.
    """
    context = context or TaskContext()
    if request.found.kind.code != "SR":
        return read_files(request, context)
    same_object(request.found)
    report = read_measured(request.found.path, context)
    return () if report is None else _Laying(request, report, context).files()


class _Laying:
    """Lays one report over the open series of its patient."""

    def __init__(self, request: Request, report: MeasuredReport, context: TaskContext) -> None:
        self._request, self._report, self._context = request, report, context
        self._lost: set[str] = set()
        self._lacking: set[str] = set()
        self._references = report.images
        self._segmentations = tuple(self._read_segmentations())

    def files(self) -> tuple[OverlayFile, ...]:
        """The files of the report, then those of its segmentations."""
        series, named = self._series()
        made = [self._on(one, named) for one in series]
        there = [one for one in made if one[1]]
        found = tuple(file for file, _ in (there if named else there[:1]) or made[:1])
        return (*found, *self._segmentations)

    def _series(self) -> tuple[tuple[Series, ...], bool]:
        """Candidates: by the images named, by segmentations that lie on them, by the frame of reference."""
        keys = {file.series_key for file in self._segmentations}
        scan = self._request.scan
        try:
            found, named = sources(self._request, self._report.images, self._report.frames)
        except ImagesNotOpen as error:
            if not keys:
                raise ImagesNotOpen(
                    "The images this report speaks of are not open.",
                    self._references,
                    error.frames,
                    frozenset(self._lacking),
                ) from error
            found, named = (), True
        more = [s for s in scan.all_series() if s.key in keys and all(s is not f for f in found)]
        return (*found, *more), named

    def _read_segmentations(self) -> Iterator[OverlayFile]:
        wanted = dict.fromkeys(uid for group in self._report.groups for uid, _ in group.segments)
        for uid in wanted:
            found = self._object(uid)
            if found is None:
                self._lacking.add(uid)
                continue
            try:
                title = found.description or found.kind.name
                yield from read_files(replace(self._request, found=found, title=title), self._context)
            except ImagesNotOpen as error:  # it waits with the report
                self._references |= error.references
            except UnreadableImage:  # told with the report
                self._lost.add(uid)

    def _object(self, uid: str) -> DicomObject | None:
        own = self._request.found.patient.key
        objects = (o for o in self._request.scan.objects if o.sop_uid == uid and o.patient.key == own)
        return next((o for o in objects if o.kind.code == "SEG"), None)

    # --- one series --------------------------------------------------------------------------------------

    def _on(self, series: Series, named: bool) -> tuple[OverlayFile, bool]:
        """(what the report says of one series, whether any group lies on it)."""
        self._context.check()
        placer = RegionPlacer(series)
        rows = [self._row(k, group, series, placer) for k, group in enumerate(self._report.groups)]
        unusable = sum(group.unusable for group in self._report.groups)
        notices = [*self._segment_notices(), *placer.notices(unusable)]
        made = overlay_file(
            self._request,
            series,
            tuple(rows),
            tuple(notices),
            self._references,
            named=named,
        )
        made = replace(made, flags=self._flags(), lacking=frozenset(self._lacking))
        return made, any(not row.is_empty for row in rows)

    def _flags(self) -> str:
        """How far the report is, and who observed where a model made its figures."""
        people = [name for name in self._report.observers if not name.startswith("device ")]
        by_models = all(group.maker for group in self._report.groups)
        told = (self._report.flags, f"observer {', '.join(people)}" if people and by_models else "")
        return ", ".join(part for part in told if part)

    def _segment_notices(self) -> Iterator[str]:
        for uids, what in ((self._lacking, "not open"), (self._lost, "not shown: they fit no open images")):
            if uids:
                which = "A segmentation" if len(uids) == 1 else f"{len(uids)} segmentations"
                said = what if len(uids) > 1 else what.replace("they fit", "it fits")
                yield f"{which} it refers to {'is' if len(uids) == 1 else 'are'} {said}."

    def _row(self, k: int, group: MeasuredGroup, series: Series, placer: RegionPlacer) -> Overlay:
        placed = {id(region): placer.place(region) for region in group.all_regions}
        lines = lines_of([part for parts in placed.values() for part in parts])
        named = [at for image in group.all_images if (at := placer.index_of(image)) is not None]
        segment, on_segment = self._segment(group, series)
        index = next((at for at in (largest(lines), on_segment, *named) if at is not None), None)
        return Overlay(
            k + 1,
            group.title,
            PALETTE[k % len(PALETTE)],
            group.maker or ", ".join(self._report.observers) or "maker not told",
            lines=lines,
            key_slice=index,
            figures=_shown(_figures(group, placed), _MOST_LINES),
            said=_shown(_said(group), _MOST_LINES),
            placeless=not (group.all_regions or group.all_images or group.segments),
            target=segment,
        )

    def _segment(self, group: MeasuredGroup, series: Series) -> tuple[tuple[str, int] | None, int | None]:
        """(the segment a group is about, the image of its largest area) on a series."""
        for uid, segment in group.segments:
            for file in self._segmentations:
                if (file.sop_uid, file.series_key) != (uid, series.key):
                    continue
                found = next((o for o in file.overlays if o.number == segment), None)
                if found is not None:
                    return (uid, segment), found.key_slice
        return None, None


def _shown(lines: Iterator[str], most: int) -> tuple[str, ...]:
    """Lines for the list at the side; what is too long for it is told, and whole in the report itself."""
    told = [line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …" for line in lines]
    left = len(told) - most
    return (*told[:most], f"and {number(left)} more in the report") if left > 0 else tuple(told)


def _figures(group: MeasuredGroup, placed: dict[int, list[PlacedRegion]]) -> Iterator[str]:
    """Each figure, what its points say otherwise, what qualifies it: a line each, so that none is cut."""
    for measured in group.measured:
        own = measured.regions or (group.regions if len(group.regions) == 1 else ())
        yield f"{', '.join((measured.name, *measured.derived))} {measured.text}"
        drawn = beside(measured, [part for region in own for part in placed.get(id(region), ())])
        if drawn:
            yield drawn
        yield from measured.how


def _said(group: MeasuredGroup) -> Iterator[str]:
    """What else is said of a group."""
    for name, value in group.said:
        yield f"{name}: {value}" if value else name
    if group.tracking and group.finding:
        yield f"Tracking identifier: {group.tracking}"
