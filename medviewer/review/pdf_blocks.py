"""What the PDF is made of: picture with round corners, decision pill, colour swatch, table, heading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from medviewer.review import pdf_style as look
from medviewer.review.pdf_style import plain
from medviewer.review.report_model import Figure

_PILL_SIZE = 7.3
_PILL_HEIGHT = 11.0


class Picture(Flowable):  # type: ignore[misc]
    """A figure's pixels in a box of the given size (points), corners rounded."""

    def __init__(self, figure: Figure, width: float, height: float) -> None:
        super().__init__()
        self.width, self.height = width, height
        self._rgb = figure.rgb

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """The size asked for."""
        return self.width, self.height

    def draw(self) -> None:
        """Clip, then paint; black behind what the picture does not fill."""
        rows, columns = self._rgb.shape[:2]
        scale = min(self.width / columns, self.height / rows)
        wide, high = columns * scale, rows * scale
        canvas = self.canv
        canvas.saveState()
        path = canvas.beginPath()
        path.roundRect(0, 0, self.width, self.height, 1.2 * mm)
        canvas.clipPath(path, stroke=0, fill=0)
        canvas.setFillColor(HexColor("#000000"))
        canvas.rect(0, 0, self.width, self.height, stroke=0, fill=1)
        image = ImageReader(Image.fromarray(self._rgb))
        canvas.drawImage(image, (self.width - wide) / 2, (self.height - high) / 2, wide, high)
        canvas.restoreState()


class Elastic(Flowable):  # type: ignore[misc]
    """A block that gives way: made at its natural height, or lower, down to ``lowest``, where that lets it
    stay on the page. ``make(height)`` builds it."""

    def __init__(self, make: Callable[[float], Flowable], natural: float, lowest: float) -> None:
        super().__init__()
        self._make, self._natural, self._lowest = make, natural, lowest
        self._made: Flowable | None = None

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Try the natural height, then what the page has left."""
        self._made = self._make(self._natural)
        self.width, self.height = self._made.wrap(width, height)
        less = self._natural - (self.height - height)
        if self.height > height and less >= self._lowest:
            # Narrower figures have taller captions: a second step takes that into account.
            for _ in range(3):
                self._made = self._make(less)
                self.width, self.height = self._made.wrap(width, height)
                if self.height <= height or less < self._lowest:
                    break
                less -= self.height - height
        return self.width, self.height

    def draw(self) -> None:
        """Paint what was made."""
        if self._made is not None:
            self._made.drawOn(self.canv, 0, 0)


class Pill(Flowable):  # type: ignore[misc]
    """A decision as a rounded tag, the reason beside it or, where there is no room, below."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__()
        self._text = text
        self._reason = Paragraph(look.muted(reason), look.CELL) if reason else None
        self._tag = stringWidth(text, look.REGULAR, _PILL_SIZE) + 11
        self._beside = False
        self._below = 0.0

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Lay the reason out."""
        high = _PILL_HEIGHT + 1.5
        self._below = 0.0
        if self._reason is not None:
            room = width - self._tag - 4
            self._beside = room > 40 and self._reason.minWidth() <= room
            _, tall = self._reason.wrap(room if self._beside else width, height)
            one_line = look.CELL.leading + 0.1
            self._beside = self._beside and tall <= one_line
            if not self._beside:
                _, tall = self._reason.wrap(width, height)
                self._below = tall + 1
        self.width, self.height = width, high + self._below
        return self.width, self.height

    def draw(self) -> None:
        """Paint tag and reason."""
        paper, ink = look.PILLS[self._text]
        canvas, y = self.canv, self._below + 1
        canvas.setFillColor(paper)
        canvas.roundRect(0, y, self._tag, _PILL_HEIGHT, _PILL_HEIGHT / 2, stroke=0, fill=1)
        canvas.setFillColor(ink)
        canvas.setFont(look.REGULAR, _PILL_SIZE)
        canvas.drawString(5.5, y + 3.1, self._text)
        if self._reason is not None:
            if self._beside:
                self._reason.drawOn(canvas, self._tag + 4, y - 0.4)
            else:
                self._reason.drawOn(canvas, 0, 0)


def swatch(colour: str) -> str:
    """Markup for a small square of a label's colour."""
    return f'<font color="{HexColor(colour).hexval().replace("0x", "#")}">■</font>\u2009'


_CELLS = [
    ("FONTNAME", (0, 0), (-1, -1), look.REGULAR),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
]


def table(rows: Sequence[Sequence[Any]], widths: Sequence[float], *style: Any, **options: Any) -> Table:
    """Rows of text or flowables under each other, columns ``widths`` points wide."""
    made = Table(rows, colWidths=widths, **options)
    made.setStyle(TableStyle([*_CELLS, ("RIGHTPADDING", (0, 0), (-1, -1), 6), *style]))
    return made


def section(title: str) -> Paragraph:
    """The heading of a part of the report."""
    return Paragraph(plain(title, look.BOLD), look.SECTION)
