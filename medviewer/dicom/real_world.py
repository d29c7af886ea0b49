"""Real-world values: what stored values mean, by the Real World Value Mapping (PS3.3 C.7.6.16.2.11).

A parametric map is shown in the first of its mappings. Any other image only where it tells exactly one, with
a unit, and its values have no better meaning already (HU, SUV).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from medviewer.dicom.header import Facts
from medviewer.dicom.study import PARAMETRIC_MAP, Instance, SeriesIssue
from medviewer.dicom.tags import TAG
from medviewer.dicom.ucum import unit_name
from medviewer.dicom.values import plain
from medviewer.dicom.walk import Header
from medviewer.imaging.value_map import ValueMap
from medviewer.imaging.window import VoiFunction, Window

SEQUENCE = "RealWorldValueMappingSequence"
_QUANTITY = "246205007"
"""SNOMED CT "Quantity": the concept that names what is measured."""
_MOST_ENTRIES = 1 << 16


@dataclass(frozen=True)
class Meaning:
    """A mapping with the names of its unit ("" where there is none) and of its quantity."""

    map: ValueMap
    unit: str
    quantity: str


def with_header_mapping(facts: Facts, header: Header) -> Facts:
    """The facts with the mapping that stands in the header itself, not in a frame's group."""
    if TAG[SEQUENCE] not in header.present or not header.sound:
        return facts
    try:
        found = pydicom.dcmread(facts.instance.path, stop_before_pixels=True, specific_tags=[SEQUENCE])
        return with_mapping(facts, list(found.get(SEQUENCE) or ()))
    except Exception:  # noqa: BLE001 - a damaged sequence: stored values are still there
        return facts


def with_mapping(facts: Facts, items: Iterable[Dataset]) -> Facts:
    """The facts in real-world values, where ``items`` tell which and nothing speaks against it."""
    image = facts.instance
    meanings = [meaning for item in items if (meaning := meaning_of(item)) is not None]
    if not meanings or image.pixels.samples != 1 or image.pixels.photometric == "PALETTE COLOR":
        return facts
    if SeriesIssue.CONTRADICTORY_PIXELS in facts.flaws:
        return facts
    if image.sop_class != PARAMETRIC_MAP:
        known = facts.hu or facts.suv is not None or image.modality_lut
        if known or len(meanings) > 1 or not meanings[0].unit:
            return facts
    chosen = meanings[0]
    instance = replace(image, value_map=chosen.map, windows=_windows(image, chosen.map))
    return replace(
        facts,
        instance=instance,
        unit_label=chosen.unit,
        quantity=chosen.quantity,
        hu=False,
    )


def meaning_of(item: Dataset) -> Meaning | None:
    """What one item of the sequence says; None where it makes no sense."""
    try:
        found = _value_map(item)
        if found is None:
            return None
        unit = _first(item, "MeasurementUnitsCodeSequence")
        name = unit_name(str(unit.get("CodeValue") or "")) if _is_ucum(unit) else _meaning(unit)
        return Meaning(found, plain(name), _quantity(item))
    except Exception:  # noqa: BLE001 - one damaged item: the others, or the stored values, are still there
        return None


def _is_ucum(unit: Dataset) -> bool:
    return str(unit.get("CodingSchemeDesignator") or "").strip() == "UCUM"


def _value_map(item: Dataset) -> ValueMap | None:
    first, last = _range(item)
    if "RealWorldValueLUTData" in item:
        entries = np.atleast_1d(np.asarray(item.RealWorldValueLUTData, "<f8"))
        count = last - first + 1
        if not 1 <= count <= _MOST_ENTRIES or count != len(entries) or not float(first).is_integer():
            return None
        return ValueMap(first, last, entries=entries.tobytes())
    slope, intercept = float(item.RealWorldValueSlope), float(item.RealWorldValueIntercept)
    if not math.isfinite(slope) or not math.isfinite(intercept) or slope == 0:
        return None
    return ValueMap(first, last, slope, intercept)


def _range(item: Dataset) -> tuple[float, float]:
    """First and last value mapped; everything where none is told, or one that holds nothing."""
    for prefix in ("DoubleFloat", ""):
        ends = [item.get(f"{prefix}RealWorldValue{end}ValueMapped") for end in ("First", "Last")]
        if None not in ends:
            first, last = float(ends[0]), float(ends[1])
            if first < last:
                return first, last
    return -math.inf, math.inf


def _quantity(item: Dataset) -> str:
    """The quantity by its code, else the explanation or label of the mapping."""
    for part in item.get("QuantityDefinitionSequence") or ():
        if str(_first(part, "ConceptNameCodeSequence").get("CodeValue") or "") == _QUANTITY:
            named = _meaning(_first(part, "ConceptCodeSequence"))
            if named:
                return named
    return plain(str(item.get("LUTExplanation") or item.get("LUTLabel") or ""))


def _first(item: Dataset, keyword: str) -> Dataset:
    items: Sequence[Any] = item.get(keyword) or ()
    return items[0] if items else Dataset()


def _meaning(code: Dataset) -> str:
    return plain(str(code.get("CodeMeaning") or code.get("CodeValue") or ""))


def _windows(image: Instance, found: ValueMap) -> tuple[Window, ...]:
    """The image's windows for real-world values; a table has none, nor has a falling line."""
    if found.entries or image.modality_lut:
        return ()
    slope = found.slope / image.slope
    if slope <= 0:
        return ()
    intercept = found.intercept - slope * image.intercept
    if (slope, intercept) == (1.0, 0.0):
        return image.windows
    moved = (_moved(window, slope, intercept) for window in image.windows)
    return tuple(window for window in moved if window is not None)


def _moved(window: Window, slope: float, intercept: float) -> Window | None:
    """The window that gives the same greys to ``slope * value + intercept``."""
    centre, width, kind = window.centre, window.width, window.function
    if kind is VoiFunction.LINEAR:  # exactly this much is a LINEAR window in terms of an exact one
        centre, width, kind = centre - 0.5, width - 1, VoiFunction.LINEAR_EXACT
    if window.lut is not None or width <= 0:
        return None
    return replace(window, centre=centre * slope + intercept, width=width * slope, function=kind)
