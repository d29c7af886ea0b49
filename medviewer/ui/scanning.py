"""Paths to what lies under them, on a thread; the first image found is told at once. The newest wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from medviewer.dicom.first_image import FirstImage, Glimpse
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult
from medviewer.errors import MedviewerError
from medviewer.ui.jobs import Job, JobContext, JobRunner


class Scanning(QObject):
    """One scan at a time. Nothing of one that was given up is ever told."""

    first_image = Signal(FirstImage)
    """Long before ``found``, where there is an image at all; at most once a scan."""
    found = Signal(ScanResult)
    failed = Signal(MedviewerError)
    progress = Signal(float, str)

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._job: Job | None = None

    def begin(self, paths: Sequence[Path]) -> None:
        """Scan files, folders, zip files. A scan under way is given up."""

        def work(context: JobContext) -> ScanResult:
            return scan(paths, context, glimpse=Glimpse(context, context.tell))

        job = self._runner.submit("open", work)
        job.told.connect(self._told)
        job.succeeded.connect(self._succeeded)
        job.failed.connect(self._failed)
        job.progress.connect(self.progress)
        self._job = job

    def cancel(self) -> None:
        """Give up."""
        self._job = None
        self._runner.cancel("open")

    def _told(self, images: list[FirstImage]) -> None:
        if self.sender() is self._job:
            self.first_image.emit(images[0])

    def _succeeded(self, found: ScanResult) -> None:
        if self.sender() is self._job:
            self._job = None
            self.found.emit(found)

    def _failed(self, error: MedviewerError) -> None:
        if self.sender() is self._job:
            self._job = None
            self.failed.emit(error)
