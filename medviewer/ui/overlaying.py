"""Overlays from files: read beside the window, then shown where they are largest. The reader who has gone on
meanwhile is not pulled away. What comes before its images waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from medviewer.dicom.study import DicomObject
from medviewer.errors import MedviewerError
from medviewer.review.overlays import NOT_REPORTED, OverlayFile
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from medviewer.review.waiting import ImagesNotOpen, Waiting, open_here, wants_more
from medviewer.ui.jobs import JobRunner
from medviewer.ui.object_row import object_title
from medviewer.ui.opening import Opening

if TYPE_CHECKING:
    from medviewer.ui.foreign_panel import ForeignPanel
    from medviewer.ui.notice_bar import NoticeBar
    from medviewer.ui.status import Status


class Overlaying(QObject):
    """Opens overlays from files."""

    message = Signal(str)
    problem = Signal(str)
    """One sentence on what failed."""
    note = Signal(str)
    """One sentence that need not stay."""
    progress = Signal(float, str)
    text_wanted = Signal(str)
    """Path of a report of which nothing can be laid over the images now: it is there to be read."""

    def __init__(self, session: Session, runner: JobRunner, opening: Opening) -> None:
        super().__init__(opening)
        self._session, self._runner, self._opening = session, runner, opening
        self._asked: dict[QObject, tuple[DicomObject, str | None]] = {}
        """Job -> what it reads, and the series on screen when the reader asked for it (None: nobody did)."""

    def connect_to(self, panel: ForeignPanel, status: Status, notices: NoticeBar) -> None:
        """What the reader does in the list, and where is told what became of it."""
        self.message.connect(status.say)
        self.progress.connect(status.progress)
        self.problem.connect(notices.problem)
        self.note.connect(notices.note)
        panel.shown_wanted.connect(self._session.show_overlay)
        panel.chosen.connect(self._session.go_to_overlay)
        panel.remove_wanted.connect(self._session.remove_overlays)
        panel.unwanted.connect(self._session.stop_waiting)

    def apply(self, state: State, change: Change) -> None:
        """Images came: what waits for them is read, what lies on some of its images is read again."""
        if Change.STUDY not in change or state.scan is None:
            return
        wanted = [w.found for w in state.waiting if w.may_begin(state.scan)]
        partial = {f.path: f.patient_key for f in state.overlay_files if wants_more(f, state.scan)}
        wanted += [o for o in state.scan.objects if partial.get(o.path) == o.patient.key]
        under_way = {found.path for found, _ in self._asked.values()}
        for found in wanted:
            if found.path not in under_way:
                self._read(found, None)

    def open(self, found: DicomObject) -> None:
        """Read an object and show it; one that is shown already is gone to."""
        known = [f for f in self._session.state.overlay_files if f.path == found.path]
        known = [f for f in known if f.patient_key == found.patient.key]
        if known:
            self._go(self._nearest(known))
        elif self._session.state.scan is not None:
            self._read(found, self._on_screen())

    def _read(self, found: DicomObject, asked: str | None) -> None:
        from medviewer.review.overlay_reading import Request  # not needed to start the window
        from medviewer.review.report_overlays import read_object

        scan = self._session.state.scan
        if scan is None:
            return
        request = Request(found, object_title(found), scan, self._on_screen())
        job = self._runner.submit("inspect", lambda context: read_object(request, context))
        self._asked[job] = (found, asked)
        job.progress.connect(self.progress)
        job.succeeded.connect(self._done)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)

    def _on_screen(self) -> str:
        series = self._session.state.series
        return series.key if series is not None else ""

    def _nearest(self, files: list[OverlayFile]) -> OverlayFile:
        """Of one object on several series the one on screen, else the first."""
        here = self._on_screen()
        return next((f for f in files if f.series_key == here), files[0])

    def _done(self, files: tuple[OverlayFile, ...]) -> None:
        if not files:  # a report of another kind
            self._read_as_text()
            return
        laid = [file for file in files if self._session.add_overlays(file)]
        if not laid:
            self.problem.emit("The overlay was read, but its images are no longer open.")
            return
        first = laid[0]
        own = [f for f in laid if f.object_key == first.object_key]
        self.message.emit(laid_sentence(own))
        asked = self._asked.get(self.sender())
        if asked is None:
            return
        if asked[1] is None:  # in place of the note that it waits
            self.note.emit(laid_sentence(own))
        elif asked[1] == self._on_screen():
            self._go(self._nearest(own))

    def _read_as_text(self) -> None:
        """Where the reader chose a report, the images stay in sight only as long as they show it."""
        found, by_reader = self._asked.get(self.sender(), (None, None))
        if found is not None and by_reader is not None and found.kind.code == "SR":
            self.text_wanted.emit(str(found.path))

    def _go(self, file: OverlayFile) -> None:
        self._opening.show(file.series_key)
        self._session.go_to_overlay(file.key)

    def _failed(self, error: MedviewerError) -> None:
        asked = self._asked.get(self.sender())
        self.message.emit("")  # no longer "reading"
        if asked is None:
            return
        found, by_reader = asked
        self._read_as_text()
        if isinstance(error, ImagesNotOpen):
            self._wait(found, error)
        else:
            self._session.stop_waiting(f"{found.patient.key} {found.sop_uid}")
            self.problem.emit(error.sentence())
            return
        if by_reader is not None:
            self.note.emit(error.sentence())

    def _wait(self, found: DicomObject, error: ImagesNotOpen) -> None:
        scan = self._session.state.scan
        if scan is None or all(o.path != found.path for o in scan.objects):
            return  # closed meanwhile
        here = open_here(scan, found.patient.key, error.references)
        self._session.wait_for_images(
            Waiting(found, object_title(found), error.references, error.frames, here, error.lacking)
        )

    def _ended(self) -> None:
        self._asked.pop(self.sender(), None)


def laid_sentence(files: list[OverlayFile]) -> str:
    """What was laid over the images, of one object."""
    kind = files[0].kind
    count = len({o.number for file in files for o in file.overlays if not o.is_empty})
    things = "finding" if any(o.said or o.figures for o in files[0].overlays) else "region"
    return f"{kind}: {count} {things}{'' if count == 1 else 's'} laid over the images. {NOT_REPORTED}"
