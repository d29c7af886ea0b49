"""Colour to RGB, once; and the two tables a header may hold in place of numbers."""

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

_FROM_YBR = np.array([[1.0, 1.0, 1.0], [0.0, -0.344136286, 1.772], [1.402, -0.714136286, 0.0]], np.float32)


def ybr_to_rgb(ybr: NDArray[Any]) -> NDArray[np.uint8]:
    """YBR_FULL (rows, columns, 3) of 8 bit to RGB (PS3.3 C.7.6.3.1.2)."""
    centred = ybr.astype(np.float32) - np.array([0, 128, 128], np.float32)
    return np.asarray(np.clip(np.rint(centred @ _FROM_YBR), 0, 255), np.uint8)


def palette_to_rgb(indices: NDArray[Any], instance: Instance) -> NDArray[np.uint8]:
    """PALETTE COLOR indices to RGB; an index beyond a table takes its last entry (PS3.3 C.7.6.3.1.5)."""
    tables = _palette(instance.path, instance.stamp)
    out = np.empty((*indices.shape, 3), np.uint8)
    for channel, (first, table) in enumerate(tables):
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
    names = ["Red", "Green", "Blue"]
    suffixes = ("Descriptor", "Data")
    dataset = _read(path, [f"{n}PaletteColorLookupTable{s}" for n in names for s in suffixes])
    tables = []
    for name in names:
        descriptor = dataset.get(f"{name}PaletteColorLookupTableDescriptor")
        data = dataset.get(f"{name}PaletteColorLookupTableData")
        if descriptor is None or data is None:
            raise UnreadableImage("The image's colour table is missing.")
        first, table = read_table(descriptor, data)
        top = int(descriptor[2]) - 8
        tables.append((first, (table >> max(0, top)).astype(np.uint8)))
    return tables


@lru_cache(maxsize=16)
def _modality(path: Path, _stamp: tuple[int, int]) -> tuple[int, NDArray[np.float32]]:
    sequence = _read(path, ["ModalityLUTSequence"]).get("ModalityLUTSequence")
    if not sequence:
        raise UnreadableImage("The image's value table is missing.")
    first, table = read_table(sequence[0].LUTDescriptor, sequence[0].LUTData)
    return first, table.astype(np.float32)


def read_table(descriptor: Any, data: Any) -> tuple[int, NDArray[np.uint16]]:
    """(first input value, entries) of a lookup table; short tables are refused."""
    entries = int(descriptor[0]) or 1 << 16
    first, bits = int(descriptor[1]), int(descriptor[2])
    if isinstance(data, bytes):
        wide = bits > 8 or len(data) >= 2 * entries
        values = np.frombuffer(data, "<u2" if wide else np.uint8)
    else:
        values = np.asarray(data, np.int64) & 0xFFFF
    if len(values) < entries or not 8 <= bits <= 16:
        raise UnreadableImage("The image's lookup table is shorter than it says.")
    return first, values[:entries].astype(np.uint16)
