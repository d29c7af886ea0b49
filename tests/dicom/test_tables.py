"""Tables in place of numbers: palettes, segments, modality tables; the oracle: pydicom, the definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut
from pydicom.uid import ExplicitVRBigEndian

from medviewer.dicom.decode import decode
from medviewer.dicom.header import read_header
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.errors import UnreadableImage
from tests.dicom.test_decode import instance
from tests.factories import make_instance, save
from tests.robust.seeds import value_table

INDICES = np.arange(16 * 12, dtype=np.uint8).reshape(16, 12)
NAMES = ("Red", "Green", "Blue")


def palette(first: int = 0, bits: int = 16, entries: int = 256, signed: bool = False) -> Dataset:
    ds = make_instance(rows=16, columns=12)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, int(signed)
    ds.PixelData = INDICES.tobytes()
    for k, name in enumerate(NAMES):
        table = np.arange(entries) * (k + 1) % 256
        data = (table * 257).astype("<u2") if bits == 16 else table.astype(np.uint8)
        ds.add_new(
            f"{name}PaletteColorLookupTableDescriptor", "SS" if signed else "US", [entries, first, bits]
        )
        ds.add_new(f"{name}PaletteColorLookupTableData", "OW", data.tobytes())
    return ds


def shades(index: NDArray[np.integer]) -> NDArray[np.integer]:
    return np.stack([index.astype(int) * (k + 1) % 256 for k in range(3)], -1)


@pytest.mark.parametrize("bits", [8, 16])
def test_palettes_of_bytes_and_of_words(tmp_path: Path, bits: int) -> None:
    np.testing.assert_array_equal(decode(instance(palette(bits=bits), tmp_path)), shades(INDICES))


def test_a_palette_of_bytes_under_a_descriptor_of_words_is_not_black(tmp_path: Path) -> None:
    ds = palette()
    for k, name in enumerate(NAMES):
        ds[f"{name}PaletteColorLookupTableData"].value = (
            (np.arange(256) * (k + 1) % 256).astype("<u2").tobytes()
        )
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), shades(INDICES))


def test_signed_indices_begin_at_a_signed_first_value(tmp_path: Path) -> None:
    """Index -128 is entry 0, also where the descriptor is written unsigned."""
    wanted = shades(INDICES.view(np.int8).astype(int) + 128)
    np.testing.assert_array_equal(decode(instance(palette(-128, signed=True), tmp_path)), wanted)
    ds = palette(-128, signed=True)
    for name in NAMES:
        ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 65536 - 128, 16])
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), wanted)


def test_a_palette_in_big_endian(tmp_path: Path) -> None:
    ds = palette()
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    for name in NAMES:
        element = ds[f"{name}PaletteColorLookupTableData"]
        element.value = np.frombuffer(element.value, "<u2").astype(">u2").tobytes()
    ds["PixelData"].VR = "OB"
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), shades(INDICES))


def segmented(*words: int, entries: int = 256, bits: int = 16) -> Dataset:
    ds = palette(bits=bits)
    for name in NAMES:
        del ds[f"{name}PaletteColorLookupTableData"]
        ds[f"{name}PaletteColorLookupTableDescriptor"].value = [entries, 0, bits]
        data = np.array(words, "<u2" if bits == 16 else np.uint8).tobytes()
        ds.add_new(f"Segmented{name}PaletteColorLookupTableData", "OW", data)
    return ds


@pytest.mark.parametrize(
    "words",
    [
        (0, 1, 0, 1, 255, 0xFFFF),
        (0, 2, 0, 300, 1, 100, 20000, 1, 154, 65535),
        (0, 2, 100, 40000, 1, 62, 900, 2, 2, 0, 0, 2, 2, 0, 0, 0, 64, *range(0, 6400, 100)),
    ],
)
def test_segments_expand_as_pydicoms_do(tmp_path: Path, words: tuple[int, ...]) -> None:
    ds = segmented(*words)
    path = save(ds, tmp_path / "a.dcm")
    peer = apply_color_lut(INDICES, pydicom.dcmread(path)) / 256
    shown = decode(read_header(path)[0].instance).astype(float)
    assert np.abs(shown - peer).max() <= 1.01


def test_segments_of_bytes(tmp_path: Path) -> None:
    shown = decode(instance(segmented(0, 1, 0, 1, 255, 255, bits=8), tmp_path))
    np.testing.assert_array_equal(shown, np.repeat(INDICES[..., None], 3, -1))


@pytest.mark.parametrize("words", [(0, 9, 1), (1, 255, 9), (2, 1, 0, 0), (7, 1, 1), (0, 1, 0, 1, 9, 5)])
def test_segments_that_lead_nowhere_are_refused(tmp_path: Path, words: tuple[int, ...]) -> None:
    with pytest.raises(UnreadableImage, match="table"):
        decode(instance(segmented(*words), tmp_path))


def test_a_modality_table_of_signed_values_begins_below_zero(tmp_path: Path) -> None:
    """Stored -128 is entry 0, which is 0; stored 127 is entry 255."""
    ds = value_table()
    ds.Rows, ds.Columns, ds.PixelRepresentation = 16, 12, 1
    ds.PixelData = INDICES.tobytes()
    ds.ModalityLUTSequence[0].LUTDescriptor = [256, 65536 - 128, 16]
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    wanted = (INDICES.view(np.int8).astype(int) + 128) * 3
    np.testing.assert_array_equal(load_series(series).voxels[0], wanted)
