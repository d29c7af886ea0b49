"""A foreign object as nested items: walked by our own guard first, then parsed, its values read as bytes.

Values go through :mod:`medviewer.dicom.values`: what is damaged is None or empty, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medviewer.dicom import values as v
from medviewer.dicom.elements import Broken
from medviewer.dicom.tags import WANTED
from medviewer.dicom.walk import Header, walk
from medviewer.errors import UnreadableImage

_CHARSET = 0x00080005
_DAMAGED = "This file is damaged inside, and is not shown."


@dataclass(frozen=True, eq=False)
class Item:
    """A dataset, or an item of a sequence."""

    dataset: Dataset
    little: bool
    charset: bytes

    def raw(self, keyword: str) -> bytes:
        """The value as it lies in the file; b"" where there is none."""
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise ValueError(f"unknown DICOM keyword {keyword!r}")
        if tag not in self.dataset:
            return b""
        element: Any = self.dataset.get_item(tag)
        value: Any = element.value
        if isinstance(element, RawDataElement):
            return value if isinstance(value, bytes) else b""
        if value is None or isinstance(value, Sequence):
            return b""
        many = value if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]
        return "\\".join(str(part) for part in many).encode("utf-8", "replace")

    def text(self, keyword: str) -> str:
        """Plain text in the file's character set."""
        return v.text(self.raw(keyword), self.charset)

    def code(self, keyword: str) -> str:
        """A code string or UID."""
        return v.ascii_text(self.raw(keyword))

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """The values of a DS or IS, () where one of them is no finite number."""
        return v.numbers(self.raw(keyword))

    def integer(self, keyword: str) -> int | None:
        """The first value of an IS."""
        return v.integer(self.raw(keyword))

    def shorts(self, keyword: str) -> tuple[int, ...]:
        """The values of a US."""
        raw = self.raw(keyword)
        order = "little" if self.little else "big"
        return tuple(int.from_bytes(raw[k : k + 2], order) for k in range(0, len(raw) - 1, 2))  # type: ignore[arg-type]

    def items(self, keyword: str) -> list[Item]:
        """The items of a sequence, none where there is none. Raises :class:`UnreadableImage` if damaged."""
        try:
            value: Any = self.dataset.get(keyword)
        except Exception as error:  # parsed only now: whatever a damaged file makes of a parser
            raise UnreadableImage(_DAMAGED) from error
        if not isinstance(value, Sequence):
            return []
        return [Item(item, self.little, self.charset) for item in value]

    def first(self, keyword: str) -> Item:
        """The first item of a sequence, an empty one where there is none."""
        found = self.items(keyword)
        return found[0] if found else Item(Dataset(), self.little, self.charset)


def read_guarded(path: Path) -> tuple[Item, Header]:
    """A file without its pixels, and its header with the facts that tell where and how these lie.

    Raises :class:`UnreadableImage` for what our own walk through the bytes refuses, or a parser meets.
    """
    try:
        header = walk(path, WANTED)
        if not header.sound:  # pydicom might recurse where our own walk lost its way
            raise UnreadableImage(_DAMAGED)
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        status = path.stat()
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    except UnreadableImage:
        raise
    except OSError as error:
        raise UnreadableImage("The file could not be read.") from error
    except Exception as error:  # whatever a damaged file makes of a parser
        raise UnreadableImage(_DAMAGED) from error
    if (status.st_size, status.st_mtime_ns) != header.stamp:
        raise UnreadableImage("The file changed while it was read.")
    return Item(dataset, header.coding.little, header.values.get(_CHARSET, b"")), header
