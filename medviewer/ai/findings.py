"""What a model said, and who said it: frozen, never edited. The reader's decisions live in ``review``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from medviewer.imaging.volume import Mask

STOP_OVERRIDDEN = "STOP_OVERRIDDEN"
"""Code of the warning that a run was forced although the site's rule had stopped the model."""


class ResultState(StrEnum):
    """How a run ended. NOT_RUN is the window's word for "nothing yet"; it is never written to a file."""

    NOT_RUN = "not_run"
    NOT_SUITABLE = "not_suitable"
    FAILED = "failed"
    PARTIAL = "partial"
    NOTHING_FOUND = "nothing_found"
    FINDINGS = "findings"


@dataclass(frozen=True)
class Notice:
    """A reason or a warning: a stable code and one sentence for the clinician."""

    code: str
    text: str


@dataclass(frozen=True)
class Code:
    """A coded concept (PS3.3 8.8)."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Measurement:
    """One number with its unit. ``indicative`` says why the number may not be relied upon (empty: it may)."""

    name: str
    value: float
    unit: str
    range: tuple[float, float] | None = None
    indicative: str = ""
    decimals: int = 1


@dataclass(frozen=True)
class Line:
    """A straight line on one stored slice that shows how a figure came about.

    ``start`` and ``end``: (slice, row, column), edge-based in row and column: the outer corner of the first
    pixel is (0, 0), its centre (0.5, 0.5).
    """

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    label: str


@dataclass(frozen=True)
class OperatingPoint:
    """What a threshold of a label costs, on the data the metrics were measured on.

    ``sensitivity_range``, ``specificity_range``: 95 % intervals by patient; ``positives``, ``negatives``:
    cases that have the disease and those that have not. A score at or above the threshold is positive.
    """

    label: str
    threshold: float
    sensitivity: float
    specificity: float
    sensitivity_range: tuple[float, float] | None = None
    specificity_range: tuple[float, float] | None = None
    positives: int | None = None
    negatives: int | None = None
    data: str = ""


@dataclass(frozen=True)
class UnsureSlice:
    """A slice on which slightly changed copies disagree. ``doubt``: how far the figure varies between them,
    as a part of it; infinite where the structure is not found in every copy."""

    index: int
    doubt: float


@dataclass(frozen=True, eq=False)
class Finding:
    """The machine's word. ``slices`` count from 0 in display order."""

    id: str
    label: str
    sentence: str
    """What the report says once the finding is accepted; numbers included."""
    code: Code | None = None
    score: float | None = None
    score_meaning: str = ""
    threshold: float | None = None
    criterion: str = ""
    """The rule behind the words, written out: "above 6 % of lung below -950 HU"."""
    mask: Mask | None = None
    measurements: tuple[Measurement, ...] = ()
    slices: tuple[int, int] | None = None
    key_slice: int | None = None
    warnings: tuple[Notice, ...] = ()
    colour: str = "#56B4E9"
    lines: tuple[Line, ...] = ()
    """What is drawn besides the mask: the widths of a ratio."""
    answers: tuple[str, ...] | None = None
    """The conformal set: the answers that cannot be ruled out; () where none fits, None without a set."""
    is_calibrated: bool = False
    """Whether the score is a calibrated probability; else it means something at its threshold alone."""
    operating_points: tuple[OperatingPoint, ...] = ()
    """What other thresholds of the same model's version would cost, the threshold's own among them."""
    unsure: tuple[UnsureSlice, ...] = ()
    """The most uncertain slices, the worst first (:func:`medviewer.ai.unsure.most_unsure`)."""


@dataclass(frozen=True)
class Provenance:
    """Who made a result: no result without it."""

    model_id: str
    model_version: str
    model_title: str
    weights_sha256: str
    intended_use: str
    app_version: str
    torch_version: str
    device: str
    dtype: str
    seconds: float
    started: str
    """ISO 8601 with zone."""
    study_uid: str
    series_uid: str
    instances_sha256: str
    """SHA-256 over the SOP Instance UIDs in display order, newline-joined."""
    forced: bool = False
    """Whether the reader overrode a "not suitable", or the site's stop rule."""


@dataclass(frozen=True, eq=False)
class AnalysisResult:
    """One run on one series: state, reasons, findings, provenance, warnings."""

    state: ResultState
    series_key: str
    patient_key: str
    provenance: Provenance
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()
    checked: tuple[str, ...] = field(default=())
    """What the suitability gate checked and found right: "CT", "chest", "axial", "5 mm"."""
    complete_slices: int = 0
    total_slices: int = 0

    @property
    def is_stop_overridden(self) -> bool:
        """Whether it was forced for no other reason than the site's stop rule: the images do suit."""
        return any(warning.code == STOP_OVERRIDDEN for warning in self.warnings)
