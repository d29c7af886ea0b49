"""From what is on screen and what was ticked to the parts of an evidence pack."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256

from medviewer import __version__
from medviewer.ai.card import ModelCard
from medviewer.ai.findings import AnalysisResult
from medviewer.ai.second_opinion import model_name
from medviewer.errors import MedviewerError, UsageError
from medviewer.imaging.volume import Volume
from medviewer.review.evidence import evidence_of
from medviewer.review.pack import Part
from medviewer.review.pack_kinds import KINDS
from medviewer.review.pack_manifest import About, ModelFacts
from medviewer.review.pack_objects import NewSeries, Refused, Sources
from medviewer.review.pack_result import ResultObjects
from medviewer.review.pack_tables import csv_part, fhir_part
from medviewer.review.pack_work import Work
from medviewer.review.state import State
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
    of_models = _of_models(state, sources, numbers) if set(kinds) & set(_OF_MODELS) else []
    parts: list[Part] = []
    for kind in (k.id for k in KINDS if k.id in kinds):
        context.check()
        context.report(0.0, f"Gathering {kind}")
        if kind in _OF_MODELS:
            parts += [pair[kind] for pair in of_models] or [_no_model(kind)]
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


def _of_models(state: State, sources: Sources, numbers: NewSeries) -> list[dict[str, Part]]:
    """SEG and SR of every result that counts on the series on screen."""
    several = len(state.results_here) > 1
    found = []
    for result in state.results_here:
        own = f"-{result.provenance.model_id}" if several else ""
        found.append(_pair(state, result, sources, numbers, (f"seg{own}.dcm", f"sr{own}.dcm")))
    return found


def _pair(
    state: State, result: AnalysisResult, sources: Sources, numbers: NewSeries, names: tuple[str, str]
) -> dict[str, Part]:
    assert state.series is not None
    by = model_name(result)
    try:
        evidence = evidence_of(state, result)
    except MedviewerError as error:
        return {
            "SEG": Refused("SEG", f"Outlines by {by}", names[0], error),
            "SR": Refused("SR", f"Findings of {by}", names[1], error),
        }
    made = ResultObjects(sources.of(state.series), state.series, evidence, numbers, names, by)
    return {"SEG": made.seg(), "SR": made.sr()}


def _model_facts(result: AnalysisResult) -> ModelFacts:
    made = result.provenance
    return ModelFacts(made.model_id, made.model_version, made.model_title, made.weights_sha256)
