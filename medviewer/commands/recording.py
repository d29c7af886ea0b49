"""The audit of the command line: an act that cannot be recorded is told, and does not stop."""

from __future__ import annotations

from typing import Any

from medviewer.commands.console import Console
from medviewer.errors import WriteError
from medviewer.review.audit import Audit, default_path


def record(console: Console, action: str, **facts: Any) -> None:
    """Add an entry; facts hold no patient data (:mod:`medviewer.review.acts`)."""
    try:
        Audit(default_path()).append(action, **facts)
    except WriteError as error:
        console.note(f"warning: The audit could not be written. {error.sentence()}")
