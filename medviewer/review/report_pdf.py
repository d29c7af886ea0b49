"""The report as PDF (reportlab): A4, calm, page numbers, nothing taken from the headers but plain text."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from medviewer.review import pdf_style as look
from medviewer.review.pdf_parts import story
from medviewer.review.report_model import Report

_MARGIN = 14 * mm
_FOOT = 15 * mm


def pdf_bytes(report: Report) -> bytes:
    """The PDF file. The same report gives the same bytes: no clock, no random identifier."""
    look.register_fonts()
    out = BytesIO()
    width, height = A4
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title="Analysis report",
        author="MedViewer",
        subject=report.legal,
        creator=f"MedViewer {report.app_version}",
        lang=report.language,
        invariant=1,
        initialFontName=look.REGULAR,
    )
    inner = width - 2 * _MARGIN
    first = Frame(_MARGIN, _FOOT, inner, height - _FOOT - 12 * mm, 0, 0, 0, 0)
    later = Frame(_MARGIN, _FOOT, inner, height - _FOOT - 20 * mm, 0, 0, 0, 0)
    document.addPageTemplates(
        [
            PageTemplate("first", [first], autoNextPageTemplate="later"),
            PageTemplate("later", [later], onPage=lambda canvas, _: _running_head(canvas, report)),
        ]
    )

    class Numbered(_NumberedCanvas):
        """Bound to this report: reportlab makes the canvas itself."""

        text = (report.footer, report.legal)

    document.build(story(report, inner), canvasmaker=Numbered)
    return out.getvalue()


def _running_head(canvas: Canvas, report: Report) -> None:
    """Whose report a loose second page belongs to."""
    width, height = A4
    y = height - 12 * mm
    look.Text().draw(canvas, _MARGIN, y, report.title)
    who = " · ".join(fact.value for fact in report.patient[:2])
    look.Text(align="right", room=100 * mm).draw(canvas, width - _MARGIN, y, who)
    canvas.setStrokeColor(look.LINE)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, y - 2.2 * mm, width - _MARGIN, y - 2.2 * mm)


class _NumberedCanvas(Canvas):  # type: ignore[misc]
    """Keeps the pages until the last, so that each can say how many there are."""

    text: tuple[str, str] = ("", "")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Put the page aside."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Number and write all pages."""
        for page in self._pages:
            self.__dict__.update(page)
            self._foot(len(self._pages))
            super().showPage()
        super().save()

    def _foot(self, pages: int) -> None:
        width, _ = A4
        y = 9 * mm
        self.setStrokeColor(look.LINE)
        self.setLineWidth(0.5)
        self.line(_MARGIN, y + 4 * mm, width - _MARGIN, y + 4 * mm)
        look.Text().draw(self, _MARGIN, y, self.text[0])
        look.Text(colour=look.WARNING, align="centre", bold=True).draw(self, width / 2, y, self.text[1])
        number = f"Page {self._pageNumber} of {pages}"
        look.Text(align="right").draw(self, width - _MARGIN, y, number)
