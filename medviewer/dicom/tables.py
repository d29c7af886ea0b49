"""The tables a header may hold in place of numbers: palettes, also segmented, and modality tables."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.study import Instance
from medviewer.errors import UnreadableImage

_SHORT = "The image's lookup table is shorter than it says."
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def palette_to_rgb(indices: NDArray[Any], instance: Instance) -> NDArray[np.uint8]:
    """PALETTE COLOR indices to RGB; an index beyond a table takes its last entry (PS3.3 C.7.6.3.1.5)."""
    out = np.empty((*indices.shape, 3), np.uint8)
    for channel, (first, table) in enumerate(_palette(instance.path, instance.stamp)):
        out[..., channel] = table[np.clip(indices.astype(np.int64) - first, 0, len(table) - 1)]
    return out


def apply_modality_lut(stored: NDArray[Any], instance: Instance) -> NDArray[np.float32]:
    """Stored values through the Modality LUT Sequence (PS3.3 C.11.1.1)."""
    first, table = _modality(instance.path, instance.stamp)
    return table[np.clip(stored.astype(np.int64) - first, 0, len(table) - 1)]


def _read(path: Path, keywords: list[str]) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[*keywords, "PixelRepresentation"])


@lru_cache(maxsize=16)
def _palette(path: Path, _stamp: tuple[int, int]) -> list[tuple[int, NDArray[np.uint8]]]:
    """(first index, entries of eight bits) for red, green, blue."""
    names = [f"{colour}PaletteColorLookupTable" for colour in ("Red", "Green", "Blue")]
    words = ("Descriptor", "Data")
    segmented = [f"Segmented{name}Data" for name in names]
    dataset = _read(path, [*(f"{name}{word}" for name in names for word in words), *segmented])
    tables = [_one_colour(dataset, name) for name in names]
    bits = max(bits for _, _, bits in tables)
    if bits > 8 and all(table.max() < 256 for _, table, _ in tables):
        bits = 8  # entries of a byte under a descriptor of sixteen bits: all would be black
    return [(first, (table >> max(0, bits - 8)).astype(np.uint8)) for first, table, _ in tables]


def _one_colour(dataset: Dataset, name: str) -> tuple[int, NDArray[np.uint16], int]:
    descriptor = dataset.get(f"{name}Descriptor")
    plain, segmented = dataset.get(f"{name}Data"), dataset.get(f"Segmented{name}Data")
    if descriptor is None or (plain is None and segmented is None):
        raise UnreadableImage("The image's colour table is missing.")
    data = _in_order(dataset, segmented if plain is None else plain)
    if plain is None:
        data = _expanded(data, int(descriptor[0]) or 1 << 16, wide=int(descriptor[2]) > 8)
    first, table = read_table(descriptor, data)
    return _signed(dataset, first), table, int(descriptor[2])


@lru_cache(maxsize=16)
def _modality(path: Path, _stamp: tuple[int, int]) -> tuple[int, NDArray[np.float32]]:
    dataset = _read(path, ["ModalityLUTSequence"])
    sequence = dataset.get("ModalityLUTSequence")
    if not sequence:
        raise UnreadableImage("The image's value table is missing.")
    first, table = read_table(sequence[0].LUTDescriptor, _in_order(dataset, sequence[0].LUTData))
    return _signed(dataset, first), table.astype(np.float32)


def _signed(dataset: Dataset, first: int) -> int:
    """The first value a table maps has the sign of the pixels, whatever its VR says (PS3.3 C.7.6.3.1.5)."""
    return first - (1 << 16) if first > 0x7FFF and dataset.get("PixelRepresentation") == 1 else first


def _in_order(dataset: Dataset, data: Any) -> Any:
    """The bytes of an OW in little-endian order."""
    if isinstance(data, bytes) and dataset.original_encoding[1] is False:
        return np.frombuffer(data, ">u2").astype("<u2").tobytes()
    return data


def _entries(data: Any, wide: bool) -> NDArray[np.int64]:
    if isinstance(data, bytes):
        return np.frombuffer(data, "<u2" if wide else np.uint8).astype(np.int64)
    return np.asarray(data, np.int64) & 0xFFFF


def read_table(descriptor: Any, data: Any) -> tuple[int, NDArray[np.uint16]]:
    """(first input value, entries) of a lookup table; short tables are refused."""
    entries = int(descriptor[0]) or 1 << 16
    first, bits = int(descriptor[1]), int(descriptor[2])
    wide = bits > 8 or (isinstance(data, bytes) and len(data) >= 2 * entries)
    values = _entries(data, wide) if not isinstance(data, np.ndarray) else data
    if len(values) < entries or not 8 <= bits <= 16:
        raise UnreadableImage(_SHORT)
    return first, values[:entries].astype(np.uint16)


def _expanded(data: Any, entries: int, *, wide: bool) -> NDArray[np.int64]:
    """The entries that segments stand for (PS3.3 C.7.9.2); never more than ``entries``."""
    words = _entries(data, wide)
    out: list[int] = []
    places: list[int] = []
    at = 0
    while at + 2 < len(words) and len(out) < entries:
        places.append(at)
        if words[at] != _INDIRECT:
            at = _segment(words, at, out)
            continue
        start = _place(words, at, wide)
        if start not in places[:-1]:
            raise UnreadableImage(_SHORT)
        again = places.index(start)
        for k in places[again : again + int(words[at + 1])]:
            if words[k] == _INDIRECT or len(out) >= entries:  # one level only; more is not needed
                break
            _segment(words, k, out)
        at += 4 if wide else 6
    return np.array(out[:entries], np.int64)


def _segment(words: NDArray[np.int64], at: int, out: list[int]) -> int:
    """Add one discrete or linear segment; where the next begins."""
    kind, count = int(words[at]), int(words[at + 1])
    if kind == _DISCRETE and at + 2 + count <= len(words):
        out += words[at + 2 : at + 2 + count].tolist()
        return at + 2 + count
    if kind == _LINEAR and out and count:
        line = np.linspace(out[-1], int(words[at + 2]), count + 1)[1:]
        out += np.rint(line).astype(np.int64).tolist()
        return at + 3
    raise UnreadableImage(_SHORT)


def _place(words: NDArray[np.int64], at: int, wide: bool) -> int:
    """Which word an indirect segment points to: it tells bytes, the lowest part first."""
    parts = words[at + 2 : at + (4 if wide else 6)]
    offset = sum(int(part) << (16 if wide else 8) * k for k, part in enumerate(parts))
    return offset // (2 if wide else 1)
