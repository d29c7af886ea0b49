"""Transfer syntaxes by their names, and which of them can be read (PS3.5 annex A, PS3.6 annex A)."""

from __future__ import annotations

from pydicom.uid import UID

BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
RLE_LOSSLESS = "1.2.840.10008.1.2.5"
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", DEFLATED, BIG_ENDIAN})
"""Pixels lie in the file as they are, without fragments."""
JPEG_DCT = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55))
JPEG_LOSSLESS = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (57, 70))
JPEG_LS = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (80, 81))
JPEG_2000 = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203))
JPEG_XL = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112))
LAID_OUT = frozenset({ENCAPSULATED_UNCOMPRESSED, DEFLATED_FRAMES})
"""Fragments that hold frames laid out as uncompressed ones are."""
READABLE = NATIVE | LAID_OUT | {RLE_LOSSLESS} | JPEG_DCT | JPEG_LOSSLESS | JPEG_LS | JPEG_2000 | JPEG_XL

LOSSY_METHOD = {
    **dict.fromkeys(JPEG_DCT, "JPEG"),
    "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.203": "HTJ2K",
    "1.2.840.10008.1.2.4.111": "JPEG XL",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
}
"""What a picture in a syntax that may lose something was compressed by."""

_NEW = {
    DEFLATED_FRAMES: "Deflated Image Frame Compression",
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
}
"""Younger than pydicom's own list."""
_SHORT = {
    **dict.fromkeys(("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"), "JPEG-LS"),
    **dict.fromkeys(("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"), "JPEG 2000"),
    **{f"1.2.840.10008.1.2.4.{n}": "High-Throughput JPEG 2000" for n in (201, 202, 203)},
    "1.2.840.10008.1.2.4.50": "JPEG Baseline",
    "1.2.840.10008.1.2.4.51": "JPEG Extended",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless",
    RLE_LOSSLESS: "RLE",
}
_VIDEO = ("MPEG", "HEVC", "SMPTE")


def is_known(uid: str) -> bool:
    """Whether a UID is a transfer syntax of the standard, retired ones included."""
    return uid in _NEW or UID(uid).is_transfer_syntax


def name(uid: str) -> str:
    """The words for a transfer syntax: "JPEG 2000"; its UID where nobody has words."""
    return _SHORT.get(uid) or _NEW.get(uid) or UID(uid).name


def refusal(uid: str) -> str:
    """Why pixels in a syntax cannot be shown, or empty where they can."""
    if uid in READABLE:
        return ""
    words = name(uid)
    kind = "a video" if words.startswith(_VIDEO) else "compressed by a method"
    return f"The image is {kind} that this program cannot decode: {words}."
