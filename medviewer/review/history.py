"""Undo and redo of the reader's work. View moves and the machine's results are no part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from medviewer.review.state import (
    Calibration,
    Change,
    Decision,
    KeyImage,
    ReaderMeasurement,
    ReaderThreshold,
    State,
    study_key,
)


@dataclass(frozen=True, eq=False)
class Work:
    """The part of the state that undo covers."""

    decisions: Mapping[str, Decision]
    impressions: Mapping[str, str]
    measurements: tuple[ReaderMeasurement, ...]
    key_images: tuple[KeyImage, ...]
    calibrations: tuple[Calibration, ...] = ()
    thresholds: tuple[ReaderThreshold, ...] = ()

    @classmethod
    def of(cls, state: State) -> Work:
        """The work in a state."""
        parts = state.decisions, state.impressions, state.measurements, state.key_images
        return cls(*parts, state.calibrations, state.thresholds)

    def put_into(self, state: State) -> State:
        """The state with the work on the patient on screen replaced by this; other patients' work stays."""
        own = _Owner(state)
        mine, others = own.part_of(self), own.part_of(Work.of(state), rest=True)
        return replace(
            state,
            decisions=MappingProxyType({**others.decisions, **mine.decisions}),
            impressions=MappingProxyType({**others.impressions, **mine.impressions}),
            measurements=(*others.measurements, *mine.measurements),
            key_images=(*others.key_images, *mine.key_images),
            calibrations=(*others.calibrations, *mine.calibrations),
            thresholds=(*others.thresholds, *mine.thresholds),
        )

    def difference(self, other: Work) -> Change:
        """Which parts differ."""
        change = Change.NONE
        if self.decisions != other.decisions:
            change |= Change.DECISION
        if self.impressions != other.impressions:
            change |= Change.IMPRESSION
        if self.measurements != other.measurements:
            change |= Change.MEASUREMENT
        if self.key_images != other.key_images:
            change |= Change.KEY_IMAGE
        if self.calibrations != other.calibrations:
            change |= Change.SCALE
        if self.thresholds != other.thresholds:
            change |= Change.THRESHOLD
        return change


class _Owner:
    """Tells the work on the patient on screen from the work on others."""

    def __init__(self, state: State) -> None:
        patient = state.patient
        studies = patient.studies if patient is not None else ()
        self._patient = key = patient.key if patient is not None else ""
        self._series = {series.key for study in studies for series in study.series}
        self._texts = {study_key(patient, study) for study in studies} if patient is not None else set()
        self._findings = {f.id for r in state.results if r.patient_key == key for f in r.findings}

    def part_of(self, work: Work, rest: bool = False) -> Work:
        """The patient's part of ``work``, or the ``rest``."""
        return Work(
            {k: d for k, d in work.decisions.items() if (k in self._findings) is not rest},
            {k: text for k, text in work.impressions.items() if (k in self._texts) is not rest},
            tuple(m for m in work.measurements if (m.series_key in self._series) is not rest),
            tuple(k for k in work.key_images if (k.series_key in self._series) is not rest),
            tuple(c for c in work.calibrations if (c.series_key in self._series) is not rest),
            tuple(t for t in work.thresholds if (t.patient_key == self._patient) is not rest),
        )


@dataclass(frozen=True, eq=False)
class Step:
    """One act of the reader: its name for the menu, and the work as it was on the other side of it."""

    name: str
    work: Work
    token: str = ""


class History:
    """Two stacks of steps. Acts with the same non-empty token in a row are one step (typing a sentence)."""

    def __init__(self, limit: int = 500) -> None:
        self._undo: list[Step] = []
        self._redo: list[Step] = []
        self._limit = limit

    def record(self, name: str, before: State, token: str = "") -> None:
        """Remember how the work was before an act; what was undone can no longer be redone."""
        self._redo.clear()
        if token and self._undo and self._undo[-1].token == token:
            return
        self._undo = [*self._undo[-self._limit + 1 :], Step(name, Work.of(before), token)]

    def undo(self, state: State) -> State | None:
        """The state before the last act, or None when there is none."""
        return self._swap(self._undo, self._redo, state)

    def redo(self, state: State) -> State | None:
        """The state after the act undone last, or None."""
        return self._swap(self._redo, self._undo, state)

    @staticmethod
    def _swap(source: list[Step], target: list[Step], state: State) -> State | None:
        if not source:
            return None
        step = source.pop()
        target.append(Step(step.name, Work.of(state)))
        return step.work.put_into(state)

    @property
    def undo_name(self) -> str:
        """What undo would take back: "reject Right lung", or empty."""
        return self._undo[-1].name if self._undo else ""

    @property
    def redo_name(self) -> str:
        """What redo would bring back, or empty."""
        return self._redo[-1].name if self._redo else ""
