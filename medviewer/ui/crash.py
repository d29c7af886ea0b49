"""What the reader is told, and the log keeps, when the program itself is at fault."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from medviewer.errors import MedviewerError
from medviewer.logs import way_of

log = logging.getLogger(__name__)


class UnexpectedError(MedviewerError):
    """A bug of ours, told as one sentence."""


def where(error: BaseException) -> str:
    """ "ValueError in load.py, line 120": type and place, never the message, for that may hold tag values."""
    frames = traceback.extract_tb(error.__traceback__)
    name = type(error).__name__
    return f"{name} in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else name


def tell(error: BaseException) -> UnexpectedError:
    """Log the way the error took, without any value, and give the sentence for the reader."""
    log.error("bug: %s", way_of(error))
    return UnexpectedError(
        f"Something went wrong inside MedViewer ({where(error)}).", "Your work is kept; please report this."
    )
