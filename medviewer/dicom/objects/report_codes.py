"""The codes of a measurement report that have a place of their own, by current and by retired scheme, and the
names of what it says (PS3.16 TID 1500, 1002 to 1004, 4019)."""

from __future__ import annotations

from medviewer.dicom.captions import display_name
from medviewer.dicom.objects.guarded import Item

Key = tuple[str, str]
"""Code value and coding scheme designator."""

REPORT = frozenset({("126000", "DCM")})
GROUP = frozenset({("125007", "DCM")})
IMAGE_LIBRARY = frozenset({("111028", "DCM")})
TRACKING = frozenset({("112039", "DCM")})
TRACKING_UID = frozenset({("112040", "DCM")})
FINDING = frozenset({("121071", "DCM")})
SITE = frozenset({("363698007", "SCT"), ("G-C0E3", "SRT"), ("G-C0E3", "SNM3")})
LATERALITY = frozenset({("272741003", "SCT"), ("G-C171", "SRT"), ("G-C171", "SNM3")})
TECHNICAL = frozenset({("111000", "DCM"), ("111002", "DCM"), ("122405", "DCM")})
"""Family, parameters and manufacturer of an algorithm: told after what was found."""
DERIVED = frozenset({("121401", "DCM"), ("370129005", "SCT"), ("G-C306", "SRT"), ("G-C306", "SNM3")})
"""Derivation and measurement method: their values speak for themselves."""
UPPER = frozenset({("371886008", "SCT"), ("R-00363", "SRT")})
LOWER = frozenset({("371885007", "SCT"), ("R-00364", "SRT")})
"""How far the true value may lie above and below (TID 310)."""
DIAMETER = frozenset({("81827009", "SCT"), ("M-02550", "SRT"), ("M-02550", "SNM3")})
LONG_AXIS = frozenset({("103339001", "SCT"), ("G-A185", "SRT"), ("G-A185", "SNM3")})
SHORT_AXIS = frozenset({("103340004", "SCT"), ("G-A186", "SRT"), ("G-A186", "SNM3")})
_OBSERVER_TYPE = ("121005", "DCM")
_DEVICE = ("121007", "DCM")
_OBSERVER_NAMES = {
    ("121008", "DCM"),
    ("121013", "DCM"),
    ("121014", "DCM"),
    ("121015", "DCM"),
    ("121016", "DCM"),
}
"""Person's name; device's name, manufacturer, model, serial number."""
_ALGORITHM, _VERSION = ("111001", "DCM"), ("111003", "DCM")
MAKER = frozenset({_ALGORITHM, _VERSION})
"""What :func:`makers` tells of a group: name and version of its algorithm."""
_UNNAMED = {"IMAGE": "Image", "COMPOSITE": "Object", "CONTAINER": "Section", "NUM": "Measurement"}


def code_key(code: Item) -> Key:
    """What a code item is, whatever it calls itself; ("", "") for none."""
    value = code.text("CodeValue") or code.text("LongCodeValue") or code.text("URNCodeValue")
    return value, code.text("CodingSchemeDesignator")


def code_meaning(code: Item) -> str:
    """What a code item says: its meaning, else the code."""
    return code.text("CodeMeaning") or code_key(code)[0]


def key_of(item: Item) -> Key:
    """The concept of a content item."""
    return code_key(item.first("ConceptNameCodeSequence"))


def meaning(item: Item) -> str:
    """The concept of a content item in words; empty where it has none."""
    return code_meaning(item.first("ConceptNameCodeSequence"))


def name_of(item: Item) -> str:
    """The concept in words, else what kind of line it is."""
    kind = item.code("ValueType")
    return meaning(item) or _UNNAMED.get(kind, kind.capitalize() or "Line")


def makers(parent: Item, *, algorithms_only: bool = False) -> tuple[str, ...]:
    """Who observed, and by which algorithm: "Foo", "device CAD 3000", "Lungs 1.2"."""
    found: list[str] = []
    device = False
    algorithm = ""
    for item in parent.items("ContentSequence"):
        key, told = key_of(item), _told(item)
        if key == _OBSERVER_TYPE:
            device = code_key(item.first("ConceptCodeSequence")) == _DEVICE
        elif key in _OBSERVER_NAMES and told and not algorithms_only:
            found.append(f"device {told}" if device else told)
        elif key == _ALGORITHM and told:
            algorithm = told
        elif key == _VERSION and told and algorithm:
            algorithm = f"{algorithm} {told}"
    return tuple(dict.fromkeys((*found, *((algorithm,) if algorithm else ()))))


def _told(item: Item) -> str:
    return display_name(item.text("PersonName")) or item.text("TextValue")
