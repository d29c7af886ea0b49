"""Objects read back after writing: whose they are, in plain sentences of what is wrong.

Validators see neither a shifted plane nor another patient's id (reliability.md, 5.3); these checks do. They
read the file with other code than wrote it and are asked about what should be in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from medviewer.dicom.evidence.concepts import same
from medviewer.dicom.evidence.facts import Concept
from medviewer.dicom.evidence.walked import read_walked
from medviewer.dicom.objects.guarded import Item
from medviewer.dicom.study import Series
from medviewer.errors import WriteError

_WHOSE = {
    "PatientID": "The object carries another patient's id than the images.",
    "PatientName": "The object carries another patient's name than the images.",
    "PatientBirthDate": "The object carries another birth date than the images.",
    "StudyInstanceUID": "The object belongs to another study than the images.",
}
_KIND = {
    "ContentQualification": ("RESEARCH", "The object does not say that it is for research."),
    "SpecificCharacterSet": ("ISO_IR 192", "The object does not say in what character set it is."),
}


def refuse(faults: Sequence[str]) -> None:
    """Raise :class:`WriteError` with the first fault; nothing where there is none."""
    if faults:
        raise WriteError(
            f"What was written was read back and is wrong: {faults[0]}", "Do not use it; report this."
        )


def identity_faults(item: Item, series: Series) -> Iterator[str]:
    """Whether an object belongs to the patient and study of every image, in a series of its own."""
    own = {keyword: item.text(keyword) for keyword in _WHOSE}
    found = set()
    for path in _files(series):
        image, _ = read_walked(path, (*_WHOSE, "SeriesInstanceUID"))
        for keyword, sentence in _WHOSE.items():
            if own[keyword] != image.text(keyword) and not _left_out(own[keyword], keyword):
                found.add(sentence)
        if item.code("SeriesInstanceUID") == image.code("SeriesInstanceUID"):
            found.add("The object lies in the series of the images, not in one of its own.")
    yield from sorted(found)
    for keyword, (value, sentence) in _KIND.items():
        if item.code(keyword) != value:
            yield sentence


def _left_out(value: str, keyword: str) -> bool:
    """A birth date that is no date may be left empty; that is told when the object is made."""
    return keyword == "PatientBirthDate" and not value


def _files(series: Series) -> Iterable[Path]:
    return dict.fromkeys(instance.path for instance in series.instances)


def concept(item: Item, keyword: str) -> Concept | None:
    """The code in a code sequence, None where there is none."""
    entries = item.items(keyword)
    if not entries:
        return None
    words = [entries[0].text(k) for k in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")]
    return Concept(words[0], words[1], words[2])


def is_same(found: Concept | None, wanted: Concept | None) -> bool:
    """Whether both are the same code, or both none."""
    if found is None or wanted is None:
        return found is wanted
    return same(found, wanted)
