"""The way of a de-identified export in the window: planned, looked at, written; the work runs in jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import MedviewerError
from medviewer.imaging.numbers import counted
from medviewer.ui.jobs import Job, JobContext

if TYPE_CHECKING:  # the window starts without what only this dialog needs
    from medviewer.dicom.deidentify.clean import Change
    from medviewer.dicom.deidentify.plan import Plan
    from medviewer.review.deidentified import Exported
    from medviewer.ui.dialogs.deidentify import DeidentifyDialog
    from medviewer.ui.main_window import MainWindow

Frame = tuple[str, int, NDArray[np.uint8]]


class Deidentifying(QObject):
    """Holds the dialog that is open, its plan, and the jobs behind it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: DeidentifyDialog | None = None
        self.plan: Plan | None = None
        self._scan: ScanResult | None = None
        self._planning: Job | None = None
        self._reading: Job | None = None
        self._wanted: tuple[str, int] | None = None

    def show(self) -> None:
        """Open the dialog on everything that is open, and say what would leave."""
        scan = self._window.session.state.scan
        if scan is None:
            return
        from medviewer.ui.dialogs.deidentify import DeidentifyDialog

        self._scan = scan
        self.dialog = dialog = DeidentifyDialog(self._window)
        dialog.options_changed.connect(self._make_plan)
        dialog.file_chosen.connect(self._show_changes)
        dialog.write_wanted.connect(self._ask_folder)
        dialog.panel.frame_wanted.connect(self._want_frame)
        dialog.finished.connect(self._closed)
        self._window.commands.show_dialog(dialog)
        self._make_plan()

    def _closed(self, _: int) -> None:
        self.dialog = self.plan = self._scan = self._wanted = None
        for job in (self._planning, self._reading):
            if job is not None:
                job.cancel()
        self._planning = self._reading = None

    def _submit(self, work: Callable[[JobContext], object], then: Callable[..., None]) -> Job:
        job = self._window.runner.submit("export", work)
        job.succeeded.connect(then)
        job.failed.connect(self._failed)
        return job

    # --- planning ----------------------------------------------------------------------------------------

    def _make_plan(self) -> None:
        if self.dialog is None or self._scan is None:
            return
        if self._planning is not None:
            self._planning.cancel()
        scan, options = self._scan, self.dialog.options
        self.dialog.wait("Reading every file …")

        def work(context: JobContext) -> Plan:
            from medviewer.dicom.deidentify.plan import make_plan

            return make_plan(scan, options, context)

        self._planning = self._submit(work, self._planned)
        self._planning.progress.connect(self._progress)
        self._planning.ended.connect(self._plan_ended)

    def _plan_ended(self) -> None:
        if self.sender() is self._planning:
            self._planning = None

    def _planned(self, plan: Plan) -> None:
        if self.dialog is None or self.sender() is not self._planning:
            return
        from medviewer.ui.suspect_panel import Suspect

        self.plan = plan
        why = plan.suspects
        suspects = [
            Suspect(one.key, _name(one), why[one.key], len(one.instances))
            for one in (self._scan.all_series() if self._scan is not None else ())
            if one.key in why
        ]
        self.dialog.show_plan(plan, suspects)

    def _progress(self, fraction: float, words: str) -> None:
        if self.dialog is not None:
            self.dialog.said.setText(f"{words} ({fraction:.0%})")

    def _show_changes(self, number: int) -> None:
        plan = self.plan
        if plan is None or plan.files[number].refused:
            if self.dialog is not None:
                self.dialog.show_changes([])
            return
        file = plan.files[number]
        self._submit(lambda _: plan.changes(file), self._changes_came)

    def _changes_came(self, changes: list[Change]) -> None:
        if self.dialog is not None:
            self.dialog.show_changes(changes)

    # --- frames ------------------------------------------------------------------------------------------

    def _want_frame(self, key: str, index: int) -> None:
        """The newest wish counts; one frame is read at a time."""
        self._wanted = (key, index)
        if self._reading is None:
            self._read_wanted()

    def _read_wanted(self) -> None:
        wanted, self._wanted = self._wanted, None
        series = self._series(wanted[0]) if wanted is not None else None
        if wanted is None or series is None:
            return
        key, index = wanted
        self._reading = job = self._window.runner.submit("inspect", lambda _: _frame(series, key, index))
        job.succeeded.connect(self._frame_came)
        job.failed.connect(self._failed)
        job.ended.connect(self._frame_ended)

    def _series(self, key: str) -> Series | None:
        everything = self._scan.all_series() if self._scan is not None else []
        return next((one for one in everything if one.key == key), None)

    def _frame_came(self, frame: Frame) -> None:
        if self.dialog is not None:
            self.dialog.panel.show_frame(*frame)

    def _frame_ended(self) -> None:
        if self.sender() is self._reading:
            self._reading = None
            self._read_wanted()

    # --- writing -----------------------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        place = QFileDialog.getExistingDirectory(self.dialog, "Write a new folder into", str(Path.home()))
        if place:
            self.write(_free(Path(place)))

    def write(self, folder: Path) -> None:
        """Write what the dialog shows into a new folder."""
        plan, dialog = self.plan, self.dialog
        if plan is None or dialog is None:
            return
        decisions = dict(dialog.decisions)
        dialog.wait("Writing …")
        dialog.lock(True)

        def work(context: JobContext) -> Exported:
            from medviewer.review.deidentified import export

            return export(plan, decisions, folder, context)

        self._planning = self._submit(work, self._written)
        self._planning.progress.connect(self._progress)

    def _written(self, done: Exported) -> None:
        self._window.note_act("export", formats=["deidentified"], files=len(done.names))
        words = f"Written: {counted(len(done.names), 'file')} in {done.folder}."
        if done.stayed:
            words += f" {len(done.stayed)} stayed; the list says why."
        if self.dialog is not None:
            self.dialog.lock(False)
            self.dialog.show_decisions()
            self.dialog.said.setText(words)

    def _failed(self, error: MedviewerError) -> None:
        if self.dialog is not None:
            self.dialog.lock(False)
            self.dialog.show_decisions()
            self.dialog.said.setText(error.sentence())


def _name(series: Series) -> str:
    number = "" if series.number is None else f" {series.number}"
    return f"{series.modality}{number}  {series.description}".strip()


def _free(place: Path) -> Path:
    """A name below a folder that nothing has yet; it tells nothing."""
    number = 1
    while (place / f"deidentified-{number:03d}").exists():
        number += 1
    return place / f"deidentified-{number:03d}"


def _frame(series: Series, key: str, index: int) -> Frame:
    """A frame as the window first shows it, (rows, columns, 3)."""
    from medviewer.dicom.load import read_slice
    from medviewer.imaging.render import auto_window, render
    from medviewer.imaging.reslice import PlaneView
    from medviewer.review.screen import first_window, is_inverted

    volume = read_slice(series, index)
    window = first_window(series) or auto_window(volume, 0)
    inverted = window.invert or (is_inverted(series) and not volume.is_colour)
    return key, index, render(volume, PlaneView.of(volume), 0, replace(window, invert=inverted))
