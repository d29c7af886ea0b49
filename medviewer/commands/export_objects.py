"""``export --to sc`` and ``--to pdf``: the evidence pack of the window without the window, and without AI.

No reader looked at anything here: the images shown are those named by ``--index``, and no caption says that
somebody marked them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from medviewer.commands.console import Console, printable
from medviewer.commands.opening import choose, describe, open_paths
from medviewer.commands.recording import record
from medviewer.dicom.load import load_series
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import UsageError
from medviewer.imaging.reslice import Plane
from medviewer.review.acts import exported_files, opened
from medviewer.review.files import write_error
from medviewer.review.pack import Pack, write_pack
from medviewer.review.pack_gather import gather
from medviewer.review.session import Session
from medviewer.review.state import NamedImage, State
from medviewer.review.store import local_now
from medviewer.review.whole_folder import check_free


def export_sc(arguments: argparse.Namespace, console: Console) -> None:
    """Images with their words burned in, as Secondary Captures of the same study.

    Raises as :func:`_export`.
    """
    _export("SC", arguments, console)


def export_pdf(arguments: argparse.Namespace, console: Console) -> None:
    """The report as ``report.pdf``, and inside a DICOM object. Raises as :func:`_export`."""
    _export("PDF", arguments, console)


def _export(kind: str, arguments: argparse.Namespace, console: Console) -> None:
    """Write a pack of one kind into a new folder, each file read back, ``manifest.json`` beside them.

    Raises :class:`UsageError` where no folder is named or there is no such image, what opening and loading
    raise, :class:`WriteError` for a folder that holds something; then nothing is written.
    """
    if arguments.output is None:
        raise UsageError("It is not said where to write.", "Add -o DIR.")
    found = open_paths([arguments.path], console)
    series = choose(found, arguments.series, console)
    indices = _indices(arguments.index, len(series.instances), console)
    target = arguments.output.resolve()
    _check_free(target)
    state = _state(found, series, indices, console)
    context, now = console.context, local_now()
    parts, about = gather(state, (kind,), volumes={}, cards={}, now=now, context=context)
    _make_way(target)
    pack = write_pack(parts, target.parent, target.name, about, context)
    _tell(pack, series, console)
    record(console, "open", **opened(found))
    paths = [pack.folder / entry.name for entry in pack.entries]
    record(console, "export", **exported_files(series.study_uid, series.uid, kind.lower(), paths))


def _indices(asked: list[int] | None, count: int, console: Console) -> list[int]:
    """The images to be shown, each once."""
    if asked is None:
        if count > 1:
            console.note(f"Showing image {count // 2} of 0 to {count - 1}; --index names others.")
        return [count // 2]
    for index in asked:
        if not 0 <= index < count:
            raise UsageError(f"There is no image {index}.", f"Images count from 0 to {count - 1} here.")
    return list(dict.fromkeys(asked))


def _check_free(target: Path) -> None:
    """Tell a folder that holds something before the work."""
    try:
        check_free(target)
    except OSError as error:
        raise write_error(error) from error


def _make_way(target: Path) -> None:
    """An empty folder goes: its name is the pack's."""
    try:
        if target.is_dir():
            target.rmdir()
    except OSError as error:
        raise write_error(error) from error


def _state(found: ScanResult, series: Series, indices: list[int], console: Console) -> State:
    """What the window would hold with these images marked."""
    session = Session()
    session.open(found)
    session.show(series.key)
    session.set_volume(series.key, load_series(series, console.context))
    for index in indices:
        session.add_key_image(NamedImage(series.key, Plane.NATIVE, index, session.state.window))
    return session.state


def _tell(pack: Pack, series: Series, console: Console) -> None:
    for notice in pack.about.notices:
        console.note(notice)
    for one in pack.left_out:
        console.note(f"warning: {one.what} was not written. {one.reason}")
    names = ", ".join(entry.name for entry in pack.entries)
    console.note(f"Written: {describe(series)}, as {names} in {printable(str(pack.folder))}")
