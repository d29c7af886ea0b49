"""The 21 series: slice k holds the constant 100 + k, so every volume's oracle is its list of k."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from medviewer.dicom.objects.ct import seeded_uid
from medviewer.dicom.study import Series
from tests.factories import CORONAL, make_ct_series, make_instance, save
from tests.robust.case import OK, WARN, Opened

Tweak = Callable[[Dataset, int], None]
ALL = tuple(range(9, -1, -1))
"""Slices are made from the feet up and shown from the head down."""


@dataclass(frozen=True)
class SeriesCase:
    """A folder, and the parts that must come of it: their slices in display order, which are volumes."""

    number: str
    name: str
    expect: str
    make: Callable[[Path], object]
    issues: str = ""
    parts: tuple[tuple[int, ...], ...] = (ALL,)
    volumes: bool | tuple[bool, ...] = True
    step_mm: float | None = 2.0
    value: Callable[[int], float] = lambda k: k + 100 - 1024
    patients: int = 1


def judge(case: SeriesCase, seen: Opened) -> None:
    """Every part has the slices, values, places and notices it must have, and nothing is left over."""
    assert len(seen.result.patients) == case.patients
    assert len(seen.volumes) == len(seen.series) == len(case.parts)
    volumes = (case.volumes,) * len(case.parts) if isinstance(case.volumes, bool) else case.volumes
    assert [s.is_volume for s in seen.series] == list(volumes)
    for slices, series, volume in zip(case.parts, seen.series, seen.volumes, strict=True):
        assert [i.number for i in series.instances] in ([k + 1 for k in slices], *_odd_numbers(case, slices))
        for k, picture in zip(slices, volume.voxels, strict=True):
            np.testing.assert_array_equal(picture, case.value(k))
        if series.is_volume and case.step_mm is not None:
            assert _step(series) == _about(case.step_mm)


def _odd_numbers(case: SeriesCase, slices: Sequence[int]) -> list[list[int | None]]:
    """What the instance numbers of 08 and 09 are: reversed, absent."""
    return [[10 - k for k in slices], [None] * len(slices)] if case.number in ("08", "09") else []


def _step(series: Series) -> float:
    assert series.geometry is not None
    return float(np.linalg.norm(series.geometry.affine[:3, 0]))


class _about(float):  # noqa: N801 - reads as a word
    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and abs(other - float(self)) < 1e-3

    __hash__ = float.__hash__


# ---- how each is made -----------------------------------------------------------------------------------


def _folder(tweak: Tweak | None = None, **how: object) -> Callable[[Path], object]:
    return lambda folder: make_ct_series(folder, tweak=tweak, **how)  # type: ignore[arg-type]


def _without(k: int) -> Callable[[Path], object]:
    return lambda folder: make_ct_series(folder)[k].unlink()


def _again(new_uid: bool) -> Callable[[Path], object]:
    """Slice 4 a second time: as another image at its place, or as the same image."""

    def make(folder: Path) -> None:
        make_ct_series(folder)
        ds = make_instance(4)
        if new_uid:
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = seeded_uid("another", 4)
        save(ds, folder / "twice.dcm")

    return make


def _position(ds: Dataset, axis: int, mm: float) -> None:
    place = [float(x) for x in ds.ImagePositionPatient]
    place[axis] += mm
    ds.ImagePositionPatient = place


def _tilted(ds: Dataset, k: int) -> None:
    """The table moves along z by 2 mm, the pictures lean by 15 degrees."""
    c, s = math.cos(math.radians(15)), math.sin(math.radians(15))
    ds.ImageOrientationPatient = [1, 0, 0, 0, round(c, 10), round(s, 10)]
    ds.ImagePositionPatient = [-10, -20, -30 + 2 * k]


def _turned(ds: Dataset, k: int) -> None:
    if k >= 7:
        ds.ImageOrientationPatient = list(CORONAL)


def _sized(ds: Dataset, k: int) -> None:
    if k >= 7:
        ds.Rows, ds.PixelData = 8, np.full((8, 12), 100 + k, "<i2").tobytes()


def _uneven(ds: Dataset, k: int) -> None:
    _position(ds, 2, max(0, k - 4))


def _numbered(reverse: bool) -> Tweak:
    def tweak(ds: Dataset, k: int) -> None:
        ds.InstanceNumber = 10 - k if reverse else None

    return tweak


def _slopes(ds: Dataset, k: int) -> None:
    ds.RescaleSlope = 1.5 if k % 2 else 1


def _patients(ds: Dataset, k: int) -> None:
    if k >= 5:
        ds.PatientID, ds.PatientName = "T2", "Other^Olga"


def _frames(ds: Dataset, k: int) -> None:
    if k >= 7:
        ds.FrameOfReferenceUID = seeded_uid("another frame", 0)


def _phases(ds: Dataset, k: int) -> None:
    """Five places, twice."""
    ds.TemporalPositionIdentifier = k // 5 + 1
    ds.ImagePositionPatient = [-10, -20, -30 + 2 * (k % 5)]


def _localizer(ds: Dataset, k: int) -> None:
    if k == 9:
        ds.ImageType, ds.ImageOrientationPatient = ["ORIGINAL", "PRIMARY", "LOCALIZER"], list(CORONAL)


def _jitter(ds: Dataset, k: int) -> None:
    _position(ds, 2, 0.004 * (-1) ** k)


def _spaced(ds: Dataset, k: int) -> None:
    if k >= 7:
        ds.PixelSpacing = [0.9, 0.9]


def _signs(ds: Dataset, k: int) -> None:
    ds.PixelRepresentation = k % 2


def _thick(ds: Dataset, k: int) -> None:
    ds.SliceThickness = 5


def _odd_slope(k: int) -> float:
    return (100 + k) * (1.5 if k % 2 else 1) - 1024


UP_TO_6, FROM_7 = tuple(range(6, -1, -1)), (9, 8, 7)
LOW, HIGH = (4, 3, 2, 1, 0), (9, 8, 7, 6, 5)

CASES = [
    SeriesCase("00", "regular", OK, _folder()),
    SeriesCase("01", "a slice is missing", WARN, _without(4), "MISSING_SLICES",
               (tuple(k for k in ALL if k != 4),), False),
    SeriesCase("02", "two images at one place", WARN, _again(new_uid=True), "DUPLICATE_POSITION",
               (ALL, (4,)), (True, False)),
    SeriesCase("03", "the same image twice", WARN, _again(new_uid=False), "DUPLICATE_INSTANCE"),
    SeriesCase("04", "gantry tilt of 15 degrees", WARN, _folder(_tilted), "TILTED", volumes=False),
    SeriesCase("05", "two orientations", WARN, _folder(_turned), "MIXED_ORIENTATION", (UP_TO_6, (7, 8, 9)),
               (True, False)),
    SeriesCase("06", "two sizes", WARN, _folder(_sized), "MIXED_SIZE", (UP_TO_6, FROM_7)),
    SeriesCase("07", "gaps of 2 and 3 mm", WARN, _folder(_uneven), "IRREGULAR_SPACING", volumes=False),
    SeriesCase("08", "numbered backwards", OK, _folder(_numbered(reverse=True))),
    SeriesCase("09", "not numbered", OK, _folder(_numbered(reverse=False))),
    SeriesCase("10", "a slope for every slice", OK, _folder(_slopes), value=_odd_slope),
    SeriesCase("11", "two patients", WARN, _folder(_patients), "MIXED_PATIENT", (HIGH, LOW), patients=2),
    SeriesCase("12", "two frames of reference", WARN, _folder(_frames), "MIXED_FRAME_OF_REFERENCE",
               (UP_TO_6, FROM_7)),
    SeriesCase("13", "five places at two times", WARN, _folder(_phases), "DUPLICATE_POSITION", (LOW, HIGH)),
    SeriesCase("14", "a localizer inside", WARN, _folder(_localizer), "MIXED_ORIENTATION",
               (tuple(range(8, -1, -1)), (9,)), (True, False)),
    SeriesCase("15", "rows run from left to right", OK, _folder(orientation=(-1, 0, 0, 0, 1, 0)),
               parts=(tuple(range(10)),)),
    SeriesCase("16", "jitter of 4 micrometres", OK, _folder(_jitter)),
    SeriesCase("17", "two pixel spacings", WARN, _folder(_spaced), "MIXED_SPACING", (UP_TO_6, FROM_7)),
    SeriesCase("18", "signed and unsigned slices", OK, _folder(_signs)),
    SeriesCase("19", "thickness is not the gap", OK, _folder(_thick)),
    SeriesCase("20", "a single slice", OK, _folder(slices=1), parts=((0,),), volumes=False),
]  # fmt: skip
