"""A TensorBoard log without TensorBoard: scalars and pictures as TFRecords of Event messages.

The format is small and frozen: a record is its length, the length's masked CRC-32C, the bytes and their
masked CRC-32C (tensorflow/core/lib/io/record_writer.h); the bytes are the protocol buffer ``Event`` with the
few fields used here (tensorflow/core/util/event.proto, framework/summary.proto). TensorBoard itself and its
writers weigh tens of megabytes, and a training machine may have no network to fetch them.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        entries.append(value)
    return tuple(entries)


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C of RFC 3720, appendix B.4."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """One TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


class EventWriter:
    """Appends to a new ``events.out.tfevents`` file of ``folder``."""

    def __init__(self, folder: Path) -> None:
        started = time.time_ns()
        self.path = folder / f"events.out.tfevents.{started // 10**9}.{started % 10**9}"
        self._file = self.path.open("wb")
        self._write(_double(1, time.time()) + _bytes(3, b"brain.Event:2"))

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Numbers by their tags."""
        self._event(
            b"".join(_bytes(1, _bytes(1, tag.encode()) + _float(2, v)) for tag, v in values.items()), step
        )

    def picture(self, tag: str, png: bytes, shape: tuple[int, ...], step: int) -> None:
        """One PNG of ``shape`` (rows, columns)."""
        image = _int(1, shape[0]) + _int(2, shape[1]) + _int(3, 3) + _bytes(4, png)
        self._event(_bytes(1, _bytes(1, tag.encode()) + _bytes(4, image)), step)

    def close(self) -> None:
        """No more events."""
        self._file.close()

    def _event(self, summary: bytes, step: int) -> None:
        self._write(_double(1, time.time()) + _int(2, step) + _bytes(5, summary))

    def _write(self, event: bytes) -> None:
        self._file.write(record(event))
        self._file.flush()


def _masked(data: bytes) -> bytes:
    value = crc32c(data)
    return struct.pack("<I", (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)
