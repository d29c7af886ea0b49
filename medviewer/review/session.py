"""The session: every act of the reader is a method here, and makes a new frozen :class:`State`.

One mechanism tells listeners what changed. No Qt, no threads: call it from one thread (the window's). Late
answers (a volume or a result of something no longer wanted) are refused by series key or request number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from medviewer.ai.findings import AnalysisResult
from medviewer.ai.second_opinion import Comparison
from medviewer.errors import UsageError
from medviewer.imaging.reslice import Plane
from medviewer.review import acts
from medviewer.review.calibrating import Calibrating
from medviewer.review.deciding import Deciding, as_read
from medviewer.review.presenting import turn_of
from medviewer.review.restoring import Restoring
from medviewer.review.state import (
    Change,
    KeyImage,
    ReaderMeasurement,
    Run,
    study_key,
)
from medviewer.review.store import AuditSink, local_now
from medviewer.review.thresholding import Thresholding


class Session(Deciding, Thresholding, Calibrating, Restoring):
    """What is open, shown, found and decided. ``clock`` gives the time of decisions (with zone)."""

    def __init__(
        self, reader: str = "", audit: AuditSink | None = None, clock: Callable[[], datetime] = local_now
    ) -> None:
        super().__init__(reader, audit, clock)
        self._requests = 0
        self._names = 0

    # --- the machine -------------------------------------------------------------------------------------

    def start_analysis(
        self, series_key: str, model_id: str, title: str = "", place: tuple[int, int] = (1, 1)
    ) -> int:
        """Begin a run; its number must come back with the result. An earlier run under way is dropped.

        ``place``: the how manieth of how many models asked for together, from 1.
        """
        self._series(series_key)
        self._requests += 1
        run = Run(self._requests, series_key, model_id, title, *place)
        self._set(replace(self._state, run=run), Change.RUN)
        return self._requests

    def cancel_analysis(self) -> None:
        """Drop the run under way: its answer, when it comes, is refused."""
        if self._state.run is not None:
            self._note("cancel", model=self._state.run.model_id)
            self._set(replace(self._state, run=None), Change.RUN)

    def add_result(self, result: AnalysisResult, request: int) -> bool:
        """Keep a finished run, also of a series not on screen: beside those of other models, in place of an
        earlier one of the same. False, and nothing happens, when the request was cancelled or overtaken, or
        the result speaks of another series or patient."""
        state = self._state
        run = state.run
        if run is None or run.request != request or run.series_key != result.series_key:
            return False
        if self._series(run.series_key).patient_key != result.patient_key:
            return False
        run_facts = acts.made_by(result.provenance)
        self._note("analyze", **run_facts, outcome=str(result.state), forced=result.provenance.forced)
        kept = _own_names(result, state.results, request)
        on_screen = state.series is not None and state.series.key == run.series_key
        state = replace(state, results=(*state.results, kept), run=None)
        parts = Change.RUN
        if on_screen:
            own = {finding.id for finding in state.findings}
            selected = state.selected_finding if state.selected_finding in own else None
            state = replace(state, selected_finding=selected, difference=None)
            parts |= Change.RESULT | Change.SELECTION | Change.DECISION | Change.OPINION
        self._set(state, parts)
        return True

    def add_opinions(self, comparisons: Sequence[Comparison]) -> None:
        """Keep what two models' outlines have in common, in place of what was known of the same findings, or
        of findings that count no more."""
        newest = {(r.series_key, r.provenance.model_id): r for r in self._state.results}
        alive = {finding.id for result in newest.values() for finding in result.findings}
        names = {comparison.finding_ids for comparison in comparisons}
        old = (c for c in self._state.opinions if c.finding_ids not in names)
        kept = [c for c in old if c.finding_ids <= alive]
        self._set(replace(self._state, opinions=(*kept, *comparisons)), Change.OPINION)

    def show_difference(self, comparison: Comparison | None) -> None:
        """Draw only where two models differ, in place of their outlines; None draws the outlines again."""
        if comparison is self._state.difference:
            return
        if comparison is not None and comparison not in self._state.opinions_here:
            raise UsageError("This comparison belongs to other results.")
        self._set(replace(self._state, difference=comparison), Change.OPINION)

    def hide_model(self, model_id: str, hidden: bool) -> None:
        """Draw the outlines of one model, or leave them out, so that another's can be seen."""
        models = self._state.hidden_models - {model_id} | ({model_id} if hidden else set())
        if models != self._state.hidden_models:
            self._set(replace(self._state, hidden_models=models), Change.OPINION)

    # --- findings ----------------------------------------------------------------------------------------

    def select_finding(self, finding_id: str | None) -> None:
        """Point at a finding of the series on screen and go to its key image; None points at nothing."""
        state = self._state
        if finding_id is None:
            if state.selected_finding is not None:
                self._set(replace(state, selected_finding=None), Change.SELECTION)
            return
        finding = next((f for f in state.findings if f.id == finding_id), None)
        if finding is None:
            raise UsageError("This finding belongs to another series.")
        key_slice = as_read(state, finding).key_slice
        index = state.index if key_slice is None else key_slice
        change = Change.SELECTION if index == state.index else Change.SELECTION | Change.SLICE
        self._set(replace(state, selected_finding=finding_id, index=index), change)

    def next_finding(self, step: int = 1) -> None:
        """Walk through the findings of the series on screen, round and round."""
        ids = [f.id for f in self._state.findings]
        if not ids:
            return
        selected = self._state.selected_finding
        start = ids.index(selected) if selected in ids else (-1 if step > 0 else 0)
        self.select_finding(ids[(start + step) % len(ids)])

    # --- the reader's own work ---------------------------------------------------------------------------

    def set_reader(self, name: str) -> None:
        """Who decides from now on."""
        self._state = replace(self._state, reader=name.strip())

    def set_impression(self, text: str) -> None:
        """The reader's own words for the study on screen. Typing in a row is one step of undo."""
        patient, study = self._state.patient, self._state.study
        if patient is None or study is None or text == self._state.impression:
            return
        key = study_key(patient, study)
        texts = MappingProxyType({**self._state.impressions, key: text})
        self._work("impression", Change.IMPRESSION, token=f"impression {key}", impressions=texts)

    def add_measurement(self, measurement: ReaderMeasurement) -> str:
        """Keep a measurement, with reader and time; one with the id of another takes its place. Returns its
        id (made here when empty)."""
        if not measurement.id:
            self._names += 1
            measurement = replace(measurement, id=f"m{self._names}")
        if not measurement.time:
            measurement = replace(measurement, reader=self._state.reader, time=self._time())
        others = tuple(m for m in self._state.measurements if m.id != measurement.id)
        verb = "add" if len(others) == len(self._state.measurements) else "change"
        self._work(f"{verb} {measurement.kind}", Change.MEASUREMENT, measurements=(*others, measurement))
        return measurement.id

    def remove_measurement(self, measurement_id: str) -> None:
        """Delete a measurement; unknown ids are ignored."""
        left = tuple(m for m in self._state.measurements if m.id != measurement_id)
        if len(left) != len(self._state.measurements):
            self._work("delete measurement", Change.MEASUREMENT, measurements=left)

    def add_key_image(self, key_image: KeyImage | None = None) -> None:
        """Mark an image for the report; without argument the one on screen."""
        image = key_image if key_image is not None else self._image_on_screen()
        if image is not None and not any(_same_image(image, k) for k in self._state.key_images):
            self._work("key image", Change.KEY_IMAGE, key_images=(*self._state.key_images, image))

    def remove_key_image(self, key_image: KeyImage) -> None:
        """Unmark an image."""
        left = tuple(k for k in self._state.key_images if not _same_image(k, key_image))
        if len(left) != len(self._state.key_images):
            self._work("remove key image", Change.KEY_IMAGE, key_images=left)

    def toggle_key_image(self) -> None:
        """Mark the image on screen, or unmark it."""
        image = self._image_on_screen()
        if image is None:
            return
        if any(_same_image(image, k) for k in self._state.key_images):
            self.remove_key_image(image)
        else:
            self.add_key_image(image)

    def _image_on_screen(self) -> KeyImage | None:
        state = self._state
        if state.series is None:
            return None
        return KeyImage(state.series.key, Plane.NATIVE, state.index, state.window, turn=turn_of(state))


def _same_image(a: KeyImage, b: KeyImage) -> bool:
    return (a.series_key, a.plane, a.index) == (b.series_key, b.plane, b.index)


def _own_names(result: AnalysisResult, earlier: tuple[AnalysisResult, ...], request: int) -> AnalysisResult:
    """The result, its finding ids told apart from earlier runs': a decision must never reach a finding it was
    not made for."""
    taken = {finding.id for other in earlier for finding in other.findings}
    if not taken & {finding.id for finding in result.findings}:
        return result
    findings = tuple(replace(f, id=f"{f.id}~{request}") for f in result.findings)
    return replace(result, findings=findings)
