"""The reader's work on one study as it is kept between two runs of the program.

The machine's results are not kept: a decision comes back to a finding only when the same model, of the same
version and weights, says the very same of the same images again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Protocol

from medviewer.ai.findings import AnalysisResult, Finding
from medviewer.ai.provenance import instances_digest
from medviewer.dicom.study import Patient, Study
from medviewer.review.plain import from_plain, to_plain
from medviewer.review.state import (
    Calibration,
    Decision,
    KeyImage,
    ReaderMeasurement,
    ReaderThreshold,
    State,
    study_key,
)

SCHEMA = "medviewer.work/2"
_FIRST_SCHEMA = "medviewer.work/1"
"""Before findings could be modified: read too."""


class OnSeries(Protocol):
    """A piece of work that lies on a series."""

    @property
    def series_key(self) -> str:
        """Which."""


@dataclass(frozen=True)
class KeptSeries:
    """A series the work lies on, and the digest of its images in display order: image numbers mean nothing
    in another stack."""

    key: str
    images_sha256: str


@dataclass(frozen=True)
class KeptDecision:
    """A decision and what it was made on."""

    decision: Decision
    series_key: str
    made_by: str
    """Model, version, weights and images, in one line."""
    said: str
    """SHA-256 of label, sentence and figures."""


@dataclass(frozen=True)
class KeptWork:
    """Everything the reader did on one study. ``time`` is ISO 8601 with zone."""

    schema: str
    study: str
    time: str
    reader: str
    series: tuple[KeptSeries, ...]
    decisions: tuple[KeptDecision, ...]
    impression: str
    measurements: tuple[ReaderMeasurement, ...]
    key_images: tuple[KeyImage, ...]
    calibrations: tuple[Calibration, ...]
    thresholds: tuple[ReaderThreshold, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        parts = self.decisions, self.measurements, self.key_images, self.calibrations, self.thresholds
        return not (self.impression or any(parts))

    def same_as(self, other: KeptWork | None) -> bool:
        """Whether nothing was done between the two."""
        return other is not None and replace(self, time=other.time, reader=other.reader) == other


def work_on(state: State, patient: Patient, study: Study, time: str) -> KeptWork:
    """What the reader did on a study."""
    keys = {series.key for series in study.series}
    measurements = tuple(m for m in state.measurements if m.series_key in keys)
    key_images = tuple(k for k in state.key_images if k.series_key in keys)
    calibrations = tuple(
        c for c in state.calibrations if c.series_key in keys and c.patient_key == patient.key
    )
    decisions = tuple(_decisions(state, patient, keys))
    pieces: tuple[OnSeries, ...] = (*measurements, *key_images, *calibrations, *decisions)
    used = {one.series_key for one in pieces}
    ran = {(r.provenance.model_id, r.provenance.model_version) for r in state.results if r.series_key in keys}
    thresholds = (t for t in state.thresholds if t.patient_key == patient.key)
    series = tuple(KeptSeries(s.key, instances_digest(s)) for s in study.series if s.key in used)
    return KeptWork(
        SCHEMA,
        study_key(patient, study),
        time,
        state.reader,
        series,
        decisions,
        state.impressions.get(study_key(patient, study), ""),
        measurements,
        key_images,
        calibrations,
        tuple(t for t in thresholds if (t.model_id, t.model_version) in ran),
    )


def _decisions(state: State, patient: Patient, keys: set[str]) -> list[KeptDecision]:
    found = []
    for result in state.results:
        if result.patient_key == patient.key and result.series_key in keys:
            for finding in result.findings:
                if finding.id in state.decisions:
                    found.append(kept_decision(state.decisions[finding.id], result, finding))
    return found


def kept_decision(decision: Decision, result: AnalysisResult, finding: Finding) -> KeptDecision:
    """A decision with what names its finding in any run of the program."""
    run = result.provenance
    maker = " ".join((run.model_id, run.model_version, run.weights_sha256, run.instances_sha256))
    words = [finding.label, finding.sentence, repr(finding.score), repr(finding.measurements)]
    return KeptDecision(decision, result.series_key, maker, sha256("\n".join(words).encode()).hexdigest())


def encode(work: KeptWork) -> bytes:
    """As JSON."""
    return json.dumps(to_plain(work), ensure_ascii=False).encode()


def decode(data: bytes) -> KeptWork:
    """The work in :func:`encode`'s bytes. Raises ValueError for any others."""
    plain = json.loads(data)
    if isinstance(plain, dict) and plain.get("schema") == _FIRST_SCHEMA:
        plain = _of_first_schema(plain)
    work = from_plain(KeptWork, plain)
    if work.schema != SCHEMA:
        raise ValueError("another schema")
    return work


def _of_first_schema(plain: dict[str, Any]) -> dict[str, Any]:
    try:
        for one in plain["decisions"]:
            one["decision"]["modification"] = None
    except (KeyError, TypeError) as error:
        raise ValueError("decisions are missing") from error
    return {**plain, "schema": SCHEMA}
