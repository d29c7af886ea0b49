"""Greys equal to those of dcmtk within one level, where both follow the formula of the standard.

dcmtk 3.6.7 cuts where we round (hence one level) and does not know LINEAR_EXACT. Its tools are not part of
the program: without them these tests are skipped.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medviewer.dicom.load import read_slice
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Instance
from medviewer.imaging.render import render
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.window import VoiFunction, Window
from tests.factories import make_instance, save

pytestmark = pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="dcmtk's dcm2pnm is not installed")


def theirs(path: Path, out: Path, *options: str) -> NDArray[np.int16]:
    """The picture dcmtk makes of a file's first frame; compressed files through its own tools for them."""
    for tool in ("dcm2pnm", "dcmj2pnm", "dcml2pnm"):
        if shutil.which(tool) is None:
            continue
        made = subprocess.run(
            [tool, *options, "+op", str(path), str(out)], capture_output=True, timeout=60, check=False
        )
        if made.returncode == 0 and out.exists():
            with Image.open(out) as picture:
                return np.asarray(picture).astype(np.int16)
    pytest.skip("dcmtk has no decoder for this file")


def ours(path: Path, window: Window | None) -> NDArray[np.int16]:
    """The picture the window, the report and ``render`` show: its first channel where it is grey."""
    (series,) = scan([path]).all_series()
    index = next(k for k, i in enumerate(series.instances) if i.frame == 0)
    volume = read_slice(series, index)
    made = render(volume, PlaneView.of(volume), 0, window).astype(np.int16)
    return made if volume.is_colour else made[..., 0]


def first(path: Path) -> Instance:
    """The first image of a file."""
    return min(scan([path]).all_series()[0].instances, key=lambda i: i.frame)


def largest_difference(path: Path, out: Path, number: int, *options: str) -> int:
    """Between our picture in the file's window ``number`` (from 1) and dcmtk's."""
    window = first(path).windows[number - 1]
    return int(np.abs(ours(path, window) - theirs(path, out, *options)).max())


def ramp(folder: Path, **facts: object) -> Path:
    """Stored values -1000 to 3095 with the facts given."""
    values = np.arange(-1000, 3096, dtype=np.int16).reshape(64, 64)
    ds = make_instance(rows=64, columns=64, pixels=values, intercept=0)
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return save(ds, folder / "ramp.dcm")


@pytest.mark.parametrize("function", ["LINEAR", "SIGMOID"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("centre", "width"), [(40, 400), (-600, 1500), (300, 2), (1000.5, 333.25), (0, 4096)]
)
def test_windows(tmp_path: Path, function: str, photometric: str, centre: float, width: float) -> None:
    path = ramp(
        tmp_path,
        WindowCenter=centre,
        WindowWidth=width,
        VOILUTFunction=function,
        PhotometricInterpretation=photometric,
    )
    assert first(path).windows[0].function is VoiFunction(function)
    assert largest_difference(path, tmp_path / "o.pgm", 1, "+Wi", "1") <= 1


def test_rescaled_values(tmp_path: Path) -> None:
    path = ramp(tmp_path, RescaleSlope=0.5, RescaleIntercept=-17.25, WindowCenter=40, WindowWidth=400)
    assert largest_difference(path, tmp_path / "o.pgm", 1, "+Wi", "1") <= 1


def test_the_second_window(tmp_path: Path) -> None:
    path = ramp(tmp_path, WindowCenter=[40, 700], WindowWidth=[400, 100])
    assert largest_difference(path, tmp_path / "o.pgm", 2, "+Wi", "2") <= 1


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_voi_lut(tmp_path: Path, bits: int) -> None:
    item = Dataset()
    entries = np.rint(np.linspace(0, 1, 500) ** 2 * ((1 << bits) - 1)).astype("<u2")
    item.add_new(0x00283002, "SS", [500, -100, bits])
    item.add_new(0x00283006, "OW", entries.tobytes())
    path = ramp(tmp_path, VOILUTSequence=Sequence([item]), WindowCenter=40, WindowWidth=400)
    assert largest_difference(path, tmp_path / "o.pgm", 2, "+Wl", "1") <= 1


@pytest.mark.parametrize(
    "place",
    [
        "studies/ct_chest_A0001/series3_5mm",
        "studies/ct_chest_A0002",
        "studies/ct_head_GE_gantrytilt",
        "studies/mr_brain_t1_studyforrest",
        "studies/mr_enhanced_multiframe",
        "studies/misc",
        "syntaxes",
    ],
)
def test_shared_data(shared_data: Path, tmp_path: Path, place: str) -> None:
    compared = 0
    found = {i.path: i for s in scan([shared_data / place]).all_series() for i in s.instances if i.frame == 0}
    for number, path in enumerate(sorted(found)[:: max(1, len(found) // 6)]):
        instance = found[path]
        if not instance.windows or instance.pixels.samples != 1 or instance.windows[0].lut is not None:
            continue
        try:
            difference = largest_difference(path, tmp_path / f"{number}.pgm", 1, "+Wi", "1")
        except pytest.skip.Exception:
            continue
        assert difference <= 1, path.name
        compared += 1
    if not compared:
        pytest.skip("no file with a window that dcmtk can decode")
