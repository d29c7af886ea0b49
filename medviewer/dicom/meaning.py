"""What the values of an image mean, beyond Hounsfield units: SUV, a named unit, a real-world mapping.

Most images tell none of these, and cost no more than a look at what their header holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medviewer.dicom.tags import TAG

if TYPE_CHECKING:
    from medviewer.dicom.header import Facts
    from medviewer.dicom.walk import Header


def with_meaning(facts: Facts, header: Header) -> Facts:
    """The facts with the unit of their values: PET, what has a Rescale Type, real-world value mappings."""
    if not facts.hu and (TAG["Units"] in header.present or TAG["RescaleType"] in header.present):
        from medviewer.dicom.suv import with_unit

        facts = with_unit(facts, header)
    if TAG["RealWorldValueMappingSequence"] in header.present:
        from medviewer.dicom.real_world import with_header_mapping

        facts = with_header_mapping(facts, header)
    return facts
