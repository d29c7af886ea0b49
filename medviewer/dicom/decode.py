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

from medviewer.dicom import encapsulated, syntaxes
from medviewer.dicom.codestream import JPEG_XL, RLE, Told, believable, has_end, told, written_in
from medviewer.dicom.colour import eight_bits, ybr_to_rgb
from medviewer.dicom.native import laid_out_frame, native_frame
from medviewer.dicom.rle import decode_rle, joined
from medviewer.dicom.study import Instance, PixelFormat
from medviewer.dicom.syntaxes import LAID_OUT, NATIVE, RLE_LOSSLESS, name, refusal
from medviewer.dicom.tables import palette_to_rgb
from medviewer.errors import UnreadableImage

Array = NDArray[Any]
_OTHER_SIZE = "The decoded image has another size than its header says."
_CUT = "The compressed pixel data ({}) are cut short or damaged."
_TOO_FEW = "The compressed pixel data ({}) are far too few for the image they should fill."
_DAMAGED = "The image could not be decoded: its pixel data ({}) are damaged."
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


def _jpeg_xl(data: bytes, _: PixelFormat) -> Array:
    """One thread an image: several images are decoded at once."""
    return np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1))


Decoder = Callable[[bytes, PixelFormat], Array]
_DECODERS: dict[str, Decoder] = {
    **dict.fromkeys(syntaxes.JPEG_DCT, _jpeg),
    **dict.fromkeys(syntaxes.JPEG_LOSSLESS, _lossless_jpeg),
    **dict.fromkeys(syntaxes.JPEG_LS, _jpeg_ls),
    **dict.fromkeys(syntaxes.JPEG_2000, _jpeg_2000),
    **dict.fromkeys(syntaxes.JPEG_XL, _jpeg_xl),
}
_RGB_OUT = frozenset({_jpeg, _jpeg_xl})
"""Decoders that undo the colour transform themselves; of JPEG 2000 the stream tells.

A stream goes to the decoder of what it is: where its transfer syntax names another the series says so.
"""


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
        raise _refused(_DAMAGED, instance.pixels) from error


def _refused(sentence: str, pixels: PixelFormat) -> UnreadableImage:
    """The sentence with the name of the transfer syntax."""
    return UnreadableImage(sentence.format(name(pixels.transfer_syntax)))


def stored_words(instance: Instance) -> Array:
    """The stored values of one frame with all their bits, also those above BitsStored. Raises as decode."""
    try:
        return _stored(instance, None)
    except UnreadableImage:
        raise
    except OSError as error:
        raise UnreadableImage("The image file could not be read.") from error
    except Exception as error:  # whatever damaged pixels make of a decoder
        raise _refused(_DAMAGED, instance.pixels) from error


def _stored(instance: Instance, spans: list[encapsulated.Span] | None) -> Array:
    pixels = instance.pixels
    if pixels.transfer_syntax in NATIVE:
        return _as_rgb(native_frame(instance), pixels)
    refused = refusal(pixels.transfer_syntax)
    if refused:
        raise UnreadableImage(refused)
    if spans is None:
        data = encapsulated.read_frame(instance.path, instance)
    else:
        data = encapsulated.read_spans(instance.path, instance, spans)
    if pixels.transfer_syntax in LAID_OUT:
        return _as_rgb(laid_out_frame(data, instance), pixels)
    inside = told(data)
    if inside is None and pixels.transfer_syntax == RLE_LOSSLESS:
        return _as_rgb(_run_lengths(data, instance), pixels)
    if inside is None:
        raise _refused(_CUT, pixels)
    decoder = _DECODERS[written_in(inside, pixels.transfer_syntax)]
    out = _stream(data, inside, instance, decoder)
    return out if decoder in _RGB_OUT or inside.transformed else _as_rgb(out, pixels)


def _as_rgb(samples: Array, pixels: PixelFormat) -> Array:
    if pixels.samples == 3 and pixels.photometric in _YBR:
        return ybr_to_rgb(samples, pixels.bits_stored)
    return samples


def _stream(data: bytes, inside: Told, instance: Instance, decoder: Decoder) -> Array:
    """A JPEG of any kind: whole, and of the size its header says, before and after it is decoded."""
    pixels = instance.pixels
    if not (inside.process == JPEG_XL or has_end(data)):
        raise _refused(_CUT, pixels)
    if (*inside.size, inside.samples) != (instance.rows, instance.columns, pixels.samples):
        raise UnreadableImage(_OTHER_SIZE)
    if not believable(data, *inside.size, inside.process):
        raise _refused(_TOO_FEW, pixels)
    out = decoder(data, pixels)
    if out.size != instance.rows * instance.columns * pixels.samples:
        raise UnreadableImage(_OTHER_SIZE)
    return out.reshape(_shape(instance))


def _run_lengths(data: bytes, instance: Instance) -> Array:
    pixels = instance.pixels
    if not believable(data, instance.rows, instance.columns, RLE):
        raise _refused(_TOO_FEW, pixels)
    wide = pixels.bits_allocated // 8
    planes = decode_rle(data, instance.rows * instance.columns, wide * pixels.samples)
    samples = [joined(planes[k : k + wide]) for k in range(0, len(planes), wide)]
    out = samples[0] if pixels.samples == 1 else np.stack(samples, -1)
    return out.reshape(_shape(instance))


def _shape(instance: Instance) -> tuple[int, ...]:
    size = (instance.rows, instance.columns)
    return size if instance.pixels.samples == 1 else (*size, 3)


# ---- after decoding -------------------------------------------------------------------------------------


def _finished(stored: Array, instance: Instance) -> Array:
    pixels = instance.pixels
    if pixels.photometric == "PALETTE COLOR":
        return palette_to_rgb(_masked(stored, pixels), instance)
    if pixels.samples == 3:
        return eight_bits(stored, pixels.bits_stored)
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
