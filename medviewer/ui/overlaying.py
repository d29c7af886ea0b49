"""A segmentation or structure set laid over its images: read beside the window, then shown where it is
largest. The reader who has gone on meanwhile is not pulled away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from medviewer.dicom.study import DicomObject
from medviewer.errors import MedviewerError
from medviewer.review.overlays import NOT_REPORTED, OverlayFile
from medviewer.review.session import Session
from medviewer.ui.jobs import JobRunner
from medviewer.ui.object_row import object_title
from medviewer.ui.opening import Opening

if TYPE_CHECKING:
    from medviewer.ui.foreign_panel import ForeignPanel


class Overlaying(QObject):
    """Opens overlays from files."""

    message = Signal(str)
    problem = Signal(str)
    """One sentence on what failed."""
    progress = Signal(float, str)

    def __init__(self, session: Session, runner: JobRunner, opening: Opening) -> None:
        super().__init__(opening)
        self._session, self._runner, self._opening = session, runner, opening
        self._asked: dict[QObject, str] = {}
        """Job -> the series that was on screen when it was asked for."""

    def connect_panel(self, panel: ForeignPanel) -> None:
        """What the reader does in the list."""
        panel.shown_wanted.connect(self._session.show_overlay)
        panel.chosen.connect(self._session.go_to_overlay)
        panel.remove_wanted.connect(self._session.remove_overlays)

    def open(self, found: DicomObject) -> None:
        """Read an object and show it; one that is shown already is gone to."""
        from medviewer.review.overlay_reading import Request, read_overlays  # not needed to start the window

        known = next((f for f in self._session.state.overlay_files if f.path == found.path), None)
        if known is not None and known.patient_key == found.patient.key:
            self._go(known)
            return
        state = self._session.state
        if state.scan is None:
            return
        request = Request(found, object_title(found), state.scan, self._on_screen())
        job = self._runner.submit("inspect", lambda context: read_overlays(request, context))
        self._asked[job] = request.on_screen
        job.progress.connect(self.progress)
        job.succeeded.connect(self._read)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)

    def _on_screen(self) -> str:
        series = self._session.state.series
        return series.key if series is not None else ""

    def _read(self, file: OverlayFile) -> None:
        if not self._session.add_overlays(file):
            self.problem.emit("The overlay was read, but its images are no longer open.")
            return
        count = sum(not overlay.is_empty for overlay in file.overlays)
        regions = "1 region" if count == 1 else f"{count} regions"
        self.message.emit(f"{file.kind}: {regions} laid over the images. {NOT_REPORTED}")
        if self._asked.get(self.sender()) == self._on_screen():
            self._go(file)

    def _go(self, file: OverlayFile) -> None:
        self._opening.show(file.series_key)
        self._session.go_to_overlay(file.key)

    def _failed(self, error: MedviewerError) -> None:
        self.message.emit("")  # no longer "reading"
        self.problem.emit(error.sentence())

    def _ended(self) -> None:
        self._asked.pop(self.sender(), None)
