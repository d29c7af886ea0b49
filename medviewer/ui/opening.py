"""Folder to pixels: scan, show the first series at once, load the nearest slices first, thumbnails after.

The newest request wins. A scan or a load that fails leaves on screen what was there.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.dicom.load import SeriesLoader, thumbnail
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import MedviewerError, UnreadableImage
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Volume
from medviewer.review.session import Session
from medviewer.ui.jobs import Job, JobContext, JobRunner

_KEPT_BYTES = 1 << 30
"""Series no longer on screen stay loaded up to this much, so that going back is instant."""
_THUMBNAIL = 96


@dataclass
class _Load:
    """A series being loaded or kept. ``job`` is None when nothing runs."""

    loader: SeriesLoader
    job: Job | None = None
    began: float = 0.0
    shown: bool = False


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

    def __init__(
        self, session: Session, runner: JobRunner, parent: QObject | None = None, budget: int | None = None
    ) -> None:
        super().__init__(parent)
        self._budget = budget
        self._session = session
        self._runner = runner
        self._scan_job: Job | None = None
        self._loads: OrderedDict[str, _Load] = OrderedDict()
        self._pictured: set[str] = set()
        self.unreadable_only: ScanResult | None = None
        """The last scan that held no image at all: its list can still be looked at."""

    # --- scanning ----------------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Scan files, folders, zip files; show the first series found. A scan under way is given up."""
        wanted = [Path(path) for path in paths]
        if not wanted:
            return
        job = self._runner.submit("open", lambda context: scan(wanted, context))
        job.succeeded.connect(self._scanned)
        job.failed.connect(self._scan_failed)
        job.progress.connect(self.progress)
        self._scan_job = job

    def _scan_failed(self, error: MedviewerError) -> None:
        self.problem.emit(error.sentence())

    def _scanned(self, found: ScanResult) -> None:
        if self.sender() is not self._scan_job:
            return
        if not (found.patients or found.objects):
            self.unreadable_only = found
            self.problem.emit(_nothing_sentence(found))
            return
        self.unreadable_only = None
        self._session.open(found)
        self.message.emit(_found_sentence(found))
        first = self._first_of(found)
        if first is not None:
            self.show(first)

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
        if self._session.state.series is not None and self._session.state.series.key == series_key:
            return
        self._session.show(series_key)
        self._load()

    def _load(self) -> None:
        state = self._session.state
        if state.series is None:
            return
        self._runner.cancel("load")
        entry = self._entry(state.series)
        if entry.loader.complete:
            self._put_on_screen(entry)
            self.series_loaded.emit(state.series.key)
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

    def _entry(self, series: Series) -> _Load:
        """The loader of a series. One whose old job has not ended yet is not touched: a new one begins."""
        entry = self._loads.get(series.key)
        stale = entry is None or entry.loader.series is not series
        if entry is None or stale or (entry.job is not None and not entry.job.has_ended):
            entry = _Load(SeriesLoader(series, self._budget))
        self._loads[series.key] = entry
        self._loads.move_to_end(series.key)
        self._forget_old(series.key)
        return entry

    def _forget_old(self, keep: str) -> None:
        total = 0
        for key in list(reversed(self._loads)):
            total += self._loads[key].loader.volume.voxels.nbytes
            if total > _KEPT_BYTES and key != keep:
                del self._loads[key]

    def _current(self) -> _Load | None:
        series = self._session.state.series
        return self._loads.get(series.key) if series is not None else None

    def _mine(self) -> _Load | None:
        """The load of the series on screen, when the signal comes from its own job."""
        entry = self._current()
        return entry if entry is not None and entry.job is self.sender() else None

    def _put_on_screen(self, entry: _Load) -> None:
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
        self.message.emit(_loaded_sentence(entry.loader, seconds))
        if entry.loader.failed:
            self.problem.emit(_failed_slices_sentence(entry.loader))
        self.series_loaded.emit(entry.loader.series.key)
        self._begin_thumbnails()

    def _load_failed(self, error: MedviewerError) -> None:
        if self._mine() is not None:
            self.problem.emit(error.sentence())
            self.series_failed.emit(error.sentence())
            self._begin_thumbnails()

    def _load_ended(self) -> None:
        for entry in self._loads.values():
            if entry.job is self.sender():
                entry.job = None

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
        entry = self._loads.get(series_key)
        if entry is None or not entry.loader.complete:
            return False
        return entry.job is None or entry.job.has_ended

    def volumes(self) -> dict[str, Volume]:
        """Complete volumes by series key, for key images in the report."""
        return {key: entry.loader.volume for key, entry in self._loads.items() if entry.loader.complete}

    def forget(self) -> None:
        """Nothing is open any more."""
        for lane in ("open", "load", "thumbnails"):
            self._runner.cancel(lane)
        self._loads.clear()
        self._pictured.clear()

    # --- thumbnails --------------------------------------------------------------------------------------

    def _begin_thumbnails(self) -> None:
        scan_result = self._session.state.scan
        todo = [s for s in (scan_result.all_series() if scan_result else []) if s.key not in self._pictured]
        if not todo:
            return
        self._pictured |= {series.key for series in todo}
        job = self._runner.submit("thumbnails", lambda context: _make_thumbnails(todo, context))
        job.told.connect(self._thumbnails_came)

    def _thumbnails_came(self, pictures: list[tuple[str, NDArray[np.uint8]]]) -> None:
        for key, picture in pictures:
            self.thumbnail_ready.emit(key, picture)


def _make_thumbnails(todo: Sequence[Series], context: JobContext) -> None:
    for series in todo:
        context.check()
        try:
            context.tell((series.key, thumbnail(series, _THUMBNAIL)))
        except UnreadableImage:
            continue  # the browser keeps its placeholder; opening the series says why


def _found_sentence(found: ScanResult) -> str:
    series = found.all_series()
    images = sum(len(s.instances) for s in series)
    said = f"{number(images)} images in {len(series)} series" if series else "No images"
    if len(found.patients) > 1:
        said += f" of {len(found.patients)} patients"
    said += f", other objects: {len(found.objects)}" if found.objects else ""
    left = len(found.unreadable)
    return said + (f"; {left} {'file' if left == 1 else 'files'} could not be opened" if left else "")


def _nothing_sentence(found: ScanResult) -> str:
    left = len(found.unreadable)
    if left == 1:
        return f"No image could be opened: {found.unreadable[0].reason}"
    if left:
        return f"None of the {left} files is a readable DICOM image."
    return "There are no files there. Choose a folder with DICOM images."


def _loaded_sentence(loader: SeriesLoader, seconds: float) -> str:
    count = int(loader.ready.sum())
    said = f"Loaded {count} {'image' if count == 1 else 'images'} in {number(seconds, 's', 2)}"
    return f"{said} (more than the memory set aside: kept on the disk)" if loader.on_disk else said


def _failed_slices_sentence(loader: SeriesLoader) -> str:
    count, reason = len(loader.failed), next(iter(loader.failed.values()))
    some = "1 image" if count == 1 else f"{count} images"
    return f"{some} of this series could not be read: {reason}"
