"""Everything the window shows, as one frozen record; a change makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from medviewer.ai.findings import AnalysisResult, Finding, ResultState
from medviewer.ai.second_opinion import Comparison
from medviewer.dicom.study import Patient, ScanResult, Series, Study
from medviewer.imaging.inplane import Scale
from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.reslice import Plane
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import Window
from medviewer.review.modification import Modification
from medviewer.review.overlays import OverlayFile
from medviewer.review.waiting import Waiting

if TYPE_CHECKING:
    from medviewer.dicom.presentation_state import Presentation


class Change(Flag):
    """Which parts of the state a command touched."""

    NONE = 0
    STUDY = auto()
    SERIES = auto()
    VOLUME = auto()
    SLICE = auto()
    WINDOW = auto()
    STYLE = auto()
    OVERLAY = auto()
    RESULT = auto()
    DECISION = auto()
    SELECTION = auto()
    MEASUREMENT = auto()
    IMPRESSION = auto()
    KEY_IMAGE = auto()
    RUN = auto()
    PRESENT = auto()
    """How the picture is turned, which presentation state lies on it, whether overlay planes are shown."""
    FOREIGN = auto()
    SCALE = auto()
    """What the reader says the millimetres of images are."""
    THRESHOLD = auto()
    """At which threshold the reader reads a model's score."""
    OPINION = auto()
    """What two models have in common, whether their difference is drawn, whose outlines are left out."""


class Verdict(StrEnum):
    """The reader's word on a finding."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    MODIFIED = "modified"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Decision:
    """The human layer: refers to a finding, never changes it. ``time`` is ISO 8601 with zone."""

    finding_id: str
    verdict: Verdict
    reason: str = ""
    reader: str = ""
    time: str = ""
    modification: Modification | None = None
    """The reader's own outline: there when, and only when, the verdict is MODIFIED."""

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.MODIFIED) is (self.modification is None):
            raise ValueError("a modified finding has an outline of the reader, another has none")


@dataclass(frozen=True)
class ReaderMeasurement:
    """Something the reader drew on one image. ``points`` are (slice, row, column) voxel indices, edge-based
    in row and column: the outer corner of the first pixel is (0, 0), its centre (0.5, 0.5)."""

    id: str
    kind: str
    """length, angle, ellipse, rectangle, polygon, text."""
    series_key: str
    plane: Plane
    index: int
    points: tuple[tuple[float, float, float], ...]
    text: str
    """The figure as shown: "23.4 mm"."""
    reader: str = ""
    time: str = ""
    note: str = ""
    """What its millimetres are in full, where the file does not say it (:attr:`Scale.note`)."""


@dataclass(frozen=True)
class Calibration:
    """Millimetres the reader gave images of one series of one patient.

    ``images``: as :func:`~medviewer.review.calibration.image_of` names them. ``scale`` says in its note who,
    when and by what.
    """

    series_key: str
    patient_key: str
    images: frozenset[tuple[str, int]]
    scale: Scale
    reader: str = ""
    time: str = ""


@dataclass(frozen=True)
class ReaderThreshold:
    """The threshold at which the reader reads a score, beside the model's own: for one label of one version
    of one model, on one patient."""

    patient_key: str
    model_id: str
    model_version: str
    label: str
    threshold: float
    model_threshold: float
    reader: str = ""
    time: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it holds for."""
        return (self.patient_key, self.model_id, self.model_version, self.label)


@dataclass(frozen=True)
class KeyImage:
    """An image the reader marked for the report."""

    series_key: str
    plane: Plane
    index: int
    window: Window | None
    caption: str = ""
    turn: Turn = STRAIGHT


class NamedImage(KeyImage):
    """An image that a report shall show although no reader looked at it and marked it. Never kept."""


@dataclass(frozen=True)
class Run:
    """An analysis under way on a series: the ``step``-th of ``steps`` models asked for together."""

    request: int
    series_key: str
    model_id: str
    title: str = ""
    step: int = 1
    steps: int = 1


def study_key(patient: Patient, study: Study) -> str:
    """Names a study of one patient: by mistake two patients may carry one study UID."""
    return f"{patient.key} {study.uid}"


@dataclass(frozen=True, eq=False)
class State:
    """What is open and shown, what the models said, what the reader decided.

    ``index`` counts slices from 0 in display order of the current series (its native plane).
    ``results`` holds every finished run of the session, newest last; what counts on a series is the newest of
    each model (:attr:`results_here`).
    ``impressions`` maps :func:`study_key` to the reader's text.
    """

    scan: ScanResult | None = None
    patient: Patient | None = None
    study: Study | None = None
    series: Series | None = None
    volume: Volume | None = None
    index: int = 0
    window: Window | None = None
    style: OverlayStyle = field(default_factory=OverlayStyle)
    overlay_hidden: bool = False
    annotations: str = "full"
    results: tuple[AnalysisResult, ...] = ()
    run: Run | None = None
    decisions: Mapping[str, Decision] = field(default_factory=lambda: MappingProxyType({}))
    selected_finding: str | None = None
    impressions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    measurements: tuple[ReaderMeasurement, ...] = ()
    key_images: tuple[KeyImage, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    """By the reader, of all series; each holds for its own images alone."""
    thresholds: tuple[ReaderThreshold, ...] = ()
    """By the reader, of all patients; ``thresholding.threshold_of`` finds a finding's."""
    seen: frozenset[tuple[str, int]] = frozenset()
    overlay_files: tuple[OverlayFile, ...] = ()
    """Overlays from files, of all series: :attr:`overlay_files_here` are those to be seen."""
    waiting: tuple[Waiting, ...] = ()
    """Objects whose images the reader has not opened yet."""
    reader: str = ""
    turn: Turn = STRAIGHT
    """How the reader turned the pictures of the series on screen."""
    planes_hidden: bool = False
    """Whether overlay planes and the annotations of presentation states are hidden."""
    presentation: Presentation | None = None
    """What lies on the series on screen; values are never changed by it."""

    opinions: tuple[Comparison, ...] = ()
    """Where results were compared, of all series: :attr:`opinions_here` are those that still hold."""
    difference: Comparison | None = None
    """The comparison drawn on the images in place of the outlines themselves."""
    hidden_models: frozenset[str] = frozenset()
    """Ids of the models whose outlines are not drawn; the other models' are."""

    @cached_property
    def results_here(self) -> tuple[AnalysisResult, ...]:
        """The newest result of each model on the series on screen, checked against its patient too; in the
        order in which the models first ran."""
        newest: dict[str, AnalysisResult] = {}
        if self.series is not None:
            own = (self.series.key, self.series.patient_key)
            for result in self.results:
                if (result.series_key, result.patient_key) == own:
                    newest[result.provenance.model_id] = result
        return tuple(newest.values())

    @property
    def result(self) -> AnalysisResult | None:
        """The newest result of the series on screen, whichever model made it."""
        here = {id(result) for result in self.results_here}
        return next((result for result in reversed(self.results) if id(result) in here), None)

    @property
    def opinions_here(self) -> tuple[Comparison, ...]:
        """Comparisons of results that count on the series on screen: none of an earlier run."""
        if self.series is None:
            return ()
        own = {finding.id for finding in self.findings}
        here = (c for c in self.opinions if c.series_key == self.series.key)
        return tuple(c for c in here if c.finding_ids <= own)

    @property
    def overlay_files_here(self) -> tuple[OverlayFile, ...]:
        """Overlays from files that belong to the series on screen, checked against its patient too."""
        series = self.series
        if series is None:
            return ()
        own = (series.key, series.patient_key)
        return tuple(f for f in self.overlay_files if (f.series_key, f.patient_key) == own)

    @property
    def result_state(self) -> ResultState:
        """One of the six states of viewer.md, of the newest result: never a blank."""
        return self.result.state if self.result is not None else ResultState.NOT_RUN

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all results that count on the series on screen."""
        return tuple(finding for result in self.results_here for finding in result.findings)

    def maker_of(self, finding_id: str) -> AnalysisResult | None:
        """The result on the series on screen that a finding belongs to."""
        here = (r for r in self.results_here if any(f.id == finding_id for f in r.findings))
        return next(here, None)

    def decision_of(self, finding_id: str) -> Decision:
        """The reader's decision, pending where there is none."""
        return self.decisions.get(finding_id, Decision(finding_id, Verdict.PENDING))

    @property
    def reviewed(self) -> tuple[int, int]:
        """(decided, all) findings of all results that count on the series on screen."""
        done = sum(self.decision_of(f.id).verdict is not Verdict.PENDING for f in self.findings)
        return done, len(self.findings)

    @property
    def impression(self) -> str:
        """The reader's text for the study on screen."""
        if self.study is None or self.patient is None:
            return ""
        return self.impressions.get(study_key(self.patient, self.study), "")

    @property
    def seen_fraction(self) -> float:
        """How much of the series on screen was shown to the reader, 0 to 1."""
        if self.series is None or not self.series.instances:
            return 0.0
        count = sum(1 for key, _ in self.seen if key == self.series.key)
        return count / len(self.series.instances)
