"""How the PDF looks: fonts with a fallback for every run of text, colours, paragraph styles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any
from unicodedata import category
from xml.sax.saxutils import escape, quoteattr

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from medviewer.paths import resources

REGULAR, BOLD, ITALIC, FALLBACK = "Inter", "Inter-SemiBold", "Inter-Italic", "DroidSansFallback"
_FILES = {
    REGULAR: "Inter-Regular.ttf",
    BOLD: "Inter-SemiBold.ttf",
    ITALIC: "Inter-Italic.ttf",
    FALLBACK: "DroidSansFallbackFull.ttf",
}

_THIN = '<font size="5">\u00a0</font>'
"""A thin space at which reportlab breaks no line: a number stays with its unit."""

INK = HexColor("#1b2733")
HEADING = HexColor("#0f2b46")
MUTED = HexColor("#66788a")
LINE = HexColor("#d8dfe6")
PAPER = HexColor("#f1f5f9")
ACCENT = HexColor("#2f81f7")
WARNING = HexColor("#a3161a")
ATTENTION = HexColor("#8a5a00")
ATTENTION_PAPER = HexColor("#fdf3d7")
PILLS: dict[str, tuple[Color, Color]] = {
    "accepted": (HexColor("#e2f4e5"), HexColor("#22663a")),
    "modified by the reader": (HexColor("#e2eefc"), HexColor("#1d4f91")),
    "rejected": (HexColor("#fbe3e4"), HexColor("#9c1c22")),
    "not reviewed": (HexColor("#fdf1cf"), HexColor("#7d5700")),
}


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Make the program's own fonts known to reportlab. Once a process."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, resources() / "fonts" / file))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD)


@lru_cache(maxsize=4)
def _glyphs(font: str) -> frozenset[int]:
    register_fonts()
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)


def font_runs(text: str, font: str) -> list[tuple[str, str]]:
    """(font, piece) so that every character is printed by a font that has it, if any has."""

    def choose(character: str) -> str:
        code = ord(character)
        return FALLBACK if code not in _glyphs(font) and code in _glyphs(FALLBACK) else font

    return [(name, "".join(piece)) for name, piece in groupby(text, key=choose)]


def printable(text: str) -> bool:
    """Whether every visible character is in one of our fonts."""
    return all(ord(c) in _glyphs(REGULAR) or ord(c) in _glyphs(FALLBACK) for c in text if c.isprintable())


def plain(text: str, font: str = REGULAR) -> str:
    """Text from anywhere as paragraph markup: nothing in it is a tag; control characters become spaces."""
    clean = "".join(c if c.isprintable() or category(c) == "Zs" else " " for c in text)
    pieces = []
    for name, piece in font_runs(clean, font):
        safe = escape(piece).replace("\u2009", _THIN)
        pieces.append(safe if name == font else f"<font name={quoteattr(name)}>{safe}</font>")
    return "".join(pieces)


def bold(text: str) -> str:
    """Markup for semibold text."""
    return f'<font name="{BOLD}">{plain(text, BOLD)}</font>'


def italic(text: str) -> str:
    """Markup for italic text."""
    return f'<font name="{ITALIC}">{plain(text, ITALIC)}</font>'


def muted(text: str) -> str:
    """Markup for quiet text."""
    return f'<font color="#66788a">{plain(text)}</font>'


def _style(name: str, size: float, leading: float, colour: Color = INK, **more: Any) -> ParagraphStyle:
    # splitLongWords lets a 64-character identifier without a space stay inside its column.
    options = {"fontName": REGULAR, "splitLongWords": 1, **more}
    return ParagraphStyle(name, fontSize=size, leading=leading, textColor=colour, **options)


BODY = _style("body", 8.7, 12.6)
TITLE = _style("title", 14.5, 18, fontName=BOLD)
SUBTITLE = _style("subtitle", 8.7, 12.5, MUTED, spaceBefore=2)
RIGHT = _style("right", 8.7, 12.5, alignment=TA_RIGHT)
SECTION = _style("section", 9.6, 12.5, HEADING, fontName=BOLD, spaceBefore=13, spaceAfter=5)
LABEL = _style("label", 6.7, 9, MUTED, fontName=BOLD)
LABEL_RIGHT = _style("label right", 6.7, 9, MUTED, fontName=BOLD, alignment=TA_RIGHT)
VALUE = _style("value", 8.7, 12)
CELL = _style("cell", 8.5, 12)
CELL_RIGHT = _style("cell right", 8.5, 12, alignment=TA_RIGHT)
IMPRESSION = _style("impression", 9.2, 13.8)
NOTICE = _style("notice", 8.3, 11.8, ATTENTION)
CAPTION = _style("caption", 7.5, 10.6, MUTED)
SMALL = _style("small", 8, 11.4, spaceAfter=3)


def label(text: str, style: ParagraphStyle = LABEL) -> Paragraph:
    """A small heading in capitals."""
    return Paragraph(plain(text.upper(), BOLD), style)


@dataclass(frozen=True)
class Text:
    """One line put straight on the page: how large, which colour, where it begins or ends."""

    size: float = 7.5
    colour: Color = MUTED
    align: str = "left"
    bold: bool = False
    room: float = 1000.0
    """Points; a wider text is cut with "…"."""

    def draw(self, canvas: Any, x: float, y: float, text: str) -> None:
        """Paint the line run by run at baseline (x, y) in points from the lower left corner."""
        if self.width(text) > self.room:
            while text and self.width(text + "…") > self.room:
                text = text[:-1]
            text += "…"
        x -= {"left": 0.0, "centre": self.width(text) / 2, "right": self.width(text)}[self.align]
        canvas.setFillColor(self.colour)
        for name, piece in self._runs(text):
            canvas.setFont(name, self.size)
            canvas.drawString(x, y, piece)
            x += pdfmetrics.stringWidth(piece, name, self.size)

    def width(self, text: str) -> float:
        """Width of a line in points."""
        widths = (pdfmetrics.stringWidth(piece, name, self.size) for name, piece in self._runs(text))
        return float(sum(widths))

    def _runs(self, text: str) -> list[tuple[str, str]]:
        return font_runs(text, BOLD if self.bold else REGULAR)
