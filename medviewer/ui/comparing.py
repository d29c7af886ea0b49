"""Compares, beside the window, what two models outline on the series on screen."""

from __future__ import annotations

from PySide6.QtCore import QObject

from medviewer.ai.findings import AnalysisResult
from medviewer.ai.second_opinion import Comparison, compare_all
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from medviewer.ui.jobs import Job, JobContext, JobRunner


class Comparing(QObject):
    """Each set of results is compared once; what became of earlier ones by then is not kept."""

    def __init__(self, session: Session, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._asked: tuple[AnalysisResult, ...] = ()
        self._job: Job | None = None

    def apply(self, state: State, change: Change) -> None:
        """Compare where there are other results to be compared."""
        if not change & (Change.RESULT | Change.SERIES) or self._runner.is_closed:
            return
        results = state.results_here
        if list(results) == list(self._asked):
            return
        self._asked = results
        self._runner.cancel("compare")
        if len(results) < 2:
            return

        def work(context: JobContext) -> tuple[Comparison, ...]:
            context.check()
            return compare_all(results)

        self._job = self._runner.submit("compare", work)
        self._job.succeeded.connect(self._compared)

    def _compared(self, comparisons: tuple[Comparison, ...]) -> None:
        if self.sender() is self._job and comparisons:
            self._session.add_opinions(comparisons)
