"""The first image of what is being opened, decoded before the other headers are read.

Whose it is, its captions, letters and window come from that very file alone; nothing is said of the series
it may belong to. The complete series takes its place when the scan is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from medviewer.dicom.load import read_slice
from medviewer.dicom.order import arrange
from medviewer.dicom.scan_cache import remembered
from medviewer.dicom.study import Instance, Patient, Series, Study
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext

_TRIES = 64
"""So many files are tried; among more junk than that the reader waits for the scan."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@dataclass(frozen=True, eq=False)
class FirstImage:
    """One decoded image and whose it is. ``series`` holds the images of its file alone."""

    patient: Patient
    study: Study
    series: Series
    index: int
    """Which image of ``series``: the middle frame of a file with many."""
    volume: Volume
    """That image as a volume of one slice."""

    @property
    def instance(self) -> Instance:
        """The image's own facts."""
        return self.series.instances[self.index]


def read_first(path: Path) -> FirstImage:
    """One file's image with everything said of it there.

    Raises :class:`OtherObject`, :class:`Broken`, :class:`UnreadableImage`, OSError.
    """
    (patient,) = arrange(remembered.facts(path)).patients
    (study,) = patient.studies
    series = max(study.series, key=lambda s: len(s.instances))
    index = len(series.instances) // 2
    return FirstImage(patient, study, series, index, read_slice(series, index))


class Glimpse:
    """Tries files until one is an image, and tells it once. For one scan, on its thread."""

    def __init__(self, context: TaskContext, tell: Callable[[FirstImage], None]) -> None:
        self._context, self._tell = context, tell
        self._tries, self._told = _TRIES, False

    @property
    def wanted(self) -> bool:
        """Whether no image was told yet, and it is worth trying more files."""
        return not self._told and self._tries > 0

    def look(self, paths: Iterable[Path]) -> None:
        """Try files in this order; localizers and captured screens only where nothing else is found.

        Raises :class:`Cancelled`; what is no image is left to the scan.
        """
        spare: FirstImage | None = None
        for path in islice(paths, self._tries if self.wanted else 0):
            self._context.check()
            self._tries -= 1
            found = _image_or_none(path)
            if found is not None and _is_of_the_patient(found):
                spare = found
                break
            spare = spare or found
        if spare is not None:
            self._told = True
            self._tell(spare)


def _image_or_none(path: Path) -> FirstImage | None:
    try:
        return read_first(path)
    except Exception:  # noqa: BLE001 - as in the scan: one file never stops the others
        return None


def _is_of_the_patient(found: FirstImage) -> bool:
    """Whether it is a picture of the kind that the main series holds, as far as one file tells."""
    instance = found.instance
    captured = instance.sop_class.startswith(_SECONDARY_CAPTURE)
    return "LOCALIZER" not in instance.image_type and not captured
