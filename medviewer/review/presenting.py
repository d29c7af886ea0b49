"""How pictures lie before the reader: turned, under overlay planes, by a presentation state.

None of it changes a value or a place: measurements stay on the anatomy, figures stay those of the image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from medviewer.dicom.study import Instance, ScanResult, Series
from medviewer.errors import UsageError
from medviewer.imaging.presented import PLAIN, Look
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.window import Window
from medviewer.review.screen import Screen
from medviewer.review.state import Change, State
from medviewer.review.store import AuditSink, local_now

if TYPE_CHECKING:
    from medviewer.dicom.presentation_state import Presentation

CROSS_SECTIONS = frozenset({"CT", "MR", "PT", "NM"})
"""Modalities whose sides readers expect where they always are (IHE BIR)."""


SPACING_LABEL = "mm (presentation state)"
SPACING_NOTE = "mm, by the presentation state that was applied"


class Presenting(Screen):
    """Commands that turn and present."""

    def __init__(
        self, reader: str = "", audit: AuditSink | None = None, clock: Callable[[], datetime] = local_now
    ) -> None:
        super().__init__(reader, audit, clock)
        self._turns: dict[str, Turn] = {}
        self._own_window: Window | None = None

    def _forget(self) -> None:
        self._turns.clear()
        super()._forget()

    def show(self, series_key: str) -> None:
        """As :meth:`Screen.show`; each keeps its turn, a presentation state ends with its series."""
        self._series(series_key)
        series = self._state.series
        if series is not None and series.key == series_key:
            return
        self.remove_presentation()
        if series is not None:
            self._turns[series.key] = self._state.turn
        # Told with the series: a picture is never shown with the turn of another.
        self._state = replace(self._state, turn=self._turns.get(series_key, STRAIGHT))
        super().show(series_key)

    def scroll(self, index: int) -> None:
        """As :meth:`Screen.scroll`; where the reader left the window as presented it is the next image's."""
        before = self._presented_window()
        super().scroll(index)
        after = self._presented_window()
        if self._state.presentation is not None and self._state.window == before:
            self.set_window(after)

    def _presented_window(self) -> Window | None:
        """The window of the image on screen by the presentation state, else the one from before it."""
        if self._state.presentation is None:
            return self._state.window
        return presented_window(self._state) or self._own_window

    def turn(self, by: Turn) -> None:
        """Turn the pictures of a projection further. Raises :class:`UsageError` for others."""
        state = self._state
        if not may_turn(state.series):
            raise UsageError(
                "Only projection images can be turned: sides must stay where readers expect them."
            )
        self._set(replace(state, turn=state.turn.then(by)), Change.PRESENT)

    def straighten(self) -> None:
        """The pictures as they are stored, or as the presentation state turns them."""
        if self._state.turn:
            self._set(replace(self._state, turn=STRAIGHT), Change.PRESENT)

    def hide_planes(self, hidden: bool) -> None:
        """Hide or show overlay planes and the drawings of a presentation state."""
        if hidden != self._state.planes_hidden:
            self._set(replace(self._state, planes_hidden=hidden), Change.PRESENT)

    def present(self, presentation: Presentation) -> None:
        """Apply a presentation state to the series on screen, at the first image it speaks of.

        Raises :class:`UsageError` where it speaks of none of its images, or of another patient.
        """
        series = self._state.series
        at = None if series is None else first_image(series, presentation)
        if series is None or at is None:
            raise UsageError("The images of this presentation state are not open.", "Open their folder too.")
        self.remove_presentation()
        self._own_window = self._state.window
        super().scroll(at)
        parts = Change.PRESENT
        state = replace(self._state, presentation=presentation, turn=STRAIGHT)
        window = presentation.window_of(series.instances[at])
        if window is not None and window != state.window:
            state, parts = replace(state, window=window), parts | Change.WINDOW
        self._set(state, parts)

    def remove_presentation(self) -> None:
        """The images as they were before; a window the reader chose meanwhile stays."""
        state = self._state
        if state.presentation is None:
            return
        untouched = state.window == self._presented_window()
        window = self._own_window if untouched else state.window
        parts = Change.PRESENT | (Change.WINDOW if window != state.window else Change.NONE)
        self._own_window = None
        self._set(replace(state, presentation=None, turn=STRAIGHT, window=window), parts)


def may_turn(series: Series | None) -> bool:
    """Whether the reader may turn its pictures: projections and the like, nothing with a place in space."""
    return series is not None and series.geometry is None and series.modality not in CROSS_SECTIONS


def instance_of(state: State) -> Instance | None:
    """The image on screen."""
    return state.series.instances[state.index] if state.series is not None else None


def look_of(state: State) -> Look:
    """What the image on screen is presented with, without the reader's own turn."""
    instance = instance_of(state)
    if state.presentation is None or instance is None:
        return PLAIN
    return state.presentation.look_of(instance)


def presented_window(state: State) -> Window | None:
    """The window of the image on screen by the presentation state; None where it says nothing of it."""
    instance = instance_of(state)
    if state.presentation is None or instance is None:
        return None
    return state.presentation.window_of(instance)


def spacing_is_presented(state: State) -> bool:
    """Whether a presentation state says what the millimetres of the image on screen are."""
    area = look_of(state).area
    return area is not None and area.spacing is not None


def turn_of(state: State) -> Turn:
    """How the image on screen lies: by the presentation state, then by the reader."""
    instance, presentation = instance_of(state), state.presentation
    shown = presentation is not None and instance is not None and presentation.shows(instance)
    return presentation.turn.then(state.turn) if presentation is not None and shown else state.turn


def first_image(series: Series, presentation: Presentation) -> int | None:
    """The first image of the series that the presentation state names; None for another patient's."""
    if series.patient_key != presentation.patient_key:
        return None
    known = {instance.sop_uid for instance in series.instances}
    for ref in presentation.images:
        if ref.sop_uid not in known:
            continue
        for k, instance in enumerate(series.instances):
            if ref.names(instance):
                return k
    return None


def series_of(scan: ScanResult, presentation: Presentation) -> Series | None:
    """The open series that holds the first image the presentation state names."""
    known = [s for s in scan.all_series() if s.patient_key == presentation.patient_key]
    where: dict[str, list[Series]] = defaultdict(list)
    for series in known:  # the frames of one file may lie in several
        for uid in {instance.sop_uid for instance in series.instances}:
            where[uid].append(series)
    for ref in presentation.images:
        for series in where.get(ref.sop_uid, ()):
            if any(ref.names(instance) for instance in series.instances):
                return series
    return None
