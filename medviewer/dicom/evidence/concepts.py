"""The codes our evidence is written in: SNOMED CT, DCM, UCUM, and a few of our own where they have none."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from medviewer.dicom.evidence.facts import Concept
from medviewer.errors import UsageError

OWN_SCHEME = "99MEDVIEWER"
"""Private by its "99" (PS3.16 8.2)."""

ANATOMY = Concept("91723000", "SCT", "Anatomical Structure")
ALTERED = Concept("49755003", "SCT", "Morphologically Abnormal Structure")
TISSUE = Concept("85756007", "SCT", "Tissue")
FINDING = Concept("404684003", "SCT", "Finding")
LEFT = Concept("7771000", "SCT", "Left")
RIGHT = Concept("24028007", "SCT", "Right")
ARTIFICIAL_INTELLIGENCE = Concept("123110", "DCM", "Artificial Intelligence")
VOLUME = Concept("118565006", "SCT", "Volume")
AREA = Concept("42798000", "SCT", "Area")
ATTENUATION = Concept("112031", "DCM", "Attenuation Coefficient")
MEAN = Concept("373098007", "SCT", "Mean")
PROBABILITY = Concept("122157", "DCM", "Probability")
UPPER = Concept("371886008", "SCT", "+, range of upper measurement uncertainty")
LOWER = Concept("371885007", "SCT", "-, range of lower measurement uncertainty")
SOURCE = Concept("121322", "DCM", "Source image for image processing operation")
COMMENT = Concept("121106", "DCM", "Comment")

SCORE = Concept("score", OWN_SCHEME, "Score of the model")
DECISION = Concept("decision", OWN_SCHEME, "Reader's decision")
ACCEPTED = Concept("accepted", OWN_SCHEME, "Accepted by the reader")
MODIFIED = Concept("modified", OWN_SCHEME, "Modified and accepted by the reader")
REPLACED = Concept("replaced", OWN_SCHEME, "Replaced by what the reader made of it")
REJECTED = Concept("rejected", OWN_SCHEME, "Rejected by the reader")
NOT_REVIEWED = Concept("not_reviewed", OWN_SCHEME, "Not reviewed by a reader")

_UNITS: Mapping[str, Concept] = {
    "mL": Concept("mL", "UCUM", "milliliter"),
    "%": Concept("%", "UCUM", "Percent"),
    "HU": Concept("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "": Concept("1", "UCUM", "no units"),
    "mm": Concept("mm", "UCUM", "millimeter"),
    "mm²": Concept("mm2", "UCUM", "square millimeter"),
    "cm": Concept("cm", "UCUM", "centimeter"),
    "cm²": Concept("cm2", "UCUM", "square centimeter"),
    "px": Concept("{pixels}", "UCUM", "pixels"),
    "°": Concept("deg", "UCUM", "degree"),
}
KNOWN_UNITS = frozenset(unit.value for unit in _UNITS.values())
"""UCUM codes that our objects may hold; any other is a defect."""


def unit(shown: str) -> tuple[Concept, str]:
    """The UCUM unit of a unit as the window shows it, and what must be said besides: "mm at detector" are
    millimetres with a note. Raises :class:`UsageError` for a unit without a code."""
    if shown in _UNITS:
        return _UNITS[shown], ""
    first, _, rest = shown.partition(" ")
    if first in ("mm", "mm²", "cm²") and rest:
        return _UNITS[first], shown
    if shown.startswith("px"):
        return _UNITS["px"], shown
    raise UsageError(
        "A figure has a unit that has no UCUM code, so it cannot be written into a report object."
    )


def own(value: str, meaning: str) -> Concept:
    """A concept of our own. ``value`` of at most 16 characters, ``meaning`` of at most 64."""
    if len(value) > 16 or len(meaning) > 64:
        raise ValueError("a code has at most 16 characters, its meaning 64")
    return Concept(value, OWN_SCHEME, meaning)


def code(concept: Concept) -> Code:
    """As pydicom and highdicom take it."""
    return Code(concept.value, concept.scheme, concept.meaning)


def code_item(concept: Concept) -> Dataset:
    """As an item of a code sequence."""
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = concept.value, concept.scheme, concept.meaning
    return ds


def concept_of(item: Dataset) -> Concept:
    """The concept of a code sequence item, empty parts where it says nothing."""
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue") or ""
    return Concept(str(value), str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeMeaning", "")))


def same(first: Concept, second: Concept) -> bool:
    """Whether two codes mean the same: value and scheme; a meaning may be worded otherwise."""
    return (first.value, first.scheme) == (second.value, second.scheme)
