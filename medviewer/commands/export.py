"""``medviewer export``: what is open leaves in another form, without any AI.

Every form is a function of one table; one that is not in it is not offered.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from medviewer.commands.console import Console
from medviewer.commands.export_deidentified import export_deidentified
from medviewer.commands.export_objects import export_pdf, export_sc
from medviewer.commands.export_png import export_png
from medviewer.errors import UsageError

Form = Callable[[argparse.Namespace, Console], None]
FORMS: dict[str, Form] = {
    "png": export_png,
    "sc": export_sc,
    "pdf": export_pdf,
    "deidentified": export_deidentified,
}
"""What ``--to`` names → who does it; ``cli`` offers the same names."""
_WITH_INDEX = ("sc", "pdf")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Export in the form that was named. Raises what opening and writing raise."""
    if arguments.index and arguments.to not in _WITH_INDEX:
        raise UsageError(f"--index does not go with --to {arguments.to}.", "It is for sc and pdf.")
    FORMS[arguments.to](arguments, console)
