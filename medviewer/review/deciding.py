"""The reader's word on findings: accept, modify, reject with a reason, take back. Each one step of undo."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from medviewer.ai.findings import AnalysisResult, Finding
from medviewer.errors import UsageError
from medviewer.imaging.volume import Mask
from medviewer.review import acts
from medviewer.review.modification import Modification, modification, modified
from medviewer.review.state import Change, Decision, State, Verdict
from medviewer.review.store import Store

_NAMES = {Verdict.ACCEPTED: "accept", Verdict.MODIFIED: "edit", Verdict.REJECTED: "reject"}


def as_read(state: State, finding: Finding) -> Finding:
    """A finding as the reader left it: with the reader's outline and figures where it was modified, else the
    model's own."""
    change = state.decision_of(finding.id).modification
    return finding if change is None else modified(finding, change)


def on_own_outlines(result: AnalysisResult, decisions: Mapping[str, Decision]) -> tuple[str, ...]:
    """What must be known of findings beside a modified one: they were not measured anew."""
    told = {f.id: decisions.get(f.id) for f in result.findings}
    changed = {key for key, decision in told.items() if decision is not None and decision.modification}
    if not changed or len(changed) == len(result.findings):
        return ()
    names = " and ".join(dict.fromkeys(f.label for f in result.findings if f.id in changed))
    return (f"{names}: modified by the reader. The model's other findings stand on its own outlines.",)


class Deciding(Store):
    """Keeps a decision beside each finding; the finding itself stays as the model made it."""

    def _finding(self, finding_id: str) -> Finding:
        patient = self._state.patient
        for result in self._state.results:
            for finding in result.findings:
                if finding.id != finding_id:
                    continue
                if patient is None or result.patient_key != patient.key:
                    raise UsageError("This finding belongs to another patient.", "Show that patient first.")
                return finding
        raise UsageError("There is no such finding.")

    def accept(self, finding_id: str) -> None:
        """The reader agrees: the finding's sentence goes into the report."""
        self._decide(finding_id, Verdict.ACCEPTED)

    def modify(self, finding_id: str, mask: Mask) -> None:
        """The reader's outline holds in place of the model's; figures are measured anew on the images.

        Raises :class:`UsageError` where the finding has no outline or its images are not on screen, and for
        a mask that is empty, on another grid, or the model's own.
        """
        finding, state = self._finding(finding_id), self._state
        if state.volume is None or state.maker_of(finding_id) is None:
            raise UsageError("The images of this finding are not on screen.", "Show its series first.")
        self._decide(finding_id, Verdict.MODIFIED, change=modification(finding, mask, state.volume))

    def reject(self, finding_id: str, reason: str = "") -> None:
        """The reader disagrees: listed with the reason, not part of the text."""
        self._decide(finding_id, Verdict.REJECTED, reason)

    def reset(self, finding_id: str) -> None:
        """Take a decision back: not reviewed."""
        self._decide(finding_id, Verdict.PENDING)

    def _decide(
        self, finding_id: str, verdict: Verdict, reason: str = "", change: Modification | None = None
    ) -> None:
        finding = self._finding(finding_id)
        old = self._state.decision_of(finding_id)
        if (old.verdict, old.reason, old.modification) == (verdict, reason.strip(), change):
            return
        decisions = dict(self._state.decisions)
        decisions.pop(finding_id, None)
        if verdict is not Verdict.PENDING:
            decisions[finding_id] = Decision(
                finding_id, verdict, reason.strip(), self._state.reader, self._time(), change
            )
        whose = acts.on_finding(self._state, finding_id) | acts.modified(change)
        self._note("decide", finding=finding_id, verdict=str(verdict), reader=self._state.reader, **whose)
        name = _NAMES.get(verdict, "reset")
        self._work(f"{name} {finding.label}", Change.DECISION, decisions=MappingProxyType(decisions))
