"""A PDF as an Encapsulated PDF (PS3.3 A.45.1), byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from medviewer.dicom.evidence.codes import code_item, short_text
from medviewer.dicom.evidence.derived import RESEARCH, NewObject, Origin, add_contributor, begin
from medviewer.dicom.evidence.references import Beside, Maker, reference_beside, reference_to
from medviewer.errors import UsageError

PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_BEGIN, _END = b"%PDF-", b"%%EOF"
_TAIL = 1024
"""Within so many last bytes a PDF says that it ends (ISO 32000-1, 7.5.5 and Annex H)."""


@dataclass(frozen=True)
class Document:
    """A report as PDF. ``makers``: the models whose findings it tells; ``beside``: objects of the same pack
    that hold its outlines and findings."""

    pdf: bytes
    title: str
    makers: tuple[Maker, ...] = ()
    beside: tuple[Beside, ...] = ()


def is_whole_pdf(data: bytes) -> bool:
    """Whether bytes begin and end as a PDF does: one that was cut has lost its end."""
    return data.startswith(_BEGIN) and _END in data[-_TAIL:]


def pdf_object(origin: Origin, document: Document, new: NewObject) -> Dataset:
    """The document. It names the patient, so it counts as burned in.

    Raises :class:`UsageError` for what is no whole PDF.
    """
    if not is_whole_pdf(document.pdf):
        raise UsageError("This is no whole PDF, so it is not put into a DICOM object.")
    ds = begin(origin, replace(new, sop_class=PDF, modality="DOC"))
    ds.ContentQualification = RESEARCH
    ds.ConversionType = "WSD"
    ds.AcquisitionDateTime = None
    ds.BurnedInAnnotation = "YES"
    # (0042,0013), PS3.3 C.24.2: the instances that the document was derived from.
    images = [reference_to(image, 0) for image in origin.images]
    ds.SourceInstanceSequence = [*images, *map(reference_beside, document.beside)]
    ds.DocumentTitle = short_text(document.title, 1024)
    ds.ConceptNameCodeSequence = [code_item("18748-4", "LN", "Diagnostic imaging study")]
    ds.VerificationFlag = "UNVERIFIED"
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    _put(ds, document.pdf)
    _name_makers(ds, document.makers, new)
    return ds


def _put(ds: Dataset, pdf: bytes) -> None:
    """Padded to an even length (PS3.5 7.1.1); the length before that is told (0042,0015)."""
    ds.EncapsulatedDocumentLength = len(pdf)
    ds.add_new("EncapsulatedDocument", "OB", pdf + b"\0" * (len(pdf) % 2))


def _name_makers(ds: Dataset, makers: Sequence[Maker], new: NewObject) -> None:
    for maker in makers:
        add_contributor(ds, maker.name, maker.version, maker.part, new.when)
