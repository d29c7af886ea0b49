"""100 to 131: is it a file of ours at all, is it whole, and does it nest and unpack within reason?"""

from __future__ import annotations

import random
import zipfile
import zlib
from pathlib import Path
from struct import pack

from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.robust.case import (
    OK,
    REJECT,
    WARN,
    Case,
    element,
    good,
    good_bytes,
    holds,
    inserted,
    meta_syntax,
    nested,
    nested_defined,
    pixel_length,
    syntax_element,
)
from tests.robust.seeds import written_as

ITEM, ITEM_END, SEQUENCE_END = (pack("<HH", 0xFFFE, e) for e in (0xE000, 0xE00D, 0xE0DD))
NONE = pack("<I", 0xFFFFFFFF)


def _zip_in_folder(folder: Path) -> Path:
    (folder / "a.dcm").write_bytes(good_bytes())
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("c.dcm", good_bytes())
    return folder


def _executable() -> bytes:
    return b"\x7fELF" + good_bytes()[4:]


def _un_sequence() -> bytes:
    """A sequence that was once unknown: UN of undefined length holds implicit items (PS3.5 6.2.2)."""
    inner = pack("<HHI", 0x0008, 0x0100, 4) + b"CODE"
    body = ITEM + NONE + inner + ITEM_END + bytes(4) + SEQUENCE_END + bytes(4)
    return inserted(element(b"UN", 0xFFFFFFFF) + body)


def _many_items() -> bytes:
    return inserted(element(b"SQ", 0xFFFFFFFF) + (ITEM + bytes(4)) * 300_000 + SEQUENCE_END + bytes(4))


def _deflated(folder: Path) -> bytes:
    """An even length is required of the packed part too."""
    from tests.factories import to_bytes

    return to_bytes(written_as(good(), DeflatedExplicitVRLittleEndian))


def _bomb(folder: Path) -> bytes:
    """320 MiB of zeros in a few files' worth of bytes."""
    data = _deflated(folder)
    start = int.from_bytes(data[140:144], "little") + 144
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(element(b"OB", 1 << 28)) + b"".join(
        packer.compress(bytes(1 << 24)) for _ in range(20)
    )
    return data[:start] + packed + packer.flush()


CASES = [
    Case("100", "empty file", REJECT, lambda f: b"", "empty"),
    Case("101", "cut in the preamble", REJECT, lambda f: good_bytes()[:100], "Not a DICOM file"),
    Case("102", "cut in the meta group", REJECT, lambda f: good_bytes()[:180], "cut short"),
    Case("103", "cut in the pixel data", REJECT, lambda f: good_bytes()[:-272], "cut short"),
    Case("104", "no preamble", REJECT, lambda f: good_bytes()[132:], "Not a DICOM file"),
    Case("105", "a text", REJECT, lambda f: b"Not an image at all.\n" * 20, "Not a DICOM file"),
    Case("106", "a PDF", REJECT, lambda f: b"%PDF-1.7\n" + bytes(300), "Not a DICOM file"),
    Case("107", "preamble of a program", OK, lambda f: _executable(), check=holds()),
    Case("108", "garbage behind the pixels", WARN, lambda f: good_bytes() + random.Random(1).randbytes(64),
         "IRREGULAR_FILE", holds()),
    Case("109", "element longer than the file", REJECT,
         lambda f: inserted(element(b"OB", 0x7FFFFFF0)), "cut short"),
    Case("110", "pixel data of 4 GiB told", REJECT, lambda f: pixel_length(0xFFFFFFF0), "cut short"),
    Case("111", "odd length", WARN, lambda f: inserted(element(b"LO", 3, b"odd", wide=False)),
         "IRREGULAR_FILE", holds()),
    Case("112", "unknown VR", WARN, lambda f: inserted(element(b"ZZ", 4, b"what")),
         "IRREGULAR_FILE", holds()),
    Case("113", "no transfer syntax", REJECT, lambda f: meta_syntax(b""), "transfer syntax"),
    Case("114", "wrong transfer syntax", REJECT, lambda f: meta_syntax(syntax_element(b"1.2.840.10008.1.2")),
         "cut short|does not follow"),
    Case("115", "unknown transfer syntax", REJECT, lambda f: meta_syntax(syntax_element(b"1.2.3.4.5.6")),
         "transfer syntax"),
    Case("116", "a zip beside an image", WARN, _zip_in_folder, "", holds()),
    Case("120", "implicit VR", OK, lambda f: written_as(good(), ImplicitVRLittleEndian), check=holds()),
    Case("121", "a sequence hidden in UN", OK, lambda f: _un_sequence(), check=holds()),
    Case("122", "nested 50 deep", OK, lambda f: inserted(nested(50)), check=holds()),
    Case("123", "nested 65 deep", REJECT, lambda f: inserted(nested(65)), "too deeply"),
    Case("124", "nested 1,000 deep", REJECT, lambda f: inserted(nested(1_000)), "too deeply"),
    Case("125", "nested 20,000 deep", REJECT, lambda f: inserted(nested(20_000)), "too deeply"),
    Case("126", "nested 2,000 deep, lengths told", REJECT, lambda f: inserted(nested_defined(2_000)),
         "too deeply"),
    Case("127", "300,000 items", OK, lambda f: _many_items(), check=holds()),
    Case("130", "deflated", OK, _deflated, check=holds()),
    Case("131", "deflate bomb", REJECT, _bomb, "far more"),
]  # fmt: skip
