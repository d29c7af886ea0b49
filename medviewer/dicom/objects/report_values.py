"""The value of a content item in words, and measurements with value, unit and what they were derived by."""

from __future__ import annotations

from dataclasses import dataclass

from medviewer.dicom import values as v
from medviewer.dicom.captions import display_date, display_name
from medviewer.dicom.objects.guarded import Item
from medviewer.dicom.objects.report_codes import (
    DERIVED,
    LOWER,
    UPPER,
    Key,
    code_key,
    code_meaning,
    key_of,
    name_of,
)
from medviewer.dicom.objects.report_regions import Region, images_of, region_of
from medviewer.dicom.ucum import unit_name
from medviewer.imaging.numbers import MINUS, THIN_SPACE, between


@dataclass(frozen=True, eq=False)
class Measured:
    """One measurement: its name, the file's own digits, ``value`` where these are a number.

    ``unit``: the UCUM code, empty for another scheme; ``unit_word``: as people write it; ``derived``: by what
    derivation and method; ``how``: whatever else qualifies it. Both are in the file's order.
    """

    name: str
    concept: Key
    digits: str
    value: float | None
    unit: str
    unit_word: str
    derived: tuple[str, ...]
    how: tuple[str, ...]
    regions: tuple[Region, ...]
    images: tuple[tuple[str, int], ...] = ()

    @property
    def text(self) -> str:
        """ "12.5 mm": a true minus, the unit as people write it; what is no number is told as such."""
        if self.value is None:
            return self.digits or "no value"
        shown = self.digits.replace("-", MINUS, 1) if self.digits.startswith("-") else self.digits
        return f"{shown}{THIN_SPACE}{self.unit_word}" if self.unit_word else shown


def measured_of(item: Item) -> tuple[Measured, int]:
    """(a NUM item, number of its regions that are none)."""
    told = item.first("MeasuredValueSequence")
    digits = told.text("NumericValue")
    value = v.number(digits) if digits else None
    if value is None:
        why = code_meaning(item.first("NumericValueQualifierCodeSequence"))
        digits = why or (f"“{digits}” is no number" if digits else "")
    unit = told.first("MeasurementUnitsCodeSequence")
    code, scheme = code_key(unit)
    word = unit_name(code) if scheme == "UCUM" else code_meaning(unit)
    derived: list[str] = []
    how: list[str] = []
    regions: list[Region] = []
    images: list[tuple[str, int]] = []
    widths: dict[bool, float | None] = {}
    unusable = 0
    for child in item.items("ContentSequence"):
        if child.code("ValueType") in ("SCOORD", "SCOORD3D"):
            region = region_of(child)
            regions += [region] if region is not None else []
            unusable += region is None
        elif child.code("ValueType") == "IMAGE":
            images += images_of(child)
        elif key_of(child) in UPPER | LOWER and value is not None and _width(child, unit) is not None:
            widths[key_of(child) in UPPER] = _width(child, unit)
        elif child.code("ValueType") != "UIDREF":
            (derived if key_of(child) in DERIVED else how).append(_qualifier(child))
    if value is not None and widths:
        ends = value - (widths.get(False) or 0.0), value + (widths.get(True) or 0.0)
        fine = max(_decimals(f"{x:.4f}".rstrip("0")) for x in ends)
        how.insert(0, f"Range {between(*ends, word, fine)}")
    ucum = code if scheme == "UCUM" else ""
    qualified = tuple(derived), tuple(how), tuple(regions), tuple(images)
    return Measured(name_of(item), key_of(item), digits, value, ucum, word, *qualified), unusable


def _width(item: Item, unit: Item) -> float | None:
    """How far a value may be off, where it is told in the unit of the value itself."""
    told = item.first("MeasuredValueSequence")
    if code_key(told.first("MeasurementUnitsCodeSequence")) != code_key(unit):
        return None
    return v.number(told.text("NumericValue"))


def _decimals(digits: str) -> int:
    _, _, rest = digits.partition(".")
    return len(rest) if rest.isdigit() else 0


def _qualifier(item: Item) -> str:
    """ "Mean", "Normality: Normal", with what qualifies it in turn."""
    value = value_of(item)
    plain = value if key_of(item) in DERIVED else f"{name_of(item)}: {value}"
    below = [_qualifier(child) for child in item.items("ContentSequence")]
    return f"{plain} ({', '.join(below)})" if below else plain


def value_of(item: Item) -> str:
    """What a content item says, as plain text."""
    kind = item.code("ValueType")
    if kind == "NUM":
        return measured_of(item)[0].text
    if not kind and item.raw("ReferencedContentItemIdentifier"):
        return "refers to another line"
    if kind == "CODE":
        return code_meaning(item.first("ConceptCodeSequence")) or "no code"
    said = {
        "TEXT": item.text("TextValue"),
        "PNAME": display_name(item.text("PersonName")),
        "UIDREF": item.code("UID"),
        "DATE": display_date(item.text("Date")),
        "TIME": item.text("Time"),
        "DATETIME": item.text("DateTime"),
        "COMPOSITE": "another object",
        "WAVEFORM": "a waveform",
        "TCOORD": "points in time",
    }
    return said.get(kind, kind.lower())
