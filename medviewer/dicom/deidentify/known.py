"""What the headers themselves say a patient, a person or a place is called: looked for wherever text stays.

The table says which attributes hold identifiers; people put them elsewhere too. So the names and numbers that
stand in the right places are gathered first, and no text or finished file that holds one of them leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from medviewer.dicom.deidentify.values import DUMMIES

_SHORTEST, _WITHIN = 4, 6
"""Letters: shorter words are no evidence; from ``_WITHIN`` on a word counts within other words too."""
_NAMED = re.compile(
    r"Patient(ID|BirthName|MotherBirthName|Address|TelephoneNumbers)$|OtherPatientI|Accession|Institution(Name"
    r"|Address|alDep)|Admission ?ID|MedicalRecord|MilitaryRank|InsurancePlan|ServiceEpisodeID|PersonAddress"
    r"|PersonTelephone|RequestingService|FillerOrder|PlacerOrder|CurrentPatientLocation|Issuer"
)
_BIRTH = "PatientBirthDate"
_OWN = {str(value).casefold() for value in DUMMIES.values() if isinstance(value, str)} | {
    *(
        "anonymous",
        "anonymized",
        "anonymised",
        "anon",
        "unknown",
        "none",
        "null",
        "patient",
        "test",
        "phantom",
    ),
    *("deidentified", "de-identified", "hospital", "clinic", "radiology", "original", "derived", "primary"),
}
"""Words that stand where names should and name nobody, and words of our own."""


@dataclass(frozen=True)
class Known:
    """Words that must not leave, as they were written."""

    words: frozenset[str] = frozenset()

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        words = sorted(self.words, key=len, reverse=True)
        return re.compile("|".join(map(_pattern_of, words)), re.IGNORECASE) if words else None

    @cached_property
    def _bytes_pattern(self) -> re.Pattern[bytes] | None:
        """The longer words in the encodings that are common."""
        long = [word for word in self.words if len(word) >= _WITHIN]
        found = {
            _pattern_of(word).encode(encoding, "ignore") for word in long for encoding in ("utf-8", "latin-1")
        }
        wide = {re.escape(word.encode("utf-16-le")) for word in long if not word.isdecimal()}
        return re.compile(b"|".join(sorted(found | wide))) if found else None

    def within(self, text: str) -> bool:
        """Whether one of the words stands in a text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def within_bytes(self, data: bytes) -> bool:
        """Whether one of the longer words stands in the bytes of a finished file."""
        return self._bytes_pattern is not None and self._bytes_pattern.search(data) is not None

    def and_more(self, other: Known) -> Known:
        """Both."""
        return Known(self.words | other.words)


def _pattern_of(word: str) -> str:
    """Long words anywhere, short ones by themselves, numbers not within longer numbers or decimals."""
    escaped = re.escape(word)
    if word.isdecimal():
        return rf"(?<![\d.]){escaped}(?![\d.])"
    return escaped if len(word) >= _WITHIN else rf"(?<![^\W_]){escaped}(?![^\W_])"


def known_of(dataset: Dataset) -> Known:
    """What a file says in the places where names and numbers of people and places belong, at any depth."""
    return Known(frozenset(word for text in _told(dataset) for word in _usable(text)))


def _usable(text: str) -> Iterator[str]:
    word = text.strip(" \0")
    if len(word) >= _SHORTEST and word.casefold() not in _OWN and len(set(word)) > 2:
        yield word


def _told(dataset: Dataset) -> Iterator[str]:
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # noqa: BLE001 - a value that cannot be read never leaves either
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _told(item)
        elif element.VR == "PN":
            for text in _texts(element):
                yield text
                yield from re.split(r"[\^=\s,]+", text)
        elif element.keyword == _BIRTH or _NAMED.search(element.keyword or ""):
            yield from _texts(element)


def _texts(element: DataElement) -> Iterable[str]:
    value = element.value
    if value is None or isinstance(value, (bytes, Dataset)):
        return ()
    return [str(part) for part in (value if isinstance(value, (list, tuple)) or element.VM > 1 else [value])]
