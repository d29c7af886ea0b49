"""Series loaded or being loaded: the ones no longer on screen are kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from medviewer.dicom.load import SeriesLoader
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Volume
from medviewer.ui.jobs import Job

_KEPT_BYTES = 1 << 30
"""Series no longer on screen stay loaded up to this much, so that going back is instant."""


@dataclass
class Load:
    """A series being loaded or kept. ``job`` is None when nothing runs."""

    loader: SeriesLoader
    job: Job | None = None
    began: float = 0.0
    shown: bool = False


class KeptLoads:
    """Loads by series key, the newest last. ``budget``: bytes of memory a series may take."""

    def __init__(self, budget: int | None) -> None:
        self._budget = budget
        self._loads: OrderedDict[str, Load] = OrderedDict()

    def get(self, series_key: str) -> Load | None:
        """The load of a series, where there is one."""
        return self._loads.get(series_key)

    def begin(self, series: Series) -> Load:
        """The load of a series. One whose old job has not ended yet is not touched: a new one begins."""
        entry = self._loads.get(series.key)
        stale = entry is None or entry.loader.series is not series
        if entry is None or stale or (entry.job is not None and not entry.job.has_ended):
            entry = Load(SeriesLoader(series, self._budget))
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

    def ended(self, job: object) -> None:
        """A job is over: its series loads no more."""
        for entry in self._loads.values():
            if entry.job is job:
                entry.job = None

    def is_complete(self, series_key: str) -> bool:
        """Whether every image of a series is loaded or has failed."""
        entry = self._loads.get(series_key)
        if entry is None or not entry.loader.complete:
            return False
        return entry.job is None or entry.job.has_ended

    def volumes(self) -> dict[str, Volume]:
        """Complete volumes by series key."""
        return {key: entry.loader.volume for key, entry in self._loads.items() if entry.loader.complete}

    def clear(self) -> None:
        """Keep nothing."""
        self._loads.clear()
