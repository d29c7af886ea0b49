"""The reader's own threshold for a model's score: a piece of the reader's work beside the machine's finding.

It belongs to one patient, one label and one version of one model; another version's scores mean something
else. Only thresholds whose cost was measured can be chosen, so that nothing between them is invented.
"""

from __future__ import annotations

from dataclasses import replace

from medviewer.ai.findings import AnalysisResult, Finding, OperatingPoint
from medviewer.errors import UsageError
from medviewer.imaging.numbers import number
from medviewer.review.overlay_commands import OverlayCommands
from medviewer.review.state import Change, ReaderThreshold, State

_DECIMALS = 3


class Thresholding(OverlayCommands):
    """Sets the reader's threshold, and takes it back."""

    def set_threshold(self, finding_id: str, threshold: float) -> None:
        """Read the finding's score at another of the measured thresholds; at the model's own, as the model.

        It holds for every finding of that label by that version on the patient on screen. Moves in a row are
        one step of undo. Raises :class:`UsageError` for a finding of another patient or one that has no such
        threshold.
        """
        result, finding = self._owner_of(finding_id)
        if point_at(finding, threshold) is None or finding.score is None or finding.threshold is None:
            raise UsageError("What this threshold costs was not measured.", "Choose one of the card's.")
        if threshold == finding.threshold:
            self.reset_threshold(finding_id)
            return
        made = result.provenance
        chosen = ReaderThreshold(
            result.patient_key, made.model_id, made.model_version, finding.label,
            threshold, finding.threshold, self._state.reader, self._time(),
        )  # fmt: skip
        before = threshold_of(self._state, finding_id)
        if before is not None and before.threshold == threshold:
            return
        self._keep_threshold(chosen, (*self._other_thresholds(chosen), chosen))

    def reset_threshold(self, finding_id: str) -> None:
        """The model's own threshold holds again."""
        self._owner_of(finding_id)
        before = threshold_of(self._state, finding_id)
        if before is not None:
            self._keep_threshold(
                replace(before, threshold=before.model_threshold), self._other_thresholds(before)
            )

    def _owner_of(self, finding_id: str) -> tuple[AnalysisResult, Finding]:
        found = _result_and_finding(self._state, finding_id)
        patient = self._state.patient
        if found is None:
            raise UsageError("There is no such finding.")
        if patient is None or found[0].patient_key != patient.key:
            raise UsageError("This finding belongs to another patient.", "Show that patient first.")
        return found

    def _other_thresholds(self, one: ReaderThreshold) -> tuple[ReaderThreshold, ...]:
        return tuple(other for other in self._state.thresholds if other.key != one.key)

    def _keep_threshold(self, chosen: ReaderThreshold, all_of_them: tuple[ReaderThreshold, ...]) -> None:
        self._note(
            "threshold",
            model=f"{chosen.model_id} {chosen.model_version}",
            label=chosen.label,
            threshold=chosen.threshold,
            models_own=chosen.model_threshold,
            reader=self._state.reader,
        )
        token = f"threshold {' '.join(chosen.key)}"
        self._work(f"threshold of {chosen.label}", Change.THRESHOLD, token=token, thresholds=all_of_them)


def threshold_of(state: State, finding_id: str) -> ReaderThreshold | None:
    """The reader's threshold for a finding; None where the model's own holds."""
    found = _result_and_finding(state, finding_id)
    if found is None:
        return None
    result, finding = found
    made = result.provenance
    key = (result.patient_key, made.model_id, made.model_version, finding.label)
    return next((one for one in state.thresholds if one.key == key), None)


def point_at(finding: Finding, threshold: float) -> OperatingPoint | None:
    """The measured cost of exactly this threshold."""
    return next((p for p in finding.operating_points if p.threshold == threshold), None)


def threshold_text(threshold: float) -> str:
    """Two decimals, three where the third says something: "0.60", "0.821"."""
    whole = abs(100 * threshold - round(100 * threshold)) < 1e-6
    return number(threshold, decimals=2 if whole else _DECIMALS)


def reading_words(finding: Finding, threshold: float) -> str:
    """What the score reads as at a threshold; below it nothing is ruled out. Empty without a score."""
    if finding.score is None:
        return ""
    if finding.score >= threshold:
        return f"at or above: {finding.label.lower()} likely"
    return f"below: {finding.label.lower()} not called, not ruled out"


def reader_words(finding: Finding, own: ReaderThreshold) -> str:
    """ "Reader's threshold 0.60 (model's 0.821), at or above: pneumonia likely." """
    at, models = threshold_text(own.threshold), threshold_text(own.model_threshold)
    return f"Reader's threshold {at} (model's {models}), {reading_words(finding, own.threshold)}."


def own_words(state: State, finding: Finding) -> tuple[str, ...]:
    """What the reader's threshold adds to a finding's sentence; nothing where the model's holds."""
    own = threshold_of(state, finding.id)
    return () if own is None else (reader_words(finding, own),)


def own_cost(state: State, finding: Finding) -> tuple[str, ...]:
    """The same with what that threshold costs on the evaluation set."""
    own = threshold_of(state, finding.id)
    point = None if own is None else point_at(finding, own.threshold)
    if own is None or point is None:
        return ()
    found, spared = cost_words(point)
    text = f"{reader_words(finding, own)} It costs: sensitivity {found}, specificity {spared}"
    return (f"{text} ({point.data})." if point.data else f"{text}.",)


def thresholds_here(state: State) -> tuple[ReaderThreshold, ...]:
    """The reader's thresholds for the findings of the series on screen."""
    found = (threshold_of(state, finding.id) for finding in state.findings)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def cost_words(point: OperatingPoint) -> tuple[str, str]:
    """Sensitivity and specificity with interval and cases: "97.4 % (95.9 to 98.6), n = 644"."""
    return (
        _share(point.sensitivity, point.sensitivity_range, point.positives),
        _share(point.specificity, point.specificity_range, point.negatives),
    )


def _share(share: float, limits: tuple[float, float] | None, cases: int | None) -> str:
    said = number(100 * share, "%", 1)
    if limits is not None:
        said += f" ({number(100 * limits[0], decimals=1)} to {number(100 * limits[1], decimals=1)})"
    return said + (f", n = {cases}" if cases is not None else "")


def _result_and_finding(state: State, finding_id: str) -> tuple[AnalysisResult, Finding] | None:
    for result in reversed(state.results):
        for finding in result.findings:
            if finding.id == finding_id:
                return result, finding
    return None
