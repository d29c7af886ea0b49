"""Encapsulated PDF: byte for byte what was put in."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import pydicom
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.document import read_pdf
from medviewer.dicom.evidence.document_object import Document, is_whole_pdf, pdf_object
from medviewer.dicom.evidence.read_back import NotAsMeant, check_pdf
from medviewer.dicom.evidence.references import Beside
from medviewer.errors import UsageError
from tests.dicom.evidence.written import PDF, ct_origin, errors_of, new, put, twisted


@pytest.mark.parametrize("pdf", [PDF, PDF + b"\n"], ids=["even", "odd"])
def test_that_the_bytes_are_those_that_were_put_in(tmp_path: Path, pdf: bytes) -> None:
    assert len(PDF) % 2 == 0
    origin = ct_origin(tmp_path)
    path = put(pdf_object(origin, Document(pdf, "Chest CT report"), new()), tmp_path / "out")
    check_pdf(path, origin, Document(pdf, "Chest CT report"))
    ds = pydicom.dcmread(path)
    assert len(ds.EncapsulatedDocument) % 2 == 0
    assert ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength] == pdf
    assert read_pdf(path) == pdf


def test_that_dcmtk_takes_the_same_pdf_out(tmp_path: Path) -> None:
    if which("dcm2pdf") is None:
        pytest.skip("dcm2pdf (dcmtk) is not on this machine")
    origin = ct_origin(tmp_path)
    path = put(pdf_object(origin, Document(PDF, "Report"), new()), tmp_path / "out")
    subprocess.run(["dcm2pdf", str(path), str(tmp_path / "out.pdf")], check=True, capture_output=True)
    assert (tmp_path / "out.pdf").read_bytes() == PDF


def test_that_it_is_an_unverified_report_that_names_the_patient(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    ds = pdf_object(origin, Document(PDF, "Thorax-CT, Müller\\x"), new())
    assert (ds.VerificationFlag, ds.BurnedInAnnotation, ds.Modality) == ("UNVERIFIED", "YES", "DOC")
    assert ds.DocumentTitle == "Thorax-CT, Müller/x"
    named = [item.ReferencedSOPInstanceUID for item in ds.SourceInstanceSequence]
    assert named == [image.sop_uid for image in origin.images]


def test_that_lost_and_foreign_sources_are_found(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    beside = (Beside("1.2.840.10008.5.1.4.1.1.66.4", "1.2.3.4.5"),)
    document = Document(PDF, "Report", beside=beside)
    path = put(pdf_object(origin, document, new()), tmp_path / "out")
    check_pdf(path, origin, document)
    assert errors_of(path) == []

    def lost(ds: Dataset) -> None:
        del ds.SourceInstanceSequence[-1]

    def lost_image(ds: Dataset) -> None:
        del ds.SourceInstanceSequence[0]

    def other(ds: Dataset) -> None:
        ds.SourceInstanceSequence[-1].ReferencedSOPInstanceUID = "1.2.3.4.6"

    def other_kind(ds: Dataset) -> None:
        ds.SourceInstanceSequence[-1].ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.34"

    for change in (lost, lost_image, other, other_kind):
        with pytest.raises(NotAsMeant):
            check_pdf(twisted(path, change), origin, document)


@pytest.mark.parametrize("data", [b"", b"<html>", PDF[:-9], b"x" + PDF, b"%PDF-1.4"])
def test_that_what_is_no_whole_pdf_is_refused(tmp_path: Path, data: bytes) -> None:
    assert not is_whole_pdf(data)
    with pytest.raises(UsageError):
        pdf_object(ct_origin(tmp_path), Document(data, "Report"), new())


def test_that_the_validator_has_nothing_against_it(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    assert errors_of(put(pdf_object(origin, Document(PDF, "Report"), new()), tmp_path / "out")) == []
