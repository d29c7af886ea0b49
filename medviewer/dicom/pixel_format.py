"""How pixels are stored, checked against what is really there before anything is decoded (PS3.3 C.7.6.3)."""

from __future__ import annotations

import math

from medviewer.dicom import values as v
from medviewer.dicom.elements import Broken
from medviewer.dicom.study import PixelFormat
from medviewer.dicom.syntaxes import LAID_OUT, NATIVE
from medviewer.dicom.tags import TAG
from medviewer.dicom.walk import Header

MAX_FRAME_PIXELS = 1 << 28
_FLOAT_BITS = {0x7FE00008: 32, 0x7FE00009: 64}
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"


def pixel_format(header: Header) -> PixelFormat:
    """Layout and place of the pixels. Raises :class:`Broken` where they cannot be what the header says."""
    raw = header.values
    little = header.coding.little

    def us(keyword: str, default: int | None = None) -> int:
        stored = raw.get(TAG[keyword], b"")
        if any(stored[2:]):
            raise Broken("The header does not describe its pixels.")
        value = v.binary(stored, little)
        if value is None:
            value = default
        if value is None:
            raise Broken("The header does not describe its pixels.")
        return value

    if header.pixel_tag is None:
        sop_class = v.ascii_text(raw.get(TAG["SOPClassUID"], b""))
        what = "media directory" if sop_class == _MEDIA_DIRECTORY else "the file holds no pixel data"
        raise Broken(f"no image: {what}")
    allocated = us("BitsAllocated")
    pixels = PixelFormat(
        transfer_syntax=header.transfer_syntax,
        bits_allocated=allocated,
        bits_stored=us("BitsStored", allocated),
        signed=us("PixelRepresentation", 0) == 1,
        samples=us("SamplesPerPixel", 1),
        photometric=v.ascii_text(raw.get(TAG["PhotometricInterpretation"], b"MONOCHROME2")),
        planar=us("PlanarConfiguration", 0),
        offset=None if header.body is not None else header.pixel_offset,
        length=header.pixel_length,
        float_pixels=header.pixel_tag in _FLOAT_BITS,
        swapped=allocated < 16 and header.pixel_vr == b"OW" and not little,
    )
    _check_layout(pixels, us("Rows"), us("Columns"), header.pixel_tag)
    _check_length(pixels, us("Rows") * us("Columns"), header)
    return pixels


def bits_contradict(header: Header, pixels: PixelFormat) -> bool:
    """Whether HighBit is not BitsStored - 1 (PS3.5 8.1.1): nobody knows where in a word values lie."""
    high = v.binary(header.values.get(TAG["HighBit"], b""), header.coding.little)
    return high is not None and not pixels.float_pixels and high != pixels.bits_stored - 1


def has_surplus(pixels: PixelFormat, size: int, frames: int) -> bool:
    """Whether uncompressed pixels go on behind the last image of ``size`` pixels; one byte may fill up."""
    if pixels.length is None:
        return False
    return pixels.length > math.ceil(frames * frame_bytes(pixels, size)) + 1


def _check_layout(pixels: PixelFormat, rows: int, columns: int, tag: int) -> None:
    if rows < 1 or columns < 1 or rows * columns > MAX_FRAME_PIXELS:
        raise Broken("The image size is not believable.")
    if pixels.samples not in (1, 3):
        raise Broken("The number of colour samples is not supported.")
    if tag in _FLOAT_BITS:
        if pixels.bits_allocated != _FLOAT_BITS[tag]:
            raise Broken("The bits per pixel contradict each other.")
        return
    if pixels.bits_allocated not in (1, 8, 16, 32) or not 1 <= pixels.bits_stored <= pixels.bits_allocated:
        raise Broken("The bits per pixel contradict each other.")
    if pixels.samples == 3 and pixels.bits_allocated not in (8, 16):
        raise Broken("The bits per colour sample are not supported.")


def frame_bytes(pixels: PixelFormat, size: int) -> float:
    """Bytes of one uncompressed frame of ``size`` pixels; a fraction for 1-bit frames."""
    shared = pixels.photometric == "YBR_FULL_422" and pixels.transfer_syntax in NATIVE | LAID_OUT
    return size * (2 if shared and pixels.samples == 3 else pixels.samples) * pixels.bits_allocated / 8


def _check_length(pixels: PixelFormat, size: int, header: Header) -> None:
    count = v.integer(header.values.get(TAG["NumberOfFrames"], b"")) or 1
    if pixels.length is None:
        if pixels.transfer_syntax in NATIVE:
            raise Broken("The pixel data do not follow their transfer syntax.")
        return
    if pixels.transfer_syntax not in NATIVE:
        raise Broken("The pixel data do not follow their transfer syntax.")
    end = len(header.body) if header.body is not None else header.stamp[0]
    if header.pixel_offset + pixels.length > end:
        raise Broken("The file is cut short within its pixel data.")
    if pixels.length < int(count * frame_bytes(pixels, size)):
        raise Broken("The pixel data are shorter than the image they should fill.")
