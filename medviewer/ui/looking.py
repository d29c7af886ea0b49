"""Where a network looked, on request: asked beside the window, shown on one image, gone with the series.

It is a way to look at a finding: no part of the state, of the reader's work, or of any report.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult, Finding
from medviewer.ai.looking import Looked
from medviewer.ai.request import Request
from medviewer.errors import MedviewerError
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from medviewer.ui.analyzing import Analyzing
from medviewer.ui.engine import Engine
from medviewer.ui.findings_panel import FindingsPanel
from medviewer.ui.jobs import JobContext, JobRunner
from medviewer.ui.looked_view import LookedView
from medviewer.ui.looking_part import LookingWords

_OTHER_PIXELS = Change.SERIES | Change.VOLUME
_HEARD = _OTHER_PIXELS | Change.STUDY | Change.RESULT | Change.SELECTION


class Looking(QObject):
    """One finding at a time. An answer whose number is no longer the one waited for is refused."""

    changed = Signal()

    def __init__(
        self, session: Session, runner: JobRunner, analyzing: Analyzing, engine: Engine, device: str = "auto"
    ) -> None:
        super().__init__(analyzing)
        self._session, self._runner, self._analyzing = session, runner, analyzing
        self._engine, self._device = engine, device
        self._number = 0
        self._finding_id, self._is_busy, self._said = "", False, ""
        self._looked: Looked | None = None

    def connect_to(self, findings: FindingsPanel, view: LookedView) -> None:
        """Show it in the cards and on the picture."""
        findings.look_wanted.connect(self.toggle)
        self.changed.connect(lambda: findings.show_looking(self.words()))
        self.changed.connect(lambda: view.set_looked(self._looked))

    @property
    def is_on(self) -> bool:
        """Whether it was asked for."""
        return bool(self._finding_id)

    def words(self) -> dict[str, LookingWords]:
        """How it stands with each finding of the series on screen."""
        state = self._session.state
        out = {}
        for finding in state.findings:
            mine = finding.id == self._finding_id
            can = self._bundle_for(state, finding) is not None
            out[finding.id] = LookingWords(can, mine, mine and self._is_busy, self._said if mine else "")
        return out

    def apply(self, state: State, change: Change) -> None:
        """What belongs to other pixels, or to a finding that is gone, is shown no longer."""
        is_gone = all(finding.id != self._finding_id for finding in state.findings)
        if self.is_on and (change & _OTHER_PIXELS or is_gone):
            self.cancel()
            self._clear()
        elif change & _HEARD:
            self.changed.emit()

    # --- asking ------------------------------------------------------------------------------------------

    def toggle_selected(self) -> None:
        """The key: the chosen finding, else the first that can tell, the image on screen before others."""
        state = self._session.state
        able = [f for f in state.findings if self._bundle_for(state, f) is not None]
        able.sort(key=lambda f: (f.id != state.selected_finding, f.key_slice != state.index))
        if self.is_on:
            self.toggle(self._finding_id)
        elif able:
            self._session.select_finding(able[0].id)
            self.toggle(able[0].id)
        else:
            self.changed.emit()

    def toggle(self, finding_id: str) -> None:
        """Ask where the network looked for this finding; asked again, take it off or give it up."""
        again = finding_id == self._finding_id
        self.cancel()
        self._clear()
        state = self._session.state
        finding = next((f for f in state.findings if f.id == finding_id), None)
        if again or finding is None:
            return
        self._begin(state, finding)

    def _begin(self, state: State, finding: Finding) -> None:
        bundle, index = self._bundle_for(state, finding), finding.key_slice
        if bundle is None or index is None or state.series is None or state.volume is None:
            return
        study = state.study.uid if state.study is not None else ""
        request = Request(bundle, state.series, study, state.volume, self._device, index)
        look = self._engine.look

        def work(context: JobContext) -> Looked:
            return look(request, index, context)

        self._number += 1
        self._finding_id, self._is_busy, self._said = finding.id, True, "Looking …"
        job = self._runner.submit("looking", work)
        job.progress.connect(partial(self._progressed, self._number))
        job.succeeded.connect(partial(self._came, self._number))
        job.failed.connect(partial(self._failed, self._number))
        self.changed.emit()

    def cancel(self) -> bool:
        """Give up what is under way; False when nothing is."""
        if not self._is_busy:
            return False
        self._runner.cancel("looking")
        self._clear()
        return True

    def _clear(self) -> None:
        self._number += 1
        self._finding_id, self._is_busy, self._said, self._looked = "", False, "", None
        self.changed.emit()

    def _progressed(self, number: int, fraction: float, _: str) -> None:
        if number == self._number:
            self._said = f"Looking … {round(100 * fraction)}\u2009%"
            self.changed.emit()

    def _came(self, number: int, looked: Looked) -> None:
        if number == self._number:
            self._is_busy, self._looked, self._said = False, looked, looked.sentence
            self.changed.emit()

    def _failed(self, number: int, error: MedviewerError) -> None:
        if number == self._number:
            self._is_busy, self._said = False, error.sentence()
            self.changed.emit()

    def _bundle_for(self, state: State, finding: Finding) -> Bundle | None:
        """The very model that made the finding, where it lies on the shelf still and can tell."""
        if finding.score is None or finding.key_slice is None:
            return None
        from medviewer.ai.pipelines import can_look

        result = _result_of(state, finding)
        self._analyzing.offers()
        bundle = None if result is None else self._analyzing.bundle(result.provenance.model_id)
        if result is None or bundle is None:
            return None
        made, card = result.provenance, bundle.card
        same = (made.model_version, made.weights_sha256) == (card.version, card.weights.sha256)
        return bundle if same and can_look(card) else None


def _result_of(state: State, finding: Finding) -> AnalysisResult | None:
    return next((r for r in reversed(state.results) if any(f is finding for f in r.findings)), None)
