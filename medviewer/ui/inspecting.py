"""Looking into a file: its tags, a report, a document. Files are read beside the window.

What reads and shows a kind of object is imported when the first one is opened: the window starts without it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from medviewer.dicom.captions import patient_line
from medviewer.dicom.elements import Broken
from medviewer.dicom.study import DicomObject
from medviewer.errors import UnreadableImage
from medviewer.tasks import TaskContext
from medviewer.ui.jobs import JobContext

T = TypeVar("T")

if TYPE_CHECKING:
    from medviewer.ui.browser import StudyBrowser
    from medviewer.ui.foreign_panel import ForeignPanel
    from medviewer.ui.main_window import MainWindow
    from medviewer.ui.overlaying import Overlaying


class Inspecting(QObject):
    """Opens the dialogs that show what a file holds; closing one gives up what it still reads."""

    _forgotten = Signal()
    """Nothing is open any more."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def connect_to(self, browser: StudyBrowser, panel: ForeignPanel, overlaying: Overlaying) -> None:
        """Where the reader asks to look into an object."""
        browser.object_chosen.connect(self.open_object)
        for asking in (browser, panel):
            asking.tags_wanted.connect(self.show_tags)
        for asking_text in (browser, panel, overlaying):
            asking_text.text_wanted.connect(self.read)

    def show_image_tags(self) -> None:
        """The tags of the image on screen."""
        state = self._window.session.state
        if state.series is not None:
            self.show_tags(str(state.series.instances[state.index].path))

    def open_object(self, path: str) -> None:
        """What an object beside the images holds: as :data:`OPENERS` says, anything else as tags."""
        scan = self._window.session.state.scan
        found = next((o for o in scan.objects if str(o.path) == path), None) if scan is not None else None
        opener = OPENERS.get(found.kind.code) if found is not None else None
        if found is None or opener is None:
            self.show_tags(path)
        else:
            opener(self, found)

    def _lay_over(self, found: DicomObject) -> None:
        self._window.overlaying.open(found)

    def read(self, path: str) -> None:
        """The text of a report beside the images."""
        scan = self._window.session.state.scan
        for found in scan.objects if scan is not None else ():
            if str(found.path) == path:
                self._show_report(found)

    def _present(self, found: DicomObject) -> None:
        self._window.presenting.open(found)

    def _show_report(self, found: DicomObject) -> None:
        from medviewer.dicom.report_tree import places, read_report
        from medviewer.ui.dialogs.report_tree import ReportReader

        scan = self._window.session.state.scan
        known = places(scan, found.patient.key) if scan is not None else {}
        who = patient_line(found.patient, found.study)
        dialog = ReportReader(found.kind.name, who, str(found.path), known, self._on_top())
        dialog.tags_wanted.connect(self.show_tags)
        job = self._window.runner.submit("inspect", lambda context: _own(read_report, found, context))
        dialog.reference_wanted.connect(
            lambda uid, frame: dialog.tell(self._go_to(found.patient.key, uid, frame))
        )
        job.succeeded.connect(dialog.show_report)
        job.failed.connect(dialog.fail)
        dialog.finished.connect(job.cancel)
        self._forgotten.connect(dialog.reject)
        # Beside the window, not before it: the reader goes from line to image and back.
        dialog.show()

    def _go_to(self, patient_key: str, uid: str, frame: int) -> str:
        """Show what a line of a report points at; returns the sentence on what became of it."""
        from medviewer.dicom.report_tree import place_of

        scan = self._window.session.state.scan
        place = place_of(scan, patient_key, uid, frame) if scan is not None else None
        if place is not None:
            self._window.opening.show(place[0])
            self._window.session.scroll(place[1])
            return f"Image {place[1] + 1} is on screen."
        for other in scan.objects if scan is not None else ():
            if other.sop_uid == uid and other.patient.key == patient_key:
                self.open_object(str(other.path))
                return ""
        return "The image is not open. Open its folder too."

    def _show_waveform(self, found: DicomObject) -> None:
        from medviewer.dicom.objects.waveform import read_waveform
        from medviewer.ui.dialogs.waveform import WaveformReader

        who = patient_line(found.patient, found.study)
        dialog = WaveformReader(found.kind.name, who, str(found.path), self._on_top())
        dialog.tags_wanted.connect(self.show_tags)
        job = self._window.runner.submit("inspect", lambda context: _own(read_waveform, found, context))
        job.succeeded.connect(dialog.show_waveform)
        job.failed.connect(dialog.fail)
        dialog.finished.connect(job.cancel)
        self._window.commands.show_dialog(dialog)

    def _show_document(self, found: DicomObject) -> None:
        from medviewer.ui.dialogs.document import DocumentReader

        who = patient_line(found.patient, found.study)
        dialog = DocumentReader(found.kind.name, who, str(found.path), self._on_top())
        dialog.tags_wanted.connect(self.show_tags)
        width = dialog.page_pixels
        # In the lane of the report, which draws pages too: PDFium bears one thread at a time.
        job = self._window.runner.submit("export", lambda context: _pages(found, width, context))
        job.told.connect(dialog.add_pages)
        job.succeeded.connect(dialog.finish)
        job.failed.connect(dialog.fail)
        dialog.finished.connect(job.cancel)
        self._window.commands.show_dialog(dialog)

    def show_tags(self, path: str) -> None:
        """The tags of any file."""
        from medviewer.dicom.tag_tree import read_tags
        from medviewer.ui.dialogs.tags import Tags

        dialog = Tags(path, self._on_top())
        job = self._window.runner.submit("inspect", lambda context: _told(read_tags, Path(path), context))
        job.succeeded.connect(dialog.show_tree)
        job.failed.connect(dialog.fail)
        dialog.finished.connect(job.cancel)
        self._window.commands.show_dialog(dialog)

    def forget(self) -> None:
        """Nothing is open any more: what is still read is given up, and no report of it stays."""
        self._window.runner.cancel("inspect")
        self._forgotten.emit()

    def _on_top(self) -> QWidget:
        """A dialog asked from another dialog lies above that."""
        return QApplication.activeModalWidget() or self._window


OPENERS: dict[str, Callable[[Inspecting, DicomObject], None]] = {
    "SR": Inspecting._lay_over,
    "KO": Inspecting._show_report,
    "PDF": Inspecting._show_document,
    "PR": Inspecting._present,
    "SEG": Inspecting._lay_over,
    "RTSTRUCT": Inspecting._lay_over,
    "WAVE": Inspecting._show_waveform,
}
"""By the code of its kind: how an object is opened. What is not here is shown as tags."""


def _told(read: Callable[[Path, TaskContext], T], path: Path, context: TaskContext) -> T:
    """What ``read`` returns; its failures as the window tells them."""
    try:
        return read(path, context)
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    except OSError as error:
        raise UnreadableImage("The file could not be read.") from error


def _own(read: Callable[[Path, TaskContext], T], found: DicomObject, context: TaskContext) -> T:
    """As :func:`_told`, of the patient whose name stands over it: the file may have changed meanwhile."""
    from medviewer.review.overlay_reading import same_object

    same_object(found)
    return _told(read, found.path, context)


def _pages(found: DicomObject, width: int, context: JobContext) -> int:
    from medviewer.dicom.document import read_pdf
    from medviewer.review.pdf_pages import foreign_pages

    def show(picture: NDArray[np.uint8]) -> None:
        context.check()
        context.tell(picture)

    return foreign_pages(_own(read_pdf, found, context), width, show)
