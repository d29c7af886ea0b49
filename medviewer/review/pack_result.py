"""A model's result in a pack: its outlines as a SEG, its findings as an SR that refers to that very SEG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medviewer.dicom.evidence.derived import Origin
from medviewer.dicom.evidence.facts import Evidence
from medviewer.dicom.evidence.object_file import ObjectFile, object_file
from medviewer.dicom.evidence.seg_check import segmentation_faults
from medviewer.dicom.evidence.seg_writer import SEG_STORAGE, segmentation
from medviewer.dicom.evidence.sr_check import report_faults
from medviewer.dicom.evidence.sr_writer import SR_STORAGE, WrittenSegments, report, segments_of
from medviewer.dicom.study import Series
from medviewer.review.pack_objects import NewSeries, ObjectPart


@dataclass(eq=False)
class ResultObjects:
    """SEG and SR of one result. ``names``: their file names; ``by``: title and version of the model."""

    origin: Origin
    series: Series
    evidence: Evidence
    numbers: NewSeries
    names: tuple[str, str]
    by: str
    _segments: WrittenSegments | None = field(default=None, init=False)
    _beside: bool = field(default=False, init=False)
    """Whether the SEG stands in the pack that the SR goes into."""

    def seg(self) -> ObjectPart:
        """The outlines."""
        what = f"Outlines by {self.by}"
        return ObjectPart("SEG", what, self.names[0], self._make_seg, self._judge_seg)

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

    def _make_sr(self, done: frozenset[str]) -> ObjectFile:
        self._beside = self.names[0] in done
        new = self.numbers.next("SR", SR_STORAGE, "Findings, AI, research use")
        segments = self._segments if self._beside else None
        return object_file(report(self.origin, self.series, self.evidence, new, segments))

    def _judge_seg(self, path: Path) -> Sequence[str]:
        return segmentation_faults(path, self.series, self.evidence)

    def _judge_sr(self, path: Path) -> Sequence[str]:
        beside = path.with_name(self.names[0]) if self._beside else None
        return report_faults(path, self.series, self.evidence, beside)
