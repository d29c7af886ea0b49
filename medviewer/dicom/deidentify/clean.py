"""The engine: a dataset to a new one, attribute by attribute, at any depth. The source is never changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.valuerep import PersonName

from medviewer.dicom.deidentify import coded, private
from medviewer.dicom.deidentify.known import Known
from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.table import DATE_VR, OF_CODES, TEXT_VR, Act, act_for, basic_for
from medviewer.dicom.deidentify.values import DUMMIES, Secret, shifted
from medviewer.dicom.deidentify.vocabulary import only_known_words
from medviewer.dicom.values import number

_CODE_STRING = re.compile(r"[A-Z0-9_ ]{0,16}")
_STRINGS = TEXT_VR | {"CS", "AE", "AS"}
_DEEPEST = 16
_CONTENT_LABEL = 0x00700080
"""A code string that people choose freely, and of type 1."""
_PATIENT_NAME, _TRACKING = 0x00100010, 0x00620020
_NEVER_EMPTY = frozenset({0x00080008, 0x00080060, 0x00280004, 0x0040A040, 0x0040A010})
"""Image Type, Modality, Photometric Interpretation, Value Type, Relationship Type: defined terms."""


@dataclass(frozen=True)
class Tally:
    """How many attributes, at any depth, left as they were, changed, or not at all."""

    kept: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True)
class Change:
    """What became of one attribute, for the reader's eye. ``what``: kept, changed, emptied, removed."""

    depth: int
    tag: int
    name: str
    what: str
    before: str
    after: str


Listen = Callable[[Change], None]


class Cleaner:
    """Cleans the files of one export. Not for several threads at once."""

    def __init__(
        self, secret: Secret, options: frozenset[Option], known: Known, listen: Listen | None = None
    ) -> None:
        self._secret, self._options, self._known, self._listen = secret, options, known, listen
        self._days = 0
        self._counts = Counter[str]()

    def clean(self, source: Dataset) -> tuple[Dataset, Tally]:
        """A new dataset, and what became of the attributes of ``source``."""
        self._days = self._secret.days(patient_of(source))
        self._counts = Counter()
        made, counts = self._dataset(source, 0), self._counts
        return made, Tally(counts["kept"], counts["changed"] + counts["emptied"], counts["removed"])

    def _dataset(self, source: Dataset, depth: int) -> Dataset:
        out = Dataset()
        for tag in sorted(map(int, list(source.keys()))):
            try:
                element = source[tag]
                made = self._element(element, source, depth)
            except Exception:  # noqa: BLE001 - a value nobody can read does not leave
                self._count("removed", depth, tag, None, None)
                continue
            if made is not None:
                out.add(made)
            self._told(element, made, depth)
        if coded.is_code(out):
            coded.clean_code(out, self._secret, self._known, self._options)
        return out

    def _element(self, element: DataElement, source: Dataset, depth: int) -> DataElement | None:
        tag = int(element.tag)
        if tag >> 16 & 1:
            return self._private(element, source, tag)
        act = act_for(tag, element.VR, self._options)
        if act is Act.ITEMS and depth >= _DEEPEST:
            act = Act.REMOVE
        return self._done(act, element, source, depth)

    def _private(self, element: DataElement, source: Dataset, tag: int) -> DataElement | None:
        if Option.PRIVATE not in self._options:
            return None
        if private.is_safe(source, tag, element.VR):
            return element
        named = 0x10 <= tag & 0xFFFF <= 0xFF and any(
            private.is_safe(source, other, source[other].VR)
            for other in map(int, list(source.keys()))
            if other >> 16 == tag >> 16 and other & 0xFFFF >= 0x1000 and private.creator_tag(other) == tag
        )
        return element if named else None

    def _done(self, act: Act, element: DataElement, source: Dataset, depth: int) -> DataElement | None:
        if act is Act.REMOVE:
            return None
        if act is Act.ITEMS:
            items = element.value if element.VR == "SQ" else []
            return self._with(element, Sequence([self._dataset(item, depth + 1) for item in items]))
        if act is Act.EMPTY or _is_empty(element):
            return self._with(element, Sequence() if element.VR == "SQ" else None)
        if act is Act.SHIFT:
            return self._shifted(element, source, depth)
        if act is Act.WORDS:
            return self._worded(element, source, depth)
        return self._valued(act, element, source)

    def _valued(self, act: Act, element: DataElement, source: Dataset) -> DataElement:
        """Acts that always leave a value."""
        if act is Act.KEEP:
            return self._kept(element)
        if act is Act.UID:
            return self._each(element, self._secret.uid)
        is_word = act is Act.PSEUDONYM
        return self._with(element, self._pseudonym(element, source) if is_word else DUMMIES.get(element.VR))

    def _pseudonym(self, element: DataElement, source: Dataset) -> str:
        """Name and id of a patient are one word: two patients of an export stay two."""
        tag = int(element.tag)
        if tag == _TRACKING:
            return self._secret.word("tracking", str(element.value))
        word = f"P{self._secret.word('patient', patient_of(source))}"
        return f"{word}^" if tag == _PATIENT_NAME else word

    def _shifted(self, element: DataElement, source: Dataset, depth: int) -> DataElement | None:
        moved = [shifted(text, element.VR, self._days) for text in _texts(element)]
        if None in moved:
            return self._done(basic_for(int(element.tag), element.VR), element, source, depth)
        return self._with(element, moved if len(moved) > 1 else moved[0])

    def _worded(self, element: DataElement, source: Dataset, depth: int) -> DataElement | None:
        parts = ["" if self._known.within(text) else only_known_words(text) for text in _texts(element)]
        if not any(parts):
            return self._done(basic_for(int(element.tag), element.VR), element, source, depth)
        return self._with(element, parts if len(parts) > 1 else parts[0])

    def _each(self, element: DataElement, change: Callable[[str], str]) -> DataElement:
        made = [change(text) for text in _texts(element)]
        return self._with(element, made if len(made) > 1 else made[0])

    def _kept(self, element: DataElement) -> DataElement:
        """As it is, unless it holds what must not leave: a name of this very patient, a code that is none."""
        tag, vr = int(element.tag), element.VR
        if vr in ("DS", "IS") and any(text and number(text) is None for text in _texts(element)):
            return self._with(element, None)  # words where a number should be
        if vr == "IS" and tag >> 16 == 0x0020 and str(element.value) in self._known.words:
            return self._with(element, None)  # a number of a series or image that is the patient's
        if vr not in _STRINGS or tag in _NEVER_EMPTY or tag in OF_CODES:
            return element
        texts = _texts(element)
        wrong = vr == "CS" and not all(_CODE_STRING.fullmatch(text) for text in texts)
        if wrong or any(self._known.within(text) for text in texts):
            return self._with(element, DUMMIES[vr] if vr in TEXT_VR or tag == _CONTENT_LABEL else None)
        return element

    @staticmethod
    def _with(element: DataElement, value: Any) -> DataElement:
        return DataElement(element.tag, element.VR, value)

    def _told(self, before: DataElement, after: DataElement | None, depth: int) -> None:
        if after is None:
            what = "removed"
        elif _is_empty(after) and not _is_empty(before):
            what = "emptied"
        else:
            same = after is before or before.VR == "SQ" or _is_empty(before) or after.value == before.value
            what = "kept" if same else "changed"
        self._count(what, depth, int(before.tag), before, after)

    def _count(
        self, what: str, depth: int, tag: int, before: DataElement | None, after: DataElement | None
    ) -> None:
        self._counts[what] += 1
        if self._listen is not None:
            name = before.name if before is not None else "Unreadable value"
            self._listen(Change(depth, tag, name, what, _shown(before), _shown(after)))


def patient_of(source: Dataset) -> str:
    """What tells one patient of an export from another: id, else name, else study."""
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID"):
        try:
            told = str(source.get(keyword) or "").strip(" \0^")
        except Exception:  # noqa: BLE001 - a damaged value tells nobody
            told = ""
        if told:
            return told
    return ""


def _is_empty(element: DataElement) -> bool:
    value = element.value
    if isinstance(value, (str, bytes, list, tuple, Sequence, MultiValue)):
        return len(value) == 0
    return value is None or (isinstance(value, PersonName) and not str(value))


def _texts(element: DataElement) -> list[str]:
    value = element.value
    many = value if isinstance(value, (list, tuple)) or element.VM > 1 else [value]
    return [str(part).strip(" \0") for part in many]


_LONGEST = 120


def _shown(element: DataElement | None) -> str:
    """A value in few words; bytes and items as how many there are."""
    if element is None or element.value is None:
        return ""
    if element.VR == "SQ":
        return f"{len(element.value)} items" if len(element.value) != 1 else "1 item"
    if isinstance(element.value, bytes):
        return f"{len(element.value)} bytes"
    text = " \\ ".join(_texts(element)) if element.VR not in DATE_VR else "\\".join(_texts(element))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
