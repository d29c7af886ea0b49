"""The profile and its options (PS3.15 E.2, E.3), with the codes an export says them by (PS3.16 CID 7050)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydicom.dataset import Dataset


class Option(StrEnum):
    """What is kept beyond the basic profile, after it was cleaned."""

    DATES = "dates"
    DESCRIPTORS = "descriptors"
    GRAPHICS = "graphics"
    STRUCTURED = "structured"
    PRIVATE = "private"


WORDS: dict[Option, str] = {
    Option.DATES: "Dates and times, every patient's shifted by a number of days of their own",
    Option.DESCRIPTORS: "Descriptions, as far as their words are in a list of technical words",
    Option.GRAPHICS: "Drawings of presentation states, without their texts",
    Option.STRUCTURED: "Reports and key object selections, without their free text",
    Option.PRIVATE: "Private elements known to be figures of the acquisition",
}
"""Each option in words for the reader."""

BASIC = ("113100", "Basic Application Confidentiality Profile")
PIXELS = ("113101", "Clean Pixel Data Option")
CODES: dict[Option, tuple[str, str]] = {
    Option.GRAPHICS: ("113103", "Clean Graphics Option"),
    Option.STRUCTURED: ("113104", "Clean Structured Content Option"),
    Option.DESCRIPTORS: ("113105", "Clean Descriptors Option"),
    Option.DATES: ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    Option.PRIVATE: ("113111", "Retain Safe Private Option"),
}


def method_codes(options: Iterable[Option], *, pixels_cleaned: bool) -> list[Dataset]:
    """Items of De-identification Method Code Sequence (0012,0064)."""
    chosen = [BASIC, *([PIXELS] if pixels_cleaned else []), *(CODES[option] for option in sorted(options))]
    items = []
    for value, meaning in chosen:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    return items
