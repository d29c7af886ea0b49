"""What is open and what is on screen: the acts that are no decision, and that undo leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import numpy as np

from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import UsageError
from medviewer.imaging.colour_map import GREY, MAP_COLOURS
from medviewer.imaging.render import OverlayStyle, auto_window
from medviewer.imaging.volume import Unit, Volume
from medviewer.imaging.window import VoiFunction, Window
from medviewer.review import acts
from medviewer.review.merge import merge
from medviewer.review.state import Change, State
from medviewer.review.store import AuditSink, Store, local_now
from medviewer.review.waiting import Waiting

ANNOTATION_LEVELS = ("full", "minimal", "off")
_SOFT_TISSUE = Window(40.0, 400.0)
_UPTAKE = Window(3.0, 6.0, VoiFunction.LINEAR_EXACT, name="SUV 0 to 6")
"""The liver (SUV about 2) is a mid grey and two patients look alike, whatever the hottest voxel of each."""


class Screen(Store):
    """Commands that open, show, scroll, window."""

    def __init__(
        self, reader: str = "", audit: AuditSink | None = None, clock: Callable[[], datetime] = local_now
    ) -> None:
        super().__init__(reader, audit, clock)
        self._views: dict[str, tuple[int, Window | None]] = {}

    def open(self, scan: ScanResult, *, add: bool = True) -> None:
        """Add what was scanned to what is open, or (``add=False``) put it in its place.

        Replacing forgets everything but the reader's name and display preferences. What is on screen stays
        there when adding; :meth:`show` is the next act.
        """
        self._note("open", **acts.opened(scan))
        if not add:
            self._forget()
        old = self._state
        merged = merge(old.scan, scan, self._in_use())
        state, change = replace(old, scan=merged), Change.STUDY
        if old.overlay_files:
            state, change = released(state, old), change | Change.FOREIGN
        if old.series is not None:
            patient, study = merged.owner(old.series)
            series = next(s for s in study.series if s.key == old.series.key)
            state = replace(state, patient=patient, study=study, series=series)
            if series is not old.series:
                index = min(old.index, len(series.instances) - 1)
                state = replace(state, volume=None, index=index, difference=None)
                change |= Change.SERIES | Change.VOLUME | Change.SLICE
        self._set(state, change)

    def close(self) -> None:
        """Forget everything that is open."""
        self._forget()
        self._set(self._state, ~Change.NONE)

    def _forget(self) -> None:
        old = self._state
        self._histories.clear()
        self._views.clear()
        self._state = State(reader=old.reader, style=old.style, annotations=old.annotations)

    def _in_use(self) -> set[str]:
        state = self._state
        keys = {r.series_key for r in state.results} | {m.series_key for m in state.measurements}
        keys |= {k.series_key for k in state.key_images}
        keys |= {c.series_key for c in state.calibrations}
        if state.run is not None:
            keys.add(state.run.series_key)
        return keys

    def _series(self, series_key: str) -> Series:
        scan = self._state.scan
        for series in scan.all_series() if scan is not None else []:
            if series.key == series_key:
                return series
        raise UsageError("This series is not open.", "Open its folder again.")

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
            difference=None,
        )
        parts = Change.SERIES | Change.VOLUME | Change.SLICE | Change.WINDOW | Change.RESULT
        parts |= Change.SELECTION | Change.DECISION | Change.MEASUREMENT | Change.KEY_IMAGE | Change.PRESENT
        parts |= Change.OPINION
        if state.study is None or state.study.uid != study.uid or state.patient != patient:
            parts |= Change.STUDY | Change.IMPRESSION
        self._set(shown, parts)

    def set_volume(self, series_key: str, volume: Volume) -> bool:
        """Hand over the pixels of the series on screen. False, and nothing happens, for any other series, or
        for pixels loaded before the series grew: their images have other numbers."""
        state = self._state
        if state.series is None or state.series.key != series_key:
            return False
        if volume.shape[0] != len(state.series.instances):
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
        """A window from the values of the image on screen; keeps the inversion and the colour map."""
        state = self._state
        if state.volume is None or state.series is None or state.volume.is_colour:
            return
        now = state.window
        inverted = now.invert if now is not None else is_inverted(state.series)
        colours = now.colours if now is not None else first_colours(state.series)
        found = auto_window(state.volume, state.index)
        self.set_window(replace(found, invert=inverted, colours=colours))

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


def released(state: State, old: State) -> State:
    """The overlays of series that are now others (grown, say) waiting for them: they are read again."""
    before = {s.key: s for s in old.scan.all_series()} if old.scan is not None else {}
    now = {s.key: s for s in state.scan.all_series()} if state.scan is not None else {}
    objects = {(o.path, o.patient.key): o for o in (state.scan.objects if state.scan is not None else ())}
    kept, waiting = [], {w.key: w for w in state.waiting}
    for file in old.overlay_files:
        found = objects.get((file.path, file.patient_key))
        if before.get(file.series_key) is now.get(file.series_key):
            kept.append(file)
        elif found is not None:
            frames = frozenset({now[file.series_key].frame_of_reference_uid} - {""})
            waiting[file.object_key] = Waiting(found, file.title, file.references, frames)
    return replace(state, overlay_files=tuple(kept), waiting=tuple(waiting.values()))


def is_inverted(series: Series) -> bool:
    """Whether low values are shown bright (MONOCHROME1, PS3.3 C.7.6.3.1.2)."""
    return series.instances[0].pixels.photometric == "MONOCHROME1"


def first_colours(series: Series) -> str:
    """The colour map a series is first shown in: parametric maps have one, images of patients none."""
    return MAP_COLOURS if series.is_map else GREY


def first_window(series: Series) -> Window | None:
    """What a series is first shown with: its own first window; else soft tissue for HU, 0 to 6 for SUV;
    else None, and the values decide once they are there."""
    own = series.instances[len(series.instances) // 2].windows
    if own:
        inverted = own[0].invert or is_inverted(series)
        return replace(own[0], invert=inverted, colours=first_colours(series))
    if series.unit is Unit.SUV:
        return _UPTAKE
    return _SOFT_TISSUE if series.unit is Unit.HU else None


def _has_contrast(volume: Volume, index: int) -> bool:
    """Whether the slice holds more than one value: a volume still filling is all alike."""
    values = volume.voxels[min(index, volume.shape[0] - 1)]
    return bool(np.any(values != values.flat[0]))
