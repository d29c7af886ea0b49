"""Brings kept work back: one step of undo, onto the images it was made on and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from medviewer.ai.findings import AnalysisResult, Finding
from medviewer.ai.provenance import instances_digest
from medviewer.errors import UsageError
from medviewer.review.acts import own_name
from medviewer.review.kept_work import KeptDecision, KeptWork, OnSeries, kept_decision
from medviewer.review.references import uid_hash
from medviewer.review.screen import Screen
from medviewer.review.state import (
    Calibration,
    Change,
    Decision,
    KeyImage,
    ReaderMeasurement,
    State,
    study_key,
)

_PARTS = Change.MEASUREMENT | Change.KEY_IMAGE | Change.IMPRESSION | Change.SCALE | Change.THRESHOLD
Piece = TypeVar("Piece", ReaderMeasurement, KeyImage, Calibration)


class Restoring(Screen):
    """Restores what a run before this one kept."""

    def restore(self, work: KeptWork) -> int:
        """Put kept work beside what was done since; returns how many pieces were left out because their
        series is not open or holds other images. Decisions follow by :meth:`restore_decisions`.

        Raises :class:`UsageError` for the work on another study than the one on screen.
        """
        state = self._state
        patient, study = state.patient, state.study
        if patient is None or study is None or study_key(patient, study) != work.study:
            raise UsageError("This work was done on another study.", "Show that study first.")
        digests = {s.key: s.images_sha256 for s in work.series}
        alike = {s.key for s in study.series if digests.get(s.key) == instances_digest(s)}
        calibrations = [c for c in _on(work.calibrations, alike) if c.patient_key == patient.key]
        marked = {(k.series_key, k.plane, k.index) for k in state.key_images}
        images = [k for k in _on(work.key_images, alike) if (k.series_key, k.plane, k.index) not in marked]
        own = {t.key for t in state.thresholds}
        thresholds = [t for t in work.thresholds if t.patient_key == patient.key and t.key not in own]
        texts = [text for text in (work.impression, state.impression) if text]
        self._note("restore", study=uid_hash(study.uid), kept=work.time, reader=state.reader)
        self._work(
            "restored work",
            _PARTS,
            measurements=(*state.measurements, *_new_measurements(state, _on(work.measurements, alike))),
            key_images=(*state.key_images, *images),
            calibrations=(*state.calibrations, *_uncovered(state, calibrations)),
            thresholds=(*state.thresholds, *thresholds),
            impressions=MappingProxyType({**state.impressions, work.study: "\n".join(dict.fromkeys(texts))}),
        )
        kept: tuple[OnSeries, ...] = (*work.measurements, *work.key_images, *work.calibrations)
        return sum(one.series_key not in alike for one in kept)

    def restore_decisions(self, waiting: Sequence[KeptDecision]) -> tuple[KeptDecision, ...]:
        """Give decisions back to findings that say the very same as those they were made on; returns those
        that still wait. A finding decided upon in this run keeps that decision, and of several decisions on
        what is one finding in several runs the last alone holds: none of them waits any longer."""
        state = self._state
        if state.patient is None:
            return tuple(waiting)
        found, spent = {}, set()
        for result in state.results:
            if result.patient_key == state.patient.key:
                for finding in result.findings:
                    for one in waiting:
                        if _is_of(one, result, finding):
                            found[finding.id] = one
                            spent.add(id(one))
        new = {i: replace(one.decision, finding_id=i) for i, one in found.items() if i not in state.decisions}
        if new:
            for finding_id, decision in new.items():
                facts = {"verdict": str(decision.verdict), "reader": decision.reader, "kept": decision.time}
                self._note("restore decision", finding=finding_id, **facts)
            decisions = MappingProxyType({**state.decisions, **new})
            self._work("restored decisions", Change.DECISION, decisions=decisions)
        return tuple(one for one in waiting if id(one) not in spent)


def _is_of(one: KeptDecision, result: AnalysisResult, finding: Finding) -> bool:
    """Whether a finding is the one decided upon, said again: two that say the same are told apart by name."""
    again = replace(one.decision, finding_id=finding.id)
    named = own_name(finding.id) == own_name(one.decision.finding_id)
    return (
        named
        and kept_decision(again, result, finding) == replace(one, decision=again)
        and _fits(again, finding)
    )


def _fits(decision: Decision, finding: Finding) -> bool:
    """Whether the reader's outline, where there is one, lies on the finding's grid."""
    if decision.modification is None:
        return True
    try:
        return finding.mask is not None and decision.modification.mask(finding.mask).voxel_count > 0
    except ValueError:
        return False


def _on(pieces: Sequence[Piece], keys: set[str]) -> list[Piece]:
    return [one for one in pieces if one.series_key in keys]


def _new_measurements(state: State, kept: list[ReaderMeasurement]) -> list[ReaderMeasurement]:
    """Those that are not there yet, under ids that are free."""
    there = {(m.kind, m.series_key, m.plane, m.index, m.points) for m in state.measurements}
    new = [m for m in kept if (m.kind, m.series_key, m.plane, m.index, m.points) not in there]
    taken = {m.id for m in state.measurements}
    return [replace(m, id=_free_id(m, taken)) for m in new]


def _free_id(one: ReaderMeasurement, taken: set[str]) -> str:
    """Ids of this run are m1, m2 and so on: one from an earlier run must never be taken for them."""
    mark = f"kept-{one.time}-{one.id.rpartition('-')[2]}"
    made = mark
    count = 1
    while made in taken:
        count += 1
        made = f"{mark}~{count}"
    taken.add(made)
    return made


def _uncovered(state: State, kept: list[Calibration]) -> list[Calibration]:
    """Calibrations, without the images that were calibrated since."""
    left = []
    for one in kept:
        since = [c.images for c in state.calibrations if c.series_key == one.series_key]
        images = one.images.difference(*since)
        if images:
            left.append(replace(one, images=images))
    return left
