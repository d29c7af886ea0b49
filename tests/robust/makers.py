"""Small images of every layout and compression: what seeds and cases are made of."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from tests.factories import make_instance

ROWS, COLUMNS = 33, 40
JPEG = "1.2.840.10008.1.2.4.50"
JPEG_12 = "1.2.840.10008.1.2.4.51"
JPEG_PROGRESSIVE = "1.2.840.10008.1.2.4.55"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
J2K = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"
XL_LOSSLESS = "1.2.840.10008.1.2.4.110"
XL = "1.2.840.10008.1.2.4.112"
LAID_OUT = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


def picture(bits: int = 16, samples: int = 1, rows: int = ROWS, columns: int = COLUMNS) -> NDArray[np.uint16]:
    """A ramp with some noise: enough for every decoder's every path."""
    noise = np.random.default_rng(5).integers(0, 1 << bits - 3, (rows, columns, samples))
    ramp = np.arange(rows * columns).reshape(rows, columns, 1) * (1 << bits - 1) // (rows * columns)
    values = (ramp + noise).astype(np.uint16 if bits > 8 else np.uint8)
    return values if samples > 1 else values[..., 0]


def image(bits: int = 16, samples: int = 1, frames: int = 1) -> Dataset:
    """An uncompressed image with the layout asked for."""
    ds = make_instance(rows=ROWS, columns=COLUMNS)
    wide = 16 if bits > 8 else 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = wide, bits, bits - 1, 0
    ds.SamplesPerPixel, ds.PhotometricInterpretation = samples, "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        ds.PlanarConfiguration = 0
    if frames > 1:
        ds.NumberOfFrames = frames
    ds.PixelData = picture(bits, samples).tobytes() * frames
    return ds


def compressed(
    ds: Dataset, syntax: str, frames: list[bytes], *, table: bool = True, parts: int = 1
) -> Dataset:
    """``ds`` with encapsulated frames in place of its pixels."""
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(frames, has_bot=table, fragments_per_frame=parts)
    ds["PixelData"].VR = "OB"
    return ds


def coded(syntax: str, bits: int = 16, samples: int = 1, frames: int = 1) -> Dataset:
    """An image compressed as ``syntax`` says."""
    values = picture(bits, samples)
    encode: dict[str, Callable[[], bytes]] = {
        JPEG: lambda: imagecodecs.jpeg8_encode(values, outcolorspace="RGB" if samples == 3 else None),
        JPEG_12: lambda: imagecodecs.jpeg8_encode(values, bitspersample=12),
        JPEG_LOSSLESS: lambda: imagecodecs.ljpeg_encode(values, bitspersample=bits),
        JPEG_LS: lambda: imagecodecs.jpegls_encode(values),
        J2K: lambda: imagecodecs.jpeg2k_encode(values, level=0, reversible=True, codecformat="j2k"),
        HTJ2K: lambda: imagecodecs.htj2k_encode(values),
        XL_LOSSLESS: lambda: imagecodecs.jpegxl_encode(values, lossless=True, bitspersample=bits),
        XL: lambda: imagecodecs.jpegxl_encode(values, distance=1.0, usecontainer=True),
        LAID_OUT: values.tobytes,
        DEFLATED_FRAMES: lambda: deflated(values.tobytes()),
    }
    return compressed(image(bits, samples, frames), syntax, [bytes(encode[syntax]())] * frames)


def deflated(data: bytes) -> bytes:
    """Deflated without a head (RFC 1951)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def rle(bits: int = 16, samples: int = 1, frames: int = 1) -> Dataset:
    """An image compressed by run lengths."""
    ds = image(bits, samples, frames)
    ds.compress(RLELossless, generate_instance_uid=False)
    return ds
