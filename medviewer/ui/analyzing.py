"""Analyze: is there a model that suits, run it beside the window, stream its masks, hand the result over.

Nothing stays grey after a failure, and no answer reaches a series it was not made for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.ai.catalog import Bundle, Fit
from medviewer.ai.findings import AnalysisResult, Notice
from medviewer.ai.request import Ending, Request
from medviewer.ai.suitability import age_of
from medviewer.errors import DeviceError, MedviewerError
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from medviewer.ui.engine import Engine
from medviewer.ui.jobs import Job, JobContext, JobRunner
from medviewer.ui.opening import Opening

OUT_OF_MEMORY = "DEVICE"
"""Code of the reason that the CPU may be a way out of."""

Layers = list[tuple[NDArray[np.bool_], str]]


@dataclass(frozen=True, eq=False)
class Offer:
    """The model that the button names, and the verdict on the series on screen."""

    bundle: Bundle
    fit: Fit
    seconds: float | None


@dataclass(frozen=True, eq=False)
class _Run:
    number: int
    request: Request
    verdict: Fit
    job: Job


class Analyzing(QObject):
    """Runs models. The lane "analyze" takes one at a time; a run belongs to the series it was begun on."""

    progress = Signal(float, str)
    began = Signal()
    ended = Signal()
    """A run ended, whichever way."""
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
        self._run: _Run | None = None
        self._partial: dict[int, Layers] = {}
        self._wanted: tuple[str, str, bool, str] | None = None
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
        return self._offers[key]

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

    def start(self, model_id: str = "", *, force: bool = False, device: str = "") -> None:
        """Run a model (the best-fitting one by default) on the series on screen, as soon as it is loaded."""
        state = self._session.state
        offer = self._offer(model_id)
        if state.series is None or state.run is not None:
            return
        if offer is None:
            self.note.emit("No model is installed.")
            return
        key = state.series.key
        if not self._opening.is_complete(key):
            self._wanted = (key, offer.bundle.card.id, force, device)
            self.note.emit("The analysis begins when all images are loaded.")
            return
        self._begin(state, offer, force, device or self._device)

    def _offer(self, model_id: str) -> Offer | None:
        offers = self.offers()
        if model_id:
            return next((o for o in offers if o.bundle.card.id == model_id), None)
        return offers[0] if offers else None

    def _series_loaded(self, series_key: str) -> None:
        if self._wanted is None:
            return
        key, model_id, force, device = self._wanted
        self._wanted = None
        state = self._session.state
        if key == series_key and state.series is not None and state.series.key == key:
            self.start(model_id, force=force, device=device)

    def _begin(self, state: State, offer: Offer, force: bool, device: str) -> None:
        if state.series is None or state.volume is None or state.patient is None or state.study is None:
            return
        request = Request(
            offer.bundle,
            state.series,
            state.study.uid,
            state.volume,
            device,
            state.index,
            force,
            patient_age=age_of(state.patient, state.study),
        )
        analyze = self._engine.analyze

        def work(context: JobContext) -> AnalysisResult:
            def on_slice(index: int, masks: dict[int, NDArray[np.bool_]]) -> None:
                # Copied: the runner goes on writing where these came from.
                context.tell((index, {label: mask.copy() for label, mask in masks.items()}))

            return analyze(replace(request, on_slice=on_slice), context)

        self._partial = {}
        number = self._session.start_analysis(state.series.key, offer.bundle.card.id)
        job = self._runner.submit("analyze", work)
        self._run = _Run(number, request, offer.fit, job)
        job.progress.connect(self._progressed)
        job.told.connect(self._slices_came)
        job.succeeded.connect(self._succeeded)
        job.failed.connect(self._failed)
        job.cancelled.connect(self._cancelled)
        self.began.emit()

    def cancel(self) -> bool:
        """Give up the run under way, or the one that waits for images; False when there is none."""
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
        self.masks_dropped.emit()
        self.note.emit("The analysis was cancelled; nothing of it was kept.")
        self._end()

    # --- answers -----------------------------------------------------------------------------------------

    def _mine(self) -> _Run | None:
        return self._run if self._run is not None and self._run.job is self.sender() else None

    def _progressed(self, fraction: float, text: str) -> None:
        if self._mine() is not None:
            self.progress.emit(fraction, text)

    def _slices_came(self, news: list[tuple[int, dict[int, NDArray[np.bool_]]]]) -> None:
        run = self._mine()
        if run is None:
            return
        colours = {label.id: label.colour for label in run.request.bundle.card.labels}
        here = self._is_on_screen(run)
        for index, masks in news:
            layers = [(mask, colours[label]) for label, mask in masks.items()]
            self._partial[index] = layers
            if here:
                self.slice_masks.emit(index, layers)

    def _is_on_screen(self, run: _Run) -> bool:
        series = self._session.state.series
        return series is not None and series.key == run.request.series.key

    def apply(self, state: State, change: Change) -> None:
        """Bring partial masks back when the reader returns to the series they belong to."""
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
        ending = Ending(run.request, run.verdict, "", self._device)
        self._finish(run, ending.failed(Notice(code, error.sentence())))

    def _finish(self, run: _Run, result: AnalysisResult) -> None:
        self.masks_dropped.emit()
        self._run = None
        before = self._session.state
        decided = before.reviewed[0]
        self._session.add_result(result, run.number)
        if decided and self._session.state.findings is not before.findings:
            self.note.emit(
                f"New findings, not reviewed: the {decided} decided before stay with the earlier run."
            )
        self._end()

    def _cancelled(self) -> None:
        if self._mine() is not None:
            self._give_up()


def verdict_text(offer: Offer) -> str:
    """What was checked, or why not: the tooltip of the button."""
    card = offer.bundle.card
    lines = [f"{card.title} {card.version}"]
    if offer.fit.ok:
        lines.append("Checked: " + ", ".join(offer.fit.checked))
    else:
        lines += ["Not suitable:", *(reason.text for reason in offer.fit.reasons)]
    lines += [warning.text for warning in offer.fit.warnings]
    return "\n".join(lines)


def short_title(bundle: Bundle) -> str:
    """The word on the button: "lung-ct" is "Lung CT"."""
    words = bundle.card.id.replace("_", "-").split("-")
    return " ".join(
        word.upper() if len(word) < 4 and k else word.capitalize() for k, word in enumerate(words)
    )
