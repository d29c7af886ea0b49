"""A few elements of an image file by our own guarded walk through its bytes: no parser, whatever is in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from medviewer.dicom.elements import Broken
from medviewer.dicom.objects.guarded import Item
from medviewer.dicom.walk import Header, walk
from medviewer.errors import UnreadableImage

_CHARSET = 0x00080005


def read_walked(path: Path, keywords: Iterable[str]) -> tuple[Item, Header]:
    """The named elements (no sequences) of a file, and its header. Raises :class:`UnreadableImage`."""
    tags = {tag for name in keywords if (tag := tag_for_keyword(name)) is not None}
    try:
        header = walk(path, frozenset(tags | {_CHARSET}))
    except Broken as error:
        raise UnreadableImage(str(error)) from error
    except OSError as error:
        raise UnreadableImage("The file could not be read.", "Open the folder again.") from error
    ds, little = Dataset(), header.coding.little
    for tag, raw in header.values.items():
        if tag in tags:
            ds[tag] = RawDataElement(BaseTag(tag), dictionary_VR(tag), len(raw), raw, 0, False, little)
    return Item(ds, little, header.values.get(_CHARSET, b"")), header
