"""Stored values to voxels: rescaled image by image, saturated and never wrapped, padding told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RLELossless

from medviewer.dicom.load import load_series, read_slice
from medviewer.dicom.study import Instance, PixelFormat
from medviewer.dicom.voxels import write_values
from medviewer.imaging.volume import Unit
from tests.dicom.scanned import one


def test_fractional_slopes_are_not_rounded(tmp_path: Path) -> None:
    half = load_series(one(tmp_path, lambda ds, k: setattr(ds, "RescaleSlope", 0.5 + k)))
    assert half.voxels.dtype == np.float32
    np.testing.assert_allclose(half.voxels[:, 0, 0], [(100 + k) * (0.5 + k) - 1024 for k in range(9, -1, -1)])


def test_twelve_stored_bits_fit_int16_after_a_slope(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.RescaleSlope = 12, 11, 0, 2

    volume = load_series(one(tmp_path, tweak))
    assert volume.voxels.dtype == np.int16
    assert volume.voxels[0, 0, 0] == 109 * 2 - 1024


@pytest.mark.parametrize("slope", [1, 2])
@pytest.mark.parametrize(("signed", "stored"), [(0, 65_535), (0, 40_000), (1, -32_768), (1, 32_767), (0, 0)])
def test_hu_saturate_and_never_wrap(tmp_path: Path, signed: int, stored: int, slope: int) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.PixelRepresentation, ds.RescaleSlope = signed, slope
        ds.PixelData = np.full((16, 12), stored, "<i4").astype("<u2").tobytes()

    volume = load_series(one(tmp_path, tweak))
    assert volume.voxels.dtype == np.int16
    assert set(volume.voxels.ravel().tolist()) == {int(np.clip(stored * slope - 1024, -32768, 32767))}


def test_compressed_hu_saturate_like_others(tmp_path: Path) -> None:
    """Once 40,000 came out as -25,536: bone as air."""

    def tweak(ds: Dataset, k: int) -> None:
        ds.PixelRepresentation, ds.RescaleIntercept = 0, 0
        ds.PixelData = np.full((16, 12), 40_000, "<u2").tobytes()
        if k < 5:
            ds.compress(RLELossless, encoding_plugin="pydicom")

    series = one(tmp_path, tweak)
    assert set(load_series(series).voxels.ravel().tolist()) == {32_767}
    assert set(read_slice(series, 0).voxels.ravel().tolist()) == {32_767}


def test_other_values_beyond_int16_stay_exact(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.Modality, ds.PixelRepresentation = "MR", 0
        ds.PixelData = np.full((16, 12), 60_000, "<u2").tobytes()

    volume = load_series(one(tmp_path, tweak))
    assert volume.voxels.dtype == np.float32
    assert volume.voxels.max() == 60_000 - 1024


def test_padding_is_told_in_the_volumes_unit(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.add_new("PixelPaddingValue", "US", 63536)  # the wrong VR of many writers: -2000 as unsigned

    assert load_series(one(tmp_path, tweak)).padding == (-3024.0, -3024.0)


def test_padding_named_or_rescaled_otherwise_in_some_images_still_counts(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.RescaleSlope = 1 if k < 5 else 2
        if k < 9:  # the first image shown names none
            ds.add_new("PixelPaddingValue", "SS", -2000)

    volume = load_series(one(tmp_path, tweak))
    assert volume.padding == (-5024.0, -3024.0)


def test_padding_within_the_patients_values_is_not_joined(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.RescaleSlope = 1 if k < 5 else 2
        ds.add_new("PixelPaddingValue", "SS", 500)

    assert load_series(one(tmp_path, tweak)).padding == (-24.0, -24.0)


def test_a_modality_lut_makes_the_values(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [200, 0, 16])
        item.ModalityLUTType = "US"
        item.add_new("LUTData", "OW", (np.arange(200, dtype="<u2") * 3).tobytes())
        ds.ModalityLUTSequence = Sequence([item])

    volume = load_series(one(tmp_path, tweak))
    assert volume.unit is Unit.RAW
    assert volume.voxels[0, 0, 0] == 109 * 3


@settings(deadline=None)
@given(
    bits=st.integers(1, 16),
    signed=st.booleans(),
    slope=st.integers(-300, 300),
    intercept=st.integers(-32767, 32767),
    seed=st.integers(0, 99),
)
def test_rescaling_in_sixteen_bits_is_exact_wherever_its_result_fits(
    bits: int, signed: bool, slope: int, intercept: int, seed: int
) -> None:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    stored = (
        np.random.default_rng(seed).integers(low, high + 1, (4, 5)).astype(np.int16 if signed else np.uint16)
    )
    stored.flat[:2] = low, high
    pixels = PixelFormat("1.2.840.10008.1.2.5", 16, bits, signed)
    instance = Instance(Path("a"), "1", "2", 4, 5, pixels, slope=float(slope), intercept=float(intercept))
    target = np.empty((4, 5), np.int16)
    write_values(stored, instance, target)
    expected = np.clip(stored.astype(np.int64) * slope + intercept, -32768, 32767)
    np.testing.assert_array_equal(target, expected)
