"""The table of findings in the PDF: each model's name, its findings with numbers, notes and decisions."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from reportlab.platypus import Flowable, Paragraph

from medviewer.review import pdf_style as look
from medviewer.review.pdf_blocks import Pill, section, table
from medviewer.review.pdf_style import bold, italic, muted, plain
from medviewer.review.report_model import Group, Line, Report, Row
from medviewer.review.report_words import also

_TOGETHER = 12
"""A finding of fewer lines than this is not torn apart by the end of a page."""
_PIECE = 600
"""Characters of a long reason that make one row of the table."""
_LONG_REASON = 60
"""A reason longer than this gets lines of its own below the row, across the table."""


def findings(report: Report, width: float) -> list[Flowable]:
    """The heading and the table, as wide as ``width`` points; nothing where there are no findings."""
    titled = any(group.title for group in report.groups)
    if not report.rows and not titled:
        return []
    head = [look.label("Finding"), look.label("Value", look.LABEL_RIGHT), look.label("Range or criterion")]
    rows: list[list[Any]] = [[*head, look.label("Image"), look.label("Decision")]]
    style: list[Any] = [("LINEBELOW", (0, 0), (-1, 0), 0.8, look.LINE), ("BOTTOMPADDING", (0, 0), (-1, 0), 4)]
    for group, row in ((g, r) for g in report.groups for r in (None, *g.rows)):
        top = len(rows)
        if row is None:
            if titled:
                rows.append(_group_row(group, style, top))
            continue
        rows += _finding_rows(row, style, top)
        end = len(rows) - 1
        style += [
            ("LINEBELOW", (0, end), (-1, end), 0.4, look.LINE),
            ("TOPPADDING", (0, top), (-1, top), 5),
            ("BOTTOMPADDING", (0, end), (-1, end), 5),
        ]
        if end - top < _TOGETHER and len(row.reason) < 2 * _PIECE:
            style.append(("NOSPLIT", (0, top), (0, end)))
    style = [
        ("TOPPADDING", (0, 1), (-1, -1), 0.5),
        ("BOTTOMPADDING", (0, 1), (-1, -1), 0.5),
        ("LEFTPADDING", (0, 0), (0, -1), 5),
        *style,
    ]
    shares = (0.22, 0.105, 0.37, 0.08, 0.225)
    made = table(rows, [share * width for share in shares], *style, repeatRows=1)
    return [section("Findings"), made]


def _group_row(group: Group, style: list[Any], at: int) -> list[Any]:
    """The model's name above its findings, and how its run ended where there are none."""
    style += [
        ("SPAN", (0, at), (-1, at)),
        ("NOSPLIT", (0, at), (0, at + 1)),
        ("TOPPADDING", (0, at), (-1, at), 7),
    ]
    return [Paragraph(f"{bold(group.title)} &nbsp;{muted(group.said)}", look.CELL), "", "", "", ""]


def _finding_rows(row: Row, style: list[Any], top: int) -> list[list[Any]]:
    """The finding with its leading number, images and decision; the other numbers in one line; the notes."""
    short = len(row.reason) <= _LONG_REASON
    decision = Pill(row.decision, row.reason if short else "")
    images = [_image_cell(row)]
    span = Paragraph(muted(row.images), look.CAPTION)
    if row.images:
        images.append(span)
    said = row.first.name.lower()
    name = f" {muted(row.first.name)}" if said and said not in row.title.lower() else ""
    title = [Paragraph(bold(row.title) + name, look.CELL)]
    rows: list[list[Any]] = [[title, *_number_cells(row.first), images, decision]]
    if not row.first.value:
        style.append(("SPAN", (0, top), (1, top)))
        rows[0][1] = ""
    texts = [also(row.below, muted, plain)] if row.below else []
    if len(row.below) == 1 and not row.below[0].indicative:
        title.append(Paragraph(texts.pop(), look.CELL))  # room enough beside the images
    texts += [f'<font color="#8a5a00">{plain(note)}</font>' for note in row.notes]
    if row.reason and not short:
        first_part, *rest = _pieces(row.reason)
        texts += [f"{bold('Reason: ')}{plain(first_part)}", *map(plain, rest)]
    for text in texts:
        at = top + len(rows)
        style.append(("SPAN", (0, at), (-1, at)))
        rows.append([Paragraph(text, look.CELL), "", "", "", ""])
    return rows


def _pieces(text: str) -> list[str]:
    """A long text in pieces that each fit a page many times over: rows of a table, not one endless row."""
    return wrap(text, _PIECE, break_long_words=True, break_on_hyphens=False) or [""]


def _image_cell(row: Row) -> Paragraph:
    if row.figure is None:
        return Paragraph(plain(row.key_image), look.CELL)
    return Paragraph(f'<a href="#figure-{row.figure}" color="#1d5fb8">{plain(row.key_image)}</a>', look.CELL)


def _number_cells(line: Line) -> list[Paragraph]:
    value = muted(line.value) if line.indicative else plain(line.value)
    text = plain(line.criterion)
    if line.indicative:
        text = " · ".join(x for x in (italic(line.indicative), text) if x)
    return [Paragraph(value, look.CELL_RIGHT), Paragraph(text, look.CELL)]
