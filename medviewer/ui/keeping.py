"""Writes the reader's work beside the window, and knows the key for it once there is one."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from medviewer.errors import MedviewerError
from medviewer.review import keys
from medviewer.review.kept_work import KeptWork
from medviewer.review.keys import Key
from medviewer.review.work_store import WorkStore
from medviewer.ui.jobs import JobContext, JobRunner

_WAIT_MS = 1000


class Keeping(QObject):
    """Takes work in, and writes it a moment later. Work that became empty is forgotten on the disk too."""

    key_wanted = Signal()
    """The system has no keyring, and there is something to keep."""
    problem = Signal(str)
    """Said once: the work could not be kept."""

    def __init__(self, store: WorkStore, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.key: Key | None = None
        self.without = False
        """Whether the reader goes on without in this session."""
        self._runner = runner
        self._has_failed = False
        self._kept: dict[str, KeptWork] = {}
        self._pending: dict[str, KeptWork] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.write)

    def put(self, work: KeptWork) -> None:
        """Remember this as the newest of its study."""
        if work.same_as(self._pending.get(work.study, self._kept.get(work.study))):
            return
        if work.is_empty and work.study not in self._kept:
            self._pending.pop(work.study, None)  # nothing is kept, and there is nothing to keep
            return
        self._pending[work.study] = work
        if not self._timer.isActive():
            self._timer.start()

    def is_pending(self, study: str) -> bool:
        """Whether work on a study is still to be written."""
        return study in self._pending

    def came_back(self, work: KeptWork) -> None:
        """This is what lies on the disk."""
        self._kept[work.study] = work

    def drop(self) -> None:
        """Nothing more is to be written of what was put in."""
        self._timer.stop()
        self._pending.clear()

    def write(self) -> None:
        """Hand what is pending to a job; where no key is known yet, it gets one first."""
        if not self._pending or self.without or self._runner.is_closed:
            return
        works, key = tuple(self._pending.values()), self.key

        def work(_: JobContext) -> tuple[Key | None, tuple[KeptWork, ...]]:
            own = key or keys.from_keyring()
            if own is None:
                return None, ()
            self._save(works, own)
            return own, works

        job = self._runner.submit("keep", work)
        job.succeeded.connect(self._written)
        job.failed.connect(self._failed)

    def _save(self, works: tuple[KeptWork, ...], key: Key) -> None:
        for work in works:
            if work.is_empty:
                self.store.discard(work.study)
            else:
                self.store.save(work, key)

    def _written(self, outcome: tuple[Key | None, tuple[KeptWork, ...]]) -> None:
        key, works = outcome
        self.key = self.key or key
        for work in works:
            self._kept[work.study] = work
            if self._pending.get(work.study) is work:
                del self._pending[work.study]
        if self.key is None:
            self.key_wanted.emit()
        elif self._pending and not self._timer.isActive():
            self._timer.start()

    def _failed(self, error: MedviewerError) -> None:
        if not self._has_failed:
            self._has_failed = True
            self.problem.emit(f"Your work could not be kept. {error.sentence()}")

    def write_last(self) -> None:
        """Write what is pending, now; the runner must be shut down."""
        self._timer.stop()
        works = tuple(self._pending.values())
        if not works or self.without:
            return
        key = self.key or keys.from_keyring()
        try:
            if key is not None:
                self._save(works, key)
                self._pending.clear()
        except MedviewerError as error:
            self._failed(error)
