"""Codes (PS3.3 8.8): those of public dictionaries stay, with the dictionary's meaning, not a writer's.

A code of a local scheme names a house by its own catalogue: it becomes a word that is the same throughout the
export, and its meaning goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydicom.dataset import Dataset

from medviewer.dicom.deidentify.known import Known
from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.values import Secret
from medviewer.dicom.deidentify.vocabulary import only_known_words

_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")
_SNOMED_RT = frozenset({"SRT", "SNM3", "99SDM"})
PUBLIC = _SNOMED_RT | {
    *(
        "DCM",
        "SCT",
        "UCUM",
        "LN",
        "RADLEX",
        "RADELEMENT",
        "FMA",
        "NCIt",
        "UMLS",
        "MDC",
        "BI",
        "ACR",
        "I9",
        "I10",
    ),
    *("I10P", "I9C", "C4", "HL7V3", "CD-1000", "NEU", "ITIS_TSN", "PUBCHEM_CID", "ISO3166_1", "ISO639_2"),
    *("IBSI", "ICDO3", "RFC5646"),
}
"""Coding schemes of PS3.16 table 8-1 that everybody has."""
LOCAL = "99LOCAL"
_VALUE = re.compile(r"[A-Za-z0-9.\-/{}%*()\[\]_'^+:]{1,32}")
_VERSION = re.compile(r"[0-9A-Za-z.\-]{1,12}")


@lru_cache(maxsize=1)
def _meanings() -> dict[tuple[str, str], str]:
    """(scheme, value) → meaning, as PS3.16 gives it."""
    from pydicom.sr._concepts_dict import concepts

    found: dict[tuple[str, str], str] = {}
    dictionary: Mapping[str, Mapping[str, Mapping[str, tuple[Any, ...]]]] = concepts  # type: ignore[assignment]
    for scheme, names in dictionary.items():
        for codes in names.values():
            found.update({(scheme, value): str(told[0]) for value, told in codes.items()})
    return found


@lru_cache(maxsize=1)
def _successors() -> dict[str, str]:
    """SNOMED RT → SNOMED CT."""
    from pydicom.sr._snomed_dict import mapping

    return dict(mapping["SRT"])


def meaning_of(scheme: str, value: str) -> str:
    """What a public dictionary calls a code; empty for codes that are not in ours."""
    if scheme in _SNOMED_RT:
        return _meanings().get(("SCT", _successors().get(value, "")), "")
    return _meanings().get((scheme, value), "")


def is_code(item: Dataset) -> bool:
    """Whether an item is a code."""
    return any(keyword in item for keyword in _VALUES)


def clean_code(item: Dataset, secret: Secret, known: Known, options: frozenset[Option]) -> None:
    """Clean value, scheme, version and meaning of a code item in place."""
    keyword = next(keyword for keyword in _VALUES if keyword in item)
    value, scheme = _text(item, keyword), _text(item, "CodingSchemeDesignator")
    said = _text(item, "CodeMeaning")
    public = scheme in PUBLIC and _VALUE.fullmatch(value) is not None and not known.within(value)
    if not public:
        value = secret.word("code", f"{scheme}\0{value}", 8) if value else ""
        setattr(item, keyword, value)
        if scheme:
            item.CodingSchemeDesignator = LOCAL
    if "CodeMeaning" in item:
        item.CodeMeaning = _meaning(said, scheme if public else "", value, known, options)
    version = _text(item, "CodingSchemeVersion")
    if version and not (public and _VERSION.fullmatch(version)):
        del item.CodingSchemeVersion


def _meaning(said: str, scheme: str, value: str, known: Known, options: frozenset[Option]) -> str:
    told = meaning_of(scheme, value) if scheme else ""
    if told:
        same = said.casefold() == told.casefold()
        return said if same else told[:64]
    words = only_known_words(said) if Option.DESCRIPTORS in options and not known.within(said) else ""
    return (words or value)[:64]


def _text(item: Dataset, keyword: str) -> str:
    value = item.get(keyword)
    return "" if value is None else str(value)
