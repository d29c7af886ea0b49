"""From paths on the command line to one series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medviewer.commands.console import Console, printable
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import UsageError


def open_paths(paths: Sequence[Path], console: Console) -> ScanResult:
    """Scan; files that could not be read are counted in a note. Raises :class:`NothingReadable`."""
    found = scan(paths, console.context, require=True)
    if found.unreadable:
        count = len(found.unreadable)
        files = "1 file was" if count == 1 else f"{count} files were"
        console.note(f"{files} not read: medviewer scan tells which and why.")
    return found


def of_one_patient(series: Sequence[Series]) -> None:
    """Raise :class:`UsageError` where a choice among ``series`` would be one between patients."""
    if len({one.patient_key for one in series}) > 1:
        raise UsageError(
            "These images are of more than one patient.",
            "Name the series with --series: medviewer scan lists them.",
        )


def choose(found: ScanResult, uid: str | None, console: Console) -> Series:
    """The series named, else the one with most images. Raises :class:`UsageError` for an unknown name, and
    where it is not said which of several patients is meant.

    A series that was split is named by its UID, "#" and the part, as ``scan`` prints it; the UID alone means
    its first part.
    """
    everything = found.all_series()
    if uid is None:
        of_one_patient(everything)
        series = max(everything, key=lambda s: (s.modality != "SEG", len(s.instances)))
        if len(everything) > 1:
            console.note(f"{len(everything)} series found; taking the largest: {describe(series)}.")
        return series
    named = [s for s in everything if s.key == uid] or [s for s in everything if s.uid == uid]
    if not named:
        raise UsageError("There is no series with this UID here.", "medviewer scan lists them.")
    if len({s.patient_key for s in named}) > 1:
        hint = "Name it with its part, as medviewer scan prints it."
        raise UsageError("This series UID is borne by images of more than one patient.", hint)
    return named[0]


def describe(series: Series) -> str:
    """A series in few words, without patient data."""
    number = "" if series.number is None else f"series {series.number}, "
    count = len(series.instances)
    images = "1 image" if count == 1 else f"{count} images"
    return printable(f"{number}{series.description or series.modality}, {images}")
