"""What is written about a waveform: readings, measurements, and the moments they speak of (PS3.3 C.10.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medviewer.dicom.tag_items import TagItem
from medviewer.dicom.ucum import unit_name
from medviewer.dicom.values import number
from medviewer.imaging.numbers import MINUS, THIN_SPACE


@dataclass(frozen=True)
class Annotation:
    """``group``: which of the groups read it speaks of, None where of none; ``seconds``: from the start of
    that group, where it says a moment."""

    text: str
    group: int | None = None
    seconds: float | None = None


def annotations_of(
    root: TagItem, numbers: Mapping[int, int], rates: Mapping[int, float]
) -> tuple[Annotation, ...]:
    """All that say something. ``numbers``: the file's group number -> place among those read; ``rates``: the
    samples a second of each."""
    found = (_annotation(item, numbers, rates) for item in root.items("WaveformAnnotationSequence"))
    return tuple(one for one in found if one.text)


def _annotation(item: TagItem, numbers: Mapping[int, int], rates: Mapping[int, float]) -> Annotation:
    first = item.get("ReferencedWaveformChannels").split("\\")[0]
    named = int(first) if first.isdecimal() else 0
    return Annotation(_text(item), numbers.get(named), _moment(item, rates.get(named)))


def _text(item: TagItem) -> str:
    """ "QT interval 368 ms", or the words as they were typed."""
    name = item.first("ConceptNameCodeSequence").meaning
    told = item.get("UnformattedTextValue") or item.first("ConceptCodeSequence").meaning
    digits = item.get("NumericValue").split("\\")[0].strip()
    if digits:
        unit = unit_name(item.first("MeasurementUnitsCodeSequence").get("CodeValue"))
        shown = digits.replace("-", MINUS, 1) if digits.startswith("-") else digits
        told = f"{shown}{THIN_SPACE}{unit}" if unit else shown
    return ": ".join(part for part in (name, told) if part) if not digits else f"{name} {told}".strip()


def _moment(item: TagItem, rate: float | None) -> float | None:
    """Its first moment: sample positions count from 1."""
    position = number(item.get("ReferencedSamplePositions").split("\\")[0])
    if position is not None and rate is not None:
        return (position - 1) / rate
    return number(item.get("ReferencedTimeOffsets").split("\\")[0])
