"""One frame's pixels: stored values, or RGB. imagecodecs decodes; it releases the interpreter lock.

Every frame is checked against the size its header tells before and after decoding; a decoder's failure
becomes :class:`UnreadableImage` with one sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from medviewer.dicom import encapsulated
from medviewer.dicom.codestream import RLE, believable, has_end, told
from medviewer.dicom.colour import palette_to_rgb, ybr_to_rgb
from medviewer.dicom.elements import Broken
from medviewer.dicom.pixel_format import NATIVE, frame_bytes
from medviewer.dicom.rle import decode_rle, joined
from medviewer.dicom.study import Instance, PixelFormat
from medviewer.dicom.walk import walk
from medviewer.errors import UnreadableImage

Array = NDArray[Any]
_OTHER_SIZE = "The decoded image has another size than its header says."
_CUT = "The compressed pixel data are cut short or damaged."
_TOO_FEW = "The compressed pixel data are far too few for the image they should fill."
_DAMAGED = "The image could not be decoded: its pixel data are damaged."
_DEFLATED = "1.2.840.10008.1.2.1.99"
_RLE_LOSSLESS = "1.2.840.10008.1.2.5"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_YBR = frozenset({"YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420"})


def _jpeg(data: bytes, pixels: PixelFormat) -> Array:
    """Baseline and extended; the header says which colours are inside, not the JPEG's own markers."""
    if pixels.samples == 1:
        return np.asarray(imagecodecs.jpeg8_decode(data))
    inside = "RGB" if pixels.photometric == "RGB" else "YCBCR"
    return np.asarray(imagecodecs.jpeg8_decode(data, colorspace=inside, outcolorspace="RGB"))


def _lossless_jpeg(data: bytes, pixels: PixelFormat) -> Array:
    """By libjpeg-turbo, colours as they are: mutated streams kill the process in imagecodecs' ljpeg."""
    if pixels.samples == 1:
        return np.asarray(imagecodecs.jpeg8_decode(data))
    return np.asarray(imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"))


def _jpeg_ls(data: bytes, _: PixelFormat) -> Array:
    return np.asarray(imagecodecs.jpegls_decode(data))


def _jpeg_2000(data: bytes, _: PixelFormat) -> Array:
    """With and without high throughput: OpenJPEG refuses what is damaged, OpenJPH shows it."""
    return np.asarray(imagecodecs.jpeg2k_decode(data))


_DECODERS: dict[str, Callable[[bytes, PixelFormat], Array]] = {
    "1.2.840.10008.1.2.4.50": _jpeg,
    "1.2.840.10008.1.2.4.51": _jpeg,
    "1.2.840.10008.1.2.4.53": _jpeg,
    "1.2.840.10008.1.2.4.55": _jpeg,
    "1.2.840.10008.1.2.4.57": _lossless_jpeg,
    "1.2.840.10008.1.2.4.70": _lossless_jpeg,
    "1.2.840.10008.1.2.4.80": _jpeg_ls,
    "1.2.840.10008.1.2.4.81": _jpeg_ls,
    "1.2.840.10008.1.2.4.90": _jpeg_2000,
    "1.2.840.10008.1.2.4.91": _jpeg_2000,
    "1.2.840.10008.1.2.4.201": _jpeg_2000,
    "1.2.840.10008.1.2.4.202": _jpeg_2000,
    "1.2.840.10008.1.2.4.203": _jpeg_2000,
}
_RGB_OUT = frozenset({_jpeg, _jpeg_2000})
"""Decoders that undo the colour transform themselves."""


def decode(instance: Instance, spans: list[encapsulated.Span] | None = None) -> Array:
    """Stored values of one frame, (rows, columns) as int or float, or (rows, columns, 3) uint8 RGB.

    Bits above BitsStored are dropped and the sign extended (PS3.5 8.1.1); no rescale is applied, and
    MONOCHROME1 keeps its values. ``spans``: the frame's fragments, where the caller knows them.
    Raises :class:`UnreadableImage`.
    """
    try:
        return _finished(_stored(instance, spans), instance)
    except UnreadableImage:
        raise
    except (OSError, MemoryError) as error:
        raise UnreadableImage("The image file could not be read.") from error
    except Exception as error:  # whatever damaged pixels make of a decoder
        raise UnreadableImage(_DAMAGED) from error


def stored_words(instance: Instance) -> Array:
    """The stored values of one frame with all their bits, also those above BitsStored. Raises as decode."""
    try:
        return _stored(instance, None)
    except UnreadableImage:
        raise
    except OSError as error:
        raise UnreadableImage("The image file could not be read.") from error
    except Exception as error:  # whatever damaged pixels make of a decoder
        raise UnreadableImage(_DAMAGED) from error


def _stored(instance: Instance, spans: list[encapsulated.Span] | None) -> Array:
    pixels = instance.pixels
    if pixels.transfer_syntax in NATIVE:
        return _native(instance)
    decoder = _DECODERS.get(pixels.transfer_syntax)
    if decoder is None and pixels.transfer_syntax != _RLE_LOSSLESS:
        raise UnreadableImage("This kind of image compression is not supported.")
    if spans is None:
        data = encapsulated.read_frame(instance.path, instance)
    else:
        data = encapsulated.read_spans(instance.path, instance, spans)
    out = _run_lengths(data, instance) if decoder is None else _stream(data, instance, decoder)
    undone = decoder in _RGB_OUT or pixels.photometric not in _YBR
    return out if undone else ybr_to_rgb(out)


def _stream(data: bytes, instance: Instance, decoder: Callable[[bytes, PixelFormat], Array]) -> Array:
    """A JPEG of any kind: whole, and of the size its header says, before and after it is decoded."""
    pixels = instance.pixels
    inside = told(data)
    if inside is None or not has_end(data):
        raise UnreadableImage(_CUT)
    if (*inside.size, inside.samples) != (instance.rows, instance.columns, pixels.samples):
        raise UnreadableImage(_OTHER_SIZE)
    if not believable(data, *inside.size, inside.process):
        raise UnreadableImage(_TOO_FEW)
    out = decoder(data, pixels)
    if out.size != instance.rows * instance.columns * pixels.samples:
        raise UnreadableImage(_OTHER_SIZE)
    return out.reshape(_shape(instance, planar=False))


def _run_lengths(data: bytes, instance: Instance) -> Array:
    pixels = instance.pixels
    if not believable(data, instance.rows, instance.columns, RLE):
        raise UnreadableImage(_TOO_FEW)
    wide = pixels.bits_allocated // 8
    planes = decode_rle(data, instance.rows * instance.columns, wide * pixels.samples)
    samples = [joined(planes[k : k + wide]) for k in range(0, len(planes), wide)]
    out = samples[0] if pixels.samples == 1 else np.stack(samples, -1)
    return out.reshape(_shape(instance, planar=False))


def _shape(instance: Instance, *, planar: bool) -> tuple[int, ...]:
    size = (instance.rows, instance.columns)
    if instance.pixels.samples == 1:
        return size
    return (3, *size) if planar else (*size, 3)


# ---- uncompressed ---------------------------------------------------------------------------------------


def _native(instance: Instance) -> Array:
    pixels = instance.pixels
    size = instance.rows * instance.columns
    per_frame = frame_bytes(pixels, size)
    if pixels.bits_allocated == 1:
        return _one_bit(instance, size)
    data = _bytes(instance, int(per_frame) * instance.frame, int(per_frame))
    order = ">" if pixels.transfer_syntax == _BIG_ENDIAN else "<"
    values = np.frombuffer(data, f"{order}{'f' if pixels.float_pixels else 'u'}{pixels.bits_allocated // 8}")
    if pixels.samples == 1:
        return values.reshape(_shape(instance, planar=False))
    if pixels.photometric == "YBR_FULL_422":
        return ybr_to_rgb(_unpacked_422(values, instance))
    colour = values.reshape(_shape(instance, planar=pixels.planar == 1))
    colour = np.moveaxis(colour, 0, -1) if pixels.planar == 1 else colour
    return ybr_to_rgb(colour) if pixels.photometric in _YBR else colour


def _bytes(instance: Instance, start: int, count: int) -> bytes:
    if instance.pixels.transfer_syntax != _DEFLATED:
        return encapsulated.read_native(instance.path, instance, start, count)
    try:
        header = walk(instance.path, frozenset())
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    if header.stamp != instance.stamp or header.body is None:
        raise UnreadableImage("The file changed since it was opened.")
    first = header.pixel_offset + start
    return header.body[first : first + count]


def _one_bit(instance: Instance, size: int) -> Array:
    """Frames of single bits follow each other without padding (PS3.5 8.1.1, 8.2)."""
    start = size * instance.frame
    data = _bytes(instance, start // 8, (start % 8 + size + 7) // 8)
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[start % 8 :][:size]
    return bits.reshape(instance.rows, instance.columns)


def _unpacked_422(values: Array, instance: Instance) -> Array:
    """Y0 Y1 Cb Cr for every two pixels (PS3.3 C.7.6.3.1.2)."""
    quads = values.reshape(-1, 4)
    out = np.empty((len(quads), 2, 3), values.dtype)
    out[:, :, 0] = quads[:, :2]
    out[:, :, 1:] = quads[:, None, 2:]
    return out.reshape(instance.rows, instance.columns, 3)


# ---- after decoding -------------------------------------------------------------------------------------


def _finished(stored: Array, instance: Instance) -> Array:
    pixels = instance.pixels
    if pixels.photometric == "PALETTE COLOR":
        return palette_to_rgb(_masked(stored, pixels), instance)
    if pixels.samples == 3:
        shift = max(0, pixels.bits_stored - 8)
        return (stored >> shift).astype(np.uint8) if stored.dtype != np.uint8 else stored
    return stored if pixels.float_pixels else _masked(stored, pixels)


def _masked(stored: Array, pixels: PixelFormat) -> Array:
    """Drop what lies above BitsStored and extend the sign."""
    if stored.dtype.itemsize * 8 < pixels.bits_stored:  # a decoder's narrower type: nothing above, no sign
        stored = stored.astype(f"u{pixels.bits_allocated // 8}")
    width = stored.dtype.itemsize * 8
    kind = f"{'i' if pixels.signed else 'u'}{stored.dtype.itemsize}"
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False).view(kind)
    spare = width - pixels.bits_stored
    if spare <= 0 or pixels.bits_allocated == 1:
        return native
    if pixels.signed:
        return np.asarray((native << spare) >> spare)
    return np.asarray(native & np.array((1 << pixels.bits_stored) - 1, native.dtype))
