"""The size a compressed stream tells is read before anything is decoded."""

from __future__ import annotations

from pathlib import Path
from struct import pack_into

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate

from medviewer.dicom.codestream import Told, believable, has_end, told
from medviewer.dicom.scan import scan
from tests.factories import make_instance, save

PICTURE = np.arange(24 * 40, dtype=np.uint8).reshape(24, 40)
STREAMS = {
    "baseline": imagecodecs.jpeg8_encode(PICTURE),
    "lossless": imagecodecs.ljpeg_encode(PICTURE.astype(np.uint16)),
    "JPEG-LS": imagecodecs.jpegls_encode(PICTURE),
    "JPEG 2000": imagecodecs.jpeg2k_encode(PICTURE, codecformat="j2k"),
    "HTJ2K": imagecodecs.htj2k_encode(PICTURE),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_the_size_is_what_was_encoded(kind: str) -> None:
    assert told(STREAMS[kind]).size == (24, 40)


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_cut_anywhere_tells_its_size_or_nothing(kind: str) -> None:
    assert {t.size for end in range(80) if (t := told(STREAMS[kind][:end]))} <= {(24, 40)}


def test_a_stream_that_claims_billions_of_pixels_is_not_decoded(tmp_path: Path) -> None:
    data = bytearray(STREAMS["baseline"])
    pack_into(">HH", data, data.find(b"\xff\xc0") + 5, 60_000, 60_000)
    ds = make_instance(rows=24, columns=40)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = encapsulate([bytes(data)])
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    save(ds, tmp_path / "a.dcm")
    result = scan([tmp_path])
    assert result.patients == ()
    assert "another size" in result.unreadable[0].reason


def test_a_stream_wrapped_as_a_file_of_its_own_tells_its_size_too() -> None:
    found = told(imagecodecs.jpeg2k_encode(PICTURE, codecformat="jp2"))
    assert found == Told(24, 40, 1, 8, signed=False)


@pytest.mark.parametrize("kind", STREAMS)
def test_only_a_whole_stream_has_its_end(kind: str) -> None:
    assert has_end(STREAMS[kind])
    assert has_end(STREAMS[kind] + b"\0" * 7)
    assert not has_end(STREAMS[kind][:-2])


def test_a_blank_image_may_be_small_and_a_huge_one_may_not() -> None:
    assert believable(b"123", 2048, 2048)
    assert not believable(b"123", 2049, 2048)
    assert believable(b"123", 4096, 4096, 0xF7)
    assert not believable(b"123", 4097, 4096, 0xF7)
    assert believable(bytes(1 << 20), 16_000, 16_000)


BLANK = np.zeros((1000, 1000), np.uint8)


@pytest.mark.parametrize(
    "stream",
    [imagecodecs.jpeg8_encode(BLANK, optimize=True), imagecodecs.ljpeg_encode(BLANK)],
    ids=["dct", "lossless"],
)
def test_even_a_blank_jpeg_needs_bits_for_every_block(stream: bytes) -> None:
    found = told(stream)
    assert found is not None
    assert believable(stream, 1000, 1000, found.process)
    assert not believable(stream, 4000, 4000, found.process)
