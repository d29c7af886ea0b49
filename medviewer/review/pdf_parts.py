"""The parts of the PDF, top to bottom: head, impression, findings, figures, how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    KeepTogether,
    Paragraph,
    Spacer,
    Table,
)

from medviewer.review import pdf_style as look
from medviewer.review.opinion_words import line
from medviewer.review.pdf_blocks import Elastic, Picture, section, swatch, table
from medviewer.review.pdf_findings import findings
from medviewer.review.pdf_style import bold, muted, plain
from medviewer.review.report_model import Fact, Figure, Report

_GAP = 4 * mm
_TALLEST = 69 * mm
_LOWEST = 46 * mm
"""Figures give way down to this height before they go to the next page."""


def story(report: Report, width: float) -> list[Flowable]:
    """Everything that flows over the pages."""
    return [
        *_head(report, width),
        *_facts(report.patient, width, 4),
        Spacer(0, 3.5 * mm),
        *_impression(report, width),
        *_notices(report, width),
        *findings(report, width),
        *_opinions(report),
        *_measurements(report, width),
        *_figures(report, width),
        *_made(report, width),
    ]


def _head(report: Report, width: float) -> list[Flowable]:
    left = [
        Paragraph(plain(report.title, look.BOLD), look.TITLE),
        Paragraph(plain(report.subtitle), look.SUBTITLE),
    ]
    right = [
        Paragraph(bold("MedViewer"), look.RIGHT),
        *(Paragraph(muted(text), look.RIGHT) for text in (report.status, report.progress) if text),
    ]
    made = table([[left, right]], [width * 0.7, width * 0.3], ("RIGHTPADDING", (0, 0), (-1, -1), 0))
    return [made, HRFlowable("100%", 1.6, "butt", look.HEADING, 2.5 * mm, 3.2 * mm)]


def _facts(facts: Sequence[Fact], width: float, columns: int) -> list[Flowable]:
    cells = [[look.label(fact.label), Paragraph(plain(fact.value), look.VALUE)] for fact in facts]
    rows = [cells[k : k + columns] for k in range(0, len(cells), columns)]
    rows[-1] += [[] for _ in range(columns - len(rows[-1]))]
    pad = [("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 5)]
    return [table(rows, [width / columns] * columns, *pad)]


def _box(paragraphs: Sequence[Paragraph], width: float, paper: Any, bar: Any, pad: float) -> Table:
    """Paragraphs on tinted paper with a bar at their left; long ones go on over the page."""
    last = len(paragraphs) - 1
    return table(
        [[paragraph] for paragraph in paragraphs],
        [width],
        ("BACKGROUND", (0, 0), (-1, -1), paper),
        ("LINEBEFORE", (0, 0), (0, -1), 2.4, bar, "butt"),
        ("LEFTPADDING", (0, 0), (-1, -1), 12),
        ("RIGHTPADDING", (0, 0), (-1, -1), 10),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("TOPPADDING", (0, 0), (-1, 0), pad),
        ("BOTTOMPADDING", (0, last), (-1, last), pad + 1),
        splitInRow=1,
    )


def _impression(report: Report, width: float) -> list[Flowable]:
    own = [Paragraph(plain(line), look.IMPRESSION) for line in report.impression.splitlines() if line.strip()]
    told = []
    for sentence in report.sentences:
        text, k = plain(sentence.text.rstrip()), sentence.figure
        link = f' (<a href="#figure-{k}" color="#1d5fb8">figure\u00a0{k}</a>).'
        told.append(text if k is None else text.removesuffix(".") + link)
    if told:
        own.append(Paragraph(" ".join(told), look.IMPRESSION))
    if not own:
        own = [Paragraph(muted("No impression was written and no finding accepted."), look.IMPRESSION)]
    return [_box(own, width, look.PAPER, look.ACCENT, 8)]


def _notices(report: Report, width: float) -> list[Flowable]:
    told = [*report.notices]
    words = (
        [fact.value for fact in report.patient] + [report.impression] + [row.reason for row in report.rows]
    )
    if not all(map(look.printable, words)):
        told.append("Some letters cannot be printed with the fonts at hand; the HTML report shows them.")
    if not told:
        return []
    texts = [Paragraph(plain(text), look.NOTICE) for text in told]
    return [Spacer(0, 2.4 * mm), _box(texts, width, look.ATTENTION_PAPER, look.PILLS["not reviewed"][1], 5)]


def _opinions(report: Report) -> list[Flowable]:
    if not report.comparisons:
        return []
    told = [Paragraph(plain(line(comparison)), look.SMALL) for comparison in report.comparisons]
    return [section("Second opinion"), *told]


def _measurements(report: Report, width: float) -> list[Flowable]:
    if not report.measurements:
        return []
    rows: list[list[Any]] = [[look.label(x) for x in ("Measured by the reader", "Value", "Image", "By")]]
    rows += [
        [Paragraph(plain(x), look.CELL) for x in (m.kind.capitalize(), m.value, m.image, m.by)]
        for m in report.measurements
    ]
    style = [("LINEBELOW", (0, 0), (-1, -1), 0.4, look.LINE), ("LEFTPADDING", (0, 0), (0, -1), 5)]
    made = table(rows, [share * width for share in (0.27, 0.2, 0.23, 0.3)], *style, repeatRows=1)
    return [section("Measurements"), made]


def _figures(report: Report, width: float) -> list[Flowable]:
    if not report.figures:
        return [Paragraph(muted(report.no_figures), look.SMALL)] if report.no_figures else []
    parts: list[Flowable] = []
    for k in range(0, len(report.figures), 2):
        pair = report.figures[k : k + 2]
        parts.append(
            Elastic(partial(_figure_row, pair, width, k == 0), _natural_height(pair, width), _LOWEST)
        )
    return parts


def _natural_height(figures: Sequence[Figure], width: float) -> float:
    """One height for a row that fills the width, where that is not too tall."""
    room = width - _GAP * (len(figures) - 1)
    alone = 0.56 * width / figures[0].aspect if len(figures) == 1 else _TALLEST
    return float(min(_TALLEST, alone, room / sum(figure.aspect for figure in figures)))


def _figure_row(figures: Sequence[Figure], width: float, first: bool, height: float) -> Table:
    """The heading of the first row, one or two figures of one height, their captions."""
    cells: list[Any] = []
    columns: list[float] = []
    widths = [max(figure.aspect * height, 34 * mm) for figure in figures]
    # A caption may be wider than its picture: fewer lines leave the picture more height.
    free = (width - sum(widths) - _GAP * (len(figures) - 1)) / len(figures)
    for figure, wide in zip(figures, widths, strict=True):
        cells += [[Picture(figure, wide, height), Spacer(0, 1.5 * mm), _caption(figure)], ""]
        columns += [wide + min(max(0.0, free), 60 * mm), _GAP]
    # The last column takes what is left, so that a row stands flush left.
    columns[-1] = max(0.0, width - sum(columns[:-1]))
    head = [section("Key images") if first else Spacer(0, 3.2 * mm), *[""] * (len(cells) - 1)]
    pads = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    under = look.SECTION.spaceAfter if first else 0
    return table(
        [head, cells],
        columns,
        *pads,
        ("SPAN", (0, 0), (-1, 0)),
        ("TOPPADDING", (0, 0), (-1, 0), look.SECTION.spaceBefore if first else 0),
        ("BOTTOMPADDING", (0, 0), (-1, 0), under),
    )


def _caption(figure: Figure) -> Paragraph:
    parts = [f'<a name="figure-{figure.number}"/>{bold(f"Figure {figure.number}.")} {plain(figure.caption)}']
    parts += [f"{swatch(item.colour)}{plain(f'{item.name} ({item.words})')}" for item in figure.legend]
    return Paragraph(" &nbsp;".join(parts), look.CAPTION)


def _made(report: Report, width: float) -> list[Flowable]:
    parts: list[Flowable] = []
    if report.technique:
        parts.append(KeepTogether([section("Technique"), *_facts(report.technique, width, 4)]))
    lines = [Paragraph(f"{muted(fact.label)}  {plain(fact.value)}", look.SMALL) for fact in report.made]
    lines.append(Paragraph(f'<font color="#a3161a">{bold(report.legal)}</font>', look.SMALL))
    # Two columns of about the same height: a line holds some 60 characters.
    tall = [1 + len(fact.value) // 60 for fact in report.made] + [1]
    half = min(range(1, len(lines) + 1), key=lambda k: max(sum(tall[:k]), sum(tall[k:])))
    pads = [("TOPPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 12)]
    made = table([[lines[:half], lines[half:]]], [width / 2] * 2, *pads)
    return [*parts, KeepTogether([section("How this was made"), made])]
