"""``medviewer analyze``: the window's Analyze and Report buttons without the window."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from medviewer import __version__
from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle, find, shelf
from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ai.kernel import emphysema_gate
from medviewer.ai.suitability import Fit, age_of, fit
from medviewer.commands.console import Console, printable
from medviewer.commands.opening import choose, describe, of_one_patient, open_paths
from medviewer.commands.recording import record
from medviewer.dicom.load import load_series
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import NotSuitable, UnreadableImage
from medviewer.imaging.volume import Volume
from medviewer.review.acts import exported
from medviewer.review.audit import Audit, default_path
from medviewer.review.files import atomic_write_all, make_folder, write_error
from medviewer.review.pack import proven
from medviewer.review.pack_gather import gather
from medviewer.review.report import build
from medviewer.review.report_html import html_text
from medviewer.review.report_pdf import pdf_bytes
from medviewer.review.result_json import result_text
from medviewer.review.session import Session
from medviewer.review.state import State
from medviewer.review.store import local_now

_OBJECTS = ("seg.dcm", "sr.dcm")


@dataclass(frozen=True)
class _Candidate:
    """One model on one series, and the gate's verdict."""

    bundle: Bundle
    series: Series
    verdict: Fit

    @property
    def rank(self) -> tuple[bool, bool, int, int, int]:
        """Best first: fits, reads this modality, fewest reasons against its figures, fewest warnings, most
        images."""
        doubts = len(emphysema_gate(self.series)) if self.verdict.ok else len(self.verdict.reasons)
        other = any(reason.code == "MODALITY" for reason in self.verdict.reasons)
        return not self.verdict.ok, other, doubts, len(self.verdict.warnings), -len(self.series.instances)


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Run what fits best and write ``result.json``, ``report.pdf``, ``report.html``, ``seg.dcm``, ``sr.dcm``.

    Raises :class:`NotSuitable` after writing them where the gate said no or there is no reliable result.
    """
    bundles = _bundles(arguments.model, console)
    found = open_paths(arguments.paths, console)
    _writable(arguments.output)
    chosen = _best(bundles, found, arguments, console)
    console.note(f"{chosen.bundle.card.title} on {describe(chosen.series)}.")
    volume = load_series(chosen.series, console.context)
    state = _analyze(chosen, found, volume, arguments, console)
    result = state.result
    if result is None:
        raise RuntimeError("the session dropped the result of its own request")
    names = _write(state, result, chosen, arguments.output, console)
    _tell(result, names, arguments.output, console)
    _judge(result, volume, chosen.bundle.card, arguments.force)


def _bundles(model: str | None, console: Console) -> list[Bundle]:
    """The model named, or the whole shelf. A broken bundle stops only when nothing else is there."""
    if model is not None:
        return [find(model)]
    found = shelf()
    if not found.bundles:
        if found.broken:
            raise found.broken[0][1]
        raise NotSuitable("No model is installed.", "Reinstall MedViewer.")
    for _, error in found.broken:
        console.note(f"warning: {error.sentence()}")
    return [bundle for bundle in found.bundles if not bundle.card.is_guard]


def _writable(folder: Path) -> None:
    """Fail before the work, not after it. Raises :class:`WriteError`."""
    make_folder(folder)
    probe = folder / ".medviewer-probe"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise write_error(error) from error


def _best(
    bundles: list[Bundle], found: ScanResult, arguments: argparse.Namespace, console: Console
) -> _Candidate:
    """The best pair of model and series; where none fits, the one closest to it.

    Raises :class:`UsageError` where the choice would be one between patients: that is not the program's.
    """
    named = arguments.series is not None
    series = [choose(found, arguments.series, console)] if named else found.all_series()
    candidates = [
        _Candidate(bundle, one, fit(bundle.card, one, age_of(*found.owner(one))))
        for one in series
        for bundle in bundles
    ]
    best = min(candidates, key=lambda candidate: candidate.rank)
    runs = [c for c in candidates if c.verdict.ok] or (candidates if arguments.force else [best])
    of_one_patient([candidate.series for candidate in runs])
    return best


def _analyze(
    chosen: _Candidate, found: ScanResult, volume: Volume, arguments: argparse.Namespace, console: Console
) -> State:
    """The same calls as the window's, on the same session."""
    from medviewer.ai.runner import Request, analyze

    series = chosen.series
    patient, study = found.owner(series)
    session = Session(audit=Audit(default_path()))
    session.open(found)
    session.show(series.key)
    session.set_volume(series.key, volume)
    number = session.start_analysis(series.key, chosen.bundle.card.id)
    request = Request(
        chosen.bundle,
        series,
        study.uid,
        volume,
        device=arguments.device,
        first_slice=session.state.index,
        force=arguments.force,
        patient_age=age_of(patient, study),
    )
    session.add_result(analyze(request, console.context), number)
    return session.state


def _write(
    state: State, result: AnalysisResult, chosen: _Candidate, folder: Path, console: Console
) -> list[str]:
    """All files or none: an earlier run's, perhaps another patient's, go together or stay together. Returns
    their names."""
    now = local_now()
    cards = {chosen.bundle.card.id: chosen.bundle.card}
    report = build(state, now=now, app_version=__version__, cards=cards)
    contents: dict[Path, bytes | str] = {}
    for name, make in (
        ("result.json", lambda: result_text(result)),
        ("report.pdf", lambda: pdf_bytes(report)),
        ("report.html", lambda: html_text(report)),
    ):
        console.context.check()
        contents[folder / name] = make()
    contents |= {folder / name: data for name, data in _objects(state, cards, now, folder, console).items()}
    console.context.check()
    atomic_write_all(contents, gone={folder / name for name in _OBJECTS} - contents.keys())
    made = result.provenance
    record(console, "export", **exported(made.study_uid, made.series_uid, "report", contents))
    return [path.name for path in contents]


def _objects(
    state: State, cards: dict[str, ModelCard], now: datetime, folder: Path, console: Console
) -> dict[str, bytes]:
    """``seg.dcm`` and ``sr.dcm`` as far as there is something to write, each read back; else why not."""
    if not state.findings:
        return {}
    try:
        parts, about = gather(state, ("SEG", "SR"), volumes={}, cards=cards, now=now, context=console.context)
        made, left_out = proven(parts, folder, console.context)
    except UnreadableImage as error:
        console.note(f"warning: seg.dcm and sr.dcm were not written. {error.sentence()}")
        return {}
    for notice in about.notices:
        console.note(notice)
    for one in left_out:
        console.note(f"{one.kind.lower()}.dcm was not written. {one.reason}")
    return made


def _tell(result: AnalysisResult, names: list[str], folder: Path, console: Console) -> None:
    """The findings in sentences, no number without its warning: what holds for all of them comes first."""
    if result.state not in (ResultState.NOT_SUITABLE, ResultState.FAILED):
        for notice in (*result.reasons, *result.warnings):
            console.result(printable(f"! {notice.text}"))
    for finding in result.findings:
        console.result(printable(finding.sentence))
        for warning in finding.warnings:
            console.result(printable(f"  ! {warning.text}"))
    if result.state is ResultState.NOTHING_FOUND:
        console.result("Nothing was found.")
    console.note(f"Written: {', '.join(names)} in {printable(str(folder))}")


def _judge(result: AnalysisResult, volume: Volume, card: ModelCard, force: bool) -> None:
    """Raise :class:`NotSuitable`, with the reason, where there is no result to speak of."""
    if result.state not in (ResultState.NOT_SUITABLE, ResultState.FAILED):
        return
    first, more = result.reasons[0].text, len(result.reasons) - 1
    others = f" ({more} more reason{'s' if more > 1 else ''} in result.json.)" if more else ""
    if result.state is ResultState.FAILED:
        raise NotSuitable(f"{first}{others}")
    hint = "Use --force to run it all the same."
    placed = volume.geometry is not None or not card.input.planes
    if not placed or volume.is_colour or any(reason.code == "NO_DATA" for reason in result.reasons):
        needs = (
            "grey images of known positions" if card.input.planes else "a grey picture that shows something"
        )
        hint = f"--force does not help: the model needs {needs}." if force else ""
    begin = first[:1].lower() if first[1:2].islower() else first[:1]
    raise NotSuitable(f"No model suits these images: {begin}{first[1:]}{others}", hint)
