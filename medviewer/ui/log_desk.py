"""The log-book in the window: told of every run and decision, its dialog, its stop rule, its export."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from medviewer.errors import MedviewerError
from medviewer.review.files import atomic_write
from medviewer.review.logbook import LogBook
from medviewer.review.logbook_csv import to_csv
from medviewer.review.logbook_entries import entries_between, without_patient
from medviewer.review.logbook_records import ActKind, LogData, LoggedAct, Version
from medviewer.review.settings import Settings, save_settings
from medviewer.review.state import Change, State
from medviewer.review.stop_rule import Stop, StopRule
from medviewer.review.store import local_now
from medviewer.tasks import TaskContext
from medviewer.ui.log_queue import LogQueue

if TYPE_CHECKING:
    from medviewer.ui.dialogs.logbook import LogBookDialog
    from medviewer.ui.main_window import MainWindow

log = logging.getLogger(__name__)


class LogDesk(QObject):
    """Without a ``book`` nothing is kept and no model is ever stopped."""

    def __init__(self, window: MainWindow, book: LogBook | None) -> None:
        super().__init__(window)
        self._window = window
        self._state = window.session.state
        self._dialog: LogBookDialog | None = None
        self._queue: LogQueue | None = None
        self._told: Mapping[Version, Stop] | None = None
        self._unsubscribe = window.session.subscribe(self._changed)
        if book is not None:
            self._queue = LogQueue(book, window.runner, rule_of(window.settings), self)
            self._queue.read.connect(self._was_read)
            self._queue.problem.connect(self._say_problem)
            window.analyzing.set_stops(None)

    @property
    def data(self) -> LogData:
        """What the book held when last read."""
        return self._queue.data if self._queue is not None else LogData()

    @property
    def stops(self) -> Mapping[Version, Stop]:
        """Which model versions are stopped."""
        return (self._queue.stops or {}) if self._queue is not None else {}

    def _say_problem(self, words: str) -> None:
        self._window.notices.problem(words)

    def _changed(self, state: State, _: Change) -> None:
        before, self._state = self._state, state
        if self._queue is not None:
            self._queue.add(entries_between(before, state, local_now()))

    def _was_read(self) -> None:
        if self._queue is None:
            return
        if self._queue.stops != self._told:
            self._told = self._queue.stops
            self._window.analyzing.set_stops(self._told)
            self._window.refresh_offers()
        self._show()

    # --- the dialog --------------------------------------------------------------------------------------

    def show(self) -> None:
        """Open the log-book."""
        from medviewer.ui.dialogs.logbook import LogBookDialog  # the window starts without it

        dialog = LogBookDialog(self._window)
        dialog.reset_wanted.connect(self._ask_reset)
        dialog.rule_wanted.connect(self.set_rule)
        dialog.export_wanted.connect(self._ask_file)
        dialog.finished.connect(self._closed)
        self._dialog = dialog
        self._show()
        if self._queue is not None:
            self._queue.refresh()
        self._window.commands.show_dialog(dialog)

    def _closed(self) -> None:
        self._dialog = None

    def _show(self) -> None:
        if self._dialog is not None:
            rule = self._queue.rule if self._queue is not None else StopRule(is_on=False)
            self._dialog.show_data(self.data, self.stops, rule)

    def _parent(self) -> QWidget:
        return self._dialog or self._window

    def _ask_reset(self, model_id: str, model_version: str) -> None:
        from medviewer.ui.dialogs.logbook_reset import ResetReason

        dialog = ResetReason(f"{model_id} {model_version}", self._parent())
        dialog.reason_given.connect(lambda reason: self.reset((model_id, model_version), reason))
        self._window.commands.show_dialog(dialog)

    # --- acts --------------------------------------------------------------------------------------------

    def reset(self, version: Version, reason: str) -> None:
        """Let a stopped model run again; the rule counts anew."""
        self._act(ActKind.RESET, version, reason)
        self._window.note_act("stop rule reset", model=" ".join(version), reader=self._state.reader)

    def overridden(self, version: Version) -> None:
        """The reader runs a stopped model all the same; nothing is written where it is not stopped."""
        if version in self.stops:
            self._act(ActKind.OVERRIDE, version, self.stops[version].words())
            self._window.note_act("stop rule overridden", model=" ".join(version), reader=self._state.reader)

    def set_rule(self, rule: StopRule) -> None:
        """Set the site's rule: kept in the settings, told in the book."""
        if self._queue is None or rule == self._queue.rule:
            return
        window = self._window
        window.settings = replace(
            window.settings, stop_rule=rule.is_on, stop_percent=rule.percent, stop_window=rule.window
        )
        try:
            save_settings(window.settings)
        except MedviewerError as error:
            self._say(error.sentence())
        self._queue.set_rule(rule)
        self._act(ActKind.RULE, ("", ""), rule.words())
        window.note_act("stop rule set", rule=rule.words(), reader=self._state.reader)

    def _act(self, kind: ActKind, version: Version, reason: str) -> None:
        if self._queue is not None:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            scan = self._state.scan
            for patient in scan.patients if scan is not None else ():
                reason = without_patient(reason, patient)
            self._queue.add([LoggedAct(kind, now, *version, reason, self._state.reader)])

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self._parent(), "Export the log-book", str(Path.home() / "ai-logbook.csv"), "Tables (*.csv)"
        )
        if name:
            self.export(Path(name))

    def export(self, path: Path) -> None:
        """Write the whole book as a table."""
        data = self.data

        def write(_: TaskContext) -> str:
            atomic_write(path, to_csv(data))
            return f"Written: {path.name}"

        job = self._window.runner.submit("export", write)
        job.succeeded.connect(self._say)
        job.failed.connect(self._say_error)

    def _say(self, words: str) -> None:
        if self._dialog is not None:
            self._dialog.say(words)
        else:
            self._window.notices.note(words)

    def _say_error(self, error: MedviewerError) -> None:
        self._say(error.sentence())

    def close(self) -> None:
        """Write what is left; the runner must be shut down."""
        self._unsubscribe()
        if self._queue is not None and not self._queue.flush():
            log.warning("the last runs and decisions were not written to the AI log-book")


def rule_of(settings: Settings) -> StopRule:
    """The site's stop rule."""
    return StopRule(settings.stop_rule, settings.stop_percent, settings.stop_window)
