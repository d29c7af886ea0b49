"""The PDF inside an Encapsulated PDF object, behind the same guard as everything else (PS3.3 C.24)."""

from __future__ import annotations

from pathlib import Path

from medviewer.dicom.elements import Broken
from medviewer.dicom.tag_tree import read_tags
from medviewer.dicom.walk import begin
from medviewer.tasks import TaskContext

MAX_BYTES = 256 << 20
_BEGIN = b"%PDF-"


def read_pdf(path: Path, context: TaskContext | None = None) -> bytes:
    """The PDF as it was put in. Raises :class:`Broken` where there is none, or one past believing; OSError,
    Cancelled."""
    rows = read_tags(path, context).rows
    row = next((row for row in rows if row.keyword == "EncapsulatedDocument" and row.depth == 0), None)
    if row is None or not row.length:
        raise Broken("The file holds no document.")
    if row.length > MAX_BYTES:
        raise Broken("The document is larger than can be shown.")
    with path.open("rb", buffering=0) as file:
        found = begin(file).window.take(row.offset, row.length)
    if not found.startswith(_BEGIN):
        raise Broken("The document is no PDF.")
    return found.removesuffix(b"\0")
