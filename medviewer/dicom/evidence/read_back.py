"""What was written, read again by other code than wrote it: whose it is, what it refers to, what it holds.

The writers go through pydicom and highdicom; here the bytes are walked by :mod:`~medviewer.dicom.tag_tree`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from medviewer.dicom.elements import Broken
from medviewer.dicom.evidence.capture import SC, Capture
from medviewer.dicom.evidence.derived import RESEARCH, Origin
from medviewer.dicom.evidence.document_object import PDF, Document, is_whole_pdf
from medviewer.dicom.evidence.key_objects import KOS, KeyObjects
from medviewer.dicom.evidence.references import Beside, Shown
from medviewer.dicom.tag_items import TagItem, tag_items
from medviewer.dicom.tag_tree import read_tags
from medviewer.dicom.values import plain
from medviewer.errors import WriteError

_LONGEST = 20_000
_PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID")
_STUDY = ("StudyInstanceUID", "StudyDate", "StudyID", "AccessionNumber")


class NotAsMeant(WriteError):
    """An object that was read back is not what was to be written."""


def _fail(what: str) -> NotAsMeant:
    return NotAsMeant(f"The object that was written is not as it was meant: {what}.", "It must not be used.")


def read_whose(path: Path, origin: Origin, sop_class: str, beside: Sequence[Beside] = ()) -> TagItem:
    """The elements of a file, once it is sure whose they are and that they name images of ``origin`` only,
    or objects that stand beside it.

    Raises :class:`NotAsMeant`.
    """
    try:
        tree = read_tags(path, longest=_LONGEST)
    except Broken as error:
        raise _fail("it cannot be read") from error
    if tree.stopped:
        raise _fail("it is cut short or damaged")
    root = tag_items(tree.rows)
    _check_identity(root, origin, sop_class)
    for place, series in _references(root, ""):
        if _named(place) not in beside:
            _check_reference(place, series, origin)
    return root


def uid_of(item: TagItem, keyword: str) -> str:
    """A UID without the name that rows put behind it."""
    return item.get(keyword).split("  ")[0]


def _check_identity(root: TagItem, origin: Origin, sop_class: str) -> None:
    for keyword in _PATIENT:
        if root.get(keyword) != plain(str(origin.header.get(keyword) or "")):
            raise _fail("it is of another patient")
    for keyword in _STUDY:
        if uid_of(root, keyword) != plain(str(origin.header.get(keyword) or "")):
            raise _fail("it lies in another study")
    if uid_of(root, "SOPClassUID") != sop_class or uid_of(root, "MediaStorageSOPClassUID") != sop_class:
        raise _fail("it is of another kind")
    own = uid_of(root, "SOPInstanceUID")
    if not own or own != uid_of(root, "MediaStorageSOPInstanceUID"):
        raise _fail("its two identifiers differ")
    taken = {image.sop_uid for image in origin.images} | {image.series_uid for image in origin.images}
    if taken & {own, uid_of(root, "SeriesInstanceUID")}:
        raise _fail("it takes the place of an image")
    if root.get("ContentQualification") != RESEARCH:
        raise _fail("it does not say that it is for research")


def _references(item: TagItem, series: str) -> Iterator[tuple[TagItem, str]]:
    """Every item that names an instance, with the series it is listed under (empty: under none)."""
    for members in item.sequences.values():
        for member in members:
            under = uid_of(member, "SeriesInstanceUID") or series
            if "ReferencedSOPInstanceUID" in member.rows:
                yield member, under
            yield from _references(member, under)


def _check_reference(item: TagItem, series: str, origin: Origin) -> None:
    uid = uid_of(item, "ReferencedSOPInstanceUID")
    image = next((one for one in origin.images if one.sop_uid == uid), None)
    if image is None:
        raise _fail("it refers to an image that is not there")
    if uid_of(item, "ReferencedSOPClassUID") != image.sop_class or series not in ("", image.series_uid):
        raise _fail("it names an image as what it is not")
    if any(not 1 <= frame <= image.frames for frame in frames_of(item)):
        raise _fail("it refers to a frame that is not there")


def _named(item: TagItem) -> Beside:
    """What an item names, of whatever kind."""
    return Beside(uid_of(item, "ReferencedSOPClassUID"), uid_of(item, "ReferencedSOPInstanceUID"))


def frames_of(item: TagItem) -> tuple[int, ...]:
    """Frames that a reference names, from 1; () for all."""
    return tuple(int(x) for x in item.get("ReferencedFrameNumber").split("\\") if x)


def _taken(path: Path, root: TagItem, keyword: str) -> bytes:
    row = root.rows.get(keyword)
    if row is None:
        raise _fail("what it should hold is missing")
    with path.open("rb") as file:
        file.seek(row.offset)
        return file.read(row.length)


def check_capture(path: Path, origin: Origin, capture: Capture) -> None:
    """Every pixel, the images it was made from, and that it says what is burned in. Raises
    :class:`NotAsMeant`."""
    root = read_whose(path, origin, SC)
    rows, columns = capture.rgb.shape[:2]
    told = [root.get(k) for k in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored")]
    if told != [str(rows), str(columns), "3", "8", "8"] or root.get("PhotometricInterpretation") != "RGB":
        raise _fail("its picture is of another size or kind")
    data = _taken(path, root, "PixelData")
    if len(data) - capture.rgb.size not in (0, 1):
        raise _fail("its pixels are too few or too many")
    found = np.frombuffer(data, np.uint8, capture.rgb.size).reshape(capture.rgb.shape)
    if not np.array_equal(found, capture.rgb):
        raise _fail("its pixels differ")
    if root.get("BurnedInAnnotation") != "YES":
        raise _fail("it does not say that words are burned in")
    sources = [_shown(item) for item in root.items("SourceImageSequence")]
    if sources != _wanted(capture.shows, origin):
        raise _fail("it names other images as its sources")


def check_keys(path: Path, origin: Origin, keys: KeyObjects) -> None:
    """The marked images, in order, each listed in the evidence too. Raises :class:`NotAsMeant`."""
    root = read_whose(path, origin, KOS)
    marked = [
        _shown(reference)
        for item in root.items("ContentSequence")
        if item.get("ValueType") == "IMAGE"
        for reference in item.items("ReferencedSOPSequence")
    ]
    if marked != _wanted(tuple(dict.fromkeys(keys.images)), origin):
        raise _fail("it marks other images")
    if root.first("ConceptNameCodeSequence").get("CodeValue") != "113000":
        raise _fail("its title is another")
    evidence = root.items("CurrentRequestedProcedureEvidenceSequence")
    if [uid_of(item, "StudyInstanceUID") for item in evidence] != [origin.study_uid]:
        raise _fail("its evidence lies in another study")
    listed = [uid_of(item, "ReferencedSOPInstanceUID") for item, _ in _references(evidence[0], "")]
    if sorted(listed) != sorted({one.sop_uid for one in marked}):
        raise _fail("its evidence lists other images")


def check_pdf(path: Path, origin: Origin, document: Document) -> None:
    """Every byte of the PDF, padded to an even length, and what it was made from. Raises
    :class:`NotAsMeant`."""
    root = read_whose(path, origin, PDF, document.beside)
    images = [Beside(image.sop_class, image.sop_uid) for image in origin.images]
    if [_named(item) for item in root.items("SourceInstanceSequence")] != [*images, *document.beside]:
        raise _fail("it names other objects as its sources")
    if root.get("MIMETypeOfEncapsulatedDocument") != "application/pdf":
        raise _fail("it does not say that it is a PDF")
    data = _taken(path, root, "EncapsulatedDocument")
    length = len(document.pdf)
    if root.get("EncapsulatedDocumentLength") != str(length) or len(data) != length + length % 2:
        raise _fail("its document is of another length")
    if data[:length] != document.pdf or not is_whole_pdf(data[:length]):
        raise _fail("its document differs")


def _shown(item: TagItem) -> Shown:
    frames = frames_of(item)
    return Shown(uid_of(item, "ReferencedSOPInstanceUID"), frames[0] if frames else 0)


def _wanted(shown: tuple[Shown, ...], origin: Origin) -> list[Shown]:
    """What is to stand in the file: frames are named for images of several only."""
    several = {image.sop_uid for image in origin.images if image.frames > 1}
    return [one if one.sop_uid in several else Shown(one.sop_uid) for one in shown]
