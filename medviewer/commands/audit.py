"""``medviewer audit verify``: whether the audit is as it was written."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from medviewer.commands.console import Console, printable
from medviewer.errors import AuditBroken, NothingReadable
from medviewer.imaging.numbers import number
from medviewer.review.audit import default_path
from medviewer.review.audit_check import Chain, verify

_HINT = "Keep the file as it is and compare it with a copy."


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Walk the chain and tell what was found. Raises :class:`AuditBroken` where it does not hold."""
    path: Path = arguments.file or default_path()
    if arguments.file is not None and not path.exists():
        raise NothingReadable("There is no such audit.", "Check the path.")
    chain = verify(path, arguments.head or "", end_kept=arguments.file is None)
    if not chain.ok:
        before = f" The {_entries(chain.lines)} before hold{'s' if chain.lines == 1 else ''}."
        raise AuditBroken(f"{printable(chain.reason)}{before if chain.lines else ''}", _HINT)
    if not chain.lines and not chain.incomplete:
        console.result("The audit is empty: nothing was done yet.")
        return
    for line in _words(chain):
        console.result(line)


def _words(chain: Chain) -> list[str]:
    said = [f"The audit holds: {_entries(chain.lines)}{_span(chain)}."]
    if chain.incomplete:
        said.append(
            "The last line is incomplete: the program was stopped while it wrote it, or it was cut. "
            "The next act takes it off and says so."
        )
    if not chain.end_known:
        said.append("There is no record of its end beside it: entries cut off the end would not be seen.")
    said.append(f"Last entry: {chain.head}")
    said.append("Noted elsewhere, this hash shows later (--head) that nothing up to it was touched.")
    return said


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{number(count)} entries"


def _span(chain: Chain) -> str:
    if not chain.lines:
        return ""
    return f", from {_moment(chain.first_time)} to {_moment(chain.last_time)}"


def _moment(time: str) -> str:
    """ "2026-11-21 10:14:00 UTC"; what is no time as it stands."""
    try:
        return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M:%S %Z}"
    except ValueError:
        return printable(time) or "a time not told"
