"""Damage a good file, the same way for the same number: bytes, lengths, tags, values, codestreams, ends."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO

from medviewer.dicom.elements import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Broken, Window
from tests.robust.seeds import Seed, seeds

_SYNTAXES = [
    *("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5"),
    *(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70, 80, 81, 90, 91, 201, 202, 203)),
    *(f"1.2.840.10008.1.2.4.{n}" for n in (100, 110, 111, 112)),
    *("1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"),
]
_LENGTHS = (0, 1, 2, 7, 0x7FFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF)
_WORDS = (0, 1, 2, 3, 7, 8, 9, 15, 16, 31, 32, 33, 40, 64, 255, 256, 4096, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_TEXT = b"0123456789.-+eE\\^= \0\x1b\x07nai/"
_GROUP_28 = re.compile(rb"\x28\x00|\x00\x28")

Mutation = Callable[[bytearray, Seed, random.Random], None]


@lru_cache(maxsize=64)
def elements(seed: Seed) -> list[tuple[int, int]]:
    """(offset, offset of the value) of the elements of a seed, as its own encoding says."""
    name = seed.name
    coding = IMPLICIT_LITTLE if "implicit" in name else EXPLICIT_BIG if "big" in name else EXPLICIT_LITTLE
    window, position, found = Window(BytesIO(seed.data), len(seed.data)), 132, []
    try:
        while position < seed.pixel:
            grammar = EXPLICIT_LITTLE if window.take(position, 2) == b"\x02\x00" else coding
            _, _, length, start = grammar.read(window, position)
            found.append((position, start))
            inside = length == 0xFFFFFFFF or window.take(start, 4) == b"\xfe\xff\x00\xe0"
            position = start if inside or _is_item(window, position) else start + length
    except Broken:
        pass  # the deflated seed: its few plain elements are enough
    return found or [(0, 8)]


def _is_item(window: Window, position: int) -> bool:
    return window.take(position, 2) == b"\xfe\xff"


def _some_bytes(data: bytearray, start: int, stop: int, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 4, 8, 16))):
        if start < min(stop, len(data)):
            at = rng.randrange(start, min(stop, len(data)))
            data[at] = rng.choice((rng.choice(_BYTES), rng.randrange(256), data[at] ^ 1 << rng.randrange(8)))


def header_bytes(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """Any bytes before the pixels."""
    _some_bytes(data, 128, seed.pixel, rng)


def stream_bytes(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """Any bytes of the pixels."""
    _some_bytes(data, seed.pixel, len(data), rng)


def stream_head(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """Bytes at the beginning of the pixels: offset table, and the markers and tables of a codestream."""
    _some_bytes(data, seed.pixel, seed.pixel + 200, rng)


def lengths(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """The length of an element or item."""
    at, start = rng.choice(elements(seed))
    wide = start - at in (8, 12) and rng.random() < 0.6
    length = rng.choice((*_LENGTHS, rng.randrange(1 << 16), rng.randrange(64)))
    count = 4 if wide else 2
    order = "big" if "big" in seed.name else "little"
    data[start - count : start] = (length & (1 << 8 * count) - 1).to_bytes(count, order)  # type: ignore[arg-type]


def tags(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """One element under the tag of another."""
    (one, _), (other, _) = rng.choice(elements(seed)), rng.choice(elements(seed))
    data[one : one + 4] = seed.data[other : other + 4]


def representations(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """One element under another VR."""
    at, _ = rng.choice(elements(seed))
    data[at + 4 : at + 6] = rng.choice((b"SQ", b"UN", b"OB", b"OW", b"US", b"DS", b"UI", b"ZZ", b"\0\0"))


def numbers(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """What the header says of its pixels: sizes, bits, samples, frames."""
    about = [(a, s) for a, s in elements(seed) if _GROUP_28.match(seed.data[a : a + 2])]
    if not about:
        return
    for _ in range(rng.choice((1, 1, 2, 3))):
        _, start = rng.choice(about)
        order = "big" if "big" in seed.name else "little"
        data[start : start + 2] = rng.choice(_WORDS).to_bytes(2, order)  # type: ignore[arg-type]


def texts(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """Characters of a decimal string, a name, a date."""
    at, start = rng.choice(elements(seed))
    following = [a for a, _ in elements(seed) if a > at]
    stop = min([*following, seed.pixel])
    for k in range(start, min(stop, start + 16, len(data))):
        if rng.random() < 0.4:
            data[k] = rng.choice(_TEXT)


def both_sizes(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """Another size in the header and in the codestream alike: nothing but the decoder can notice."""
    rows, columns = (rng.choice((0, 1, 2, 31, 34, 64, 1000, 4000, 16000, 0xFFFF)) for _ in range(2))
    rows, columns = rng.choice(((rows, 40), (33, columns), (rows, columns)))
    header, stream = data[: seed.pixel], data[seed.pixel :]
    for width, order in ((2, "little"), (2, "big"), (4, "big")):
        for old, new in ((33, rows), (40, columns)):
            before, after = old.to_bytes(width, order), new.to_bytes(width, order)  # type: ignore[arg-type]
            header = header.replace(b"US\x02\x00" + before, b"US\x02\x00" + after)
            stream = _replaced(stream, before, after, width, order)
    data[:] = header + stream


def _replaced(stream: bytearray, before: bytes, after: bytes, width: int, order: str) -> bytearray:
    """Only in the first bytes, where codestreams tell their size."""
    return stream if order == "little" else stream[:200].replace(before, after, width) + stream[200:]


def cut(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """The end is missing."""
    del data[rng.randrange(len(data)) :]


def moved(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """A piece is doubled, removed or overwritten by another."""
    size, at, source = rng.choice((1, 2, 4, 16, 64, 300)), rng.randrange(len(data)), rng.randrange(len(data))
    piece = data[source : source + size]
    how = rng.randrange(3)
    data[at : at + (0 if how == 0 else size)] = b"" if how == 1 else piece


def inner_piece(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """A piece of the pixels over another piece of them: lengths and tables stay plausible."""
    size, span = rng.choice((1, 2, 4, 16, 64, 300)), range(seed.pixel + 20, len(data) - 10)
    at, source = rng.choice(span), rng.choice(span)
    piece = data[source : source + min(size, len(data) - max(at, source))]
    data[at : at + len(piece)] = piece


def other_syntax(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """The pixels are given to another decoder."""
    at = data.find(b"\x02\x00\x10\x00UI")
    if at > 0:
        length = int.from_bytes(data[at + 6 : at + 8], "little")
        name = rng.choice(_SYNTAXES).encode()
        name += b"\0" * (len(name) % 2)
        data[at + 6 : at + 8 + length] = len(name).to_bytes(2, "little") + name


def other_pixels(data: bytearray, seed: Seed, rng: random.Random) -> None:
    """The pixels of another seed under this header, sometimes cut together in their middle."""
    other = rng.choice(seeds())
    tail = other.data[other.pixel :]
    middle = rng.choice((0, 0, rng.randrange(len(tail))))
    data[:] = data[: seed.pixel] + data[seed.pixel : seed.pixel + middle] + tail[middle:]


_MUTATIONS: list[Mutation] = [
    *(header_bytes, stream_bytes, stream_bytes, stream_head, stream_head, stream_head, lengths, tags),
    *(representations, numbers, numbers, texts, both_sizes, cut, moved, other_syntax, other_pixels),
]

_ON_STREAMS: list[Mutation] = [stream_bytes, stream_head, inner_piece]


def mutated(seed: int, number: int, streams: bool = False) -> tuple[str, bytes]:
    """(name of the good file, damaged file), the same for the same two numbers.

    ``streams``: only compressed files, damaged behind their headers: all for the decoders.
    """
    rng = random.Random(f"{seed}/{number}")
    start = rng.choice([s for s in seeds() if s.is_compressed] if streams else seeds())
    data = damaged(start, rng, _ON_STREAMS if streams else _MUTATIONS)
    if start.name == "explicit" and rng.random() < 0.3:
        return "deflated inside", _deflated(data)
    return start.name, data


def damaged(start: Seed, rng: random.Random, mutations: list[Mutation] = _MUTATIONS) -> bytes:
    """A good file after one to three mutations."""
    data = bytearray(start.data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if len(data) > 132:
            rng.choice(mutations)(data, start, rng)
    return bytes(data)


def _deflated(data: bytes) -> bytes:
    """Damage below the packing: the meta group says deflated, the rest is packed as it is."""
    at = data.find(b"1.2.840.10008.1.2.1\0")
    if at < 0:
        return data
    length = int.from_bytes(data[140:144], "little") + 144
    meta = bytearray(data[:length])
    meta[at - 2 : at + 20] = b"\x16\0" + b"1.2.840.10008.1.2.1.99"
    meta[140:144] = (int.from_bytes(meta[140:144], "little") + 2).to_bytes(4, "little")
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return bytes(meta) + packer.compress(data[length:]) + packer.flush()
