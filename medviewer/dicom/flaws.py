"""What is wrong with a file that can still be read: each flaw is told, none is smoothed over."""

from __future__ import annotations

from dataclasses import replace

from medviewer.dicom import plane
from medviewer.dicom import values as v
from medviewer.dicom.codestream import Told, told, written_in
from medviewer.dicom.elements import Broken
from medviewer.dicom.pixel_format import has_surplus
from medviewer.dicom.study import PixelFormat, SeriesIssue
from medviewer.dicom.syntaxes import LAID_OUT, READABLE
from medviewer.dicom.tags import TAG
from medviewer.dicom.walk import Header

Flaws = frozenset[SeriesIssue]


def _inside(header: Header) -> Told | None:
    """What the first compressed frame tells of itself; bytes of plain pixels may look like any stream."""
    plain = header.transfer_syntax in LAID_OUT or header.transfer_syntax not in READABLE
    return None if plain else told(header.first_frame)


def as_streamed(header: Header, pixels: PixelFormat, size: tuple[int, int]) -> PixelFormat:
    """The layout with what the first compressed frame knows better: that it is signed, and bits that lack.

    A header that says "signed" of an unsigned stream is right: two's complement was packed as it lay.
    Raises :class:`Broken` where the two cannot be the same image.
    """
    inside = _inside(header)
    if inside is None:
        return pixels
    if (*inside.size, inside.samples) != (*size, pixels.samples):
        raise Broken("The compressed image has another size than its header says.")
    if inside.bits > pixels.bits_allocated:
        raise Broken("The bits per pixel contradict each other.")
    if inside.signed is None or pixels.samples > 1 or (pixels.signed and not inside.signed):
        return pixels
    return replace(pixels, signed=inside.signed, bits_stored=max(inside.bits, pixels.bits_stored))


def _signs_differ(header: Header, frames_signed: bool) -> bool:
    inside = _inside(header)
    return inside is not None and inside.signed is not None and inside.signed != frames_signed


def _another_stream(header: Header) -> bool:
    """Whether compressed pixels are of another kind than the transfer syntax says."""
    inside = _inside(header)
    return inside is not None and written_in(inside, header.transfer_syntax) != header.transfer_syntax


def flaws_of(header: Header, pixels: PixelFormat, rows_columns: int, frames: int) -> Flaws:
    """Everything this file is marked with, but for what :func:`bits_contradict` finds.

    ``pixels`` as the header says, before :func:`as_streamed`.
    """
    raw = header.values

    def get(keyword: str) -> bytes:
        return raw.get(TAG[keyword], b"")

    own_uid, meta_uid = v.ascii_text(get("SOPInstanceUID")), v.ascii_text(header.image_uid)
    has_lut = TAG["ModalityLUTSequence"] in header.present
    bad_rescale = plane.rescale_is_invalid(get("RescaleSlope"), get("RescaleIntercept"))
    contradictory = (
        has_surplus(pixels, rows_columns, frames)
        or header.wrong_table
        or _another_stream(header)
        or (pixels.samples == 1 and _signs_differ(header, pixels.signed))
    )
    found = {
        SeriesIssue.CONTRADICTORY_PIXELS: contradictory,
        SeriesIssue.IRREGULAR_FILE: header.irregular,
        SeriesIssue.REPAIRED: header.repaired,
        SeriesIssue.TWO_IDENTIFIERS: bool(own_uid and meta_uid) and own_uid != meta_uid,
        SeriesIssue.UNKNOWN_CHARACTERS: not v.is_known(get("SpecificCharacterSet")),
        SeriesIssue.INVALID_RESCALE: bad_rescale and not has_lut,
        SeriesIssue.BURNED_IN: v.ascii_text(get("BurnedInAnnotation")).upper() == "YES",
    }
    return frozenset(issue for issue, there in found.items() if there)
