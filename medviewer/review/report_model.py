"""What a report says, as frozen values: PDF, HTML and JSON are three ways to write the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.findings import AnalysisResult
from medviewer.ai.second_opinion import Comparison
from medviewer.review.state import ReaderThreshold, Verdict

LEGAL = "Research use. Not for diagnostic use."

VERDICT_TEXT: dict[Verdict, str] = {
    Verdict.PENDING: "not reviewed",
    Verdict.ACCEPTED: "accepted",
    Verdict.MODIFIED: "modified by the reader",
    Verdict.REJECTED: "rejected",
}


@dataclass(frozen=True)
class Fact:
    """A label and its value: "Patient ID", "A17"."""

    label: str
    value: str


@dataclass(frozen=True)
class Sentence:
    """The text of an accepted finding, and the figure that shows it (None: no figure)."""

    finding_id: str
    text: str
    figure: int | None = None


@dataclass(frozen=True)
class Line:
    """One number of a finding. ``indicative`` says that and why it may not be relied upon (empty: it may)."""

    name: str
    value: str
    criterion: str
    indicative: str = ""


@dataclass(frozen=True)
class Row:
    """One finding in the table. ``key_image`` and ``images`` count from 1, as people do."""

    finding_id: str
    title: str
    criterion: str
    """The rule behind the words. Where the finding has one number, ``lines[0]`` holds its range."""
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    key_image: str
    images: str
    verdict: Verdict
    reason: str = ""
    decided: str = ""
    figure: int | None = None

    model: str = ""
    """Whose finding it is: "lung-ct 1.0.0"."""
    shares: bool = False
    """Whether the numbers are the shares of one whole: then none of them stands for the finding."""

    @property
    def first(self) -> Line:
        """What stands beside the title: the leading number with range and rule, or the rule alone."""
        if not self.lines or self.shares:
            return Line("", "", self.criterion)
        lead = self.lines[0]
        glue = ". " if self.criterion[:1].isupper() else "; "
        return replace(lead, criterion=glue.join(x for x in (lead.criterion, self.criterion) if x))

    @property
    def below(self) -> tuple[Line, ...]:
        """The other numbers: they follow in one line of text."""
        return self.lines if self.shares else self.lines[1:]

    @property
    def decision(self) -> str:
        """The decision in words; pending is "not reviewed"."""
        return VERDICT_TEXT[self.verdict]


@dataclass(frozen=True)
class Group:
    """The findings of one model. ``title`` and ``said`` are empty where only one model ran."""

    title: str
    said: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class LegendLine:
    """What a colour and its hatching mean."""

    colour: str
    words: str
    name: str


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture with its caption. ``rgb``: (rows, columns, 3), from the renderer of the screen."""

    number: int
    rgb: NDArray[np.uint8]
    caption: str
    legend: tuple[LegendLine, ...] = ()
    finding_ids: tuple[str, ...] = ()
    index: int | None = None
    series_key: str = ""
    """The series it shows."""

    @property
    def aspect(self) -> float:
        """Width over height."""
        return float(self.rgb.shape[1] / self.rgb.shape[0])


@dataclass(frozen=True)
class MeasurementRow:
    """Something the reader measured."""

    kind: str
    value: str
    image: str
    by: str
    note: str = ""
    """What its millimetres are in full, where the file does not say it."""


@dataclass(frozen=True, eq=False)
class Report:
    """The whole report. Pure data: the same state and the same time give the same report."""

    title: str
    subtitle: str
    status: str
    progress: str
    patient: tuple[Fact, ...]
    technique: tuple[Fact, ...]
    impression: str
    sentences: tuple[Sentence, ...]
    notices: tuple[str, ...]
    """What must be read before the findings: not run, not suitable, forced, partial, not reviewed."""
    groups: tuple[Group, ...]
    """One for each model that ran, in the order in which they first did."""
    figures: tuple[Figure, ...]
    no_figures: str
    measurements: tuple[MeasurementRow, ...]
    made: tuple[Fact, ...]
    footer: str
    generated: str
    """ISO 8601 with zone."""
    app_version: str
    study_uid: str
    series_uid: str
    result: AnalysisResult | None
    """The newest of ``results``."""
    results: tuple[AnalysisResult, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    """Where two models outline the same."""
    thresholds: tuple[ReaderThreshold, ...] = ()
    """At which the reader read the scores of these results, beside the models' own."""
    language: str = "en"
    legal: str = LEGAL

    @property
    def rows(self) -> tuple[Row, ...]:
        """The findings of all models."""
        return tuple(row for group in self.groups for row in group.rows)
