"""What the state says, put on the pictures; what the mouse asks, put to the session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.ai.findings import AnalysisResult, Line
from medviewer.dicom.captions import corners
from medviewer.dicom.first_image import FirstImage
from medviewer.imaging.draw import Corners
from medviewer.imaging.volume import Mask
from medviewer.imaging.window import Window
from medviewer.review import opinion_words
from medviewer.review.calibration import shown_volume
from medviewer.review.deciding import as_read
from medviewer.review.presenting import turn_of
from medviewer.review.session import Session
from medviewer.review.state import Change, ReaderMeasurement, State, Verdict
from medviewer.ui.foreign import foreign_of
from medviewer.ui.opening import Opening
from medviewer.ui.planes import PlanesView
from medviewer.ui.preview import Preview

EMPTY, READING = "Drop a study here, or Ctrl+O", "Reading …"
_CAPTIONS = (
    Change.STUDY
    | Change.SERIES
    | Change.VOLUME
    | Change.SLICE
    | Change.WINDOW
    | Change.STYLE
    | Change.PRESENT
)


class Pictures(QObject):
    """Binds the pictures to the session. Nothing of the series before stays when another comes."""

    seen = Signal()
    """Another image was painted before the reader's eyes."""
    files_dropped = Signal(list)

    def __init__(self, session: Session, opening: Opening, planes: PlanesView) -> None:
        super().__init__(planes)
        self._session = session
        self._opening = opening
        self._planes = planes
        self._preview = Preview(planes)
        self._reading = False
        planes.scrolled.connect(self._scrolled)
        planes.index_requested.connect(self._index_requested)
        planes.window_dragged.connect(self._window_dragged)
        planes.measurement_made.connect(self._measured)
        planes.measurement_deleted.connect(self._deleted)
        planes.zoom_changed.connect(self._zoomed)
        planes.slice_painted.connect(self._painted)
        planes.files_dropped.connect(self._dropped)
        opening.slice_ready.connect(planes.refresh_slice)
        opening.image_failed.connect(self._show_failures)
        opening.series_failed.connect(planes.set_message)
        opening.first_image.connect(self._first_image)
        opening.reading.connect(self._set_reading)
        planes.set_message(EMPTY)

    def apply(self, state: State, change: Change) -> None:
        """Show what changed."""
        self._apply_place(state, change)
        self._apply_look(state, change)
        if change & _CAPTIONS:
            self._caption(state)

    def _apply_place(self, state: State, change: Change) -> None:
        """Which series, which pixels, which image."""
        planes = self._planes
        if Change.SERIES in change:
            self._preview.leave()
            planes.set_volume(None, None)
            planes.set_series_key(state.series.key if state.series is not None else "")
            planes.set_message(self._empty() if state.series is None else "Loading …")
        if Change.VOLUME in change and state.volume is not None:
            planes.set_volume(shown_volume(state), self._opening.ready())
            self._show_failures()
            planes.set_message("")
        elif Change.SCALE in change and state.volume is not None:
            planes.set_volume(shown_volume(state), self._opening.ready())
        if change & (Change.SLICE | Change.VOLUME):
            planes.set_index(state.index)
            self._opening.prioritise(state.index)
        if Change.VOLUME in change and state.volume is not None:
            self._preview.restore(state)
        if Change.SELECTION in change and (place := selected_place(state)) is not None:
            planes.go_to(place)

    def _apply_look(self, state: State, change: Change) -> None:
        """Window, overlay, measurements."""
        planes = self._planes
        if change & (Change.WINDOW | Change.VOLUME) and not self._preview.is_shown:
            planes.set_window(state.window)
        if Change.STYLE in change:
            planes.set_style(state.style)
        if Change.OVERLAY in change:
            planes.set_overlay_visible(not state.overlay_hidden)
        if change & (Change.RESULT | Change.DECISION | Change.VOLUME | Change.OPINION):
            planes.set_masks(shown_masks(state), shown_lines(state))
        if change & (Change.FOREIGN | Change.RESULT | Change.VOLUME):
            planes.set_foreign(foreign_of(state))
        if change & (Change.MEASUREMENT | Change.VOLUME):
            planes.set_measurements(measurements_here(state))
        if Change.VOLUME in change:
            planes.set_seen(_seen(state))

    # Before there is a series

    def _empty(self) -> str:
        return READING if self._reading else EMPTY

    def _set_reading(self, reading: bool) -> None:
        self._reading = reading
        if self._session.state.series is None and not self._preview.is_shown:
            self._planes.set_message(self._empty())

    def _first_image(self, image: FirstImage | None) -> None:
        state = self._session.state
        if image is not None and state.series is None:
            self._preview.show(image, state)
        elif image is None and self._preview.clear():
            self._planes.set_window(state.window)
            self._planes.set_message(self._empty())
            self._caption(state)

    def _show_failures(self) -> None:
        self._planes.set_failures(self._opening.failures())

    def _caption(self, state: State) -> None:
        if self._preview.is_shown:
            self._preview.caption(state)
            return
        if state.patient is None or state.study is None or state.series is None:
            self._planes.set_corners(Corners())
            return
        window = self._planes.main.shown_window or state.window
        zoom = self._planes.main.camera.zoom if state.volume is not None else None
        words = corners(
            state.patient, state.study, state.series, state.index, window, state.annotations, zoom
        )
        if turned := turn_of(state).words:  # at every level: sides are not where they are expected
            words = replace(words, bottom_left=(*words.bottom_left, turned))
        self._planes.set_corners(words)

    # What the mouse asks

    def _scrolled(self, steps: int) -> None:
        self._session.scroll(self._session.state.index + steps)

    def _index_requested(self, index: int) -> None:
        self._session.scroll(index)

    def _window_dragged(self, window: Window) -> None:
        if self._preview.is_shown:
            self._preview.set_window(window, self._session.state)
            self._opening.keep_window(window)
            return
        self._session.set_window(window)

    def _measured(self, measurement: ReaderMeasurement) -> None:
        if self._session.state.series is None:  # a first image belongs to no series yet
            return
        self._session.add_measurement(measurement)

    def _deleted(self, measurement_id: str) -> None:
        self._session.remove_measurement(measurement_id)

    def _zoomed(self, _: float) -> None:
        self._caption(self._session.state)

    def _painted(self, index: int) -> None:
        # While another series is put on screen its view passes through image 0: nobody saw that.
        if index != self._session.state.index:
            return
        self._session.mark_seen(index)
        self.seen.emit()

    def _dropped(self, paths: list[Path]) -> None:
        self.files_dropped.emit(paths)


def shown_lines(state: State) -> list[Line]:
    """The lines of findings that were not rejected; none while a difference is drawn."""
    if state.difference is not None:
        return []
    findings = [f for result in _visible(state) for f in result.findings]
    kept = [as_read(state, f) for f in findings if state.decision_of(f.id).verdict is not Verdict.REJECTED]
    return [line for finding in kept for line in finding.lines]


def shown_masks(state: State, without: str = "") -> list[tuple[Mask, str, str]]:
    """Masks of the findings the reader has not rejected, as the reader left them, with colour and name (and
    the model, where there are several); or only where two models differ. ``without``: a finding's id."""
    drawn = state.difference
    if drawn is not None:
        masks = (drawn.only_first, drawn.only_second)
        return list(zip(masks, opinion_words.COLOURS, opinion_words.legend(drawn), strict=True))
    several = len(state.results_here) > 1
    found = []
    for result in _visible(state):
        for finding in result.findings:
            read = as_read(state, finding)
            rejected = state.decision_of(finding.id).verdict is Verdict.REJECTED
            if read.mask is not None and not rejected and finding.id != without:
                said = f"{finding.label}, modified" if read is not finding else finding.label
                name = f"{said} ({result.provenance.model_id})" if several else said
                found.append((read.mask, finding.colour, name))
    return found


def originals(state: State) -> list[tuple[Mask, str]]:
    """The models' own outlines of findings that the reader modified, with their colours."""
    if state.difference is not None:
        return []
    return [
        (f.mask, f.colour)
        for result in _visible(state)
        for f in result.findings
        if f.mask is not None and state.decision_of(f.id).verdict is Verdict.MODIFIED
    ]


def _visible(state: State) -> list[AnalysisResult]:
    """Results whose outlines are drawn: a single model's always are."""
    results = state.results_here
    several = len(results) > 1
    return [r for r in results if not (several and r.provenance.model_id in state.hidden_models)]


def selected_place(state: State) -> tuple[float, float, float] | None:
    """The middle of the chosen finding on its key image, as (slice, row, column): where all views point."""
    chosen = next((f for f in state.findings if f.id == state.selected_finding), None)
    chosen = as_read(state, chosen) if chosen is not None else None
    if chosen is None or chosen.mask is None or chosen.key_slice is None:
        return None
    rows, columns = np.nonzero(chosen.mask.slice(chosen.key_slice))
    if not rows.size:
        return None
    return float(chosen.key_slice), float(rows.mean()), float(columns.mean())


def measurements_here(state: State) -> list[ReaderMeasurement]:
    """Measurements of the series on screen, in the order that numbers them."""
    key = state.series.key if state.series is not None else None
    return [m for m in state.measurements if m.series_key == key]


def _seen(state: State) -> NDArray[np.bool_] | None:
    if state.series is None:
        return None
    marks = np.zeros(len(state.series.instances), bool)
    marks[[index for key, index in state.seen if key == state.series.key]] = True
    return marks
