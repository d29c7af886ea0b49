"""Words on pictures, for files that leave the program: corner text, orientation letters, ruler, legend.

Needs no screen. The window draws the same things itself, at the screen's resolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from medviewer.imaging.colour_bar import ColourBar
from medviewer.imaging.measure import ruler
from medviewer.imaging.overlay import hatch, hatch_of, rgb_of
from medviewer.imaging.reslice import Letters
from medviewer.paths import resources

TEXT = (240, 243, 247)
LETTER = (0xFF, 0xD5, 0x4F)
HALO = (8, 10, 13)
_TEXT_PX, _LETTER_PX, _MARGIN_PX, _LINE_PX, _SWATCH_PX = 11.5, 14.0, 8.0, 16.0, 10.0
_BAR_PX = 12.0
_RULER_PART = 0.22
"""The ruler is at most this part of the picture's width."""

_CJK = ((0x1100, 0x11FF), (0x2E80, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF))
_CJK_WIDE = ((0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))


@dataclass(frozen=True)
class Corners:
    """Lines of text for the four corners of a picture, top line first."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()


@dataclass(frozen=True)
class LegendEntry:
    """What a colour means: "#56B4E9", its letter and its name."""

    colour: str
    letter: str
    name: str


@dataclass(frozen=True)
class Mark:
    """A label's letter on the picture, centred at (x, y) in edge coordinates."""

    x: float
    y: float
    letter: str
    colour: str


@dataclass(frozen=True)
class Stroke:
    """A straight line between two points (x, y) in edge coordinates, and the word above its left end."""

    start: tuple[float, float]
    end: tuple[float, float]
    text: str


@lru_cache(maxsize=64)
def _font(file: str, pixels: float) -> ImageFont.FreeTypeFont:
    # The basic layout gives the same picture with and without libraqm.
    return ImageFont.truetype(resources() / "fonts" / file, pixels, layout_engine=ImageFont.Layout.BASIC)


def needs_fallback(character: str) -> bool:
    """Whether a character is Chinese, Japanese or Korean, which Inter lacks."""
    code = ord(character)
    return any(low <= code <= high for low, high in (*_CJK, *_CJK_WIDE))


def runs(text: str) -> list[tuple[bool, str]]:
    """Split text into (needs the CJK font, piece), so that a mixed name prints whole."""
    return [(cjk, "".join(piece)) for cjk, piece in groupby(text, key=needs_fallback)]


@dataclass(frozen=True)
class _Face:
    """A size and weight of text that falls back run by run."""

    pixels: float
    bold: bool = False

    def of(self, cjk: bool) -> ImageFont.FreeTypeFont:
        latin = "Inter-SemiBold.ttf" if self.bold else "Inter-Regular.ttf"
        return _font("DroidSansFallbackFull.ttf" if cjk else latin, self.pixels)

    def width(self, text: str) -> float:
        return sum(self.of(cjk).getlength(piece) for cjk, piece in runs(text))

    def elided(self, text: str, room: float) -> str:
        """The text, shortened in its middle until it fits."""
        if self.width(text) <= room:
            return text
        for keep in range(len(text) - 1, 1, -1):
            head, tail = (keep + 1) // 2, keep // 2
            short = f"{text[:head]}…{text[len(text) - tail :]}"
            if self.width(short) <= room:
                return short
        return ""


class _Pen:
    """Draws text with a dark halo at baseline positions."""

    def __init__(self, picture: Image.Image, scale: float) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._halo = max(1.0, 1.4 * scale)

    def text(self, x: float, baseline: float, text: str, face: _Face, colour: tuple[int, int, int]) -> None:
        placed = []
        for cjk, piece in runs(text):
            placed.append(((x, baseline), piece, face.of(cjk)))
            x += face.of(cjk).getlength(piece)
        for where, piece, font in placed:
            self._draw.text(where, piece, HALO, font, "ls", stroke_width=self._halo, stroke_fill=HALO)
        for where, piece, font in placed:
            self._draw.text(where, piece, colour, font, "ls")

    def centred(self, x: float, y: float, text: str, face: _Face, colour: tuple[int, int, int]) -> None:
        self.text(x - face.width(text) / 2, y + face.pixels * 0.36, text, face, colour)

    def line(self, stroke: Stroke, colour: tuple[int, int, int]) -> None:
        """A line with short strokes across its ends, dark beneath."""
        (x0, y0), (x1, y1) = stroke.start, stroke.end
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        across = 3.0 * self._halo * (y0 - y1) / length, 3.0 * self._halo * (x1 - x0) / length
        pairs = [((x0, y0), (x1, y1))]
        for x, y in (stroke.start, stroke.end):
            pairs.append(((x - across[0], y - across[1]), (x + across[0], y + across[1])))
        for ink, width in ((HALO, 3.0 * self._halo), (colour, self._halo)):
            for pair in pairs:
                self._draw.line(pair, fill=ink, width=max(1, round(width)))

    def bar(self, left: float, top: float, right: float, thickness: float) -> None:
        halo = self._halo
        self._draw.rectangle((left - halo, top - halo, right + halo, top + thickness + halo), fill=HALO)
        self._draw.rectangle((left, top, right, top + thickness), fill=TEXT)

    def frame(self, left: float, top: float, right: float, bottom: float) -> None:
        halo = self._halo
        self._draw.rectangle((left - halo, top - halo, right + halo - 1, bottom + halo - 1), fill=HALO)


class _Page:
    """One picture being annotated: its size, scale and margins."""

    def __init__(self, picture: Image.Image, scale: float) -> None:
        self.picture, self.scale = picture, scale
        self.pen = _Pen(picture, scale)
        self.width, self.height = picture.size
        self.face = _Face(_TEXT_PX * scale)
        self.bold = _Face(_TEXT_PX * scale, bold=True)
        self.margin, self.line = _MARGIN_PX * scale, _LINE_PX * scale

    def corner(self, lines: Sequence[str], right: bool, bottom: bool) -> None:
        room = self.width / 2 - 2 * self.margin - _LETTER_PX * self.scale / 2
        for number, line in enumerate(lines):
            text = self.face.elided(line, room)
            x = self.width - self.margin - self.face.width(text) if right else self.margin
            below = len(lines) - 1 - number
            y = self.height - self.margin - below * self.line if bottom else self.margin + self._first(number)
            self.pen.text(x, y, text, self.face, TEXT)

    def _first(self, number: int) -> float:
        return self.face.pixels * 0.8 + number * self.line

    def letters(self, letters: Letters) -> None:
        face = _Face(_LETTER_PX * self.scale, bold=True)
        middle_x, middle_y = self.width / 2, self.height / 2
        inset = self.margin + face.pixels / 2
        self.pen.text(self.margin, middle_y + face.pixels * 0.36, letters.left, face, LETTER)
        right = self.width - self.margin - face.width(letters.right)
        self.pen.text(right, middle_y + face.pixels * 0.36, letters.right, face, LETTER)
        self.pen.centred(middle_x, inset, letters.top, face, LETTER)
        self.pen.centred(middle_x, self.height - inset, letters.bottom, face, LETTER)

    def ruler(self, pixels_per_mm: float, lines_below: int, label: str) -> None:
        length, text = ruler(pixels_per_mm, self.width * _RULER_PART)
        text += label.removeprefix("mm")
        right = self.width - self.margin
        left, thickness = right - length * pixels_per_mm, max(1.0, 1.5 * self.scale)
        top = self.height - self.margin - thickness - lines_below * self.line
        self.pen.bar(left, top, right, thickness - 1)
        middle = (left + right) / 2 - self.face.width(text) / 2
        self.pen.text(min(middle, right - self.face.width(text)), top - 4 * self.scale, text, self.face, TEXT)

    def colour_bar(self, bar: ColourBar) -> None:
        """At the right edge, beside the letter: half as tall as the picture."""
        wide, tall = max(6, round(_BAR_PX * self.scale)), max(2, self.height // 2)
        left = round(self.width - self.margin - 2 * _LETTER_PX * self.scale) - wide
        top = (self.height - tall) // 2
        rows = np.minimum((np.arange(tall) + 0.5) * len(bar.colours) / tall, len(bar.colours) - 1)
        column = np.repeat(bar.colours[rows.astype(np.intp)][:, None], wide, axis=1)
        self.pen.frame(left, top, left + wide, top + tall)
        self.picture.paste(Image.fromarray(column), (left, top))
        tick = 4 * self.scale
        for place, text in bar.ticks:
            y = top + place * tall
            self.pen.bar(left - tick, y, left, 0)
            x = left - 2 * tick - self.face.width(text)
            self.pen.text(x, y + self.face.pixels * 0.36, text, self.face, TEXT)
        title = self.face.elided(bar.title, self.width / 2)
        x = left + wide - self.face.width(title)
        self.pen.text(x, top - self.line / 2, title, self.face, TEXT)

    def legend(self, entries: Sequence[LegendEntry], lines_below: int) -> None:
        side = max(4, round(_SWATCH_PX * self.scale))
        for number, entry in enumerate(entries):
            below = lines_below + len(entries) - 1 - number
            baseline = self.height - self.margin - below * self.line
            corner = (round(self.margin), round(baseline - side))
            self.picture.paste(_swatch(entry.colour, side), corner)
            x = self.margin + side + 6 * self.scale
            self.pen.text(x, baseline, entry.letter, self.bold, rgb_of(entry.colour))
            x += self.bold.width(entry.letter) + 6 * self.scale
            name = self.face.elided(entry.name, self.width - self.margin - x)
            self.pen.text(x, baseline, name, self.face, TEXT)


def _swatch(colour: str, side: int) -> Image.Image:
    """A square in a label's colour with its hatch in black, framed in the colour."""
    square = np.empty((side, side, 3), np.uint8)
    square[:] = rgb_of(colour)
    lines = hatch(hatch_of(colour), side, side).copy()
    lines[[0, -1]] = lines[:, [0, -1]] = False
    square[lines] = HALO
    return Image.fromarray(square)


def annotate(
    rgb: NDArray[np.uint8],
    corners: Corners,
    letters: Letters | None,
    ruler_px_per_mm: float | None,
    scale: float = 1.0,
    *,
    legend: Sequence[LegendEntry] = (),
    marks: Sequence[Mark] = (),
    ruler_label: str = "mm",
    bar: ColourBar | None = None,
    strokes: Sequence[Stroke] = (),
) -> NDArray[np.uint8]:
    """A copy of ``rgb`` (rows, columns, 3) with its words.

    ``letters`` None: no geometry, none shown. ``ruler_px_per_mm``: picture columns per mm, None for no ruler;
    ``ruler_label``: what these mm are ("mm at detector").
    ``bar``: what colours mean, at the right edge. ``strokes``: lines with their words.
    ``scale``: size of the type, 1 being that of the screen. ``legend`` stands above the bottom left corner.
    """
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    page = _Page(picture, scale)
    page.corner(corners.top_left, right=False, bottom=False)
    page.corner(corners.top_right, right=True, bottom=False)
    page.corner(corners.bottom_left, right=False, bottom=True)
    page.corner(corners.bottom_right, right=True, bottom=True)
    page.legend(legend, len(corners.bottom_left))
    for mark in marks:
        page.pen.centred(mark.x, mark.y, mark.letter, page.bold, rgb_of(mark.colour))
    for stroke in strokes:
        page.pen.line(stroke, LETTER)
        x, y = min(stroke.start, stroke.end)
        page.pen.text(x + 6 * scale, y - 5 * scale, stroke.text, page.face, LETTER)
    if bar is not None:
        page.colour_bar(bar)
    if letters is not None:
        page.letters(letters)
    if ruler_px_per_mm is not None:
        page.ruler(ruler_px_per_mm, len(corners.bottom_right), ruler_label)
    return np.asarray(picture).copy()


def line_of_text(text: str, pixels: float) -> NDArray[np.uint8]:
    """One line of text on black, as wide as it needs: (rows, columns, 3). ``pixels``: size of the type."""
    face = _Face(pixels)
    size = math.ceil(face.width(text) + 2 * _MARGIN_PX), math.ceil(1.6 * pixels)
    picture = Image.new("RGB", size)
    _Pen(picture, 1.0).text(_MARGIN_PX, 1.15 * pixels, text, face, TEXT)
    return np.asarray(picture).copy()
