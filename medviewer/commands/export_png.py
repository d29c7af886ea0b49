"""``export --to png``: every image of a series as the window first shows it, one pixel for one pixel."""

from __future__ import annotations

import argparse
from dataclasses import replace
from io import BytesIO

from PIL import Image

from medviewer.commands.console import Console, printable
from medviewer.commands.opening import choose, describe, open_paths
from medviewer.commands.recording import record
from medviewer.dicom.load import read_slice
from medviewer.dicom.study import SeriesIssue
from medviewer.errors import UsageError
from medviewer.imaging.render import auto_window, render
from medviewer.imaging.reslice import PlaneView
from medviewer.review.acts import exported_files, opened
from medviewer.review.screen import first_colours, first_window, is_inverted
from medviewer.review.whole_folder import put, whole_folder


def export_png(arguments: argparse.Namespace, console: Console) -> None:
    """Write ``IM000001.png`` and so on into a new folder. Raises :class:`WriteError`, :class:`UsageError`."""
    if arguments.output is None:
        raise UsageError("It is not said where to write.", "Add -o DIR.")
    found = open_paths([arguments.path], console)
    series = choose(found, arguments.series, console)
    if SeriesIssue.BURNED_IN in series.issues:
        console.note("warning: the file says that words are burned into these pixels.")
    context, count = console.context, len(series.instances)
    window = first_window(series)
    with whole_folder(arguments.output) as room:
        for index in range(count):
            context.check()
            context.report(index / count, f"Writing: {index} of {count}")
            volume = read_slice(series, index)
            shown = window or auto_window(volume, 0)
            inverted = shown.invert or (is_inverted(series) and not volume.is_colour)
            shown = replace(shown, invert=inverted, colours=first_colours(series))
            file = BytesIO()
            Image.fromarray(render(volume, PlaneView.of(volume), 0, shown)).save(file, "PNG")
            put(room, f"IM{index + 1:06d}.png", file.getvalue())
    console.note(f"Written: {describe(series)}, as PNG in {printable(str(arguments.output))}")
    record(console, "open", **opened(found))
    made = sorted(arguments.output.glob("*.png"))
    record(console, "export", **exported_files(series.study_uid, series.uid, "pictures", made))
