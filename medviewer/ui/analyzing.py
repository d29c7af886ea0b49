"""Analyze: which models suit, run them beside the window, stream their masks, hand the results over.

Nothing stays grey after a failure, and no answer reaches a series it was not made for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult, Notice
from medviewer.ai.request import Ending, Request
from medviewer.ai.suitability import age_of
from medviewer.errors import DeviceError, MedviewerError
from medviewer.review.logbook_records import Version
from medviewer.review.session import Session
from medviewer.review.state import Change, State, Verdict
from medviewer.review.stop_rule import Stop
from medviewer.ui.analysis_task import Running, Task, Wanted, task_of
from medviewer.ui.comparing import Comparing
from medviewer.ui.engine import Engine
from medviewer.ui.jobs import JobContext, JobRunner
from medviewer.ui.offers import Offer, held_back, held_words, wanted, with_stops
from medviewer.ui.opening import Opening

OUT_OF_MEMORY = "DEVICE"
"""Code of the reason that the CPU may be a way out of."""

Layers = list[tuple[NDArray[np.bool_], str]]


class Analyzing(QObject):
    """Runs models, one after the other; a run, and all that wait, belong to the series they were begun on."""

    progress = Signal(float, str)
    began = Signal()
    ended = Signal()
    """All runs asked for ended, whichever way."""
    note = Signal(str)
    """One sentence for the reader."""
    slice_masks = Signal(int, list)
    """Stored slice, list[(mask, colour)]: partial results of the series on screen."""
    masks_dropped = Signal()
    """What streamed in counts no more."""

    def __init__(
        self, session: Session, runner: JobRunner, opening: Opening, engine: Engine, device: str = "auto"
    ) -> None:
        super().__init__(opening)
        self._session = session
        self._runner = runner
        self._opening = opening
        self._engine = engine
        self._device = device
        self._offers: dict[str, list[Offer]] = {}
        self._run: Running | None = None
        self._partial: dict[int, Layers] = {}
        self._queue: list[Task] = []
        self._done = 0
        self._wanted: Wanted | None = None
        self._stops: Mapping[Version, Stop] | None = {}
        self._comparing = Comparing(session, runner, self)
        opening.series_loaded.connect(self._series_loaded)

    # --- which model -------------------------------------------------------------------------------------

    def offers(self) -> list[Offer]:
        """Every model with its verdict on the series on screen, the fitting ones first."""
        state = self._session.state
        if state.series is None or state.patient is None or state.study is None:
            return []
        key = state.series.key
        if key not in self._offers:
            pairs = self._engine.suitable(state.series, age_of(state.patient, state.study))
            count = len(state.series.instances)
            device = "cpu" if self._device == "auto" else self._device
            self._offers[key] = [Offer(b, f, self._engine.seconds(b, count, device)) for b, f in pairs]
        return with_stops(self._offers[key], self._stops or {})

    def set_stops(self, stops: Mapping[Version, Stop] | None) -> None:
        """Which model versions the site's rule holds back; None: not known yet, then a run waits for it."""
        was_unknown, self._stops = self._stops is None, stops
        if was_unknown and stops is not None and self._wanted is not None:
            self._series_loaded(self._wanted.series_key)

    def forget_offers(self) -> None:
        """Ask again: the series or the shelf has changed."""
        self._offers.clear()

    def bundle(self, model_id: str) -> Bundle | None:
        """A model by its id, where it is on the shelf."""
        return next(
            (o.bundle for offers in self._offers.values() for o in offers if o.bundle.card.id == model_id),
            None,
        )

    # --- running -----------------------------------------------------------------------------------------

    def start(self, *model_ids: str, force: bool = False, device: str = "") -> None:
        """Run these models (by default all that suit, or the nearest) on the series on screen, one after the
        other, as soon as it is loaded."""
        state = self._session.state
        if state.series is None or state.run is not None:
            return
        named = {offer.bundle.card.id: offer for offer in self.offers()}
        offers = (
            [named[i] for i in model_ids if i in named] if any(model_ids) else list(wanted(self.offers()))
        )
        if not offers:
            self.note.emit("No model is installed." if not named else "This model is not on the shelf.")
            return
        offers = offers if force else self._not_held(offers)
        if not offers:
            return
        key = state.series.key
        if self._stops is None or not self._opening.is_complete(key):
            ids = tuple(offer.bundle.card.id for offer in offers)
            self._wanted = Wanted(key, ids, force, device)
            waits = "the log-book is read" if self._opening.is_complete(key) else "all images are loaded"
            self.note.emit(f"The analysis begins when {waits}.")
            return
        tasks = [task_of(state, offer, force, device or self._device) for offer in offers]
        self._queue, self._done = [task for task in tasks if task is not None], 0
        if self._queue:
            self._next()
            self.began.emit()

    def _not_held(self, offers: list[Offer]) -> list[Offer]:
        """Those that the site's stop rule lets run; of the others a word is said."""
        held = [offer for offer in offers if held_back(offer)]
        if held:
            self.note.emit(held_words(held))
        return [offer for offer in offers if not held_back(offer)]

    def _series_loaded(self, series_key: str) -> None:
        if self._wanted is None:
            return
        asked, self._wanted = self._wanted, None
        series = self._session.state.series
        if asked.series_key == series_key and series is not None and series.key == series_key:
            self.start(*asked.model_ids, force=asked.force, device=asked.device)

    def _next(self) -> None:
        """Begin the first that waits."""
        task = self._queue.pop(0)
        request, analyze = self._with_this_slice(task.request), self._engine.analyze

        def work(context: JobContext) -> AnalysisResult:
            def on_slice(index: int, masks: dict[int, NDArray[np.bool_]]) -> None:
                # Copied: the runner goes on writing where these came from.
                context.tell((index, {label: mask.copy() for label, mask in masks.items()}))

            return analyze(replace(request, on_slice=on_slice), context)

        self._partial = {}
        place = self._done + 1, self._done + 1 + len(self._queue)
        number = self._session.start_analysis(request.series.key, request.bundle.card.id, task.title, place)
        job = self._runner.submit("analyze", work)
        self._run = Running(number, replace(task, request=request), job)
        job.progress.connect(self._progressed)
        job.told.connect(self._slices_came)
        job.succeeded.connect(self._succeeded)
        job.failed.connect(self._failed)
        job.cancelled.connect(self._cancelled)

    def _with_this_slice(self, request: Request) -> Request:
        """The slice that is on screen now first, where the series still is."""
        state = self._session.state
        here = state.series is not None and state.series.key == request.series.key
        return replace(request, first_slice=state.index) if here else request

    def cancel(self) -> bool:
        """Give up the run under way and all that wait, for it or for images; False when there is none."""
        if self._wanted is not None:
            self._wanted = None
            self.note.emit("Cancelled before it began.")
            return True
        if self._run is None:
            return False
        self._run.job.cancel()
        self._give_up()
        return True

    def _give_up(self) -> None:
        """The window is free at once; the thread ends when the work next asks."""
        if self._session.state.run is not None:
            self._session.cancel_analysis()
        self._queue = []
        self.masks_dropped.emit()
        kept = f"the {self._done} done before stay" if self._done > 1 else "the one done before stays"
        what = f"the rest; {kept}." if self._done else "the analysis; nothing of it was kept."
        self.note.emit(f"Cancelled {what}")
        self._end()

    # --- answers -----------------------------------------------------------------------------------------

    def _mine(self) -> Running | None:
        return self._run if self._run is not None and self._run.job is self.sender() else None

    def _progressed(self, fraction: float, text: str) -> None:
        if self._mine() is not None:
            self.progress.emit(fraction, text)

    def _slices_came(self, news: list[tuple[int, dict[int, NDArray[np.bool_]]]]) -> None:
        run = self._mine()
        if run is None:
            return
        colours = {label.id: label.colour for label in run.task.request.bundle.card.labels}
        here = self._is_on_screen(run)
        for index, masks in news:
            layers = [(mask, colours[label]) for label, mask in masks.items()]
            self._partial[index] = layers
            if here:
                self.slice_masks.emit(index, layers)

    def _is_on_screen(self, run: Running) -> bool:
        series = self._session.state.series
        return series is not None and series.key == run.task.request.series.key

    def apply(self, state: State, change: Change) -> None:
        """Bring partial masks back when the reader returns to the series they belong to; compare results."""
        self._comparing.apply(state, change)
        if Change.STUDY in change:
            self._offers.clear()
        if Change.SERIES in change:
            self._wanted = None
        if (
            Change.VOLUME in change
            and state.volume is not None
            and self._run
            and self._is_on_screen(self._run)
        ):
            for index, layers in self._partial.items():
                self.slice_masks.emit(index, layers)

    def _end(self) -> None:
        self._run = None
        self._partial = {}
        self.ended.emit()

    def _succeeded(self, result: AnalysisResult) -> None:
        run = self._mine()
        if run is None:
            return
        self._finish(run, result)

    def _failed(self, error: MedviewerError) -> None:
        run = self._mine()
        if run is None:
            return
        code = OUT_OF_MEMORY if isinstance(error, DeviceError) else type(error).__name__
        ending = Ending(run.task.request, run.task.verdict, "", self._device)
        self._finish(run, ending.failed(Notice(code, error.sentence())))

    def _finish(self, run: Running, result: AnalysisResult) -> None:
        self.masks_dropped.emit()
        self._run = None
        before = self._session.state
        if self._session.add_result(result, run.number):
            self._tell_replaced(before, result)
        self._done += 1
        if self._queue:
            self._next()
        else:
            self._end()

    def _tell_replaced(self, before: State, result: AnalysisResult) -> None:
        """An earlier run of the same model gave way, and with it what was decided on its findings."""
        model = result.provenance.model_id
        old = [r for r in before.results_here if r.provenance.model_id == model]
        ids = [f.id for r in old if r.series_key == result.series_key for f in r.findings]
        decided = sum(before.decision_of(i).verdict is not Verdict.PENDING for i in ids)
        if decided:
            self.note.emit(
                f"New findings, not reviewed: the {decided} decided before stay with the earlier run."
            )

    def _cancelled(self) -> None:
        if self._mine() is not None:
            self._give_up()
