"""Uncompressed frames: every width of a pixel, in every order of bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.pixels import pack_bits
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from medviewer.dicom.decode import decode
from medviewer.dicom.header import read_header
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from tests.factories import make_instance, save

ODD = np.random.default_rng(3).integers(0, 256, (3, 11, 13), np.uint8)


@pytest.mark.parametrize("vr", ["OB", "OW"])
def test_bytes_in_big_endian_words_change_places(tmp_path: Path, vr: str) -> None:
    """Frames of an odd number of bytes: the second one begins in the middle of a word (PS3.5 annex D)."""
    ds = make_instance(rows=11, columns=13)
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.NumberOfFrames = 3
    data = ODD.tobytes() + b"\0"
    ds.PixelData = np.frombuffer(data, "<u2").byteswap().tobytes() if vr == "OW" else data
    ds["PixelData"].VR = vr
    for k, facts in enumerate(read_header(save(ds, tmp_path / "a.dcm"))):
        np.testing.assert_array_equal(decode(facts.instance), ODD[k])


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_single_bits_in_words(tmp_path: Path, syntax: str) -> None:
    bits = ODD % 2
    ds = make_instance(rows=11, columns=13)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 1, 0, 0
    ds.NumberOfFrames = 3
    packed = bytes(pack_bits(bits.ravel(), pad=True))
    big = syntax == ExplicitVRBigEndian
    ds.PixelData = np.frombuffer(packed, "<u2").byteswap().tobytes() if big else packed
    ds["PixelData"].VR = "OW"
    for k, facts in enumerate(read_header(save(ds, tmp_path / "a.dcm"))):
        np.testing.assert_array_equal(decode(facts.instance), bits[k])


@pytest.mark.parametrize("signed", [0, 1])
def test_whole_numbers_of_32_bits_are_exact_in_the_volume(tmp_path: Path, signed: int) -> None:
    """The last grey level of 32 bits is beyond a float of 32."""
    values = np.arange(16 * 12).reshape(16, 12) * 11_184_811 - (1 << 31) * signed
    ds = make_instance(rows=16, columns=12)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 32, 32, 31, signed
    ds.RescaleIntercept = 0
    ds.PixelData = values.astype("<i4" if signed else "<u4").tobytes()
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    np.testing.assert_array_equal(load_series(series).voxels[0], values)


def test_double_float_pixels_are_exact_in_the_volume(tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 16 * 12).reshape(16, 12) * 1e-300
    ds = make_instance(rows=16, columns=12)
    for keyword in ("PixelData", "RescaleSlope", "RescaleIntercept", "RescaleType"):
        delattr(ds, keyword)
    ds.BitsAllocated = 64
    ds.DoubleFloatPixelData = values.astype("<f8").tobytes()
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    np.testing.assert_array_equal(load_series(series).voxels[0], values)
