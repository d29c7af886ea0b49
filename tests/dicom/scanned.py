"""Small CT series written, then scanned: what the tests of this room ask about."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from tests.factories import Tweak, make_ct_series


def series_of(folder: Path, tweak: Tweak | None = None, **how: object) -> list[Series]:
    make_ct_series(folder, tweak=tweak, **how)  # type: ignore[arg-type]
    return scan([folder]).all_series()


def one(folder: Path, tweak: Tweak | None = None, **how: object) -> Series:
    make_ct_series(folder, tweak=tweak, **how)  # type: ignore[arg-type]
    return only(folder)


def only(folder: Path) -> Series:
    """The only series of a folder."""
    (series,) = scan([folder]).all_series()
    return series


def depths(series: Series, axis: int = 2) -> list[float]:
    return [i.position[axis] for i in series.instances if i.position]


def shift(ds: Dataset, axis: int, mm: float) -> None:
    position = list(ds.ImagePositionPatient)
    position[axis] = float(position[axis]) + mm
    ds.ImagePositionPatient = position
