"""The report and the reader's own work in a pack: its pictures, the marked images, the PDF, the drawings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from medviewer import __version__
from medviewer.ai.card import ModelCard
from medviewer.dicom.evidence.capture import SC, Capture, capture_objects
from medviewer.dicom.evidence.document_object import PDF, pdf_object
from medviewer.dicom.evidence.key_objects import KOS, key_object_selection
from medviewer.dicom.evidence.modality_lut import read_modality_lut
from medviewer.dicom.evidence.object_file import ObjectFile, object_file
from medviewer.dicom.evidence.presentation_back import check_presentation
from medviewer.dicom.evidence.presentation_object import presentation_object
from medviewer.dicom.evidence.read_back import check_capture, check_keys, check_pdf
from medviewer.dicom.objects.presentation import COLOUR, GREY
from medviewer.dicom.study import Series
from medviewer.errors import MedviewerError, UnreadableImage, UsageError
from medviewer.imaging.volume import Volume
from medviewer.review.export_drawings import Drawn, presentations_of
from medviewer.review.export_objects import captures_of, document_of, keys_of
from medviewer.review.pack import Part
from medviewer.review.pack_objects import FilePart, NewSeries, ObjectPart, Refused, Sources, beside, judged_by
from medviewer.review.pdf_pages import foreign_pages
from medviewer.review.report import Report, build
from medviewer.review.report_pdf import pdf_bytes
from medviewer.review.state import State

_SMALL = 100
"""Pages are drawn so wide to see that they can be drawn."""


@dataclass(eq=False)
class Work:
    """Parts of the kinds SC, KOS, PDF and GSPS. ``notices``: what they leave out, in sentences."""

    _state: State
    _sources: Sources
    _numbers: NewSeries
    _volumes: Mapping[str, Volume]
    _cards: Mapping[str, ModelCard]
    _now: datetime
    notices: list[str] = field(default_factory=list)
    results: list[Part] = field(default_factory=list)
    """SEG and SR of the same pack; the report names those that stand in it."""

    def parts(self, kind: str) -> list[Part]:
        """Those of a kind; where there is nothing of it, one that says why."""
        make, what = {
            "SC": (self._captures, "Pictures of the report"),
            "KOS": (self._keys, "List of the images the reader marked"),
            "PDF": (self._pdf, "The report"),
            "GSPS": (self._drawings, "What the reader drew"),
        }[kind]
        try:
            return make()
        except MedviewerError as error:
            return [Refused(kind, what, f"{kind.lower()}.dcm", error)]

    @cached_property
    def _report(self) -> Report:
        return build(
            self._state, now=self._now, app_version=__version__, cards=self._cards, volumes=self._volumes
        )

    def _series(self) -> dict[str, Series]:
        return {one.key: one for one in self._state.study.series} if self._state.study is not None else {}

    def _captures(self) -> list[Part]:
        captures: list[tuple[Series, Capture]] = []
        for key, series in self._series().items():
            figures = [figure for figure in self._report.figures if figure.series_key == key]
            captures += [(series, one) for one in captures_of(figures, series, self._state.results_here)]
        if not captures:
            raise UsageError("The report has no picture.", "Mark a key image, or analyze the series.")
        return [self._capture(k, *one) for k, one in enumerate(captures, start=1)]

    def _capture(self, number: int, series: Series, capture: Capture) -> Part:
        origin = self._sources.of(series)

        def make(_: frozenset[str]) -> ObjectFile:
            new = self._numbers.next("SC", SC, "Pictures, AI, research use")
            return object_file(capture_objects(origin, [capture], new)[0])

        judge = judged_by(lambda path: check_capture(path, origin, capture))
        return ObjectPart("SC", f"Picture {number} of the report", f"picture-{number:02d}.dcm", make, judge)

    def _keys(self) -> list[Part]:
        keys = keys_of(self._state)
        known = self._series()
        marked = [known[image.series_key] for image in self._state.key_images if image.series_key in known]
        if not keys.images:
            raise UsageError("No image is marked.", "Mark a key image first.")
        origin = self._sources.of(*marked)

        def make(_: frozenset[str]) -> ObjectFile:
            new = self._numbers.next("KOS", KOS, "Key images, research use")
            return object_file(key_object_selection(origin, keys, new))

        judge = judged_by(lambda path: check_keys(path, origin, keys))
        return [ObjectPart("KOS", "List of the images the reader marked", "key-images.dcm", make, judge)]

    def _pdf(self) -> list[Part]:
        """The file and the object hold the very same bytes."""
        pdf = pdf_bytes(self._report)
        document = document_of(pdf, self._report, self._state.results_here)
        assert self._state.series is not None
        origin = self._sources.of(self._state.series)

        def make(done: frozenset[str]) -> ObjectFile:
            nonlocal document
            document = replace(document, beside=beside(self.results, done))
            new = self._numbers.next("PDF", PDF, "Report, AI, research use")
            return object_file(pdf_object(origin, document, new))

        judge = judged_by(lambda path: check_pdf(path, origin, document))
        return [
            FilePart("PDF", "The report", "report.pdf", lambda: pdf, _can_be_drawn),
            ObjectPart("PDF", "The report inside a DICOM object", "report.dcm", make, judge),
        ]

    def _drawings(self) -> list[Part]:
        states = presentations_of(self._state)
        self.notices += states.left_out
        if not states.made:
            raise UsageError("Nothing was drawn or marked.", "Measure something, or mark a key image.")
        return [self._drawing(k, one) for k, one in enumerate(states.made, start=1)]

    def _drawing(self, number: int, drawn: Drawn) -> Part:
        presentation = drawn.presentation
        named = {ref.sop_uid for ref in presentation.images}
        series = [s for s in self._series().values() if named & {i.sop_uid for i in s.instances}]
        origin = self._sources.of(*series)

        def make(_: frozenset[str]) -> ObjectFile:
            kind = COLOUR if presentation.inverse is None else GREY
            new = self._numbers.next("GSPS", kind, "Annotations, research use")
            table = read_modality_lut(drawn.table) if drawn.table is not None else ()
            made = presentation_object(origin, presentation, new, rescale_type=drawn.unit, modality_lut=table)
            return object_file(made)

        judge = judged_by(lambda path: check_presentation(path, origin, presentation))
        own = f"-{number}" if number > 1 else ""
        return ObjectPart("GSPS", "What the reader drew", f"annotations{own}.dcm", make, judge)


def _can_be_drawn(path: Path) -> tuple[str, ...]:
    """PDFium did not write it and must be able to draw every page."""
    drawn: list[object] = []
    try:
        count = foreign_pages(path.read_bytes(), _SMALL, drawn.append)
    except UnreadableImage as error:
        return (error.message,)
    return () if count and drawn else ("It has no page.",)
