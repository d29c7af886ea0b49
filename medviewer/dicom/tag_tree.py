"""Every element of a DICOM file as rows of plain text: for the reader's eyes, straight from the bytes.

No dataset object is built: a file nested a thousand deep or damaged in the middle gives the rows up to there
and a sentence. Depth, rows and the bytes read of a value are limited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from pydicom.datadict import (
    dictionary_description,
    dictionary_has_tag,
    dictionary_VR,
    keyword_for_tag,
    private_dictionary_description,
    private_dictionary_VR,
)

from medviewer.dicom import tag_values
from medviewer.dicom import values as v
from medviewer.dicom.elements import EXPLICIT_LITTLE, IMPLICIT_BIG, IMPLICIT_LITTLE, Broken, Coding, Window
from medviewer.dicom.nesting import ITEM, ITEM_END, MAX_DEPTH, SEQUENCE_END, UNDEFINED
from medviewer.dicom.walk import PIXEL_TAGS, begin, fragments
from medviewer.imaging.numbers import number
from medviewer.tasks import TaskContext

MAX_ROWS = 100_000
_CHECK_EVERY = 1024
_CHARSET, _SIGN = 0x00080005, 0x00280103


@dataclass(frozen=True)
class TagRow:
    """One element, or the start of an item. ``depth`` counts the sequences it lies in."""

    depth: int
    tag: int
    vr: str
    name: str
    value: str = ""
    keyword: str = ""
    offset: int = 0
    """Where the value lies: in the file, or in its inflated body."""
    length: int = 0

    @property
    def number(self) -> str:
        """ "(0010,0020)"; empty for an item."""
        return "" if self.tag == ITEM else f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"


@dataclass(frozen=True)
class TagTree:
    """The rows in file order, and why they end before the file does (one sentence, or empty)."""

    rows: tuple[TagRow, ...]
    stopped: str = ""


@dataclass
class _Place:
    """What the elements of one dataset or item share."""

    depth: int
    end: int | None
    """None: until its delimiter."""
    coding: Coding
    charset: bytes
    owners: dict[int, str] = field(default_factory=dict)
    """Group and block of private elements -> who owns them (PS3.5 7.8.1)."""


class _Full(Exception):
    """There are more rows than anybody reads."""


def read_tags(
    path: Path, context: TaskContext | None = None, *, longest: int = tag_values.LONGEST
) -> TagTree:
    """All elements of a file, values of at most ``longest`` characters.

    Raises :class:`Broken` for what is no DICOM file, OSError, Cancelled.
    """
    with path.open("rb", buffering=0) as file:
        begun = begin(file)
        reader = _Reader(begun.window, context or TaskContext(), longest)
        try:
            reader.elements(132, _Place(0, begun.start, EXPLICIT_LITTLE, b""))
            reader.elements(begun.start, _Place(0, begun.window.size, begun.coding, b""))
        except Broken as error:
            return TagTree(tuple(reader.rows), str(error))
        except _Full:
            return TagTree(tuple(reader.rows), f"Only the first {number(MAX_ROWS)} elements are listed.")
    return TagTree(tuple(reader.rows))


class _Reader:
    def __init__(self, window: Window, context: TaskContext, longest: int) -> None:
        self._longest = longest
        self._window = window
        self._context = context
        self._signed = False
        self.rows: list[TagRow] = []

    def elements(self, position: int, place: _Place) -> int:
        """Rows of a dataset or item; returns the position after it."""
        while place.end is None or position < place.end:
            tag, stored, length, start = place.coding.read(self._window, position)
            if place.end is None and tag == ITEM_END:
                return start
            if tag in (ITEM, ITEM_END, SEQUENCE_END):
                raise Broken("The header is damaged: an item stands where an element should.")
            position = self._element(tag, stored, length, start, place)
        return position

    def _element(self, tag: int, stored: bytes, length: int, start: int, place: _Place) -> int:
        vr = stored.decode("latin-1") if place.coding.explicit else self._guess(tag, place)
        if length == UNDEFINED and tag in PIXEL_TAGS:
            return self._fragments(tag, vr, start, place)
        if length != UNDEFINED and start + length > (self._window.size if place.end is None else place.end):
            self._add(tag, vr, place, "cut short", (start, 0))
            raise Broken("The file is cut short.")
        if length == UNDEFINED or vr == "SQ":
            coding = IMPLICIT_LITTLE if vr == "UN" else place.coding
            end = None if length == UNDEFINED else start + length
            return self._sequence(tag, start, end, replace(place, coding=coding))
        raw = b"" if tag in PIXEL_TAGS else self._window.take(start, min(length, 8 * self._longest))
        self._remember(tag, raw, place)
        value = tag_values.shown(
            vr, raw, length, little=place.coding.little, charset=place.charset, longest=self._longest
        )
        self._add(tag, vr, place, value, (start, length))
        return start + length

    def _remember(self, tag: int, raw: bytes, place: _Place) -> None:
        """What later elements of the same dataset are read by."""
        if tag == _CHARSET:
            place.charset = raw
        elif tag == _SIGN:
            self._signed = v.binary(raw, place.coding.little) == 1
        elif tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
            place.owners[tag >> 16 << 8 | tag & 0xFF] = v.text(raw, place.charset)

    def _sequence(self, tag: int, start: int, end: int | None, place: _Place) -> int:
        if place.depth >= 2 * MAX_DEPTH:  # a sequence and its items are a step each
            raise Broken("The header is nested too deeply.")
        self._add(tag, "SQ", place, "", (start, 0))
        at, count, position = len(self.rows) - 1, 0, start
        items = (IMPLICIT_LITTLE if place.coding.little else IMPLICIT_BIG).read
        while end is None or position < end:
            found, _, length, begins = items(self._window, position)
            if found == SEQUENCE_END:
                position = begins
                break
            if found != ITEM:
                raise Broken("The header is damaged: a sequence has no end.")
            ends = None if length == UNDEFINED else begins + length
            if ends is not None and ends > (self._window.size if end is None else end):
                raise Broken("The file is cut short.")
            count += 1
            self._append(TagRow(place.depth + 1, ITEM, "", f"Item {number(count)}", offset=begins))
            inner = _Place(place.depth + 2, ends, place.coding, place.charset)
            position = self.elements(begins, inner)
            self.rows[at] = replace(self.rows[at], value=_items(count))
        self.rows[at] = replace(self.rows[at], value=_items(count))
        return position

    def _fragments(self, tag: int, vr: str, start: int, place: _Place) -> int:
        found = fragments(self._window, start)
        total = sum(length for _, length in found[1:])
        count = max(0, len(found) - 1)
        pieces = "1 fragment" if count == 1 else f"{number(count)} fragments"
        self._add(tag, vr, place, f"{tag_values.size(total)} in {pieces}", (start, 0))
        last, length = found[-1] if found else (start, 0)
        return last + length + 8  # the delimiter

    def _guess(self, tag: int, place: _Place) -> str:
        """The VR of an element that names none (PS3.5 A.1)."""
        vr = _vr(tag, self._owner(tag, place))
        if " or " in vr:
            return ("SS" if self._signed else "US") if vr.startswith("US") else vr[-2:]
        return vr

    def _owner(self, tag: int, place: _Place) -> str:
        return place.owners.get(tag >> 16 << 8 | tag >> 8 & 0xFF, "") if tag >> 16 & 1 else ""

    def _add(self, tag: int, vr: str, place: _Place, value: str, span: tuple[int, int]) -> None:
        name, keyword = _names(tag, self._owner(tag, place))
        self._append(TagRow(place.depth, tag, vr, name, value, keyword, *span))

    def _append(self, row: TagRow) -> None:
        if len(self.rows) >= MAX_ROWS:
            raise _Full
        if len(self.rows) % _CHECK_EVERY == 0:
            self._context.check()
        self.rows.append(row)


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{number(count)} items"


@lru_cache(maxsize=8192)
def _vr(tag: int, owner: str) -> str:
    if tag & 0xFFFF == 0:
        return "UL"
    if tag >> 16 & 1:
        if 0x10 <= tag & 0xFFFF <= 0xFF:
            return "LO"
        try:
            return str(private_dictionary_VR(tag, owner)) if owner else "UN"
        except KeyError:
            return "UN"
    return str(dictionary_VR(tag)) if dictionary_has_tag(tag) else "UN"


@lru_cache(maxsize=8192)
def _names(tag: int, owner: str) -> tuple[str, str]:
    """(what a person calls it, keyword); a private element is named by who owns it."""
    if tag & 0xFFFF == 0:
        return "Group length", ""
    if tag >> 16 & 1:
        return _private_name(tag, owner), ""
    if not dictionary_has_tag(tag):
        return "Unknown", ""
    return dictionary_description(tag), keyword_for_tag(tag)


def _private_name(tag: int, owner: str) -> str:
    if 0x10 <= tag & 0xFFFF <= 0xFF:
        return "Private creator"
    if not owner:
        return "Private, owner unknown"
    try:
        return f"{owner}: {private_dictionary_description(tag, owner)}"
    except KeyError:
        return f"Private of {owner}"


def matching(rows: Sequence[TagRow], words: str) -> list[int]:
    """Numbers of the rows in which every word occurs (tag, name, keyword or value), and of what holds them.

    Upper and lower case are alike; "0010,0020" and "00100020" both find a tag.
    """
    wanted = words.lower().replace("(", " ").replace(")", " ").split()
    if not wanted:
        return list(range(len(rows)))
    found: list[int] = []
    above: list[int] = []
    for k, row in enumerate(rows):
        while above and rows[above[-1]].depth >= row.depth:
            above.pop()
        above.append(k)
        if all(word in _searched(row) for word in wanted):
            found += [holder for holder in above if not found or holder > found[-1]]
    return found


def _searched(row: TagRow) -> str:
    tag = f"{row.tag >> 16:04x},{row.tag & 0xFFFF:04x}"
    plain = tag.replace(",", "")
    return f"{tag} {plain} {row.name} {row.keyword} {row.value}".lower()
