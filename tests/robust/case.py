"""What a case of the corpus is, how it is opened, and the small knives that cut the good file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.load import SeriesLoader
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import MedviewerError
from medviewer.imaging.volume import Volume
from tests.factories import make_instance, to_bytes

OK, WARN, REJECT = "ok", "warn", "reject"
RAMP = np.arange(16 * 12, dtype=np.int16).reshape(16, 12) * 17 - 900
HU = RAMP.astype(np.int32)[None] - 1024
PATIENT_NAME = b"\x10\x00\x10\x00PN"
PIXELS = b"\xe0\x7f\x10\x00OW"


@dataclass(frozen=True)
class Opened:
    """Everything the window would know of what was opened."""

    result: ScanResult
    series: list[Series]
    volumes: list[Volume]
    """Of the series whose pixels could be read."""
    reasons: list[str]
    """Why files or pixels were refused."""

    @property
    def outcome(self) -> str:
        """ "reject": no picture; "warn": a picture with a notice; "ok": a picture."""
        if not self.volumes:
            return REJECT
        return WARN if self.reasons or any(s.issues for s in self.series) else OK

    @property
    def issues(self) -> list[str]:
        """Codes of everything the series are marked with."""
        return sorted({issue.value for series in self.series for issue in series.issues})

    @property
    def only(self) -> Series:
        """The one series."""
        (series,) = self.series
        return series

    @property
    def volume(self) -> Volume:
        """The one volume."""
        (volume,) = self.volumes
        return volume


Check = Callable[[Opened], object]


@dataclass(frozen=True)
class Case:
    """One hostile or odd input, and what must come of it."""

    number: str
    name: str
    expect: str
    make: Callable[[Path], bytes | Dataset | Path]
    """Writes nothing and returns the file, or writes into the folder and returns what to open."""
    says: str = ""
    """REJECT: a regular expression the reason must match. WARN: the issue codes, comma-separated."""
    check: Check | None = None
    """Raises AssertionError where values are not exact; a result of False does too."""


def opened(path: Path) -> Opened:
    """Scan and load everything under a path, as the window does."""
    result = scan([path])
    reasons = [u.reason for u in result.unreadable]
    volumes = []
    for series in result.all_series():
        try:
            loader = SeriesLoader(series)
            volumes.append(loader.load())
            reasons += loader.failed.values()
        except MedviewerError as error:
            reasons.append(error.message)
    return Opened(result, result.all_series(), volumes, reasons)


def holds(values: NDArray[Any] | None = None) -> Check:
    """The one volume holds exactly these values; by default the ramp in HU."""

    def check(seen: Opened) -> None:
        np.testing.assert_array_equal(seen.volume.voxels, HU if values is None else values)

    return check


def near(values: NDArray[Any], tolerance: float) -> Check:
    """For lossy compression: the one volume is near these values."""

    def check(seen: Opened) -> None:
        np.testing.assert_allclose(seen.volume.voxels, values, atol=tolerance)

    return check


# ---- the good file, and ways to spoil it ----------------------------------------------------------------


def good(**changes: object) -> Dataset:
    """A CT image whose stored values are the ramp; None takes an element away."""
    ds = make_instance(pixels=RAMP)
    for keyword, value in changes.items():
        if value is None:
            del ds[keyword]
        else:
            setattr(ds, keyword, value)
    return ds


def raw(ds: Dataset, keyword: str, vr: str, value: object) -> Dataset:
    """``ds`` with a value its own VR would not allow."""
    ds.add_new(keyword, vr, value)
    return ds


def good_bytes(**changes: object) -> bytes:
    """The good file as bytes."""
    return to_bytes(good(**changes))


def inserted(extra: bytes, data: bytes | None = None) -> bytes:
    """Bytes put where group 9 belongs."""
    data = data or good_bytes()
    at = data.index(PATIENT_NAME)
    return data[:at] + extra + data[at:]


def element(vr: bytes, length: int, value: bytes = b"", *, wide: bool = True, tag: int = 0x1001) -> bytes:
    """A private element with any length it likes to tell."""
    head = pack("<HH2s", 9, tag, vr)
    return head + (pack("<HI", 0, length) if wide else pack("<H", length)) + value


def nested(depth: int) -> bytes:
    """A private sequence nested ``depth`` times with undefined lengths."""
    start = element(b"SQ", 0xFFFFFFFF) + pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    end = pack("<HHI", 0xFFFE, 0xE00D, 0) + pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return start * depth + end * depth


def nested_defined(depth: int) -> bytes:
    """The same with every length told."""
    inner = b""
    for _ in range(depth):
        item = pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        inner = element(b"SQ", len(item), item)
    return inner


def pixel_length(length: int) -> bytes:
    """The good file with another length told of its pixel data."""
    data = bytearray(good_bytes())
    at = data.index(PIXELS)
    data[at + 8 : at + 12] = pack("<I", length)
    return bytes(data)


def meta_syntax(new: bytes) -> bytes:
    """The good file with other bytes in place of its transfer syntax element (0002,0010)."""
    data = good_bytes()
    at = data.index(b"\x02\x00\x10\x00UI")
    old = 8 + int.from_bytes(data[at + 6 : at + 8], "little")
    size = int.from_bytes(data[140:144], "little") + len(new) - old
    return data[:140] + pack("<I", size) + data[144:at] + new + data[at + old :]


def syntax_element(uid: bytes) -> bytes:
    """(0002,0010) with a UID of even length."""
    uid += b"\0" * (len(uid) % 2)
    return pack("<HH2sH", 2, 0x10, b"UI", len(uid)) + uid
