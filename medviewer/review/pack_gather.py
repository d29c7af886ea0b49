"""From what is on screen and what was ticked to the parts of an evidence pack."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from medviewer import __version__
from medviewer.ai.card import ModelCard
from medviewer.ai.findings import AnalysisResult
from medviewer.ai.second_opinion import model_name
from medviewer.dicom.evidence.codes import person_name
from medviewer.dicom.evidence.facts import Evidence, Person
from medviewer.dicom.study import Series
from medviewer.errors import MedviewerError, UsageError
from medviewer.imaging.volume import Volume
from medviewer.review.evidence import evidence
from medviewer.review.pack import Part
from medviewer.review.pack_kinds import KINDS
from medviewer.review.pack_manifest import About, ModelFacts
from medviewer.review.pack_objects import NewSeries, Refused, Sources
from medviewer.review.pack_result import ResultObjects
from medviewer.review.pack_tables import csv_part, fhir_part
from medviewer.review.pack_work import Work
from medviewer.review.state import State, Verdict
from medviewer.review.thresholding import own_words
from medviewer.tasks import TaskContext

_OF_MODELS = ("SEG", "SR")


def pack_name(state: State, now: datetime) -> str:
    """A folder name without patient data: "medviewer-evidence-1f2e3d4c-2026-11-21"."""
    uid = state.study.uid if state.study is not None else ""
    return f"medviewer-evidence-{sha256(uid.encode()).hexdigest()[:8]}-{now:%Y-%m-%d}"


def gather(
    state: State,
    kinds: Collection[str],
    *,
    volumes: Mapping[str, Volume],
    cards: Mapping[str, ModelCard],
    now: datetime,
    context: TaskContext,
) -> tuple[list[Part], About]:
    """The parts of the series on screen, in the order of :data:`KINDS`, and what the manifest tells of all.

    ``now`` has a zone. ``volumes``: pixels at hand by series key; ``cards`` by model id. Files are read, but
    nothing is written. Raises :class:`UsageError` where nothing is on screen, :class:`UnreadableImage` for
    files that are gone, changed, or of more than one patient or study.
    """
    if state.patient is None or state.study is None or state.series is None:
        raise UsageError("There is no study to export.", "Open a study first.")
    context.report(0.0, "Reading the images' headers")
    sources = Sources(state, context)
    if set(kinds) - {"CSV", "FHIR"}:
        sources.of(state.series)  # wrong files are told before any work
    numbers = NewSeries(now)
    work = Work(state, sources, numbers, volumes, cards, now)
    results = _Results(state, state.series, sources, numbers, cards)
    of_models = results.pairs() if set(kinds) & set(_OF_MODELS) else []
    parts: list[Part] = []
    for kind in (k.id for k in KINDS if k.id in kinds):
        context.check()
        context.report(0.0, f"Gathering {kind}")
        if kind in _OF_MODELS:
            made = [part for pair in of_models for part in pair[kind]]
            work.results += made
            parts += made or [_no_model(kind)]
        elif kind == "CSV":
            parts.append(csv_part(state, now))
        elif kind == "FHIR":
            parts.append(fhir_part(state, now))
        else:
            parts += work.parts(kind)
    about = About(
        __version__,
        now.isoformat(timespec="seconds"),
        state.study.uid,
        state.series.uid,
        tuple(_model_facts(result) for result in state.results_here),
        tuple(dict.fromkeys((*sources.notices, *work.notices))),
    )
    return parts, about


def _no_model(kind: str) -> Part:
    error = UsageError("No model was run on this series.", "Analyze it first.")
    what = "Outlines" if kind == "SEG" else "Findings"
    return Refused(kind, what, f"{kind.lower()}.dcm", error)


@dataclass(frozen=True, eq=False)
class _Results:
    """SEG and SR of every result that counts on the series on screen."""

    state: State
    series: Series
    sources: Sources
    numbers: NewSeries
    cards: Mapping[str, ModelCard]

    def pairs(self) -> list[dict[str, list[Part]]]:
        """By kind, for each result; named by the model where there are several."""
        several = len(self.state.results_here) > 1
        return [
            self._pair(result, f"-{result.provenance.model_id}" if several else "")
            for result in self.state.results_here
        ]

    def _pair(self, result: AnalysisResult, own: str) -> dict[str, list[Part]]:
        by, names = model_name(result), (f"seg{own}.dcm", f"sr{own}.dcm")
        card = self.cards.get(result.provenance.model_id)
        sides = {label.name: label.laterality for label in card.labels if label.laterality} if card else {}
        try:
            reader = _reader_of(self.state, result)
            facts = evidence(result, self.series, self.state.decisions, reader=reader, sides=sides)
            facts = _warned(facts, result, self.state)
        except MedviewerError as error:
            return {
                "SEG": [Refused("SEG", f"Outlines by {by}", names[0], error)],
                "SR": [Refused("SR", f"Findings of {by}", names[1], error)],
            }
        origin, modified = self.sources.of(self.series), f"seg-modified{own}.dcm"
        made = ResultObjects(origin, self.series, facts, self.numbers, names, by, modified)
        return {"SEG": [*made.segs()], "SR": [made.sr()]}


def _warned(facts: Evidence, result: AnalysisResult, state: State) -> Evidence:
    """No figure leaves without what holds for all of its run, no score without the reader's own threshold:
    each finding is told it."""
    texts = [notice.text for notice in (*result.reasons, *result.warnings)]
    own = {finding.sentence: own_words(state, finding) for finding in result.findings}
    told = []
    for one in facts.observations:
        mine = (words for remark in one.remarks for words in own.get(remark, ()))
        more = dict.fromkeys((*mine, *texts))
        told.append(replace(one, remarks=(*one.remarks, *(x for x in more if x not in one.remarks))))
    return replace(facts, observations=tuple(told))


def _reader_of(state: State, result: AnalysisResult) -> Person | None:
    """Who decided on the findings; nobody where that were several, or without a name."""
    decided = (state.decision_of(finding.id) for finding in result.findings)
    names = {person_name(d.reader) for d in decided if d.verdict is not Verdict.PENDING}
    name = names.pop() if len(names) == 1 else ""
    # The caret says that the one component is meant (PS3.5 6.2.1.2).
    return Person(f"{name}^") if name else None


def _model_facts(result: AnalysisResult) -> ModelFacts:
    made = result.provenance
    return ModelFacts(made.model_id, made.model_version, made.model_title, made.weights_sha256)
