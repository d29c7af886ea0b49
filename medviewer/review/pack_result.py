"""A model's result in a pack: its outlines as a SEG, its findings as an SR that refers to that very SEG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medviewer.dicom.evidence.derived import Origin
from medviewer.dicom.evidence.facts import Evidence
from medviewer.dicom.evidence.object_file import ObjectFile, object_file
from medviewer.dicom.evidence.seg_check import modified_faults, segmentation_faults
from medviewer.dicom.evidence.seg_writer import modified_segmentation, segmentation
from medviewer.dicom.evidence.sr_check import report_faults
from medviewer.dicom.evidence.sr_writer import SR_STORAGE, report
from medviewer.dicom.evidence.written_segments import SEG_STORAGE, WrittenSegments, segments_of
from medviewer.dicom.study import Series
from medviewer.errors import UsageError
from medviewer.review.pack_objects import NewSeries, ObjectPart


@dataclass(eq=False)
class ResultObjects:
    """SEG and SR of one result, and the SEG of what the reader made of it. ``names``: file names of the
    first two; ``by``: title and version of the model."""

    origin: Origin
    series: Series
    evidence: Evidence
    numbers: NewSeries
    names: tuple[str, str]
    by: str
    modified_name: str = "seg-modified.dcm"
    _segments: WrittenSegments | None = field(default=None, init=False)
    _modified: WrittenSegments | None = field(default=None, init=False)
    _beside: tuple[str, ...] = field(default=(), init=False)
    """The SEGs that stand in the pack that the SR goes into."""

    def seg(self) -> ObjectPart:
        """The outlines."""
        what = f"Outlines by {self.by}"
        return ObjectPart("SEG", what, self.names[0], self._make_seg, self._judge_seg)

    def segs(self) -> list[ObjectPart]:
        """The model's outlines, and the reader's where there are any."""
        if not self.evidence.modified:
            return [self.seg()]
        what = f"Outlines by {self.by}, modified by the reader"
        return [
            self.seg(),
            ObjectPart("SEG", what, self.modified_name, self._make_modified, self._judge_modified),
        ]

    def sr(self) -> ObjectPart:
        """The findings."""
        what = f"Findings of {self.by}, with the reader's decisions"
        return ObjectPart("SR", what, self.names[1], self._make_sr, self._judge_sr)

    def _make_seg(self, done: frozenset[str]) -> ObjectFile:
        del done
        new = self.numbers.next("SEG", SEG_STORAGE, "Outlines, AI, research use")
        made = segmentation(self.origin, self.series, self.evidence, new)
        self._segments = segments_of(made)
        return object_file(made)

    def _make_modified(self, done: frozenset[str]) -> ObjectFile:
        if self._segments is None or self.names[0] not in done:
            raise UsageError("The model's own outlines were left out, so the reader's have no origin.")
        new = self.numbers.next("SEG by reader", SEG_STORAGE, "Outlines, AI, modified, research use")
        made = modified_segmentation(self.origin, self.series, self.evidence, new, self._segments)
        self._modified = segments_of(made)
        return object_file(made)

    def _make_sr(self, done: frozenset[str]) -> ObjectFile:
        made = ((self.names[0], self._segments), (self.modified_name, self._modified))
        beside = [(name, segs) for name, segs in made if name in done and segs is not None]
        self._beside = tuple(name for name, _ in beside)
        new = self.numbers.next("SR", SR_STORAGE, "Findings, AI, research use")
        return object_file(
            report(self.origin, self.series, self.evidence, new, *(segs for _, segs in beside))
        )

    def _judge_seg(self, path: Path) -> Sequence[str]:
        return segmentation_faults(path, self.series, self.evidence)

    def _judge_modified(self, path: Path) -> Sequence[str]:
        return modified_faults(path, self.series, self.evidence, path.with_name(self.names[0]))

    def _judge_sr(self, path: Path) -> Sequence[str]:
        return report_faults(path, self.series, self.evidence, *(path.with_name(n) for n in self._beside))
