"""What a JPEG XL stream tells of itself, against what its encoder was given."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest

from medviewer.dicom.codestream import believable, told

SIZES = [(8, 16), (33, 40), (512, 512), (600, 700), (1, 3), (24, 32), (9000, 2)]


@pytest.mark.parametrize("container", [True, False])
@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_size_samples_and_bits(size: tuple[int, int], lossless: bool, container: bool) -> None:
    rng = np.random.default_rng(sum(size))
    for bits, samples in ((8, 1), (8, 3), (10, 1), (12, 1), (14, 3), (16, 1), (16, 3)):
        shape = size if samples == 1 else (*size, 3)
        values = rng.integers(0, 1 << bits, shape).astype(np.uint16 if bits > 8 else np.uint8)
        stream = imagecodecs.jpegxl_encode(
            values, lossless=lossless, bitspersample=bits, usecontainer=container, effort=1
        )
        found = told(bytes(stream))
        assert found is not None
        assert (found.size, found.samples, found.bits) == (size, samples, bits)


def test_every_cut_is_nothing_or_the_same() -> None:
    stream = bytes(imagecodecs.jpegxl_encode(np.zeros((33, 40), np.uint8), lossless=True, usecontainer=True))
    whole = told(stream)
    assert whole is not None
    assert {told(stream[:k]) for k in range(len(stream))} == {None, whole}


def test_films_and_transparency_are_no_images_of_dicom() -> None:
    film = imagecodecs.jpegxl_encode(np.zeros((4, 33, 40), np.uint8), photometric="gray")
    clear = imagecodecs.jpegxl_encode(np.zeros((33, 40, 4), np.uint8))
    assert told(bytes(film)) is None
    assert told(bytes(clear)) is None


def test_a_few_bytes_are_not_believed_to_be_a_huge_image() -> None:
    stream = bytes(imagecodecs.jpegxl_encode(np.zeros((64, 64), np.uint8), lossless=True))
    found = told(stream)
    assert found is not None
    assert believable(stream, *found.size, found.process)
    assert not believable(stream, 60_000, 60_000, found.process)
