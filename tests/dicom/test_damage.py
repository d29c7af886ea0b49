"""Compressed pixels that are damaged: refused, where a decoder would have shown something."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.uid import JPEGLSLossless, RLELossless

from medviewer.dicom.decode import decode
from medviewer.errors import UnreadableImage
from tests.dicom.test_decode import RAMP, compressed, instance
from tests.factories import make_instance


def test_a_later_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    """The scan looks at the first frame only."""
    ds = make_instance(pixels=RAMP)
    ds.NumberOfFrames = 2
    codes = [imagecodecs.jpegls_encode(a) for a in (RAMP.view(np.uint16), np.zeros((8, 8), np.uint16))]
    found = instance(compressed(JPEGLSLossless, *codes, ds=ds), tmp_path, 1)
    with pytest.raises(UnreadableImage, match="another size"):
        decode(found)


HTJ2K_STREAM = bytes(imagecodecs.htj2k_encode(RAMP))


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
def test_half_of_a_high_throughput_stream_is_no_picture(tmp_path: Path, kept: float) -> None:
    """OpenJPH would give one, of old memory where bytes are missing."""
    part = HTJ2K_STREAM[: int(kept * len(HTJ2K_STREAM)) - 2] + b"\xff\xd9"
    found = instance(compressed("1.2.840.10008.1.2.4.201", part), tmp_path)
    with pytest.raises(UnreadableImage, match="damaged"):
        decode(found)


def test_a_jpeg_that_was_cut_is_refused(tmp_path: Path) -> None:
    """libjpeg would fill the rest with grey."""
    ds = make_instance(rows=64, columns=64)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    picture = np.arange(64 * 64).reshape(64, 64).astype(np.uint8)
    code = imagecodecs.jpeg8_encode(picture)
    found = instance(compressed("1.2.840.10008.1.2.4.50", code[:-80], ds=ds), tmp_path)
    with pytest.raises(UnreadableImage, match="cut short"):
        decode(found)


def test_few_bytes_are_not_believed_to_be_a_huge_image(tmp_path: Path) -> None:
    ds = make_instance(rows=60_000, columns=4_000)
    ds.PixelData = b""
    found = instance(compressed(RLELossless, b"\0" * 128, ds=ds), tmp_path)
    with pytest.raises(UnreadableImage, match="far too few"):
        decode(found)
