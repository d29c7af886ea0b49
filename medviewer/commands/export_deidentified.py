"""``export --to deidentified``: the dialog of the window without the window.

Nobody can look at pixels here, so suspect ones leave only on the caller's word: with rectangles, or with the
statement that somebody looked and nothing is burned in.
"""

from __future__ import annotations

import argparse

from medviewer.commands.console import Console, printable
from medviewer.commands.opening import choose, open_paths
from medviewer.commands.recording import record
from medviewer.dicom.deidentify.blanking import parse_rectangle
from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.plan import Decision, Plan, Verdict, make_plan, staying
from medviewer.errors import UsageError
from medviewer.review.acts import opened
from medviewer.review.deidentified import export

_LIMITS = (
    "This reduces what tells who the patient is. Faces in head scans, rare findings and what the list of "
    "attributes does not know may still tell; look at the files before you pass them on."
)


def export_deidentified(arguments: argparse.Namespace, console: Console) -> None:
    """Say what will leave, then write it. Raises :class:`UsageError` for suspect pixels."""
    options = frozenset(Option(word) for word in arguments.keep or ())
    word = _word(arguments)
    if arguments.output is None and not arguments.preview:
        raise UsageError(
            "It is not said where to write.", "Add -o DIR, or --preview to see what would leave."
        )
    found = open_paths([arguments.path], console)
    keys = [choose(found, arguments.series, console).key] if arguments.series else []
    plan = make_plan(found, options, console.context, series=keys)
    decisions = {} if word is None else dict.fromkeys(plan.suspects, word)
    if arguments.preview:
        console.result("\n".join(_listed(plan, decisions)))
        return
    if plan.suspects and word is None:
        raise UsageError(
            f"The pixels of {_series(len(plan.suspects))} may show the patient's name "
            f"({sorted(set(plan.suspects.values()))[0]}): nothing was written.",
            "Look at them, then say --blank x,y,w,h, or --burned-in none, or --burned-in leave-out.",
        )
    done = export(plan, decisions, arguments.output, console.context)
    for file, reason in done.stayed:
        console.result(printable(f"Stays: {file.what}, {file.source.name}: {reason}"))
    console.note(f"Written: {len(done.names)} files in {printable(str(arguments.output))}. {_LIMITS}")
    record(console, "open", **opened(found))
    record(console, "export", formats=["deidentified"], files=len(done.names))


def _word(arguments: argparse.Namespace) -> Decision | None:
    """What the caller says of all suspect pixels; None where nothing is said."""
    rectangles = tuple(parse_rectangle(text) for text in arguments.blank or ())
    if rectangles and arguments.burned_in != "refuse":
        raise UsageError("--blank and --burned-in exclude each other.", "Give one of them.")
    if rectangles:
        return Decision(Verdict.BLANK, rectangles)
    return {
        "refuse": None,
        "none": Decision(Verdict.CLEAN),
        "leave-out": Decision(Verdict.LEAVE_OUT),
    }[str(arguments.burned_in)]


def _series(count: int) -> str:
    return "1 series" if count == 1 else f"{count} series"


def _listed(plan: Plan, decisions: dict[str, Decision]) -> list[str]:
    """A line for every file: its new name and what becomes of its attributes, or why it stays."""
    lines = []
    for file in plan.files:
        tally = file.tally
        counts = f"{tally.kept} kept, {tally.changed} changed, {tally.removed} removed"
        reason = staying(file, decisions)
        lines.append(printable(f"{file.name}  {file.what}  " + (f"stays: {reason}" if reason else counts)))
    return lines
