"""One edit of an outline under way: what it began with, and whether it still holds. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from medviewer.ai.findings import Finding
from medviewer.imaging.brush import MaskDraft
from medviewer.imaging.volume import Mask
from medviewer.review.state import Decision, State

NOT_LOADED = "The images of this finding are not loaded, so its outline cannot be edited."
LOADING = "The images are still being loaded, and figures need all of them: try again when they are there."


@dataclass(frozen=True, eq=False)
class Edit:
    """``finding``: as the reader found it, the model's or as it was modified before; ``own``: the model's
    outline; ``before``: the decision it began with; ``tool``: the tool to go back to."""

    finding: Finding
    own: Mask
    draft: MaskDraft
    before: Decision
    tool: str

    def holds(self, state: State) -> bool:
        """Whether its finding is still on screen as it was."""
        own = next((f for f in state.findings if f.id == self.finding.id), None)
        return (
            own is not None
            and own.mask is self.own
            and state.volume is not None
            and state.decision_of(self.finding.id) == self.before
        )

    def waits(self, state: State) -> bool:
        """Whether there is something painted to go on with, once its images are on screen again."""
        newest = {(r.patient_key, r.series_key, r.provenance.model_id): r for r in state.results}
        findings = (finding for result in newest.values() for finding in result.findings)
        is_there = any(f.id == self.finding.id and f.mask is self.own for f in findings)
        return self.draft.can_undo and is_there and state.decision_of(self.finding.id) == self.before


def why_not(state: State, finding: Finding, is_complete: Callable[[str], bool]) -> str:
    """Why an outline cannot be edited, or measured, now; empty where it can. ``is_complete``: whether all
    images of a series are loaded."""
    if finding.mask is None:
        return "This finding has no outline that could be edited."
    if state.volume is None or finding.mask.shape != state.volume.shape:
        return NOT_LOADED
    if state.series is None or not is_complete(state.series.key):
        return LOADING
    return ""
