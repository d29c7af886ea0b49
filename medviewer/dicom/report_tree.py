"""A structured report as lines to read: name, value and unit, in the order of the document (PS3.3 C.17.3).

Built on the guarded rows of :mod:`~medviewer.dicom.tag_tree`; no dataset object is made of a foreign file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medviewer.dicom.captions import display_date, display_name
from medviewer.dicom.study import ScanResult
from medviewer.dicom.tag_items import TagItem, tag_items
from medviewer.dicom.tag_tree import read_tags
from medviewer.dicom.ucum import unit_name
from medviewer.dicom.values import integer
from medviewer.imaging.numbers import MINUS, THIN_SPACE
from medviewer.tasks import TaskContext

_LONGEST = 20_000
_FLAGS = {"COMPLETE": "complete", "PARTIAL": "partial", "VERIFIED": "verified", "UNVERIFIED": "not verified"}


@dataclass(frozen=True)
class ReportLine:
    """One content item. ``references`` are the SOP instance UIDs of the images and objects it points at,
    ``frames`` the first frame meant of each, from 1, or 0 for all."""

    depth: int
    name: str
    value: str
    references: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class ReportTree:
    """What a report says. ``about`` tells its state and date, ``stopped`` why it ends early (or empty)."""

    title: str
    about: str
    lines: tuple[ReportLine, ...]
    stopped: str = ""


def read_report(path: Path, context: TaskContext | None = None) -> ReportTree:
    """What a structured report says. Raises as :func:`~medviewer.dicom.tag_tree.read_tags` does."""
    tree = read_tags(path, context, longest=_LONGEST)
    root = tag_items(tree.rows)
    lines: list[ReportLine] = []
    _add_children(root, 0, lines)
    flags = [_FLAGS.get(root.get(k), "") for k in ("CompletionFlag", "VerificationFlag")]
    about = [part for part in (display_date(root.get("ContentDate")), *flags) if part]
    title = root.first("ConceptNameCodeSequence").meaning or "Structured report"
    return ReportTree(title, " · ".join(about), tuple(lines), tree.stopped)


def _add_children(parent: TagItem, depth: int, lines: list[ReportLine]) -> None:
    for item in parent.items("ContentSequence"):
        name = item.first("ConceptNameCodeSequence").meaning or _unnamed(item.get("ValueType"))
        named = _references(item)
        lines.append(ReportLine(depth, name, _value(item), tuple(named), tuple(named.values())))
        _add_children(item, depth + 1, lines)


def _value(item: TagItem) -> str:
    kind = item.get("ValueType")
    if kind == "NUM":
        return _measured(item)
    if not kind and item.get("ReferencedContentItemIdentifier"):
        return "refers to another line"
    return {
        "CODE": item.first("ConceptCodeSequence").meaning,
        "PNAME": display_name(item.get("PersonName")),
        "DATE": display_date(item.get("Date")),
        "TEXT": item.get("TextValue"),
        "DATETIME": item.get("DateTime"),
        "TIME": item.get("Time"),
        "UIDREF": item.get("UID"),
        "SCOORD": item.get("GraphicType").lower(),
        "SCOORD3D": item.get("GraphicType").lower(),
    }.get(kind, "")


def _measured(item: TagItem) -> str:
    """ "12.5 mm": the file's own digits, a true minus, the unit as people write it."""
    measured = item.first("MeasuredValueSequence")
    digits = measured.get("NumericValue").strip()
    if not digits:
        return item.first("NumericValueQualifierCodeSequence").meaning or "no value"
    unit = measured.first("MeasurementUnitsCodeSequence")
    code = unit.get("CodeValue")
    word = unit_name(code) if unit.get("CodingSchemeDesignator") == "UCUM" else unit.meaning
    shown = digits.replace("-", MINUS, 1) if digits.startswith("-") else digits
    return f"{shown}{THIN_SPACE}{word}" if word else shown


def _references(item: TagItem) -> dict[str, int]:
    """SOP instance UIDs, without the names the tag list may add to a UID, and the first frame of each."""
    found: dict[str, int] = {}
    for reference in item.items("ReferencedSOPSequence"):
        uid = reference.get("ReferencedSOPInstanceUID").split(" ")[0]
        frame = integer(reference.get("ReferencedFrameNumber").split("\\")[0].encode())
        if uid:
            found.setdefault(uid, max(0, frame or 0))
    return found


def _unnamed(kind: str) -> str:
    return {"IMAGE": "Image", "COMPOSITE": "Object", "CONTAINER": "Section"}.get(kind, kind.capitalize())


def places(scan: ScanResult, patient_key: str) -> dict[str, str]:
    """SOP instance UID -> "image 31 of series 2", for the open images of one patient and no other."""
    found: dict[str, str] = {}
    for series in scan.all_series():
        if series.patient_key != patient_key:
            continue
        name = f"series {series.description if series.number is None else series.number}".strip()
        for k, image in enumerate(series.instances):
            found.setdefault(image.sop_uid, name if image.frames > 1 else f"image {k + 1} of {name}")
    for other in scan.objects:
        if other.patient.key == patient_key:
            found.setdefault(other.sop_uid, f"{other.kind.name} {other.description}".strip())
    return found


def place_of(scan: ScanResult, patient_key: str, uid: str, frame: int = 0) -> tuple[str, int] | None:
    """(series key, index of the image) of an open image of one patient; ``frame`` from 1, 0 for the first."""
    for series in scan.all_series():
        if series.patient_key != patient_key:
            continue
        for k, image in enumerate(series.instances):
            if image.sop_uid == uid and frame in (0, image.frame + 1):
                return series.key, k
    return None


def target_of(lines: Sequence[ReportLine], at: int) -> tuple[str, int] | None:
    """(SOP instance UID, frame) of what a line points at, itself or by the first line below it that does: a
    contour lies on the image it was selected from."""
    for k, line in enumerate(lines[at:]):
        if k and line.depth <= lines[at].depth:
            break
        if line.references:
            return line.references[0], line.frames[0] if line.frames else 0
    return None


def pointed_at(line: ReportLine, known: dict[str, str]) -> str:
    """Where a line points, in words; empty where it points nowhere."""
    if not line.references:
        return ""
    words = [known[uid] for uid in line.references if uid in known]
    left = len(line.references) - len(words)
    if left:
        words.append(f"{left} not open" if words or left > 1 else "not open")
    return ", ".join(words)
