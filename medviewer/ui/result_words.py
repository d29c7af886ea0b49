"""The words on the cards of the results: six states, one headline each, never a blank. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from medviewer.ai.findings import AnalysisResult, Finding, Measurement, ResultState
from medviewer.imaging.numbers import chance, number
from medviewer.review.report_words import score_kind
from medviewer.review.state import Decision, State, Verdict

VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.PENDING: "pending",
    Verdict.ACCEPTED: "accepted",
    Verdict.MODIFIED: "modified",
    Verdict.REJECTED: "rejected",
}

REASONS = (
    "Not there",
    "Wrong place or outline",
    "Artefact",
    "Not relevant here",
)
"""Common reasons to reject; the reader may write another."""


@dataclass(frozen=True)
class StateCard:
    """A state in words: ``role`` is the card's look, ``icon`` its shape (colour never speaks alone)."""

    headline: str
    role: str
    icon: str
    lines: tuple[str, ...] = ()


def state_card(state: State) -> StateCard:
    """What stands in the card above the results, or in their place."""
    run = state.run
    if run is not None and state.series is not None and run.series_key == state.series.key:
        place = f" {run.step} of {run.steps}" if run.steps > 1 else ""
        return StateCard(f"Analyzing{place}", "card", "loader", (run.title,) if run.title else ())
    if state.series is None:
        return StateCard("No series is open", "card", "circle-dashed")
    return StateCard(
        "Not analyzed",
        "card",
        "circle-dashed",
        ("No model has looked at this series: nothing is said about it.",),
    )


def result_card(result: AnalysisResult) -> StateCard:
    """What stands in the heading of a result."""
    return _HEADS[result.state](result)


def _not_run(_: AnalysisResult) -> StateCard:
    return StateCard("Not analyzed", "card", "circle-dashed")


def _not_suitable(result: AnalysisResult) -> StateCard:
    reasons = tuple(reason.text for reason in result.reasons)
    return StateCard("Not suitable — was not analyzed", "card-attention", "ban", reasons)


def _failed(result: AnalysisResult) -> StateCard:
    reasons = tuple(reason.text for reason in result.reasons)
    return StateCard("Failed — no result", "card-bad", "circle-x", reasons)


def _partial(result: AnalysisResult) -> StateCard:
    reasons = tuple(reason.text for reason in result.reasons)
    done = f"{result.complete_slices} of {result.total_slices} images were analyzed."
    return StateCard(
        f"Partial — {_count(result)}",
        "card-attention",
        "triangle-alert",
        reasons or (done,),
    )


def _nothing(result: AnalysisResult) -> StateCard:
    return StateCard(
        "Complete — nothing found",
        "card-good",
        "circle-check",
        (f"All {result.total_slices} images were analyzed. This does not mean that the scan is normal.",),
    )


def _findings(result: AnalysisResult) -> StateCard:
    return StateCard(f"Complete — {_count(result)}", "card-good", "circle-check")


_HEADS = {
    ResultState.NOT_RUN: _not_run,
    ResultState.NOT_SUITABLE: _not_suitable,
    ResultState.FAILED: _failed,
    ResultState.PARTIAL: _partial,
    ResultState.NOTHING_FOUND: _nothing,
    ResultState.FINDINGS: _findings,
}


def _count(result: AnalysisResult) -> str:
    count = len(result.findings)
    return "1 finding" if count == 1 else f"{count} findings"


def identity_lines(result: AnalysisResult) -> tuple[str, ...]:
    """Who made the result: model and what was checked; device, seconds, the legal word."""
    made = result.provenance
    model = f"{made.model_title} {made.model_version}"
    checked = f" · checked: {', '.join(result.checked)}" if result.checked else ""
    ran = [made.device, number(made.seconds, "s", 1)] if made.device and made.torch_version else []
    why_not = "stopped by this site's rule" if result.is_stop_overridden else "not suitable"
    forced = [f"run although {why_not}"] if made.forced else []
    return model + checked, " · ".join([*ran, *forced, "not for diagnostic use"])


def badge(state: State, series_key: str) -> str:
    """A word for the browser on the results of a series: their findings, else how the last one ended."""
    newest = {r.provenance.model_id: r for r in state.results if r.series_key == series_key}
    count = sum(len(result.findings) for result in newest.values())
    if count:
        return "1 finding" if count == 1 else f"{count} findings"
    last = next((r for r in reversed(state.results) if r.series_key == series_key), None)
    return "" if last is None else _ENDS.get(last.state, "")


_ENDS = {
    ResultState.NOT_SUITABLE: "not suitable",
    ResultState.FAILED: "failed",
    ResultState.NOTHING_FOUND: "nothing found",
}


def value(measurement: Measurement) -> str:
    """The number as the reader sees it."""
    return number(measurement.value, measurement.unit, measurement.decimals)


def main_line(finding: Finding) -> tuple[str, str]:
    """(first value, second value with its name) for the closed card; empty for shares of one whole."""
    if not finding.measurements:
        return ("", "") if finding.score is None else (chance(finding.score), score_kind(finding).lower())
    if shares(finding):
        return "", ""
    first, *others = finding.measurements
    second = f"{value(others[0])} {others[0].name.lower()}" if others and len(others[0].name) < 16 else ""
    return value(first), second


def shares(finding: Finding) -> tuple[Measurement, ...]:
    """The measurements where they are shares of one whole, such as the HU bands; else empty."""
    parts = finding.measurements
    is_whole = (
        len(parts) > 2 and all(m.unit == "%" for m in parts) and abs(sum(m.value for m in parts) - 100) < 1
    )
    return parts if is_whole else ()


def decision_line(decision: Decision) -> str:
    """Who decided, when, and why."""
    parts = [VERDICT_WORDS[decision.verdict]]
    if decision.reader:
        parts.append(f"by {decision.reader}")
    if decision.time:
        parts.append(decision.time[11:16])
    if decision.reason:
        parts.append(decision.reason)
    return " · ".join(parts) if decision.verdict is not Verdict.PENDING else "not reviewed yet"


def progress_line(state: State) -> str:
    """ "2 of 3 findings reviewed · 56 % of images seen"."""
    if state.series is None:
        return ""
    done, total = state.reviewed
    fraction = state.seen_fraction
    percent = round(100 * fraction)
    if 0 < fraction < 1:
        percent = min(99, max(1, percent))
    seen = f"{number(percent, '%')} of images seen"
    return f"{done} of {total} findings reviewed · {seen}" if total else seen
