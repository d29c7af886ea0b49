"""Decoding: lossless syntaxes equal to the last bit, values as the header says, colours converted once."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import pack_bits
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from medviewer.dicom.decode import decode
from medviewer.dicom.elements import Broken
from medviewer.dicom.header import read_header
from medviewer.dicom.study import Instance
from medviewer.errors import UnreadableImage
from tests.factories import make_instance, save

RAMP = np.arange(16 * 12, dtype=np.int16).reshape(16, 12) * 17 - 900


def instance(ds: Dataset, folder: Path, frame: int = 0) -> Instance:
    return read_header(save(ds, folder / "a.dcm"))[frame].instance


def colour(photometric: str, data: NDArray[np.uint8], planar: int = 0) -> Dataset:
    ds = make_instance(rows=data.shape[0], columns=data.shape[1])
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, photometric, planar
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = (np.moveaxis(data, -1, 0) if planar else data).tobytes()
    return ds


def compressed(syntax: str, *frames: bytes, ds: Dataset | None = None) -> Dataset:
    ds = ds or make_instance(pixels=RAMP)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(list(frames))
    ds["PixelData"].VR = "OB"
    return ds


LOSSLESS = {
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
}


def test_lossless_syntaxes_are_equal_to_the_last_bit(shared_data: Path) -> None:
    folder = shared_data / "syntaxes"
    truth = pydicom.dcmread(folder / "CTImage.dcm").pixel_array
    seen = set()
    for path in sorted(folder.glob("*.dcm")):
        found = read_header(path)[0].instance
        values = decode(found).astype(np.float64) * found.slope + found.intercept
        error = np.abs(values - (truth * 1.0 - 1024))
        if found.pixels.transfer_syntax in LOSSLESS:
            assert error.max() == 0, path.name
            seen.add(found.pixels.transfer_syntax)
        else:
            # The lossy files clip below at their intercept; inside the body they stay within a grey step.
            assert np.median(error[truth > 0]) <= max(5.0, found.slope), path.name
    assert seen == LOSSLESS


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (
            JPEG2000Lossless,
            lambda a: imagecodecs.jpeg2k_encode(a, level=0, reversible=True, codecformat="j2k"),
        ),
        (JPEGLSLossless, lambda a: imagecodecs.jpegls_encode(a.view(np.uint16))),
    ],
)
def test_compressed_round_trip(tmp_path: Path, syntax: str, encode: object) -> None:
    ds = compressed(syntax, encode(RAMP))  # type: ignore[operator]
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), RAMP)


def test_rle_frames_are_found_in_any_order_of_fragments(tmp_path: Path) -> None:
    ds = make_instance(pixels=RAMP)
    ds.NumberOfFrames = 2
    ds.PixelData = np.stack([RAMP, RAMP + 1]).tobytes()
    ds.compress(RLELossless, generate_instance_uid=False)
    path = save(ds, tmp_path / "a.dcm")
    for k, facts in enumerate(read_header(path)):
        np.testing.assert_array_equal(decode(facts.instance), RAMP + k)


def test_fragments_of_one_frame_are_joined(tmp_path: Path) -> None:
    code = imagecodecs.jpegls_encode(RAMP.view(np.uint16))
    ds = make_instance(pixels=RAMP)
    ds.NumberOfFrames = 2
    ds = compressed(JPEGLSLossless, code, code, ds=ds)
    ds.PixelData = encapsulate([code, code], fragments_per_frame=3)
    ds["PixelData"].VR = "OB"
    for frame in (0, 1):
        np.testing.assert_array_equal(decode(instance(ds, tmp_path, frame)), RAMP)


def test_big_endian(tmp_path: Path) -> None:
    ds = make_instance(pixels=RAMP)
    ds.PixelData = RAMP.astype(">i2").tobytes()
    ds["PixelData"].VR = "OW"
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), RAMP)


@pytest.mark.parametrize(("signed", "expected"), [(1, [-5, 5, -2048]), (0, [4091, 5, 2048])])
def test_bits_above_bits_stored_are_dropped(tmp_path: Path, signed: int, expected: list[int]) -> None:
    ds = make_instance(rows=1, columns=3)
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, signed
    stored = np.array([-5 & 0xFFF, 5, 0x800], np.uint16)
    ds.PixelData = (stored | np.array([0x3000, 0xF000, 0x7000], np.uint16)).tobytes()
    assert decode(instance(ds, tmp_path)).ravel().tolist() == expected


def test_more_pixels_than_described_are_ignored(tmp_path: Path) -> None:
    ds = make_instance(pixels=RAMP)
    ds.PixelData += bytes(1000)
    assert len(read_header(save(ds, tmp_path / "b.dcm"))) == 1
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), RAMP)


def test_monochrome1_keeps_its_values(tmp_path: Path) -> None:
    ds = make_instance(pixels=RAMP)
    ds.PhotometricInterpretation = "MONOCHROME1"
    found = instance(ds, tmp_path)
    np.testing.assert_array_equal(decode(found), RAMP)
    assert all(w.invert for w in found.windows)


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_in_both_layouts(tmp_path: Path, planar: int) -> None:
    data = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    np.testing.assert_array_equal(decode(instance(colour("RGB", data, planar), tmp_path)), data)


def test_ybr_is_converted_once(tmp_path: Path) -> None:
    red = np.zeros((4, 4, 3), np.uint8) + np.array([76, 85, 255], np.uint8)
    rgb = decode(instance(colour("YBR_FULL", red), tmp_path))
    np.testing.assert_allclose(rgb.reshape(-1, 3).astype(int), np.tile([254, 0, 0], (16, 1)), atol=1)


def test_ybr_422_shares_colour_between_two_pixels(tmp_path: Path) -> None:
    ds = colour("YBR_FULL_422", np.zeros((2, 4, 3), np.uint8))
    ds.PixelData = bytes([10, 20, 128, 128] * 4)
    rgb = decode(instance(ds, tmp_path))
    np.testing.assert_array_equal(rgb[..., 0], [[10, 20, 10, 20]] * 2)


def test_palette_becomes_rgb_and_an_index_beyond_takes_the_last(tmp_path: Path) -> None:
    ds = make_instance(rows=1, columns=4)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = bytes([0, 1, 2, 200])
    for k, name in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [3, 0, 16])
        table = np.array([0, 100 + k, 200 + k], "<u2") << 8
        setattr(ds, f"{name}PaletteColorLookupTableData", table.tobytes())
    rgb = decode(instance(ds, tmp_path))
    assert rgb[0].tolist() == [[0, 0, 0], [100, 101, 102], [200, 201, 202], [200, 201, 202]]


def test_a_short_palette_is_refused(tmp_path: Path) -> None:
    ds = make_instance(rows=1, columns=4)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for name in ("Red", "Green", "Blue"):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{name}PaletteColorLookupTableData", bytes(10))
    with pytest.raises(UnreadableImage, match="lookup table"):
        decode(instance(ds, tmp_path))


def test_single_bits_run_across_bytes_and_frames(tmp_path: Path) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (3, 11, 13), np.uint8)
    ds = make_instance(rows=11, columns=13)
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = ds.PixelRepresentation = 0
    ds.NumberOfFrames = 3
    ds.PixelData = pack_bits(bits, pad=True)
    path = save(ds, tmp_path / "a.dcm")
    for k, facts in enumerate(read_header(path)):
        np.testing.assert_array_equal(decode(facts.instance), bits[k])


def test_float_pixels(tmp_path: Path) -> None:
    ds = make_instance()
    del ds.PixelData
    ds.BitsAllocated = 32
    values = np.linspace(-1, 1, 192, dtype=np.float32)
    ds.FloatPixelData = values.tobytes()
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)).ravel(), values)


def test_damaged_codes_are_one_sentence(tmp_path: Path) -> None:
    good = imagecodecs.jpegls_encode(RAMP.view(np.uint16))
    for code in (good[: len(good) // 2], b"\0" * 64):
        found = instance(compressed(JPEGLSLossless, code), tmp_path)
        with pytest.raises(UnreadableImage, match="damaged"):
            decode(found)


def test_an_image_of_another_size_than_described_is_refused(tmp_path: Path) -> None:
    code = imagecodecs.jpegls_encode(np.zeros((8, 8), np.uint16))
    with pytest.raises(Broken, match="another size"):
        instance(compressed(JPEGLSLossless, code), tmp_path)


def test_missing_frames_are_refused(tmp_path: Path) -> None:
    ds = make_instance(pixels=RAMP)
    ds.NumberOfFrames = 3
    code = imagecodecs.jpegls_encode(RAMP.view(np.uint16))
    found = instance(compressed(JPEGLSLossless, code, ds=ds), tmp_path, 2)
    with pytest.raises(UnreadableImage, match="Frames are missing"):
        decode(found)


def test_a_file_that_changed_is_not_believed(tmp_path: Path) -> None:
    found = instance(make_instance(pixels=RAMP), tmp_path)
    save(make_instance(seed=9, rows=20), found.path)
    with pytest.raises(UnreadableImage, match="changed"):
        decode(found)


def test_an_unknown_compression_is_named_as_such(tmp_path: Path) -> None:
    found = instance(compressed("1.2.840.10008.1.2.4.100", b"\0\0\0\1" * 8), tmp_path)
    with pytest.raises(UnreadableImage, match="MPEG2"):
        decode(found)


def test_modality_lut_takes_the_place_of_rescale(tmp_path: Path) -> None:
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType = [200, 0, 16], "US"
    item.LUTData = (np.arange(200, dtype="<u2") * 3).tobytes()
    item["LUTData"].VR = "OW"
    item.add_new(0x00283002, "US", [200, 0, 16])
    ds = make_instance(k=50)
    ds.ModalityLUTSequence = Sequence([item])
    found = instance(ds, tmp_path)
    assert found.modality_lut
    assert (found.slope, found.intercept) == (1.0, 0.0)
