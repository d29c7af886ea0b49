"""The window: puts the panels side by side and introduces them to the session. It holds no state."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QSplitter, QWidget

from medviewer.review.logbook import LogBook
from medviewer.review.session import Session
from medviewer.review.settings import Settings
from medviewer.review.state import Change, State
from medviewer.ui import layout_memory
from medviewer.ui.actions import OF_IMAGE
from medviewer.ui.analyze_button import AnalyzeButton
from medviewer.ui.analyzing import Analyzing
from medviewer.ui.audit_queue import AuditQueue
from medviewer.ui.browser import StudyBrowser
from medviewer.ui.command_bar import CommandBar, name_label
from medviewer.ui.editing import UNFINISHED, Editing
from medviewer.ui.engine import Engine
from medviewer.ui.evidence_desk import EvidenceDesk
from medviewer.ui.exporting import Exporting
from medviewer.ui.inspecting import Inspecting
from medviewer.ui.jobs import JobRunner
from medviewer.ui.log_desk import LogDesk
from medviewer.ui.looking import Looking
from medviewer.ui.menus import ActionSet
from medviewer.ui.notice_bar import NoticeBar
from medviewer.ui.opening import Opening
from medviewer.ui.overlaying import Overlaying
from medviewer.ui.pictures import Pictures
from medviewer.ui.planes import PlanesView
from medviewer.ui.presenting import PresentingDesk
from medviewer.ui.report_desk import ReportDesk
from medviewer.ui.result_words import badge
from medviewer.ui.results_side import ResultsSide
from medviewer.ui.screen_commands import ScreenCommands
from medviewer.ui.shelving import Shelving
from medviewer.ui.space_hides import SpaceHides
from medviewer.ui.status import Status
from medviewer.ui.widgets import button
from medviewer.ui.window_commands import WindowCommands

log = logging.getLogger(__name__)

_SIZES = (232, 1048, 320)


class MainWindow(SpaceHides):
    """Everything the reader sees. ``engine`` stands for the models; tests hand in another."""

    closing = Signal()
    """It closes for good: what is pending must be written now."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        engine: Engine | None = None,
        runner: JobRunner | None = None,
        audit: AuditQueue | None = None,
        *,
        logbook: LogBook | None = None,
    ) -> None:
        super().__init__()
        self.session, self.settings = session, settings
        self.runner, self._audit, engine = runner or JobRunner(), audit, engine or Engine()
        self.runner.setParent(self)
        self.planes, self.browser, self.results = PlanesView(), StudyBrowser(), ResultsSide()
        self.status = Status()
        self.opening = Opening(session, self.runner, self, settings.memory_mb << 20 or None)
        self.analyzing = Analyzing(session, self.runner, self.opening, engine, settings.device)
        self.looking = Looking(session, self.runner, self.analyzing, engine, settings.device)
        self.exporting = Exporting(session, self.runner, self.opening, self.analyzing)
        self.pictures = Pictures(session, self.opening, self.planes)
        self.presenting = PresentingDesk(session, self.runner, self.opening, self.planes)
        self.screen_commands = ScreenCommands(session, self.planes)
        self.inspecting, self.shelving = Inspecting(self), Shelving(self)
        self.logbook = LogDesk(self, logbook)
        self.overlaying = Overlaying(session, self.runner, self.opening)
        self.notices = NoticeBar(self.planes)
        self.editing = Editing(session, self.planes, self.notices, self.opening.is_complete)
        self.commands = WindowCommands(self)
        self.actions_by_id = ActionSet(
            {**self.screen_commands.table(), **self.commands.table()}, settings.keys, self
        )
        self.reports, self.evidence = ReportDesk(self), EvidenceDesk(self)
        self.menus = self.actions_by_id.fill_menu_bar(self.menuBar())
        self._build()
        self._connect()
        layout_memory.restore(self, self._splitter, settings)
        self._end_listening = session.subscribe(self._changed)
        self._changed(session.state, ~Change.NONE)

    # --- building ----------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowTitle("MedViewer")
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.analyze_button, self.report_button = AnalyzeButton(), button("Report…")
        self._build_toolbar()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        for part in (self.browser, self.planes, self.results):
            self._splitter.addWidget(part)
        self._splitter.setHandleWidth(1)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setCollapsible(1, False)
        self._splitter.setSizes(list(_SIZES))
        self.planes.set_layout("mpr")
        self.setCentralWidget(self._splitter)
        self.setStatusBar(self.status)
        self.resize(1600, 960)

    def _build_toolbar(self) -> None:
        bar = CommandBar()
        bar.addWidget(name_label())
        self.actions_by_id.fill_toolbar(bar)
        gap = QWidget()
        gap.setSizePolicy(gap.sizePolicy().Policy.Expanding, gap.sizePolicy().Policy.Preferred)
        for widget in (gap, self.analyze_button, self.report_button):
            bar.addWidget(widget)
        bar.measure()
        self.addToolBar(bar)

    def _connect(self) -> None:
        opening, analyzing = self.opening, self.analyzing
        opening.message.connect(self.status.say)
        opening.problem.connect(self.notices.problem)
        self.presenting.problem.connect(self.notices.problem)
        opening.progress.connect(self.status.progress)
        opening.reading.connect(self._set_reading)
        opening.thumbnail_ready.connect(self.browser.set_thumbnail)
        opening.series_loaded.connect(self.refresh_offers)
        self.browser.series_chosen.connect(opening.show)
        self.inspecting.connect_to(self.browser, self.results.foreign, self.overlaying)
        self.overlaying.connect_to(self.results.foreign, self.status, self.notices)
        self.browser.issues_requested.connect(self.commands.show_issues)
        self.screen_commands.series_wanted.connect(opening.show)
        self.screen_commands.cine_changed.connect(self._refresh_actions)
        self.planes.context_requested.connect(self.commands.context_menu)
        self.pictures.files_dropped.connect(opening.open_paths)
        self.pictures.seen.connect(self._image_seen)
        analyzing.progress.connect(self.results.state_panel.set_progress)
        analyzing.note.connect(self.notices.note)
        analyzing.slice_masks.connect(self.planes.set_slice_masks)
        analyzing.masks_dropped.connect(self.planes.clear_slice_masks)
        analyzing.ended.connect(self._run_ended)
        self.analyze_button.analyze_wanted.connect(self.commands.analyze_with)
        self.report_button.clicked.connect(self.commands.report)
        if self._audit is not None:
            self._audit.problem.connect(self.notices.problem)
        self.commands.connect_results(self.results)
        self.looking.connect_to(self.results.findings, self.planes.main)
        self.looking.changed.connect(self._refresh_actions)
        self.editing.changed.connect(self._refresh_actions)
        self._seen_timer = QTimer(self, singleShot=True, interval=200)
        self._seen_timer.timeout.connect(self._show_progress)

    # --- the session changed -----------------------------------------------------------------------------

    def _changed(self, state: State, change: Change) -> None:
        """The one listener: every panel shows its part."""
        if Change.STUDY in change:
            self.browser.set_scan(state.scan)
        if change & (Change.STUDY | Change.SERIES):
            self.browser.set_current(state.series.key if state.series is not None else "")
            self.screen_commands.stop_cine()
        self.pictures.apply(state, change)
        self.presenting.apply(state, change)
        self.editing.apply(state, change)
        self.analyzing.apply(state, change)
        self.results.apply(state, change)
        self.looking.apply(state, change)
        self.overlaying.apply(state, change)
        self.status.apply(state, change)
        if change & (Change.SERIES | Change.VOLUME | Change.RESULT | Change.RUN | Change.STUDY):
            self._show_offer(state)
        if change & (Change.RESULT | Change.RUN | Change.STUDY):
            self._show_badges(state)
            if state.result is not None and state.result.provenance.device:
                self.status.set_device(state.result.provenance.device)
        if change != Change.SLICE:
            self._refresh_actions()
        else:
            self.actions_by_id.refresh(state, OF_IMAGE)

    def _show_offer(self, state: State) -> None:
        offers = self.analyzing.offers()
        self.analyze_button.show_offers(offers, state)
        self.results.show_offers(state, offers)
        self.report_button.setEnabled(state.series is not None)

    def _show_badges(self, state: State) -> None:
        for series in state.scan.all_series() if state.scan is not None else ():
            running = state.run is not None and state.run.series_key == series.key
            self.browser.set_analysis_badge(
                series.key, "analyzing …" if running else badge(state, series.key)
            )

    def _refresh_actions(self) -> None:
        state = self.session.state
        self.actions_by_id.refresh(state)
        on = {**self.screen_commands.checked(state), **self.commands.checked()}
        for action_id, checked in on.items():
            action: QAction = self.actions_by_id[action_id]
            if action.isChecked() != checked:
                action.setChecked(checked)
        self.editing.show_tool()
        undo, redo = self.session.undo_name, self.session.redo_name
        if self.editing.is_on:
            undo, redo = "stroke" if self.editing.can_undo else "", ""
        for action_id, name, word in (("undo", undo, "Undo"), ("redo", redo, "Redo")):
            self.actions_by_id[action_id].setText(f"{word} {name}".strip())
            self.actions_by_id[action_id].setEnabled(bool(name))

    def _set_reading(self, reading: bool) -> None:
        self.browser.set_reading(reading)
        self.results.state_panel.set_reading(reading)
        if self.session.state.series is None:
            self._show_offer(self.session.state)

    def refresh_offers(self, _: str = "") -> None:
        """Ask the shelf again what suits the series on screen."""
        self.analyzing.forget_offers()
        self._show_offer(self.session.state)

    def _run_ended(self) -> None:
        self.results.state_panel.set_progress(None)
        self._show_offer(self.session.state)
        self._refresh_actions()

    def _image_seen(self) -> None:
        if not self._seen_timer.isActive():
            self._seen_timer.start()

    def _show_progress(self) -> None:
        self.results.show_progress(self.session.state)

    # --- events ------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files and folders are welcome anywhere."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.opening.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Cancel all work, wait for it, keep the layout. Not while something is painted that is not done."""
        if self.editing.can_undo:
            self.notices.problem(UNFINISHED)
            event.ignore()
            return
        self.closing.emit()
        self.screen_commands.stop_cine()
        self.runner.shutdown()
        if self._audit is not None and not self._audit.flush():
            log.warning("the last acts were not written to the audit")
        self.logbook.close()
        self._end_listening()
        self.settings = layout_memory.remember(self, self._splitter, self.settings, self.session.state)
        super().closeEvent(event)

    def note_act(self, action: str, **facts: object) -> None:
        """Record an act that the session knows nothing of; facts hold no patient data."""
        if self._audit is not None:
            self._audit.append(action, **facts)

    def dispose(self) -> None:
        """Close, and take the window apart now, in Qt's order: left to Python's collector it would happen at
        any time and perhaps on a worker's thread."""
        self.editing.cancel()
        self.close()
        self.deleteLater()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.DeferredDelete.value)
