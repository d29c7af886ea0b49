"""Transfer syntaxes: every one that can be read is, and one that cannot is called by its name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import pack_bits
from pydicom.uid import DeflatedExplicitVRLittleEndian

from medviewer.dicom import syntaxes
from medviewer.dicom.decode import decode
from medviewer.dicom.elements import Broken
from medviewer.dicom.header import read_header
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import SeriesIssue
from medviewer.errors import UnreadableImage
from tests.dicom.test_decode import RAMP, colour, compressed, instance
from tests.factories import make_instance, save
from tests.robust.makers import DEFLATED_FRAMES, LAID_OUT, XL, XL_LOSSLESS, deflated, picture

GREY_RAMP = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
COLOURS = np.stack([GREY_RAMP % 256, 255 - GREY_RAMP // 12, GREY_RAMP // 24], -1).astype(np.uint8)


def grey(values: NDArray[np.generic], bits: int) -> Dataset:
    ds = make_instance(rows=values.shape[0], columns=values.shape[1])
    wide = 16 if bits > 8 else 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = wide, bits, bits - 1, 0
    return ds


@pytest.mark.parametrize("container", [True, False])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_jpeg_xl_without_loss_is_exact(tmp_path: Path, bits: int, container: bool) -> None:
    values = picture(bits)
    stream = imagecodecs.jpegxl_encode(values, lossless=True, bitspersample=bits, usecontainer=container)
    ds = compressed(XL_LOSSLESS, bytes(stream), ds=grey(values, bits))
    np.testing.assert_array_equal(decode(instance(ds, tmp_path)), values)


def test_signed_values_survive_jpeg_xl(tmp_path: Path) -> None:
    stream = bytes(imagecodecs.jpegxl_encode(RAMP.view(np.uint16), lossless=True))
    np.testing.assert_array_equal(decode(instance(compressed(XL_LOSSLESS, stream), tmp_path)), RAMP)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422", "XYB"])
def test_jpeg_xl_with_loss_is_near_and_said_to_be_lossy(tmp_path: Path, photometric: str) -> None:
    stream = bytes(imagecodecs.jpegxl_encode(COLOURS, distance=0.5))
    ds = compressed(XL, stream, ds=colour(photometric, COLOURS))
    facts = read_header(save(ds, tmp_path / "a.dcm"))[0]
    assert facts.lossy == "LOSSY JPEG XL"
    assert np.abs(decode(facts.instance).astype(int) - COLOURS).mean() < 4


def test_a_jpeg_xl_stream_that_was_cut_or_claims_another_size_is_refused(tmp_path: Path) -> None:
    stream = bytes(imagecodecs.jpegxl_encode(picture(8), lossless=True))
    with pytest.raises(UnreadableImage, match=r"JPEG XL.* damaged|cut short"):
        decode(instance(compressed(XL, stream[:-40], ds=grey(picture(8), 8)), tmp_path))
    with pytest.raises(Broken, match="another size"):
        instance(compressed(XL, stream, ds=grey(picture(8)[:-1], 8)), tmp_path)


@pytest.mark.parametrize("how", ["+ep", "+es", "+ee"])
@pytest.mark.parametrize("bits", [8, 12])
def test_progressive_and_spectral_jpeg_equal_dcmtks_own_decoder(tmp_path: Path, how: str, bits: int) -> None:
    """dcmcjpeg writes and dcmdjpeg reads: within one grey level of the peer, as the standard leaves it."""
    if shutil.which("dcmcjpeg") is None:
        pytest.skip("dcmtk's dcmcjpeg is not installed")
    ds = grey(picture(bits), bits)
    ds.PixelData = picture(bits).tobytes()
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType", "WindowCenter", "WindowWidth"):
        delattr(ds, keyword)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    plain, coded = save(ds, tmp_path / "plain.dcm"), tmp_path / "coded.dcm"
    depth = "+be" if bits == 8 else "+bt"
    subprocess.run(["dcmcjpeg", how, depth, "+q", "95", plain, coded], check=True, capture_output=True)
    subprocess.run(["dcmdjpeg", coded, tmp_path / "peer.dcm"], check=True, capture_output=True)
    peer = pydicom.dcmread(tmp_path / "peer.dcm").pixel_array
    assert np.abs(decode(read_header(coded)[0].instance).astype(int) - peer).max() <= 1


@pytest.mark.parametrize("uid", [LAID_OUT, DEFLATED_FRAMES])
@pytest.mark.parametrize("bits", [8, 16])
def test_frames_laid_out_in_fragments_are_exact(tmp_path: Path, uid: str, bits: int) -> None:
    values = picture(bits)
    frames = [(values + k).astype(values.dtype) for k in range(3)]
    ds = grey(values, bits)
    ds.NumberOfFrames = 3
    pack = deflated if uid == DEFLATED_FRAMES else bytes
    path = save(compressed(uid, *(pack(f.tobytes()) for f in frames), ds=ds), tmp_path / "a.dcm")
    for expected, facts in zip(frames, read_header(path), strict=True):
        np.testing.assert_array_equal(decode(facts.instance), expected)


@pytest.mark.parametrize("uid", [LAID_OUT, DEFLATED_FRAMES])
def test_single_bits_begin_anew_in_each_fragment(tmp_path: Path, uid: str) -> None:
    frames = np.random.default_rng(3).integers(0, 2, (3, 11, 13), np.uint8)
    ds = grey(frames[0], 8)
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit, ds.NumberOfFrames = 0, 3
    pack = deflated if uid == DEFLATED_FRAMES else bytes
    packed = [pack(bytes(pack_bits(f.ravel(), pad=True))) for f in frames]
    path = save(compressed(uid, *packed, ds=ds), tmp_path / "a.dcm")
    for expected, facts in zip(frames, read_header(path), strict=True):
        np.testing.assert_array_equal(decode(facts.instance), expected)


def test_a_fragment_that_holds_too_little_is_refused_and_a_bomb_unpacks_no_further(tmp_path: Path) -> None:
    short = compressed(LAID_OUT, RAMP.tobytes()[:-2])
    with pytest.raises(UnreadableImage, match="shorter"):
        decode(instance(short, tmp_path))
    bomb = compressed(DEFLATED_FRAMES, deflated(RAMP.tobytes() + bytes(1 << 26)))
    np.testing.assert_array_equal(decode(instance(bomb, tmp_path)), RAMP)


def test_a_deflated_file_of_many_frames(tmp_path: Path) -> None:
    ds = make_instance(pixels=RAMP)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    ds.NumberOfFrames, ds.PixelData = 3, b"".join((RAMP + k).tobytes() for k in range(3))
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    np.testing.assert_array_equal(load_series(series).voxels + 1024, np.stack([RAMP, RAMP + 1, RAMP + 2]))


@pytest.mark.parametrize("multiple", [True, False])
def test_plain_ybr_in_jpeg_2000_is_converted_and_a_transform_of_its_own_is_not(
    tmp_path: Path, multiple: bool
) -> None:
    """The oracle is the definition: grey is Y alone, and red has Cr at its top."""
    ybr = np.empty((16, 12, 3), np.uint8)
    ybr[:] = (76, 85, 255)  # pure red
    if multiple:
        rgb = np.empty_like(ybr)
        rgb[:] = (254, 0, 0)
        stream = imagecodecs.jpeg2k_encode(rgb, level=0, reversible=True, codecformat="j2k", mct=True)
        ds = compressed("1.2.840.10008.1.2.4.90", bytes(stream), ds=colour("YBR_RCT", rgb))
    else:
        stream = imagecodecs.jpeg2k_encode(ybr, level=0, reversible=True, codecformat="j2k", mct=False)
        ds = compressed("1.2.840.10008.1.2.4.90", bytes(stream), ds=colour("YBR_FULL", ybr))
    shown = decode(instance(ds, tmp_path)).astype(int)
    np.testing.assert_allclose(shown, np.broadcast_to((254, 0, 0), ybr.shape), atol=1)


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        ("1.2.840.10008.1.2.4.100", "video .*MPEG2 Main Profile"),
        ("1.2.840.10008.1.2.4.103", "video .*MPEG-4 AVC"),
        ("1.2.840.10008.1.2.4.107", "video .*HEVC/H.265"),
        ("1.2.840.10008.1.2.4.92", "method .*JPEG 2000 Part 2"),
    ],
)
def test_what_cannot_be_decoded_is_called_by_its_name(tmp_path: Path, uid: str, words: str) -> None:
    ds = make_instance(pixels=RAMP)
    ds.NumberOfFrames = 5
    save(compressed(uid, b"\0\0\1\xb3" * 16, ds=ds), tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    with pytest.raises(UnreadableImage, match=words):
        load_series(series)


def test_a_damaged_stream_is_called_by_its_method(tmp_path: Path) -> None:
    stream = bytearray(imagecodecs.jpegls_encode(RAMP.view(np.uint16)))
    del stream[40:80]
    with pytest.raises(UnreadableImage, match="JPEG-LS"):
        decode(instance(compressed("1.2.840.10008.1.2.4.80", bytes(stream)), tmp_path))


def test_an_unknown_syntax_is_told_with_its_identifier(tmp_path: Path) -> None:
    path = save(make_instance(), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0", 1))
    with pytest.raises(Broken, match=r"unknown way \(transfer syntax 1\.2\.840\.10008\.9\.9\.9\)"):
        read_header(path)


def test_every_readable_syntax_is_known_and_has_words() -> None:
    for uid in syntaxes.READABLE:
        assert syntaxes.is_known(uid)
        assert syntaxes.refusal(uid) == ""
        assert syntaxes.name(uid) != uid


def test_plain_pixels_that_look_like_a_stream_are_plain_pixels(tmp_path: Path) -> None:
    """2815 is ff 0a, how a JPEG XL stream begins; ff d8 how a JPEG does."""
    for start in (b"\xff\x0a", b"\xff\xd8\xff\xc0", b"\xff\x4f\xff\x51"):
        data = start + RAMP.tobytes()[len(start) :]
        facts = read_header(save(compressed(LAID_OUT, data), tmp_path / "a.dcm"))[0]
        assert facts.flaws == frozenset()
        assert decode(facts.instance).tobytes() == data


def test_a_stream_that_is_called_run_lengths_is_read_as_what_it_is(tmp_path: Path) -> None:
    stream = bytes(imagecodecs.jpegls_encode(RAMP.view(np.uint16)))
    facts = read_header(save(compressed("1.2.840.10008.1.2.5", stream), tmp_path / "a.dcm"))[0]
    assert SeriesIssue.CONTRADICTORY_PIXELS in facts.flaws
    np.testing.assert_array_equal(decode(facts.instance), RAMP)
