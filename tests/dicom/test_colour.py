"""Colours: samples of any depth become eight bits of RGB, converted once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.decode import decode
from medviewer.dicom.elements import Broken
from tests.dicom.test_decode import instance
from tests.factories import make_instance

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
