"""The first bits of a JPEG XL stream: size, bits, colours (ISO/IEC 18181-1 annex D; boxes: 18181-2)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from

BOXED = b"\0\0\0\x0cJXL \r\n\x87\n"
BARE = b"\xff\x0a"
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_SIZE = ((1, 9), (1, 13), (1, 18), (1, 30))
_WHOLE, _FLOAT = ((8, 0), (10, 0), (12, 0), (1, 6)), ((32, 0), (16, 0), (24, 0), (1, 6))
_ENUM = ((0, 0), (1, 0), (2, 4), (18, 6))
_EXTRA = ((0, 0), (1, 0), (2, 4), (1, 12))
_RGB, _GREY = 0, 1


@dataclass(frozen=True)
class JxlHeader:
    """What a still picture without transparency tells of itself."""

    rows: int
    columns: int
    samples: int
    bits: int


class _Bits:
    """Bits of a byte string, the lowest first; IndexError behind the end."""

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise IndexError("no more bits")
        value = self._number & (1 << count) - 1
        self._number >>= count
        return value

    def choice(self, forms: tuple[tuple[int, int], ...]) -> int:
        """Two bits choose (base, bits): base plus so many bits."""
        base, count = forms[self.take(2)]
        return base + self.take(count)


def read_jxl(data: bytes) -> JxlHeader | None:
    """What a stream says, None for none, and for what DICOM has no use for: films, transparency, turned ones.

    Raises IndexError or struct.error for a stream that ends too early.
    """
    start = 0 if data[:2] == BARE else _inner(data)
    if start is None:
        return None
    bits = _Bits(data[start + 2 : start + 66])
    rows, columns = _size(bits)
    if bits.take(1):  # all as usual
        return JxlHeader(rows, columns, 3, 8)
    if bits.take(1) and bits.take(6):  # orientation, own size, preview, animation
        return None
    deep = bits.choice(_FLOAT) + 0 * bits.take(4) if bits.take(1) else bits.choice(_WHOLE)
    bits.take(1)
    if bits.choice(_EXTRA):
        return None
    bits.take(1)
    if bits.take(1):
        return JxlHeader(rows, columns, 3, deep)
    bits.take(1)
    space = bits.choice(_ENUM)
    return JxlHeader(rows, columns, {_RGB: 3, _GREY: 1}[space], deep) if space in (_RGB, _GREY) else None


def _size(bits: _Bits) -> tuple[int, int]:
    """(rows, columns)."""
    small = bits.take(1)
    rows = 8 * (1 + bits.take(5)) if small else bits.choice(_SIZE)
    ratio = bits.take(3)
    if ratio:
        wide, high = _RATIOS[ratio]
        return rows, rows * wide // high
    return rows, 8 * (1 + bits.take(5)) if small else bits.choice(_SIZE)


def _inner(data: bytes) -> int | None:
    """Where the stream begins within its boxes."""
    position = 0
    for _ in range(32):
        length, kind = unpack_from(">I4s", data, position)
        start = position + (16 if length == 1 else 8)
        if kind in (b"jxlc", b"jxlp"):
            start += 4 * (kind == b"jxlp")
            return start if data[start : start + 2] == BARE else None
        length = unpack_from(">Q", data, position + 8)[0] if length == 1 else length
        if length < 8:
            return None
        position += length
    return None
