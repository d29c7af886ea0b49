"""The ratios as one picture: a bar for each, on a scale of doublings, the aim as a tick. Drawn by hand."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from medviewer import paths
from tests.bench.clock import Row

_LINE, _LEFT, _BARS, _MARGIN = 26, 620, 560, 24
_LEAST, _MOST = 1 / 64, 16.0
_INK, _FAINT, _GOOD, _BAD, _PLAIN = "#1b1f24", "#c9ced6", "#0072B2", "#D55E00", "#56B4E9"


def _place(ratio: float) -> float:
    """Where a ratio lies from the left: 1/64 to 16, a step for each doubling."""
    limited = min(max(ratio, _LEAST), _MOST)
    return _LEFT + _BARS * math.log2(limited / _LEAST) / math.log2(_MOST / _LEAST)


def draw(rows: list[Row], path: Path, caption: str) -> None:
    """Write the rows that have a ratio as a PNG; left of 1 is faster than what it is measured against."""
    rows = [row for row in rows if row.ratio is not None]
    size = (_LEFT + _BARS + 90, 2 * _MARGIN + _LINE * (len(rows) + 2))
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(paths.resources() / "fonts" / "Inter-Regular.ttf", 13)
    pen.text((_MARGIN, _MARGIN), caption, _INK, font)
    top = _MARGIN + 2 * _LINE
    _scale(pen, font, top, top + _LINE * len(rows))
    for k, row in enumerate(rows):
        _bar(pen, font, top + k * _LINE, row)
    picture.save(path)


def _scale(pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, top: int, bottom: int) -> None:
    for power in range(-6, 5, 2):
        x = _place(2.0**power)
        pen.line((x, top - 4, x, bottom), _INK if power == 0 else _FAINT)
        label = f"{2**power}" if power >= 0 else f"1/{2**-power}"
        pen.text((x, top - 6), label, _INK, font, anchor="mb")


def _bar(pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, top: int, row: Row) -> None:
    ratio = row.ratio or _LEAST
    middle = top + _LINE // 2
    pen.text((_LEFT - 12, middle), f"{row.name}  :  {row.against}", _INK, font, anchor="rm")
    ends = sorted((_place(1), _place(ratio)))
    colour = {True: _GOOD, False: _BAD, None: _PLAIN}[row.met]
    pen.rectangle((ends[0], top + 5, ends[1], top + _LINE - 6), colour)
    if row.aim is not None:
        pen.line((_place(row.aim), top + 1, _place(row.aim), top + _LINE - 2), _INK, 2)
    at, anchor = (ends[0] - 6, "rm") if ratio < 1 and ends[0] > _LEFT + 44 else (ends[1] + 6, "lm")
    pen.text((at, middle), f"{ratio:.2f}", _INK, font, anchor=anchor)
