"""The size a compressed stream tells is read before anything is decoded."""

from __future__ import annotations

from pathlib import Path
from struct import pack_into

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate

from medviewer.dicom.codestream import told_size
from medviewer.dicom.decode import decode
from medviewer.dicom.scan import scan
from medviewer.errors import UnreadableImage
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
    assert told_size(STREAMS[kind]) == (24, 40)


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_cut_anywhere_tells_its_size_or_nothing(kind: str) -> None:
    assert {told_size(STREAMS[kind][:end]) for end in range(80)} <= {None, (24, 40)}


def test_a_stream_that_claims_billions_of_pixels_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(STREAMS["baseline"])
    pack_into(">HH", data, data.find(b"\xff\xc0") + 5, 60_000, 60_000)
    ds = make_instance(rows=24, columns=40)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = encapsulate([bytes(data)])
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    monkeypatch.setattr(imagecodecs, "jpeg8_decode", lambda *_, **__: pytest.fail("was decoded"))
    with pytest.raises(UnreadableImage, match="another size"):
        decode(series.instances[0])
