"""The audit, written beside the window: a disk that takes its time must not stop the reader."""

from __future__ import annotations

from collections import deque
from typing import Any

from PySide6.QtCore import QObject, Signal

from medviewer.errors import MedviewerError, WriteError
from medviewer.review.audit import Audit
from medviewer.ui.jobs import Job, JobContext, JobRunner


class AuditQueue(QObject):
    """Takes acts in order and writes them in order; ``flush`` writes what is left when the window closes."""

    problem = Signal(str)
    """Said once: the audit could not be written."""

    def __init__(self, audit: Audit, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._audit = audit
        self._runner = runner
        self._acts: deque[tuple[str, dict[str, Any]]] = deque()
        self._job: Job | None = None
        self._has_failed = False

    def append(self, action: str, **facts: Any) -> None:
        """Record one act; facts hold no patient data."""
        self._acts.append((action, facts))
        self._begin()

    def _begin(self) -> None:
        if self._acts and self._job is None and not self._has_failed and not self._runner.is_closed:
            self._job = self._runner.submit("audit", self._write)
            self._job.failed.connect(self._failed)
            self._job.ended.connect(self._ended)

    def _write(self, context: JobContext) -> None:
        """On a thread of its own. An act is taken off the queue once it is on the disk."""
        while self._acts:
            context.check()
            action, facts = self._acts[0]
            self._audit.append(action, **facts)
            self._acts.popleft()

    def _failed(self, error: MedviewerError) -> None:
        if not self._has_failed:
            self._has_failed = True
            self.problem.emit(f"The audit could not be written. {error.sentence()}")

    def _ended(self) -> None:
        self._job = None
        self._begin()

    def flush(self) -> bool:
        """Write what is left, now; the runner must be shut down. False when the disk refuses."""
        try:
            while self._acts:
                action, facts = self._acts[0]
                self._audit.append(action, **facts)
                self._acts.popleft()
        except WriteError:
            return False
        return True
