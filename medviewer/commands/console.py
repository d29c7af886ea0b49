"""Where the command line speaks: results to stdout, progress and messages to stderr."""

from __future__ import annotations

import io
import os
import sys
import threading
import unicodedata
from contextlib import suppress
from typing import TextIO

from medviewer.errors import MedviewerError
from medviewer.review.files import write_error
from medviewer.tasks import TaskContext

_BAR = 24
_STEP = 25
"""In a pipe a line is written when the text's kind changes, and every so many percent."""


def abandon(stream: TextIO) -> None:
    """Let go of what the stream still holds: Python would try to write it once more at its end, complain and
    end with a status of its own (120)."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Console:
    """Speaks for one command. ``quiet`` silences progress and notes, never errors and results."""

    def __init__(self, quiet: bool = False, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._quiet = quiet
        self._out = out or _text_safe(sys.stdout)
        self._err = err or _text_safe(sys.stderr)
        self._lock = threading.Lock()
        self._shown = ("", -1)
        self._bar = False
        self.context = TaskContext(self._progress)
        """For everything the command starts; Ctrl-C cancels it."""

    def result(self, text: str) -> None:
        """What was asked for. Raises :class:`~medviewer.errors.WriteError` for a full disk behind a ">"."""
        self._clear()
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            abandon(self._out)
            raise write_error(error) from error

    def note(self, text: str) -> None:
        """Something the user may want to know."""
        if not self._quiet:
            self._clear()
            self._err.write(text + "\n")
            self._err.flush()

    def error(self, error: MedviewerError) -> None:
        """Why it did not work, and what to do."""
        self._clear()
        self._err.write(f"error: {error.sentence()}\n")
        self._err.flush()

    def _progress(self, fraction: float, text: str) -> None:
        if self._quiet:
            return
        with self._lock:
            percent = int(100 * fraction)
            if self._err.isatty():
                full = round(_BAR * fraction)
                self._err.write(f"\r\x1b[K[{'#' * full}{'.' * (_BAR - full)}] {percent:3d} %  {text}")
                self._bar = True
                self._err.flush()
                return
            kind, step = text.rstrip("0123456789 ").split(":")[0].split(" ")[0], percent // _STEP
            if (kind, step) != self._shown:
                self._shown = (kind, step)
                self._err.write(f"{percent:3d} %  {text}\n")
                self._err.flush()

    def _clear(self) -> None:
        """Take the bar off the line before other words come."""
        if self._bar:
            self._err.write("\r\x1b[K")
            self._bar = False


def printable(text: str) -> str:
    """Header text and file names for a terminal: what could steer it becomes "?"."""
    return "".join("?" if unicodedata.category(c)[0] == "C" else c for c in text)


def _text_safe(stream: TextIO) -> TextIO:
    """UTF-8, and no character that stops the program: a file name may hold bytes that are no text."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream
