"""What the values of an image mean, beyond Hounsfield units: SUV, a named unit, a real-world mapping.

Most images tell none of these, and cost no more than a look at what their header holds.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from struct import unpack
from typing import TYPE_CHECKING

from medviewer.dicom.tags import TAG

if TYPE_CHECKING:
    from medviewer.dicom.header import Facts
    from medviewer.dicom.walk import Header


def with_meaning(facts: Facts, header: Header) -> Facts:
    """The facts with the unit of their values: PET, what has a Rescale Type, real-world value mappings; and
    with the padding of pixels that are no whole numbers."""
    if facts.instance.pixels.float_pixels:
        facts = replace(facts, instance=replace(facts.instance, padding=_padding(header)))
    if not facts.hu and (TAG["Units"] in header.present or TAG["RescaleType"] in header.present):
        from medviewer.dicom.suv import with_unit

        facts = with_unit(facts, header)
    if TAG["RealWorldValueMappingSequence"] in header.present:
        from medviewer.dicom.real_world import with_header_mapping

        facts = with_header_mapping(facts, header)
    return facts


def _padding(header: Header) -> tuple[float, float] | None:
    """Float or Double Float Pixel Padding Value and Range Limit as an ordered range (PS3.3 C.7.5.1.1.2)."""
    ends = [_float(header, f"FloatPixelPadding{end}") for end in ("Value", "RangeLimit")]
    value = ends[0]
    if value is None:
        return None
    other = value if ends[1] is None else ends[1]
    return min(value, other), max(value, other)


def _float(header: Header, keyword: str) -> float | None:
    """A finite number, of single or double precision."""
    order = "<" if header.coding.little else ">"
    for name, code, width in ((keyword, "f", 4), (f"Double{keyword}", "d", 8)):
        raw = header.values.get(TAG[name], b"")
        if len(raw) == width:
            value = float(unpack(order + code, raw)[0])
            return value if isfinite(value) else None
    return None
