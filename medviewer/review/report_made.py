"""How a report was made: the models and what they ran on, who decided, what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from medviewer.ai.card import Metric, ModelCard
from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ai.second_opinion import maker_of
from medviewer.imaging.numbers import number
from medviewer.review import report_words as words
from medviewer.review.report_model import Fact
from medviewer.review.report_scale import scale_facts
from medviewer.review.state import State, Verdict


def by(reader: str, time: str) -> str:
    """Who, and when: "reader01, 21 November 2026, 10:14"."""
    return ", ".join(x for x in (reader, words.moment(time) if time else "") if x)


def made_facts(
    state: State, cards: Mapping[str, ModelCard], now: datetime, app_version: str
) -> tuple[Fact, ...]:
    """Every model that ran, with its numbers where there are several; who decided; what was seen."""
    results = state.results_here
    facts = [] if results else [Fact("Model", "none was run")]
    for place_of, result in enumerate(results, start=1):
        told = _run_facts(result, cards.get(result.provenance.model_id))
        place = str(place_of) if len(results) > 1 else ""
        facts += [Fact(_placed(fact.label, place), fact.value) for fact in told]
    facts += scale_facts(state)
    decided = [d for f in state.findings if (d := state.decision_of(f.id)).verdict is not Verdict.PENDING]
    if decided:
        last = {d.reader: d.time for d in sorted(decided, key=lambda d: d.time)}
        readers = (by(reader or "a reader without name", time) for reader, time in last.items())
        facts.append(Fact("Reviewed by", "; ".join(readers)))
    facts.append(Fact("Images seen", f"{_percent(state.seen_fraction)} of the images were on screen"))
    made = f"MedViewer {app_version}, {words.moment(now.isoformat(timespec='seconds'))}"
    return (*facts, Fact("Written by", made))


def _percent(fraction: float) -> str:
    """Never "100 %" for less than all, never "0 %" for some."""
    percent = round(100 * fraction)
    if 0 < fraction < 1:
        percent = min(99, max(1, percent))
    return number(percent, "%")


def _placed(label: str, place: str) -> str:
    """ "Model 2", "Measured, model 2": no two facts of a report bear one name."""
    if not place:
        return label
    return f"{label} {place}" if label == "Model" else f"{label}, model {place}"


def _run_facts(result: AnalysisResult, card: ModelCard | None) -> list[Fact]:
    run = result.provenance
    ran = result.state not in (ResultState.NOT_SUITABLE, ResultState.NOT_RUN)
    model = f"{run.model_title}: {maker_of(result)} (weights {words.short_hash(run.weights_sha256)})"
    facts = [Fact("Model", f"{model}, {run.device}, {number(run.seconds, 's', 1)}" if ran else model)]
    if card is not None and card.metrics:
        facts.append(Fact("Measured", _measured(card.metrics)))
    if result.checked:
        facts.append(Fact("Checked before", ", ".join(result.checked)))
    if ran and result.state is not ResultState.FAILED:
        warned = [w.text for f in result.findings for w in f.warnings] + [w.text for w in result.warnings]
        facts.append(Fact("Checks after", " ".join(dict.fromkeys(warned)) or "passed"))
    facts.append(Fact("Intended use", run.intended_use))
    return facts


def _measured(metrics: Sequence[Metric]) -> str:
    """The figures of the first data set on the card; the rest stand on the card itself."""
    data = metrics[0].data
    figures = (
        f"{m.name} {number(m.value, m.unit, 3 if abs(m.value) < 1 and not m.unit else 1)}"
        for m in metrics
        if m.data == data
    )
    return f"{'; '.join(figures)} ({data})"
