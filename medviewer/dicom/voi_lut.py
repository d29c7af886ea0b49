"""The VOI LUT Sequence: tables that may be chosen beside the windows (PS3.3 C.11.2.1.1)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from medviewer.dicom.tables import read_table
from medviewer.dicom.values import plain
from medviewer.imaging.window import VoiLut, Window


def read_voi_luts(path: Path, signed: bool, little: bool, invert: bool) -> tuple[Window, ...]:
    """The tables of a file in its order; one that is short or makes no sense is left out.

    ``signed``: whether the values that go in may be negative, and so the first one the table maps;
    ``little``: the file's byte order; ``invert``: MONOCHROME1.
    """
    tag = "VOILUTSequence"
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[tag, "PixelRepresentation"])
        found = [_window_or_none(item, signed, little, invert) for item in dataset.get(tag) or ()]
    except Exception:  # noqa: BLE001 - a damaged sequence: the windows are still there
        return ()
    return tuple(window for window in found if window is not None)


def _window_or_none(item: Dataset, signed: bool, little: bool, invert: bool) -> Window | None:
    try:
        return window_of_item(item, signed, little, invert)
    except Exception:  # noqa: BLE001 - one damaged table: the others are still there
        return None


def window_of_item(item: Dataset, signed: bool, little: bool, invert: bool = False) -> Window:
    """One table as a window. Raises whatever a damaged item makes of its reading."""
    descriptor, data = item.LUTDescriptor, item.LUTData
    if isinstance(data, bytes) and not little:
        data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
    first, table = read_table(descriptor, data)
    if signed and first > 0x7FFF:
        first -= 1 << 16
    name = plain(str(item.get("LUTExplanation") or ""))
    centre, width = first + len(table) / 2, float(len(table))
    lut = _shared(first, int(descriptor[2]), np.ascontiguousarray(table, "<u2").tobytes())
    return Window(centre, width, invert=invert, name=name, lut=lut)


@lru_cache(maxsize=64)
def _shared(*facts: Any) -> VoiLut:
    """One object for equal tables: a series repeats its table in every image."""
    return VoiLut(*facts)
