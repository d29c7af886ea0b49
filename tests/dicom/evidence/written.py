"""Objects written into a folder, and files twisted after they were written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.capture import Capture
from medviewer.dicom.evidence.derived import NewObject, Origin, file_bytes, read_origin
from medviewer.dicom.evidence.key_objects import KeyObjects
from medviewer.dicom.evidence.references import Maker, Shown
from medviewer.dicom.presentation_state import Drawing, For, ImageRef, Presentation
from medviewer.imaging.presented import Graphic, Text
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.window import Window
from tests.factories import make_ct_series, make_instance, save

WHEN = datetime(2026, 11, 21, 10, 14, tzinfo=UTC)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def new(number: int = 900, description: str = "Key images") -> NewObject:
    return NewObject("", "", number, description, when=WHEN)


def ct_origin(folder: Path, tweak: Callable[[Dataset, int], None] | None = None) -> Origin:
    """Three CT slices."""
    return read_origin(make_ct_series(folder / "ct", slices=3, tweak=tweak))


def multiframe_origin(folder: Path, frames: int = 4) -> Origin:
    """One file of several frames."""
    ds = make_instance(0)
    ds.NumberOfFrames = frames
    ds.PixelData = np.zeros((frames, 16, 12), "<i2").tobytes()
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7.3"
    return read_origin([save(ds, folder / "many.dcm")])


def shown(origin: Origin, k: int = 0, frame: int = 0) -> Shown:
    return Shown(origin.images[k].sop_uid, frame)


def picture(rows: int = 21, columns: int = 33) -> NDArray[np.uint8]:
    """No two neighbours alike, and an odd number of bytes."""
    return np.random.default_rng(4).integers(0, 255, (rows, columns, 3), np.uint8)


def capture(origin: Origin, k: int = 0) -> Capture:
    maker = Maker("Lungs on chest CT", "1.0.0", "Outlined the regions")
    return Capture(picture(), "Axial, image 2 of 3", (shown(origin, k),), ("L", "P"), (maker,))


def keys(origin: Origin, *frames: int) -> KeyObjects:
    images = tuple(shown(origin, 0, f) for f in frames) or (shown(origin, 2), shown(origin, 0))
    return KeyObjects(images, "Consolidation in the left lower lobe", "Δοκιμή Test")


def refs(origin: Origin, *frames: int, k: int = 0) -> tuple[ImageRef, ...]:
    return (ImageRef(origin.images[k].sop_uid, frames),)


def presentation(origin: Origin, turn: Turn = STRAIGHT, frames: tuple[int, ...] = ()) -> Presentation:
    """A length, an angle, an ellipse and a note at odd places of the first image."""
    here = refs(origin, *frames)
    things = (
        Graphic("POLYLINE", ((0.25, 0.5), (11.125, 15.9))),
        Graphic("POLYLINE", ((1.1, 1.2), (3.3, 4.4), (9.7, 2.6))),
        Graphic("ELLIPSE", ((2.0, 5.5), (8.0, 5.5), (5.0, 4.25), (5.0, 6.75))),
        Text("23.4 mm", anchor=(11.125, 15.9)),
        Text("dünn, κάτι, нечто, 結節\nbelow", anchor=(5.0, 5.5), anchored=True),
    )
    return Presentation(
        "",
        "someone",
        "READER",
        "What the reader drew",
        "Тест Reader",
        images=here,
        turn=turn,
        drawings=tuple(For(here, Drawing(0, thing)) for thing in things),
        slope=1.0,
        intercept=-1024.0,
        windows=(For(here, Window(-600.0, 1500.0, name="lung")),),
        inverse=False,
    )


def put(ds: Dataset, folder: Path, name: str = "object.dcm") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(file_bytes(ds))
    return path


def twisted(path: Path, change: Callable[[Dataset], None]) -> Path:
    """The file with something changed in it."""
    ds = pydicom.dcmread(path)
    change(ds)
    other = path.with_name("twisted.dcm")
    ds.save_as(other)
    return other


def errors_of(path: Path) -> list[str]:
    """What dicom3tools has against an object."""
    if which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not on this machine")
    told = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    return [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]


def disagreements(paths: Sequence[Path]) -> list[str]:
    """What dicom3tools finds that objects of one patient and study don't agree on."""
    if which("dcentvfy") is None:
        pytest.skip("dcentvfy (dicom3tools) is not on this machine")
    told = subprocess.run(["dcentvfy", *map(str, paths)], capture_output=True, text=True, check=False)
    return [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]
