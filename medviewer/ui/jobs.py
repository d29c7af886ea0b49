"""Work beside the window: the only file with threads, but for what ``warming`` makes ready unasked.

A :class:`Job` runs ``fn(context)`` on a thread of its own and ends exactly once: succeeded, failed or
cancelled. The end is told in the window's thread, so a job that was cancelled there never succeeds later.
``fn`` sees neither Qt nor the session.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from medviewer.errors import Cancelled, MedviewerError
from medviewer.tasks import TaskContext
from medviewer.ui import crash

_PROGRESS_EVERY = 0.05
"""Seconds between two words of progress: more often nobody can read."""


class JobContext(TaskContext):
    """What the work is handed: progress and cancel, and ``tell`` for partial results."""

    def __init__(self, report: Callable[[float, str], None], tell: Callable[[object], None]) -> None:
        super().__init__(report)
        self._tell = tell

    def tell(self, value: object) -> None:
        """Hand a partial result to the window; it comes out of ``Job.told``, in order."""
        if not self.cancelled:
            self._tell(value)


Work = Callable[[JobContext], Any]


class Job(QThread):
    """One piece of work. Connect its signals to methods of QObjects of the window's thread, never to lambdas.

    Exactly one of ``succeeded``, ``failed``, ``cancelled`` is emitted, then ``ended``, all in the thread the
    job was made in. ``progress`` and ``told`` stop at once when the job is cancelled.
    """

    succeeded = Signal(object)
    """What the work returned."""
    failed = Signal(object)
    """A :class:`~medviewer.errors.MedviewerError` with a sentence for the reader."""
    cancelled = Signal()
    progress = Signal(float, str)
    told = Signal(list)
    """Partial results since the last time; many come as one list, so the window is never flooded."""
    ended = Signal()

    _wake = Signal()

    def __init__(self, work: Work, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._work: Work | None = work
        self._context = JobContext(self._report, self._tell)
        self._outcome: Any = None
        self._error: MedviewerError | None = None
        self._has_ended = False
        self._lock = threading.Lock()
        self._news: list[object] = []
        self._latest: tuple[float, str] | None = None
        self._last_report = 0.0
        self._is_awake = False
        self._wake.connect(self._pass_on)
        self.finished.connect(self._end)

    @property
    def has_ended(self) -> bool:
        """Whether its one end was told."""
        return self._has_ended

    def cancel(self) -> None:
        """Ask the work to stop; it ends as cancelled even when it was just done."""
        self._context.cancel()

    def run(self) -> None:
        """Called by Qt on the new thread."""
        work, self._work = self._work, None
        if work is None:
            return
        try:
            self._context.check()
            self._outcome = work(self._context)
        except MedviewerError as error:
            self._error = error
        except BaseException as error:  # noqa: BLE001 - whatever it is, the job must end and say so
            self._error = crash.tell(error)

    def end_now(self) -> None:
        """Wait for the thread and tell the end at once (when the window closes)."""
        self.wait()
        self._end()

    def _end(self) -> None:
        """In the window's thread: tell the one end."""
        if self._has_ended:
            return
        self._has_ended = True
        self.wait()
        outcome, error = self._outcome, self._error
        self._outcome = self._error = self._work = None
        if self._context.cancelled or isinstance(error, Cancelled):
            self.cancelled.emit()
        elif error is not None:
            self._pass_on()
            self.failed.emit(error)
        else:
            self._pass_on()
            self.succeeded.emit(outcome)
        self.ended.emit()

    def _report(self, fraction: float, text: str) -> None:
        """On the thread of the work."""
        now = time.monotonic()
        with self._lock:
            self._latest = (fraction, text)
        if fraction >= 1.0 or now - self._last_report >= _PROGRESS_EVERY:
            self._last_report = now
            self._call_window()

    def _tell(self, value: object) -> None:
        """On the thread of the work."""
        with self._lock:
            self._news.append(value)
        self._call_window()

    def _call_window(self) -> None:
        """One call at a time is under way to the window, however much there is to tell."""
        with self._lock:
            if self._is_awake:
                return
            self._is_awake = True
        self._wake.emit()

    def _pass_on(self) -> None:
        """In the window's thread."""
        with self._lock:
            news, latest = self._news, self._latest
            self._news, self._latest, self._is_awake = [], None, False
        if self._context.cancelled:
            return
        if news:
            self.told.emit(news)
        if latest is not None:
            self.progress.emit(*latest)


class Policy(Enum):
    """What a lane does with a new job while another runs."""

    NEWEST = auto()
    """The older one is cancelled, the new one starts at once."""
    QUEUE = auto()
    """One after the other."""


LANES: dict[str, Policy] = {
    "open": Policy.NEWEST,
    "load": Policy.NEWEST,
    "thumbnails": Policy.QUEUE,
    "analyze": Policy.QUEUE,
    "looking": Policy.NEWEST,
    "compare": Policy.NEWEST,
    "export": Policy.QUEUE,
    "prepare": Policy.QUEUE,
    "audit": Policy.QUEUE,
    "logbook": Policy.QUEUE,
    "inspect": Policy.QUEUE,
    "keep": Policy.QUEUE,
    "shelf": Policy.QUEUE,
    "planes": Policy.NEWEST,
}


class JobRunner(QObject):
    """Starts jobs in lanes and holds them until their threads are done. Never kills one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: dict[str, list[Job]] = {lane: [] for lane in LANES}
        self._waiting: dict[str, deque[Job]] = {lane: deque() for lane in LANES}
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more work."""
        return self._closed

    def submit(self, lane: str, work: Work) -> Job:
        """A new job in a lane. It begins when control is back in the event loop or its turn comes, so there
        is time to connect its signals. Raises KeyError for an unknown lane, RuntimeError after shutdown."""
        if self._closed:
            raise RuntimeError("the window is closing; no new work")
        policy = LANES[lane]
        job = Job(work, f"job {lane}", self)
        job.ended.connect(self._tidy)
        if policy is Policy.NEWEST:
            self.cancel(lane)
        self._waiting[lane].append(job)
        self._advance(lane)
        return job

    def cancel(self, lane: str) -> None:
        """Cancel what runs in a lane and what waits there."""
        waiting = list(self._waiting[lane])
        self._waiting[lane].clear()
        for job in [*self._running[lane], *waiting]:
            job.cancel()
        for job in waiting:
            job.end_now()

    def busy(self, lane: str) -> bool:
        """Whether a job of the lane runs or waits."""
        return bool(self._running[lane] or self._waiting[lane])

    def shutdown(self) -> None:
        """Cancel everything and wait until every thread is done."""
        self._closed = True
        for lane in LANES:
            self.cancel(lane)
        for jobs in self._running.values():
            for job in list(jobs):
                job.end_now()

    def _advance(self, lane: str) -> None:
        waiting, running = self._waiting[lane], self._running[lane]
        while waiting and (not running or LANES[lane] is Policy.NEWEST):
            job = waiting.popleft()
            running.append(job)
            job.start()

    def _tidy(self) -> None:
        """A job ended: let it go, begin the next of its lane."""
        for lane, running in self._running.items():
            for job in [job for job in running if job.has_ended]:
                running.remove(job)
                job.deleteLater()
            if not self._closed:
                self._advance(lane)
