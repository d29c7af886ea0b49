"""The AI log-book, written and read beside the window: a slow disk must not stop the reader."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from medviewer.errors import MedviewerError
from medviewer.review.logbook import LogBook
from medviewer.review.logbook_records import LogData, Logged, Version
from medviewer.review.stop_rule import Stop, StopRule, stops
from medviewer.ui.jobs import Job, JobContext, JobRunner

_Read = tuple[LogData, dict[Version, Stop], StopRule, str]


class LogQueue(QObject):
    """Writes entries in order; knows what the book held when last read, and which models are stopped."""

    read = Signal()
    """``data`` and ``stops`` are new."""
    problem = Signal(str)

    def __init__(
        self, book: LogBook, runner: JobRunner, rule: StopRule, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._book, self._runner, self._rule = book, runner, rule
        self._waiting: deque[Logged] = deque()
        self._job: Job | None = None
        self._is_stale = True
        self._has_told = False
        self.data = LogData()
        self.stops: dict[Version, Stop] | None = None
        """None: not known yet."""
        self._begin()

    @property
    def rule(self) -> StopRule:
        """The stop rule."""
        return self._rule

    def set_rule(self, rule: StopRule) -> None:
        """Look at the book with another rule."""
        self._rule = rule
        self.refresh()

    def add(self, entries: Iterable[Logged]) -> None:
        """Write these, then read again."""
        new = tuple(entries)
        if new:
            self._waiting.extend(new)
            self.refresh()

    def refresh(self) -> None:
        """Read again what this and other windows wrote."""
        self._is_stale = True
        self._begin()

    def _begin(self) -> None:
        if self._is_stale and self._job is None and not self._runner.is_closed:
            self._is_stale = False
            self._job = self._runner.submit("logbook", self._work)
            self._job.succeeded.connect(self._came)
            self._job.failed.connect(self._failed)
            self._job.ended.connect(self._ended)

    def _work(self, _: JobContext) -> _Read:
        """On a thread of its own."""
        self._write_waiting()
        data, rule = self._book.read(), self._rule
        return data, stops(data, rule), rule, self._book.take_notice()

    def _write_waiting(self) -> None:
        """Entries are taken off the queue once they are on the disk."""
        batch = tuple(self._waiting)
        if batch:
            self._book.write(batch)
        for _ in batch:
            self._waiting.popleft()

    def _came(self, told: _Read) -> None:
        self.data, found, rule, notice = told
        self._has_told = False
        if rule == self._rule:
            self.stops = found
        if notice:
            self.problem.emit(notice)
        self.read.emit()

    def _failed(self, error: MedviewerError) -> None:
        """Runs are not held up for a book that cannot be read; what waits is tried again with the next."""
        if not self._has_told:
            self._has_told = True
            self.problem.emit(f"{error.sentence()} Until then the stop rule cannot be looked up.")
        if self.stops is None:
            self.stops = {}
        self.read.emit()

    def _ended(self) -> None:
        self._job = None
        self._begin()

    def flush(self) -> bool:
        """Write what is left, now; the runner must be shut down. False when the disk refuses."""
        try:
            self._write_waiting()
        except MedviewerError:
            return False
        return True
