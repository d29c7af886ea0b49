"""Folder to pixels: the first image at once, then the whole series, nearest slices first, thumbnails after.

The newest request wins. A scan or a load that fails leaves on screen what was there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.dicom.first_image import FirstImage
from medviewer.dicom.study import Instance, ScanResult, Series
from medviewer.errors import MedviewerError
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import Window
from medviewer.review.session import Session
from medviewer.ui.jobs import JobContext, JobRunner
from medviewer.ui.kept_loads import KeptLoads, Load
from medviewer.ui.opening_words import (
    failed_slices_sentence,
    found_sentence,
    loaded_sentence,
    nothing_sentence,
)
from medviewer.ui.scanning import Scanning
from medviewer.ui.thumbnails import Thumbnails


class Opening(QObject):
    """Opens paths and shows series. All answers arrive in the window's thread."""

    message = Signal(str)
    """One sentence for the status bar."""
    problem = Signal(str)
    """One sentence on what failed."""
    progress = Signal(float, str)
    slice_ready = Signal(int)
    """A slice of the series on screen."""
    image_failed = Signal()
    """An image of the series on screen could not be read; :meth:`failures` says why."""
    series_failed = Signal(str)
    """One sentence: not one image of the series on screen could be read."""
    series_loaded = Signal(str)
    """Key of a series that is complete."""
    thumbnail_ready = Signal(str, object)

    reading = Signal(bool)
    """Whether paths are being scanned."""
    first_image = Signal(object)
    """A :class:`~medviewer.dicom.first_image.FirstImage` to look at until the scan is done, where nothing was
    on screen; None: it counts no more."""

    def __init__(
        self, session: Session, runner: JobRunner, parent: QObject | None = None, budget: int | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._loads = KeptLoads(budget)
        self._thumbnails = Thumbnails(runner, self)
        self._thumbnails.ready.connect(self.thumbnail_ready)
        self._scanning = Scanning(runner, self)
        self._scanning.progress.connect(self.progress)
        self._scanning.first_image.connect(self._first_came)
        self._scanning.found.connect(self._scanned)
        self._scanning.failed.connect(self._scan_failed)
        self._first: FirstImage | None = None
        self._first_shown = False
        self._first_window: Window | None = None
        self.unreadable_only: ScanResult | None = None
        """The last scan that held no image at all: its list can still be looked at."""

    # --- scanning ----------------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Scan files, folders, zip files; show the first series found. A scan under way is given up."""
        wanted = [Path(path) for path in paths]
        if not wanted:
            return
        self._drop_first()
        self._scanning.begin(wanted)
        self.reading.emit(True)

    def _first_came(self, image: FirstImage) -> None:
        """Only an empty screen shows it: what the reader looks at is not pulled away for one image."""
        self._first = image
        if self._session.state.series is None:
            self._first_shown = True
            self.first_image.emit(image)

    def keep_window(self, window: Window) -> None:
        """The reader set a window on the first image: its series begins with it."""
        self._first_window = window

    def _drop_first(self) -> None:
        """Whatever comes next, that image is no part of it."""
        shown, self._first_shown = self._first_shown, False
        self._first = self._first_window = None
        if shown:
            self.first_image.emit(None)

    def _scan_failed(self, error: MedviewerError) -> None:
        self._drop_first()
        self.reading.emit(False)
        self.problem.emit(error.sentence())

    def _scanned(self, found: ScanResult) -> None:
        if found.patients or found.objects:
            self.unreadable_only = None
            self._session.open(found)
            self.message.emit(found_sentence(found))
            first = self._first_of(found)
            if first is not None:
                self._show_first(first)
        else:
            self.unreadable_only = found
            self.problem.emit(nothing_sentence(found))
        self._drop_first()
        self.reading.emit(False)

    def _show_first(self, series_key: str) -> None:
        """The series in place of its first image, which stays on screen where it belongs to it."""
        if not self._put(series_key):
            return
        series, image = self._session.state.series, self._first
        place = index_of(image.instance, series) if image is not None and series is not None else None
        if self._first_shown and place is not None and image is not None and series is not None:
            self._session.scroll(place)
            if self._first_window is not None and image.volume.unit is series.unit:
                self._session.set_window(self._first_window)
        self._load(image)

    def _first_of(self, found: ScanResult) -> str | None:
        """Key, as the session now has it, of the largest volume just found."""
        merged = self._session.state.scan
        here = {(s.uid, s.patient_key) for s in found.all_series()}
        known = [s for s in (merged.all_series() if merged else []) if (s.uid, s.patient_key) in here]
        if not known:
            return None
        best = max(known, key=lambda s: (s.is_volume, len(s.instances) if s.is_volume else 0))
        return best.key

    # --- loading -----------------------------------------------------------------------------------------

    def show(self, series_key: str) -> None:
        """Put a series on screen and load it; whatever loads now is given up."""
        if self._put(series_key):
            self._load()

    def _put(self, series_key: str) -> bool:
        """Make a series the one on screen; whether its pixels are still to be asked for."""
        series = self._session.state.series
        if series is None or series.key != series_key:
            self._session.show(series_key)
            return True
        entry = self._current()
        return entry is None or entry.loader.series is not series

    def _load(self, known: FirstImage | None = None) -> None:
        """Load the series on screen; ``known`` is an image that is decoded already."""
        state = self._session.state
        if state.series is None:
            return
        self._runner.cancel("load")
        entry = self._loads.begin(state.series)
        if known is not None:
            entry.loader.adopt(known.instance, known.volume)
        if entry.loader.complete:
            self._put_on_screen(entry)
            self.series_loaded.emit(state.series.key)
            self._thumbnails.begin(state.scan)
            return
        if entry.loader.ready.any():
            self._put_on_screen(entry)
        loader, first = entry.loader, state.index

        def work(context: JobContext) -> Volume:
            return loader.load(context, first, context.tell)

        entry.began, entry.shown = time.perf_counter(), bool(entry.loader.ready.any())
        entry.job = job = self._runner.submit("load", work)
        job.told.connect(self._slices_came)
        job.progress.connect(self.progress)
        job.succeeded.connect(self._load_done)
        job.failed.connect(self._load_failed)
        job.ended.connect(self._load_ended)

    def _current(self) -> Load | None:
        series = self._session.state.series
        return self._loads.get(series.key) if series is not None else None

    def _mine(self) -> Load | None:
        """The load of the series on screen, when the signal comes from its own job."""
        entry = self._current()
        return entry if entry is not None and entry.job is self.sender() else None

    def _put_on_screen(self, entry: Load) -> None:
        entry.shown = True
        self._session.set_volume(entry.loader.series.key, entry.loader.volume)

    def _slices_came(self, indices: list[int]) -> None:
        entry = self._mine()
        if entry is None:
            return
        if not entry.shown and entry.loader.ready.any():
            self._put_on_screen(entry)
        for index in indices:
            self.slice_ready.emit(index)
        if any(index in entry.loader.failed for index in indices):
            self.image_failed.emit()

    def _load_done(self, _: Volume) -> None:
        entry = self._mine()
        if entry is None:
            return
        self._put_on_screen(entry)
        seconds = time.perf_counter() - entry.began
        self.message.emit(loaded_sentence(entry.loader, seconds))
        if entry.loader.failed:
            self.problem.emit(failed_slices_sentence(entry.loader))
        self.series_loaded.emit(entry.loader.series.key)
        self._thumbnails.begin(self._session.state.scan)

    def _load_failed(self, error: MedviewerError) -> None:
        if self._mine() is not None:
            self.problem.emit(error.sentence())
            self.series_failed.emit(error.sentence())
            self._thumbnails.begin(self._session.state.scan)

    def _load_ended(self) -> None:
        self._loads.ended(self.sender())

    def prioritise(self, index: int) -> None:
        """The reader is at another image: load from there on."""
        entry = self._current()
        if entry is not None and entry.job is not None:
            entry.loader.prioritise(index)

    def ready(self) -> NDArray[np.bool_] | None:
        """Which slices of the series on screen are there; fills while loading."""
        entry = self._current()
        return entry.loader.ready if entry is not None else None

    def failures(self) -> dict[int, str]:
        """Images of the series on screen that could not be read, and why."""
        entry = self._current()
        return dict(entry.loader.failed) if entry is not None else {}

    def is_complete(self, series_key: str) -> bool:
        """Whether every image of a series is loaded or has failed."""
        return self._loads.is_complete(series_key)

    def volumes(self) -> dict[str, Volume]:
        """Complete volumes by series key, for key images in the report."""
        return self._loads.volumes()

    def forget(self) -> None:
        """Nothing is open any more."""
        self._scanning.cancel()
        self._runner.cancel("load")
        self._thumbnails.forget()
        self._loads.clear()
        self._drop_first()
        self.reading.emit(False)


def index_of(instance: Instance, series: Series) -> int | None:
    """Where an image stands in a series, by SOP instance UID and frame; None where it is no part of it."""
    wanted = instance.sop_uid, instance.frame
    places = (k for k, i in enumerate(series.instances) if (i.sop_uid, i.frame) == wanted)
    return next(places, None)
