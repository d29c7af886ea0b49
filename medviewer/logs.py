"""Where the program's own words go: a log of this user alone, with every patient taken out of it.

One line a record, through :data:`~medviewer.redaction.REDACTOR`; the same on the terminal. Warnings of
libraries and errors nobody caught take the same way. Standard library only.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TextIO

from medviewer import paths
from medviewer.redaction import REDACTOR

_LARGEST = 1 << 20
log = logging.getLogger(__name__)


class DiscreetFormatter(logging.Formatter):
    """Formats as usual, message, arguments and exception, then takes patients and control characters out."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        own = copy(record)
        own.exc_text = None  # what another formatter made of the exception is not ours
        return REDACTOR.clean(super().format(own))

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Type and way only: the text of an exception may quote any value of a file."""
        error = ei[1] if isinstance(ei, tuple) else None
        return way_of(error) if isinstance(error, BaseException) else ""


class _LogFile(RotatingFileHandler):
    """Made at the first record, readable by its user alone; a disk that refuses costs the line, no more."""

    def _open(self):  # type: ignore[no-untyped-def]  # the signature is logging's
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(self.baseFilename).touch(0o600)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A log that cannot be written has nowhere to say so; logging's own words would hold the record."""


class _Terminal(logging.StreamHandler):  # type: ignore[type-arg]
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """As for the file."""


def log_path() -> Path:
    """The log file."""
    return paths.state_dir() / "medviewer.log"


def way_of(error: BaseException) -> str:
    """ "ValueError (load.py:120 read < jobs.py:88 run)": where it went wrong, without any value."""
    frames = traceback.extract_tb(error.__traceback__)
    way = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
    return f"{type(error).__name__} ({way})"


@contextmanager
def kept() -> Iterator[None]:
    """While it lasts, records of WARNING and above go to the log file and to the terminal, discreetly."""
    root = logging.getLogger()
    file = _LogFile(log_path(), maxBytes=_LARGEST, backupCount=2, encoding="utf-8", delay=True)
    handlers: list[logging.Handler] = [file, _Terminal(sys.stderr)]
    shown, thread_hook, lost_hook = warnings.showwarning, threading.excepthook, sys.unraisablehook
    for handler in handlers:
        handler.setLevel(logging.WARNING)
        handler.setFormatter(DiscreetFormatter())
        root.addHandler(handler)
    warnings.showwarning = _warned
    threading.excepthook = _thread_died
    sys.unraisablehook = _could_not_raise
    try:
        yield
    finally:
        warnings.showwarning, threading.excepthook, sys.unraisablehook = shown, thread_hook, lost_hook
        for handler in handlers:
            root.removeHandler(handler)
            if handler is file:
                handler.close()


def told_hook(_: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For ``sys.excepthook``: a bug ends the program with its way, not with the values it held."""
    sys.stderr.write(f"bug: {way_of(error.with_traceback(trace))}\n")


def _warned(  # noqa: PLR0917
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - the signature is that of warnings
    line: str | None = None,  # noqa: ARG001
) -> None:
    """A library's warning may quote a value of the file: it passes through the formatter."""
    log.warning("%s: %s (%s:%d)", category.__name__, message, Path(filename).name, lineno)


def _thread_died(died: threading.ExceptHookArgs) -> None:
    if died.exc_value is not None:
        log.error("bug in a thread: %s", way_of(died.exc_value))


def _could_not_raise(lost: sys.UnraisableHookArgs) -> None:
    if lost.exc_value is not None:
        log.error("bug: %s", way_of(lost.exc_value))
