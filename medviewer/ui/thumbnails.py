"""The little pictures of the series, made behind the window when nothing more urgent is to be done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.dicom.load import thumbnail
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import UnreadableImage
from medviewer.ui.jobs import JobContext, JobRunner

_SIZE = 96


class Thumbnails(QObject):
    """Makes each series' picture once."""

    ready = Signal(str, object)
    """Series key, (rows, columns) or (rows, columns, 3) uint8."""

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._pictured: set[str] = set()

    def begin(self, scan: ScanResult | None) -> None:
        """Make the pictures that were not made yet."""
        todo = [s for s in (scan.all_series() if scan else []) if s.key not in self._pictured]
        if not todo:
            return
        self._pictured |= {series.key for series in todo}
        job = self._runner.submit("thumbnails", lambda context: _make(todo, context))
        job.told.connect(self._came)

    def forget(self) -> None:
        """Nothing is open any more."""
        self._runner.cancel("thumbnails")
        self._pictured.clear()

    def _came(self, pictures: list[tuple[str, NDArray[np.uint8]]]) -> None:
        for key, picture in pictures:
            self.ready.emit(key, picture)


def _make(todo: Sequence[Series], context: JobContext) -> None:
    for series in todo:
        context.check()
        try:
            context.tell((series.key, thumbnail(series, _SIZE)))
        except UnreadableImage:
            continue  # the browser keeps its placeholder; opening the series says why
