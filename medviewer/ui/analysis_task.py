"""What waits, what runs, what was asked for too early: the records of an analysis. No Qt but the job."""

from __future__ import annotations

from dataclasses import dataclass

from medviewer.ai.catalog import Fit
from medviewer.ai.request import Request
from medviewer.ai.suitability import age_of
from medviewer.review.state import State
from medviewer.ui.jobs import Job
from medviewer.ui.offers import Offer, held_back


@dataclass(frozen=True, eq=False)
class Task:
    """One model to run on one series, and the gate's verdict from the headers."""

    request: Request
    verdict: Fit

    @property
    def title(self) -> str:
        """The model's."""
        return self.request.bundle.card.title


@dataclass(frozen=True, eq=False)
class Running:
    """A task under way, by its request number in the session."""

    number: int
    task: Task
    job: Job


@dataclass(frozen=True)
class Wanted:
    """What was asked for while images were still being loaded."""

    series_key: str
    model_ids: tuple[str, ...]
    force: bool
    device: str


def task_of(state: State, offer: Offer, force: bool, device: str) -> Task | None:
    """The task of an offer on the series on screen; None where its pixels are not there."""
    if state.series is None or state.volume is None or state.patient is None or state.study is None:
        return None
    request = Request(
        offer.bundle,
        state.series,
        state.study.uid,
        state.volume,
        device,
        state.index,
        force,
        patient_age=age_of(state.patient, state.study),
        held=held_back(offer),
    )
    return Task(request, offer.fit)
