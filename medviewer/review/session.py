"""The session: every act of the reader is a method here, and makes a new frozen :class:`State`.

One mechanism tells listeners what changed. No Qt, no threads: call it from one thread (the window's). Late
answers (a volume or a result of something no longer wanted) are refused by series key or request number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from medviewer.ai.findings import AnalysisResult, Finding
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import UsageError, WriteError
from medviewer.imaging.render import OverlayStyle, auto_window
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Unit, Volume
from medviewer.imaging.window import Window
from medviewer.review.history import History, Work
from medviewer.review.merge import merge
from medviewer.review.state import Change, Decision, KeyImage, ReaderMeasurement, Run, State, Verdict

Listener = Callable[[State, Change], None]
ANNOTATION_LEVELS = ("full", "minimal", "off")
_SOFT_TISSUE = Window(40.0, 400.0)

log = logging.getLogger(__name__)


class AuditSink(Protocol):
    """Where acts are recorded (:class:`medviewer.review.audit.Audit`)."""

    def append(self, action: str, **facts: Any) -> object:
        """Record one act; facts hold no patient data."""


def _local_now() -> datetime:
    return datetime.now().astimezone()


class Session:
    """What is open, shown, found and decided. ``clock`` gives the time of decisions (with zone)."""

    def __init__(
        self, reader: str = "", audit: AuditSink | None = None, clock: Callable[[], datetime] = _local_now
    ) -> None:
        self._state = State(reader=reader)
        self._audit = audit
        self._clock = clock
        self._listeners: list[Listener] = []
        self._history = History()
        self._views: dict[str, tuple[int, Window | None]] = {}
        self._requests = 0
        self._names = 0

    # --- listening ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(state, change)`` after every change; the returned callable ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def _set(self, state: State, change: Change) -> None:
        self._state = state
        for listener in tuple(self._listeners):
            listener(state, change)

    def _note(self, action: str, **facts: Any) -> None:
        """Write to the audit; a full disk must not stop the reading."""
        if self._audit is None:
            return
        try:
            self._audit.append(action, **facts)
        except WriteError as error:
            log.warning("the audit could not be written: %s", error)

    # --- what is open ------------------------------------------------------------------------------------

    def open(self, scan: ScanResult, *, add: bool = True) -> None:
        """Add what was scanned to what is open, or (``add=False``) put it in its place.

        Replacing forgets everything but the reader's name and display preferences. What is on screen stays
        there when adding; :meth:`show` is the next act.
        """
        self._note("open", series=[_short_hash(s.uid) for s in scan.all_series()])
        if not add:
            self._forget()
        old = self._state
        merged = merge(old.scan, scan, self._in_use())
        state, change = replace(old, scan=merged), Change.STUDY
        if old.series is not None:
            patient, study = merged.owner(old.series)
            series = next(s for s in study.series if s.key == old.series.key)
            state = replace(state, patient=patient, study=study, series=series)
            if series is not old.series:
                index = min(old.index, len(series.instances) - 1)
                state = replace(state, volume=None, index=index)
                change |= Change.SERIES | Change.VOLUME | Change.SLICE
        self._set(state, change)

    def close(self) -> None:
        """Forget everything that is open."""
        self._forget()
        self._set(self._state, ~Change.NONE)

    def _forget(self) -> None:
        old = self._state
        self._history = History()
        self._views.clear()
        self._state = State(reader=old.reader, style=old.style, annotations=old.annotations)

    def _in_use(self) -> set[str]:
        state = self._state
        keys = {r.series_key for r in state.results} | {m.series_key for m in state.measurements}
        keys |= {k.series_key for k in state.key_images}
        if state.run is not None:
            keys.add(state.run.series_key)
        return keys

    def _series(self, series_key: str) -> Series:
        scan = self._state.scan
        for series in scan.all_series() if scan is not None else []:
            if series.key == series_key:
                return series
        raise UsageError("This series is not open.", "Open its folder again.")

    # --- what is on screen -------------------------------------------------------------------------------

    def show(self, series_key: str) -> None:
        """Put a series on screen: its own patient and study, the image and window it was left with (or the
        middle image and its own first window). The volume follows by :meth:`set_volume`."""
        state = self._state
        series = self._series(series_key)
        if state.scan is None or (state.series is not None and state.series.key == series_key):
            return
        if state.series is not None:
            self._views[state.series.key] = (state.index, state.window)
        patient, study = state.scan.owner(series)
        index, window = self._views.get(series_key, (len(series.instances) // 2, first_window(series)))
        shown = replace(
            state,
            patient=patient,
            study=study,
            series=series,
            volume=None,
            index=index,
            window=window,
            selected_finding=None,
        )
        parts = Change.SERIES | Change.VOLUME | Change.SLICE | Change.WINDOW | Change.RESULT
        parts |= Change.SELECTION | Change.DECISION | Change.MEASUREMENT | Change.KEY_IMAGE
        if state.study is None or state.study.uid != study.uid or state.patient != patient:
            parts |= Change.STUDY | Change.IMPRESSION
        self._set(shown, parts)

    def set_volume(self, series_key: str, volume: Volume) -> bool:
        """Hand over the pixels of the series on screen. False, and nothing happens, for any other series."""
        state = self._state
        if state.series is None or state.series.key != series_key:
            return False
        self._set(replace(state, volume=volume), Change.VOLUME)
        if self._state.window is None and _has_contrast(volume, state.index):
            self.auto_window()
        return True

    def scroll(self, index: int) -> None:
        """Show image ``index`` (from 0), or the nearest there is."""
        series = self._state.series
        if series is None:
            return
        index = min(max(index, 0), len(series.instances) - 1)
        if index != self._state.index:
            self._set(replace(self._state, index=index), Change.SLICE)

    def mark_seen(self, index: int) -> None:
        """Note that image ``index`` of the series on screen was painted before the reader's eyes."""
        state = self._state
        if state.series is None or not 0 <= index < len(state.series.instances):
            return
        mark = (state.series.key, index)
        if mark not in state.seen:
            # No listener is told: nothing on screen depends on it, and it happens at every step of the wheel.
            self._state = replace(state, seen=state.seen | {mark})

    def set_window(self, window: Window | None) -> None:
        """Set centre, width, function and inversion; None lets the renderer choose."""
        if window != self._state.window:
            self._set(replace(self._state, window=window), Change.WINDOW)

    def auto_window(self) -> None:
        """A window from the values of the image on screen; keeps the inversion."""
        state = self._state
        if state.volume is None or state.series is None or state.volume.is_colour:
            return
        inverted = state.window.invert if state.window is not None else is_inverted(state.series)
        self.set_window(replace(auto_window(state.volume, state.index), invert=inverted))

    def set_style(self, style: OverlayStyle) -> None:
        """Opacity of the overlay's fill and outline, and hatching."""
        if style != self._state.style:
            self._set(replace(self._state, style=style), Change.STYLE)

    def hide_overlay(self, hidden: bool) -> None:
        """Hide or show the overlay (held Space)."""
        if hidden != self._state.overlay_hidden:
            self._set(replace(self._state, overlay_hidden=hidden), Change.OVERLAY)

    def annotation_level(self, level: str) -> None:
        """Corner text: full, minimal or off. Raises :class:`UsageError` for another word."""
        if level not in ANNOTATION_LEVELS:
            raise UsageError(f"Annotations are {', '.join(ANNOTATION_LEVELS)}, not {level!r}.")
        if level != self._state.annotations:
            self._set(replace(self._state, annotations=level), Change.STYLE)

    # --- the machine -------------------------------------------------------------------------------------

    def start_analysis(self, series_key: str, model_id: str) -> int:
        """Begin a run; its number must come back with the result. An earlier run under way is dropped."""
        self._series(series_key)
        self._requests += 1
        self._set(replace(self._state, run=Run(self._requests, series_key, model_id)), Change.RUN)
        return self._requests

    def cancel_analysis(self) -> None:
        """Drop the run under way: its answer, when it comes, is refused."""
        if self._state.run is not None:
            self._note("cancel", model=self._state.run.model_id)
            self._set(replace(self._state, run=None), Change.RUN)

    def add_result(self, result: AnalysisResult, request: int) -> bool:
        """Keep a finished run, also of a series not on screen. False, and nothing happens, when the request
        was cancelled or overtaken, or the result speaks of another series or patient."""
        state = self._state
        run = state.run
        if run is None or run.request != request or run.series_key != result.series_key:
            return False
        if self._series(run.series_key).patient_key != result.patient_key:
            return False
        made_by = result.provenance
        self._note(
            "analyze",
            series=_short_hash(made_by.series_uid),
            model=f"{made_by.model_id} {made_by.model_version}",
            weights=made_by.weights_sha256,
            outcome=str(result.state),
            forced=made_by.forced,
        )
        kept = _own_names(result, state.results, request)
        on_screen = state.series is not None and state.series.key == run.series_key
        selected = None if on_screen else state.selected_finding
        state = replace(state, results=(*state.results, kept), run=None, selected_finding=selected)
        parts = Change.RESULT | Change.RUN | Change.SELECTION | Change.DECISION if on_screen else Change.RUN
        self._set(state, parts)
        return True

    # --- findings ----------------------------------------------------------------------------------------

    def _finding(self, finding_id: str) -> Finding:
        for result in self._state.results:
            for finding in result.findings:
                if finding.id == finding_id:
                    return finding
        raise UsageError("There is no such finding.")

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
        index = state.index if finding.key_slice is None else finding.key_slice
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

    def accept(self, finding_id: str) -> None:
        """The reader agrees: the finding's sentence goes into the report."""
        self._decide(finding_id, Verdict.ACCEPTED)

    def reject(self, finding_id: str, reason: str = "") -> None:
        """The reader disagrees: listed with the reason, not part of the text."""
        self._decide(finding_id, Verdict.REJECTED, reason)

    def reset(self, finding_id: str) -> None:
        """Take a decision back: not reviewed."""
        self._decide(finding_id, Verdict.PENDING)

    def _decide(self, finding_id: str, verdict: Verdict, reason: str = "") -> None:
        finding = self._finding(finding_id)
        old = self._state.decision_of(finding_id)
        if (old.verdict, old.reason) == (verdict, reason.strip()):
            return
        decisions = dict(self._state.decisions)
        decisions.pop(finding_id, None)
        if verdict is not Verdict.PENDING:
            decisions[finding_id] = Decision(
                finding_id, verdict, reason.strip(), self._state.reader, self._time()
            )
        self._note("decide", finding=finding_id, verdict=str(verdict), reader=self._state.reader)
        name = {Verdict.ACCEPTED: "accept", Verdict.REJECTED: "reject"}.get(verdict, "reset")
        self._work(f"{name} {finding.label}", Change.DECISION, decisions=MappingProxyType(decisions))

    # --- the reader's own work ---------------------------------------------------------------------------

    def set_reader(self, name: str) -> None:
        """Who decides from now on."""
        self._state = replace(self._state, reader=name.strip())

    def set_impression(self, text: str) -> None:
        """The reader's own words for the study on screen. Typing in a row is one step of undo."""
        study = self._state.study
        if study is None or text == self._state.impression:
            return
        texts = MappingProxyType({**self._state.impressions, study.uid: text})
        self._work("impression", Change.IMPRESSION, token=f"impression {study.uid}", impressions=texts)

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
        return KeyImage(state.series.key, Plane.NATIVE, state.index, state.window)

    def _time(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    def _work(self, name: str, change: Change, token: str = "", **fields: Any) -> None:
        self._history.record(name, self._state, token)
        self._set(replace(self._state, **fields), change)

    # --- undo --------------------------------------------------------------------------------------------

    def undo(self) -> bool:
        """Take back the reader's last act; False when there is none."""
        return self._travel(self._history.undo(self._state), "undo")

    def redo(self) -> bool:
        """Do again what was undone last; False when there is none."""
        return self._travel(self._history.redo(self._state), "redo")

    def _travel(self, state: State | None, action: str) -> bool:
        if state is None:
            return False
        change = Work.of(self._state).difference(Work.of(state))
        if Change.DECISION in change:
            self._note(action, reader=self._state.reader)
        self._set(state, change)
        return True

    @property
    def undo_name(self) -> str:
        """What undo would take back, for the menu; empty when nothing."""
        return self._history.undo_name

    @property
    def redo_name(self) -> str:
        """What redo would bring back; empty when nothing."""
        return self._history.redo_name


def accepted_sentences(state: State) -> tuple[str, ...]:
    """The sentences of the accepted findings of the current result, in its order."""
    good = (Verdict.ACCEPTED, Verdict.EDITED)
    return tuple(f.sentence for f in state.findings if state.decision_of(f.id).verdict in good)


def is_inverted(series: Series) -> bool:
    """Whether low values are shown bright (MONOCHROME1, PS3.3 C.7.6.3.1.2)."""
    return series.instances[0].pixels.photometric == "MONOCHROME1"


def first_window(series: Series) -> Window | None:
    """What a series is first shown with: its own first window; else soft tissue for HU; else None, and the
    values decide once they are there."""
    own = series.instances[len(series.instances) // 2].windows
    if own:
        return replace(own[0], invert=own[0].invert or is_inverted(series))
    return _SOFT_TISSUE if series.unit is Unit.HU else None


def _has_contrast(volume: Volume, index: int) -> bool:
    """Whether the slice holds more than one value: a volume still filling is all alike."""
    values = volume.voxels[min(index, volume.shape[0] - 1)]
    return bool(np.any(values != values.flat[0]))


def _same_image(a: KeyImage, b: KeyImage) -> bool:
    return (a.series_key, a.plane, a.index) == (b.series_key, b.plane, b.index)


def _short_hash(uid: str) -> str:
    return sha256(uid.encode()).hexdigest()[:16]


def _own_names(result: AnalysisResult, earlier: tuple[AnalysisResult, ...], request: int) -> AnalysisResult:
    """The result, its finding ids told apart from earlier runs': a decision must never reach a finding it was
    not made for."""
    taken = {finding.id for other in earlier for finding in other.findings}
    if not taken & {finding.id for finding in result.findings}:
        return result
    findings = tuple(replace(f, id=f"{f.id}~{request}") for f in result.findings)
    return replace(result, findings=findings)
