"""Everything that will leave, before anything does: new names, what changes in each file, what is suspect.

The plan holds the key of the export: what it shows is what is written. It is in no file and ``repr``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from pydicom.dataset import Dataset

from medviewer.dicom.deidentify.blanking import Rectangle
from medviewer.dicom.deidentify.clean import Change, Cleaner, Tally
from medviewer.dicom.deidentify.instance import cleaned, file_bytes, read_whole
from medviewer.dicom.deidentify.known import Known, known_of
from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.suspects import has_embedded_overlays, suspicion
from medviewer.dicom.deidentify.values import Secret
from medviewer.dicom.study import ScanResult
from medviewer.errors import MedviewerError, NothingReadable
from medviewer.tasks import TaskContext

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_NO_LEAVE = {
    "104.": "An encapsulated document holds words and pictures that cannot be cleaned.",
    "66": "Raw data cannot be cleaned.",
    "9.4.": "A recorded voice tells who speaks.",
    "77.1.4": "A video cannot be looked at here, frame by frame.",
    "77.1.1.1": "A video cannot be looked at here, frame by frame.",
    "77.1.2.1": "A video cannot be looked at here, frame by frame.",
}
_EXACT = frozenset({"66"})
_NO_REPORT = "A report leaves only with the option for reports."
_IN_PIXELS = "Overlay planes lie in spare bits of its pixels; they may hold words."
_FOREIGN = "An object of no known kind does not leave."


class Verdict(StrEnum):
    """What the reader says of a suspect series after looking at it."""

    CLEAN = "clean"
    BLANK = "blank"
    LEAVE_OUT = "leave out"


@dataclass(frozen=True)
class Decision:
    """The reader's word on the pixels of one series; rectangles go through all its frames."""

    verdict: Verdict
    rectangles: tuple[Rectangle, ...] = ()


@dataclass(frozen=True)
class Leaving:
    """One file as it would leave. ``refused``: why it does not, whatever anyone decides."""

    source: Path
    name: str
    """Below the folder of the export: "ST000001/SE000002/IM000003.dcm"."""
    what: str
    """Modality or kind of object: "CT", "SEG"."""
    series: tuple[str, ...] = ()
    """Keys of the series its frames are shown in."""
    tally: Tally = field(default_factory=Tally)
    suspect: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Plan:
    """What an export would do."""

    files: tuple[Leaving, ...]
    options: frozenset[Option]
    known: Known = field(repr=False)
    secret: Secret = field(repr=False)

    @property
    def suspects(self) -> dict[str, str]:
        """Series key → why its pixels must be looked at."""
        return {key: f.suspect for f in self.files if f.suspect and not f.refused for key in f.series}

    def changes(self, file: Leaving) -> list[Change]:
        """What becomes of every attribute of a file. Raises :class:`UnreadableImage`."""
        found: list[Change] = []
        cleaner = Cleaner(self.secret, self.options, self.known, found.append)
        cleaned(read_whole(file.source), cleaner, self.options, pixels_cleaned=False)
        return _in_order(found)

    def made(self, file: Leaving, decision: Decision | None) -> bytes:
        """The new file's bytes. Raises :class:`UnreadableImage`."""
        cleaner = Cleaner(self.secret, self.options, self.known)
        return file_bytes(
            file.source,
            cleaner,
            self.options,
            self.known,
            pixels_cleaned=decision is not None,
            rectangles=decision.rectangles if decision is not None else (),
        )


def _in_order(changes: list[Change]) -> list[Change]:
    """Items after the sequence that holds them: the engine tells them first."""
    out: list[Change] = []
    for change in changes:
        place = len(out)
        while place and out[place - 1].depth > change.depth:
            place -= 1
        out.insert(place, change)
    return out


def decision_on(file: Leaving, decisions: Mapping[str, Decision]) -> Decision | None:
    """The word on a suspect file: that on all series its frames are in, their rectangles together; None where
    one is missing."""
    said = [decisions.get(key) for key in file.series]
    told = [decision for decision in said if decision is not None]
    if not told or len(told) < len(said):
        return None
    if any(decision.verdict is Verdict.LEAVE_OUT for decision in told):
        return Decision(Verdict.LEAVE_OUT)
    rectangles = tuple(dict.fromkeys(r for decision in told for r in decision.rectangles))
    return Decision(Verdict.BLANK if rectangles else Verdict.CLEAN, rectangles)


def staying(file: Leaving, decisions: Mapping[str, Decision]) -> str:
    """Why a file does not leave as things stand, in one sentence; empty where it does."""
    if file.refused or not file.suspect:
        return file.refused
    decision = decision_on(file, decisions)
    if decision is None:
        return f"Look at its pixels: {file.suspect}."
    return "Left out by you." if decision.verdict is Verdict.LEAVE_OUT else ""


def make_plan(
    scan: ScanResult,
    options: Iterable[Option],
    context: TaskContext | None = None,
    *,
    series: Sequence[str] = (),
) -> Plan:
    """Read every file that was found, or those of the series named by key, and say what would leave.

    Raises :class:`NothingReadable` where there is no file, :class:`Cancelled`.
    """
    context = context or TaskContext()
    chosen = frozenset(options)
    found = _listed(scan, frozenset(series))
    if not found:
        raise NothingReadable("There is nothing here that could be exported.", "Open a study first.")
    known, headers = Known(), []
    for k, file in enumerate(found):
        context.check()
        context.report(0.5 * k / len(found), f"Reading: {k} of {len(found)}")
        try:
            header = _header(file.source)
            known = known.and_more(known_of(header))
            headers.append(replace(file, refused=_refusal(header, chosen), suspect=suspicion(header)))
        except MedviewerError as error:
            headers.append(replace(file, refused=error.message))
    plan = Plan((), chosen, known, Secret(secrets.token_bytes(32)))
    return replace(plan, files=tuple(_tallied(plan, headers, context)))


def _tallied(plan: Plan, files: list[Leaving], context: TaskContext) -> Iterable[Leaving]:
    """Each file with what becomes of its attributes: done twice, for the known words come from all files."""
    cleaner = Cleaner(plan.secret, plan.options, plan.known)
    for k, file in enumerate(files):
        context.check()
        context.report(0.5 + 0.5 * k / len(files), f"Judging: {k} of {len(files)}")
        if file.refused:
            yield file
            continue
        try:
            _, tally = cleaned(_header(file.source), cleaner, plan.options, pixels_cleaned=False)
        except MedviewerError as error:
            yield replace(file, refused=error.message)
            continue
        shown = file.series or not file.suspect
        refused = "" if shown else "Its pixels cannot be shown here, so nobody can look at them."
        yield replace(file, tally=tally, refused=refused)


def _header(path: Path) -> Dataset:
    return read_whole(path)


def _refusal(header: Dataset, options: frozenset[Option]) -> str:
    sop_class = str(header.get("SOPClassUID", ""))
    if not sop_class.startswith("1.2.840.10008.") or not header.get("SOPInstanceUID"):
        return _FOREIGN
    if has_embedded_overlays(header):
        return _IN_PIXELS
    ending = sop_class.removeprefix(_STORAGE)
    for key, sentence in _NO_LEAVE.items():
        if ending == key or (key not in _EXACT and ending.startswith(key)):
            return sentence
    is_report = ending.startswith("88.") or header.get("Modality") in ("SR", "KO")
    return _NO_REPORT if is_report and Option.STRUCTURED not in options else ""


def _listed(scan: ScanResult, only: frozenset[str]) -> list[Leaving]:
    """Every file once, under names that say nothing: counted by study, series and image."""
    places: dict[Path, tuple[str, str, str, list[str]]] = {}
    for one in scan.all_series():
        if only and one.key not in only:
            continue
        for instance in one.instances:
            place = places.setdefault(instance.path, (one.study_uid, one.uid, one.modality, []))
            if one.key not in place[3]:
                place[3].append(one.key)
    for other in () if only else scan.objects:
        places.setdefault(other.path, (other.study.uid, other.series_uid, other.kind.code, []))
    studies: dict[str, int] = {}
    series: dict[tuple[str, str], int] = {}
    images: dict[tuple[str, str], int] = {}
    files = []
    for path, (study, uid, what, keys) in places.items():
        key = (study, uid)
        studies.setdefault(study, len(studies) + 1)
        series.setdefault(key, 1 + sum(1 for known, _ in series if known == study))
        images[key] = images.get(key, 0) + 1
        name = f"ST{studies[study]:06d}/SE{series[key]:06d}/IM{images[key]:06d}.dcm"
        files.append(Leaving(path, name, what, tuple(keys)))
    return files
