"""240 to 264: compressed pixels, whole and damaged."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack, pack_into

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from tests.factories import to_bytes
from tests.robust.case import HU, OK, RAMP, REJECT, WARN, Case, Opened, good, holds, near, raw
from tests.robust.makers import HTJ2K, J2K, JPEG, JPEG_12, JPEG_LS, compressed
from tests.robust.seeds import written_as

SMOOTH = (np.arange(32 * 40).reshape(32, 40) // 8).astype(np.uint8)


def _j2k(pixels: NDArray[np.generic] = RAMP) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, codecformat="j2k"))


def _in(syntax: str, *frames: bytes, parts: int = 1, table: bool = True, **changes: object) -> Dataset:
    ds = good(**changes)
    if len(frames) > 1:
        ds.NumberOfFrames = len(frames)
    return compressed(ds, syntax, list(frames), parts=parts, table=table)


def _unsigned(syntax: str, frame: bytes, bits: int, rows: int = 32, columns: int = 40) -> Dataset:
    wide = 16 if bits > 8 else 8
    layout = {"BitsAllocated": wide, "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 0}
    return _in(syntax, frame, Rows=rows, Columns=columns, **layout)


# ---- run lengths ----------------------------------------------------------------------------------------


def _segment(values: NDArray[np.uint8]) -> bytes:
    packed = bytes(imagecodecs.packbits_encode(values))
    return packed + b"\0" * (len(packed) % 2)


def _rle_frame(pixels: NDArray[np.int16], count: int = 2, offset: int | None = None) -> bytes:
    """One frame in two segments, high bytes first (PS3.5 annex G); its header may lie."""
    both = pixels.astype(">i2").reshape(-1).view(np.uint8).reshape(-1, 2)
    high, low = (_segment(np.ascontiguousarray(both[:, k])) for k in (0, 1))
    second = 64 + len(high) if offset is None else offset
    return pack("<16I", count, 64, second, *[0] * 13) + high + low


def _rle_frames(table: bool = True) -> Dataset:
    return _in(RLELossless, *(_rle_frame(RAMP + k) for k in range(3)), table=table)


def _three_frames(seen: Opened) -> None:
    np.testing.assert_array_equal(seen.volume.voxels, np.concatenate([HU, HU + 1, HU + 2]))


def _frames_missing() -> Dataset:
    ds = _in(RLELossless, _rle_frame(RAMP))
    ds.NumberOfFrames = 3
    return ds


def _bad_table() -> bytes:
    """The second frame begins inside the first, says the offset table."""
    data = bytearray(to_bytes(_rle_frames()))
    at = data.index(b"\xe0\x7f\x10\x00OB") + 12 + 8
    pack_into("<I", data, at + 4, 10)
    return bytes(data)


def _tiny_for_many() -> Dataset:
    return _in(RLELossless, _rle_frame(RAMP), Rows=20_000, Columns=8_000)


# ---- streams --------------------------------------------------------------------------------------------


def _patched(frame: bytes, at: int, form: str, *values: int) -> bytes:
    changed = bytearray(frame)
    pack_into(form, changed, at, *values)
    return bytes(changed)


def _no_fragments() -> bytes:
    ds = _in(J2K, _j2k())
    data = to_bytes(ds)
    at = data.index(b"\xe0\x7f\x10\x00OB") + 12
    return data[:at] + pack("<HHI", 0xFFFE, 0xE000, 0) + pack("<HHI", 0xFFFE, 0xE0DD, 0)


def _other_sign() -> Dataset:
    """The stream is signed, the header says unsigned: the stream knows."""
    return _in(J2K, _j2k(), PixelRepresentation=0)


def _rgb_jpeg() -> Dataset:
    colour = np.stack([SMOOTH, 255 - SMOOTH, SMOOTH // 2], -1)
    ds = _unsigned(JPEG, bytes(imagecodecs.jpeg8_encode(colour, level=95, outcolorspace="RGB")), 8)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    return ds


def _big_endian() -> Dataset:
    ds = written_as(good(), ExplicitVRBigEndian)
    return raw(ds, "PixelData", "OW", RAMP.astype(">i2").tobytes())


_RGB = np.stack([SMOOTH, 255 - SMOOTH, SMOOTH // 2], -1)[None]
_DAMAGED = "damaged|could not be decoded|cut short|missing"
_MADE: dict[str, Callable[[], bytes]] = {
    "12 bit": lambda: bytes(
        imagecodecs.jpeg8_encode(SMOOTH.astype(np.uint16) * 16, level=95, bitspersample=12)
    ),
    "jpeg-ls": lambda: bytes(imagecodecs.jpegls_encode(RAMP.view(np.uint16))),
    "htj2k": lambda: bytes(imagecodecs.htj2k_encode(RAMP)),
}

CASES = [
    Case("240", "RLE with offset table", OK, lambda f: _rle_frames(), check=_three_frames),
    Case("241", "RLE without offset table", OK, lambda f: _rle_frames(table=False), check=_three_frames),
    Case("242", "RLE, two of three frames missing", REJECT, lambda f: _frames_missing(),
         "Frames are missing"),
    Case("243", "RLE, wrong offset table", WARN, lambda f: _bad_table(),
         "CONTRADICTORY_PIXELS", _three_frames),
    Case("244", "RLE, segment beyond the frame", REJECT,
         lambda f: _in(RLELossless, _rle_frame(RAMP, offset=1 << 31)), _DAMAGED),
    Case("245", "RLE, wrong count of segments", REJECT,
         lambda f: _in(RLELossless, _rle_frame(RAMP, count=15)), _DAMAGED),
    Case("246", "RLE, a few bytes for 20,000 x 8,000", REJECT, lambda f: _tiny_for_many(),
         "far too few|" + _DAMAGED),
    Case("250", "JPEG 2000", OK, lambda f: _in(J2K, _j2k()), check=holds()),
    Case("251", "JPEG-LS", OK, lambda f: _in(JPEG_LS, _MADE["jpeg-ls"]()), check=holds()),
    Case("252", "JPEG of 12 bits", WARN, lambda f: _unsigned(JPEG_12, _MADE["12 bit"](), 12), "LOSSY",
         near(SMOOTH[None].astype(np.int32) * 16 - 1024, 40)),
    Case("253", "JPEG in RGB", WARN, lambda f: _rgb_jpeg(), "LOSSY", near(_RGB, 8)),
    Case("254", "big endian", OK, lambda f: _big_endian(), check=holds()),
    Case("255", "JPEG 2000 knows the sign better", WARN, lambda f: _other_sign(), "CONTRADICTORY_PIXELS",
         holds()),
    Case("256", "HTJ2K", OK, lambda f: _in(HTJ2K, _MADE["htj2k"]()), check=holds()),
    Case("260", "JPEG 2000 in fragments", OK, lambda f: _in(J2K, _j2k(), parts=3), check=holds()),
    Case("261", "JPEG 2000 cut short", REJECT, lambda f: _in(J2K, _j2k()[:-60]), _DAMAGED),
    Case("262", "JPEG 2000 of 60,000 x 60,000", REJECT,
         lambda f: _in(J2K, _patched(_j2k(), 8, ">2I", 60_000, 60_000)), "another size"),
    Case("263", "JPEG 2000 with other rows", REJECT, lambda f: _in(J2K, _j2k(RAMP[:15])), "another size"),
    Case("264", "JPEG 2000 without fragments", REJECT, lambda f: _no_fragments(), "no compressed pixel data"),
]  # fmt: skip
