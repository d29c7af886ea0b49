"""Small values every object needs: code items (PS3.3 8.8), names of readers, short texts."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset

from medviewer.dicom.values import plain

_LONGEST_NAME, _LONGEST_TEXT = 64, 64


def code_item(value: str, scheme: str, meaning: str) -> Dataset:
    """One item of a code sequence."""
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, meaning
    return ds


def person_name(reader: str) -> str:
    """A reader's name as typed, as a PN value of one component: what parts its components has no place in a
    name people type (PS3.5 6.2.1)."""
    return " ".join(re.sub(r"[\^=\\]", " ", plain(reader)).split())[:_LONGEST_NAME]


def short_text(text: str, longest: int = _LONGEST_TEXT) -> str:
    """One value of a LO: no backslash, no control character, not longer than allowed."""
    return plain(text.replace("\\", "/"))[:longest].strip()
