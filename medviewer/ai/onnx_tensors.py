"""The initialisers of an ONNX file: names, shapes, numbers. Its graph is never run.

ONNX is Protocol Buffers (onnx.proto3, IR version 3 and later): ModelProto.graph is field 7,
GraphProto.initializer field 5, and of TensorProto dims is 1, data_type 2, float_data 4, int64_data 7, name
8, raw_data 9, data_location 14. Only these are read; a package of its own, a compiler and a runtime for
five fields would be the largest dependency of the program.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.packages import refused

_TYPES: dict[int, str] = {1: "<f4", 7: "<i8", 10: "<f2", 11: "<f8"}
"""TensorProto.DataType of what weights are: FLOAT, INT64, FLOAT16, DOUBLE."""

Field = tuple[int, int | bytes]
"""(number, a whole number or the bytes of a text, of a message or of a packed list)."""


def initialisers(content: bytes) -> dict[str, NDArray[Any]]:
    """Every initialiser by its name. Raises :class:`BundleError` for a damaged file or foreign numbers."""
    try:
        graphs = [value for number, value in _fields(content) if number == 7 and isinstance(value, bytes)]
        tensors = [
            _tensor(value)
            for graph in graphs
            for number, value in _fields(graph)
            if number == 5 and isinstance(value, bytes)
        ]
    except (ValueError, OverflowError, UnicodeDecodeError) as error:
        raise refused("its ONNX file is damaged", "Copy it again from its source.") from error
    if not tensors:
        raise refused("its ONNX file holds no weights")
    return dict(tensors)


def _tensor(content: bytes) -> tuple[str, NDArray[Any]]:
    found: dict[int, list[int | bytes]] = {}
    for number, value in _fields(content):
        found.setdefault(number, []).append(value)
    if found.get(14, [0])[-1] == 1:
        raise refused("its ONNX file keeps the weights in another file", "Save it as one file.")
    kind = found.get(2, [0])[-1]
    if not isinstance(kind, int) or kind not in _TYPES:
        raise refused("its ONNX file holds quantised or other numbers that are no plain weights")
    name, raw = found.get(8, [b""])[-1], found.get(9, [None])[-1]
    if not isinstance(raw, bytes):
        raw = _joined(found.get(4, []))
        if _TYPES[kind] == "<i8":
            raw = np.array(_whole(found.get(7, [])), np.uint64).astype("<i8").tobytes()
    values = np.frombuffer(raw, _TYPES[kind]).reshape(_whole(found.get(1, [])))
    return name.decode("utf-8") if isinstance(name, bytes) else "", values


def _whole(values: list[int | bytes]) -> list[int]:
    """Whole numbers, said one by one or packed."""
    return [n for value in values for n in ([value] if isinstance(value, int) else _varints(value))]


def _joined(values: list[int | bytes]) -> bytes:
    return b"".join(value for value in values if isinstance(value, bytes))


def _fields(content: bytes) -> Iterator[Field]:
    """The fields of one message. Raises ValueError where a length leads beyond its end."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(content, at)
            yield number, value
            continue
        length = {1: 8, 5: 4}.get(wire)
        if wire == 2:
            length, at = _varint(content, at)
        if length is None or at + length > len(content):
            raise ValueError("a field leads beyond the end")
        yield number, content[at : at + length]
        at += length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """(value, where the next thing begins) of a number in groups of seven bits."""
    value = 0
    for k, byte in enumerate(content[at : at + 10]):
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    raise ValueError("a number without an end")


def _varints(content: bytes) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value
