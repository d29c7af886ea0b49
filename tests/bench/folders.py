"""Large folders: the first picture, a listing among junk, opening again, and the memory opening takes."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pydicom

from medviewer.dicom.objects.ct import seeded_uid
from medviewer.dicom.scan import scan
from medviewer.dicom.scan_cache import remembered
from tests.bench import first_picture
from tests.bench.clock import Row, in_turns, seconds
from tests.bench.opening import peak_growth

_LISTED, _JUNK = 5000, 200
_COUNTS, _MANY = (200, 2000), 10_000
"""Files of full size, and more of them, small, for the listing alone."""
_MEMORY = 1000
_SIDE = 64
_SPARE_MB = 300
_SETTLED_S = 3
"""Files younger than this are not trusted to stay as they are."""


def write_many(template: Path, folder: Path, count: int, side: int | None = None) -> None:
    """One series of ``count`` slices a millimetre apart, all with the picture of ``template``."""
    folder.mkdir()
    dataset = pydicom.dcmread(template)
    if side is not None:
        dataset.Rows = dataset.Columns = side
        dataset.PixelData = dataset.PixelData[: 2 * side * side]
    for k in range(count):
        uid = pydicom.uid.UID(seeded_uid("many", k))
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid
        dataset.InstanceNumber = k + 1
        dataset.ImagePositionPatient = [0, 0, k]
        dataset.SliceLocation = k
        dataset.save_as(folder / f"{k:05d}.dcm")


def write_junk(folder: Path, count: int) -> None:
    """Text, noise, empty files, and DICOM files that break off, by turns."""
    rng = random.Random(0)
    whole = next(folder.glob("*.dcm")).read_bytes()
    for k in range(count):
        kinds = (b"some notes\n" * 20, rng.randbytes(3000), b"", whole[: 140 + 7 * k])
        (folder / f"junk-{k:03d}").write_bytes(kinds[k % 4])


def measure(source: Path, place: Path) -> list[Row]:
    """``source``: a folder with one slice of 512 x 512 at least, the pattern for all of them."""
    template = min(source.glob("*.dcm"))
    folders = {count: place / f"slices {count}" for count in (*_COUNTS, _MANY)}
    for count, folder in folders.items():
        write_many(template, folder, count, _SIDE if count == _MANY else None)
    rows = first_picture.measure(folders)
    largest = folders[_COUNTS[-1]]
    rows += [_again(largest), _memory(largest, place / "half")]
    write_many(template, place / "listed", _LISTED - _JUNK, _SIDE)
    write_junk(place / "listed", _JUNK)
    return [*rows, _listing(place / "listed")]


def _again(folder: Path) -> Row:
    time.sleep(_SETTLED_S)
    taken = in_turns({"again": lambda: scan([folder])}, 5)
    return Row(f"listing {_COUNTS[-1]} files again", taken["again"], "s", aim=0.3)


def _listing(folder: Path) -> Row:
    """Every junk file must be named, and only those."""
    found = []
    remembered.forget()
    taken = seconds(lambda: found.append(scan([folder])))
    named = {problem.path.name for problem in found[0].unreadable}
    if named != {path.name for path in folder.glob("junk-*")}:
        raise AssertionError("junk was missed, so the time means nothing")
    return Row(f"listing {_LISTED} files, {_JUNK} of them junk", taken, "s", aim=5)


def _memory(folder: Path, half: Path) -> Row:
    """Peak of a fresh process against the voxels; the aim is 1.3 of them and 300 MB."""
    half.mkdir()
    for path in sorted(folder.glob("*.dcm"))[:_MEMORY]:
        os.link(path, half / path.name)
    grown, size = peak_growth(half)
    aim = 1.3 + _SPARE_MB * 1e6 / size
    return Row(f"peak memory of {_MEMORY} slices", grown / 1e6, "MB", "the voxels' bytes", size / 1e6, aim)
