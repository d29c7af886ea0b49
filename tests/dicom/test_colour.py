"""Colours: samples of any depth become eight bits of RGB, converted once."""

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
from medviewer.dicom.elements import Broken
from medviewer.dicom.header import read_header
from medviewer.errors import UnreadableImage
from tests.dicom.test_decode import instance
from tests.factories import make_instance, save

INDICES = np.arange(16 * 12, dtype=np.uint8).reshape(16, 12)
NAMES = ("Red", "Green", "Blue")


def colour16(photometric: str, samples: NDArray[np.uint16], bits: int, planar: int = 0) -> Dataset:
    ds = make_instance(rows=samples.shape[0], columns=samples.shape[1])
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, photometric, planar
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, bits, bits - 1, 0
    ds.PixelData = (np.moveaxis(samples, -1, 0) if planar else samples).astype("<u2").tobytes()
    return ds


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_rgb_of_many_bits_is_scaled_by_the_bits_stored(tmp_path: Path, bits: int, planar: int) -> None:
    rgb8 = np.random.default_rng(1).integers(0, 256, (16, 12, 3))
    samples = (rgb8 << (bits - 8) | 1).astype(np.uint16)
    np.testing.assert_array_equal(decode(instance(colour16("RGB", samples, bits, planar), tmp_path)), rgb8)


def test_what_lies_above_the_bits_stored_is_no_colour(tmp_path: Path) -> None:
    rgb8 = np.random.default_rng(1).integers(0, 256, (16, 12, 3))
    samples = (rgb8 << 4 | 0xA000).astype(np.uint16)
    np.testing.assert_array_equal(decode(instance(colour16("RGB", samples, 12), tmp_path)), rgb8)


@pytest.mark.parametrize("bits", [12, 16])
def test_ybr_of_many_bits_equals_the_formula_of_the_standard(tmp_path: Path, bits: int) -> None:
    """PS3.3 C.7.6.3.1.2 with the differences centred at half their range."""
    ybr = np.random.default_rng(2).integers(0, 1 << bits, (16, 12, 3))
    y, cb, cr = np.moveaxis(ybr * 2.0 ** (8 - bits), -1, 0)
    wanted = [
        y + 1.402 * (cr - 128),
        y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128),
        y + 1.772 * (cb - 128),
    ]
    shown = decode(instance(colour16("YBR_FULL", ybr.astype(np.uint16), bits), tmp_path)).astype(float)
    assert np.abs(shown - np.clip(np.stack(wanted, -1), 0, 255)).max() <= 0.51


def test_ybr_422_of_sixteen_bits(tmp_path: Path) -> None:
    grey = (INDICES.astype(np.uint16) << 8).reshape(-1, 2)
    quads = np.concatenate([grey, np.full_like(grey, 1 << 15)], 1)
    ds = colour16("YBR_FULL_422", np.zeros((16, 12, 3), np.uint16), 16)
    ds.PixelData = quads.tobytes()
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), np.repeat(INDICES[..., None], 3, -1))


def test_colour_of_other_depths_is_refused(tmp_path: Path) -> None:
    ds = colour16("RGB", np.zeros((16, 12, 3), np.uint16), 16)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 32, 32, 31
    ds.PixelData = bytes(16 * 12 * 12)
    with pytest.raises(Broken, match="colour sample"):
        instance(ds, tmp_path)


# ---- palettes -------------------------------------------------------------------------------------------


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
