"""Run lengths: every plane filled to its last byte, or refused; no offset is believed."""

from __future__ import annotations

from struct import pack

import imagecodecs
import numpy as np
import pytest

from medviewer.dicom.rle import decode_rle, joined

PLANES = [np.arange(300, dtype=np.uint8) // 7, np.arange(300, dtype=np.uint8)]
PACKED = [bytes(imagecodecs.packbits_encode(plane)) for plane in PLANES]


def frame(*segments: bytes, count: int | None = None, offsets: tuple[int, ...] = ()) -> bytes:
    places = [64 + sum(len(s) for s in segments[:k]) for k in range(len(segments))]
    told = [*(offsets or places), *[0] * 15][:15]
    return pack("<16I", len(segments) if count is None else count, *told) + b"".join(segments)


def test_planes_are_what_was_packed() -> None:
    for plane, expected in zip(decode_rle(frame(*PACKED), 300, 2), PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize("more", [b"", b"\0", b"\0\0", b"\x80"])
def test_padding_behind_a_segment_is_no_pixel(more: bytes) -> None:
    plane, _ = decode_rle(frame(PACKED[0] + more, PACKED[1]), 300, 2)
    np.testing.assert_array_equal(plane, PLANES[0])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(63),
        bytes(64),
        frame(*PACKED, count=1),
        frame(*PACKED, count=15),
        frame(*PACKED, offsets=(64, 1 << 31)),
        frame(*PACKED, offsets=(0, 70)),
        frame(*PACKED, offsets=(70, 64)),
    ],
)
def test_segments_that_cannot_be_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"segments|header"):
        decode_rle(data, 300, 2)


def test_a_plane_that_is_too_short_is_refused_even_if_another_is_too_long() -> None:
    """Whoever only counts the bytes of both shows old memory."""
    short = bytes(imagecodecs.packbits_encode(PLANES[0][:250]))
    long = bytes(imagecodecs.packbits_encode(np.append(PLANES[1], PLANES[1][:50])))
    with pytest.raises(ValueError, match="too short"):
        decode_rle(frame(short, PACKED[1]), 300, 2)
    with pytest.raises(ValueError, match="too long"):
        decode_rle(frame(PACKED[0], long), 300, 2)


@pytest.mark.parametrize("kind", ["<u1", "<u2", "<u4"])
def test_bytes_are_joined_the_highest_first(kind: str) -> None:
    values = np.arange(5, dtype=kind) * 50
    planes = values.astype(values.dtype.newbyteorder(">")).view(np.uint8).reshape(5, -1).T
    np.testing.assert_array_equal(joined(np.ascontiguousarray(planes)), values)


def test_what_was_joined_is_not_changed_by_the_next_frame() -> None:
    first = joined(decode_rle(frame(PACKED[0]), 300, 1))
    decode_rle(frame(PACKED[1]), 300, 1)
    np.testing.assert_array_equal(first, PLANES[0])
