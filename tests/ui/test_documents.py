"""A PDF in a study is shown as pages; what is none says so."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.uid import DeflatedExplicitVRLittleEndian
from pytestqt.qtbot import QtBot
from reportlab.pdfgen.canvas import Canvas

from medviewer.dicom.document import read_pdf
from medviewer.dicom.elements import Broken
from medviewer.errors import UnreadableImage
from medviewer.review import pdf_pages
from medviewer.review.pdf_pages import foreign_pages
from medviewer.ui.dialogs.document import DocumentReader
from medviewer.ui.main_window import MainWindow
from tests.ui.test_objects import write_object
from tests.ui.windows import open_and_click

PDF_CLASS = "104.1"


def pdf(pages: int = 2, size: tuple[float, float] = (595.0, 842.0)) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, pagesize=size, invariant=1)
    for k in range(pages):
        canvas.drawString(72, size[1] / 2, f"Page {k + 1}")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def write_pdf(path: Path, data: bytes) -> Path:
    return write_object(
        path, PDF_CLASS, EncapsulatedDocument=even(data), MIMETypeOfEncapsulatedDocument="application/pdf"
    )


def test_that_the_document_comes_out_as_it_was_put_in(tmp_path: Path) -> None:
    assert read_pdf(write_pdf(tmp_path / "a", pdf())) == pdf()


def test_that_a_deflated_file_gives_its_document(tmp_path: Path) -> None:
    ds = pydicom.dcmread(write_pdf(tmp_path / "a", pdf()))
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    ds.save_as(tmp_path / "b", enforce_file_format=True)
    assert read_pdf(tmp_path / "b") == pdf()


def test_that_only_a_pdf_is_a_pdf(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no PDF"):
        read_pdf(write_pdf(tmp_path / "a", b"MZ" + pdf()))
    with pytest.raises(Broken, match="no document"):
        read_pdf(write_object(tmp_path / "b", PDF_CLASS))


def test_that_pages_come_out_at_the_width_asked() -> None:
    pictures: list[NDArray[np.uint8]] = []
    assert foreign_pages(pdf(2), 200, pictures.append) == 2
    assert [p.shape[1] for p in pictures] == pytest.approx([200, 200], abs=1)
    assert all(p.min() < 128 for p in pictures)


def test_that_a_page_of_absurd_length_stays_small() -> None:
    pictures: list[NDArray[np.uint8]] = []
    foreign_pages(pdf(1, (10.0, 14_000.0)), 200, pictures.append)
    assert pictures[0].shape[0] <= 801


def test_that_a_long_document_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages, "MAX_PAGES", 3)
    pictures: list[NDArray[np.uint8]] = []
    assert foreign_pages(pdf(5), 50, pictures.append) == 5
    assert len(pictures) == 3


def test_that_a_damaged_pdf_is_refused_in_words() -> None:
    with pytest.raises(UnreadableImage, match="damaged or locked"):
        foreign_pages(b"%PDF-1.4 nothing", 50, lambda _: None)


def test_that_a_click_shows_the_pages(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    write_pdf(tmp_path / "letter.dcm", pdf(2))
    dialog = open_and_click(qtbot, window, DocumentReader, tmp_path)
    assert dialog.said.text() == "2 pages"
    assert len(dialog.pages) == 2
    dialog.reject()


def test_that_a_click_on_a_false_pdf_says_why(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    write_pdf(tmp_path / "letter.dcm", b"#!/bin/sh")
    dialog = open_and_click(qtbot, window, DocumentReader, tmp_path)
    assert dialog.said.text() == "The document is no PDF."
    dialog.reject()
