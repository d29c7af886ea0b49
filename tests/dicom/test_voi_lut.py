"""VOI LUT Sequence: selectable beside the windows, equal to pydicom's tables, refused where damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi
from pydicom.sequence import Sequence

from medviewer.dicom.captions import corners
from medviewer.dicom.scan import scan
from medviewer.imaging.render import apply_window
from tests.dicom.scanned import only
from tests.factories import make_instance, save
from tests.program import call

STORED = np.arange(16 * 12, dtype=np.int16).reshape(16, 12)


def table(first: int, entries: np.ndarray[tuple[int], np.dtype[np.uint16]], bits: int, name: str) -> Dataset:
    """One item of the sequence."""
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries), first, bits])
    item.LUTExplanation = name
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


def radiograph(folder: Path, *items: Dataset, intercept: float = 0, photometric: str = "MONOCHROME2") -> Path:
    """Stored values 0 to 191 with one window and these tables."""
    ds = make_instance(pixels=STORED, intercept=intercept)
    ds.Modality, ds.RescaleType, ds.PhotometricInterpretation = "MG", "US", photometric
    ds.WindowCenter, ds.WindowWidth, ds.WindowCenterWidthExplanation = 90, 100, "NORMAL"
    ds.VOILUTSequence = Sequence(items)
    return save(ds, folder / "one.dcm")


def curve(bits: int) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    """A bent table of 150 entries."""
    steps = np.linspace(0, 1, 150) ** 2
    return np.asarray(np.rint(steps * ((1 << bits) - 1)), np.uint16)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize(("first", "intercept"), [(20, 0), (-80, -100)])
def test_a_table_gives_the_greys_of_the_standard(
    tmp_path: Path, bits: int, first: int, intercept: float
) -> None:
    path = radiograph(tmp_path, table(first, curve(bits), bits, "SKIN"), intercept=intercept)
    window = only(path).instances[0].windows[1]
    assert window.name == "SKIN"
    values = STORED + np.int16(intercept)
    ds = pydicom.dcmread(path)
    ds.VOILUTSequence[0].LUTExplanation = ""
    expected = np.floor(apply_voi(values, ds) * (255 / ((1 << bits) - 1)) + 0.5)
    assert np.array_equal(apply_window(values, window), expected)
    assert np.array_equal(apply_window(values.astype(np.float32) + np.float32(0.25), window), expected)


def test_tables_come_after_the_windows_in_their_order(tmp_path: Path) -> None:
    two = table(0, curve(12), 12, "LOW"), table(40, curve(12), 12, "HIGH")
    series = only(radiograph(tmp_path, *two))
    assert [w.name for w in series.instances[0].windows] == ["NORMAL", "LOW", "HIGH"]


def test_a_table_that_is_short_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    short = table(0, curve(12), 12, "SHORT")
    short[0x00283002].value = [500, 0, 12]
    series = only(radiograph(tmp_path, short, table(0, curve(12), 12, "WHOLE")))
    assert [w.name for w in series.instances[0].windows] == ["NORMAL", "WHOLE"]


def test_monochrome1_turns_the_table_too(tmp_path: Path) -> None:
    window = only(radiograph(tmp_path, table(0, curve(8), 8, ""), photometric="MONOCHROME1")).instances[0]
    assert apply_window(np.array([0, 149]), window.windows[1]).tolist() == [255, 0]


def test_the_corner_names_what_is_shown(tmp_path: Path) -> None:
    found = scan([radiograph(tmp_path, table(0, curve(12), 12, "SKIN"))])
    (series,) = found.all_series()
    first, second = series.instances[0].windows
    assert corners(*found.owner(series), series, 0, first).bottom_left[1] == "W 100 L 90 NORMAL"
    assert corners(*found.owner(series), series, 0, second).bottom_left[1] == "VOI LUT SKIN"


def test_render_chooses_among_the_images_own(tmp_path: Path) -> None:
    path = radiograph(tmp_path, table(0, curve(8), 8, "SKIN"))
    assert call("render", path, "--window", "dicom:2", "-o", tmp_path / "o.png") == 0
    with Image.open(tmp_path / "o.png") as made:
        shown = np.asarray(made)[..., 0]
    assert np.array_equal(shown, curve(8)[np.minimum(STORED, 149)])
    assert call("render", path, "--window", "dicom:3", "-o", tmp_path / "no.png") != 0
