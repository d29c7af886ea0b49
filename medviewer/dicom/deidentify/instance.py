"""One file to a new file: read behind our guard, cleaned, marked, its meta information made from nothing."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from medviewer import __version__
from medviewer.dicom.deidentify.blanking import Rectangle, blank
from medviewer.dicom.deidentify.clean import Cleaner, Tally
from medviewer.dicom.deidentify.known import Known
from medviewer.dicom.deidentify.options import Option, method_codes
from medviewer.dicom.elements import Broken
from medviewer.dicom.tags import WANTED
from medviewer.dicom.walk import walk
from medviewer.errors import UnreadableImage

_IMPLEMENTATION_UID = UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, 'medviewer').int}")
_METHOD = f"MedViewer {__version__}, PS3.15 Table E.1-1"
_DAMAGED = "This file is damaged inside, and does not leave."


def read_whole(path: Path) -> Dataset:
    """A file with everything in it, pixels too. Raises :class:`UnreadableImage` for what our own walk through
    the bytes refuses, or a parser meets."""
    try:
        header = walk(path, WANTED)
        if not header.sound:  # pydicom might recurse where our own walk lost its way
            raise UnreadableImage(_DAMAGED)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(path)
    except UnreadableImage:
        raise
    except (Broken, OSError) as error:
        raise UnreadableImage("The file could not be read, and does not leave.") from error
    except Exception as error:  # whatever a damaged file makes of a parser
        raise UnreadableImage(_DAMAGED) from error


def cleaned(
    source: Dataset, cleaner: Cleaner, options: frozenset[Option], *, pixels_cleaned: bool
) -> tuple[Dataset, Tally]:
    """The dataset that leaves, with the marks of PS3.15 E.2 and E.3 and new meta information."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that break a rule and leave as they are, or do not leave
        out, tally = cleaner.clean(source)
        out.PatientIdentityRemoved = "YES"
        out.DeidentificationMethod = _METHOD
        out.DeidentificationMethodCodeSequence = method_codes(options, pixels_cleaned=pixels_cleaned)
        out.LongitudinalTemporalInformationModified = "MODIFIED" if Option.DATES in options else "REMOVED"
        if pixels_cleaned:
            out.BurnedInAnnotation = "NO"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = out.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = out.get("SOPInstanceUID", "")
    meta.TransferSyntaxUID = source.file_meta.TransferSyntaxUID
    meta.ImplementationClassUID, meta.ImplementationVersionName = _IMPLEMENTATION_UID, "MEDVIEWER"
    out.file_meta, out.preamble = meta, b"\0" * 128
    return out, tally


def file_bytes(
    path: Path,
    cleaner: Cleaner,
    options: frozenset[Option],
    known: Known,
    *,
    pixels_cleaned: bool,
    rectangles: Sequence[Rectangle] = (),
) -> bytes:
    """The whole new file. Raises :class:`UnreadableImage` where it cannot be made, or where a name that must
    not leave still stands in the bytes of the finished file."""
    source = read_whole(path)
    out, _ = cleaned(source, cleaner, options, pixels_cleaned=pixels_cleaned)
    if rectangles:
        syntax = blank(out, path, rectangles, str(out.file_meta.TransferSyntaxUID))
        out.file_meta.TransferSyntaxUID = UID(syntax)
    data = _written(out)
    if known.within_bytes(_words_of(data, out)):
        raise UnreadableImage("A name or number of a patient still stood in the finished file.")
    return data


def _written(out: Dataset) -> bytes:
    file = BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out.save_as(file, enforce_file_format=True)
    except Exception as error:  # whatever a damaged value makes of a writer
        raise UnreadableImage(_DAMAGED) from error
    return file.getvalue()


def _words_of(data: bytes, out: Dataset) -> bytes:
    """A finished file without its uncompressed pixels, where six digits may stand by chance; compressed
    streams carry comments, so they stay."""
    pixels = out.get("PixelData")
    if pixels is None or out.file_meta.TransferSyntaxUID.is_encapsulated:
        return data
    before, _, after = data.partition(pixels)
    return before + after
