"""``medviewer demo``: the sample study, and its truth beside it."""

from __future__ import annotations

import argparse

from medviewer.commands.console import Console, printable
from medviewer.errors import UsageError
from medviewer.review.files import make_folder
from medviewer.training.demo import write_demo


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Write the study into an empty or new folder; refuse any other, so that nothing is mixed."""
    folder = arguments.output
    make_folder(folder)
    if any(folder.iterdir()):
        raise UsageError("The folder for the demo study is not empty.", "Choose a new or empty folder.")
    study = write_demo(folder, arguments.seed, console.context)
    console.note(f"Written: {printable(str(study.folder))}")
