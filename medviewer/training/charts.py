"""Curves, tables and pictures as one HTML file that needs nothing else: SVG drawn here, PNG inside."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Points = Sequence[tuple[float, float]]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito, those that are legible on white and on dark."""
_WIDTH, _HEIGHT = 380, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 34


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture (h, w) or (h, w, 3) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "png")
    return buffer.getvalue()


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers within low..high, about ``wanted`` of them."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    raw = span / wanted
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 2.5, 5, 10) if unit * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


class _Frame:
    """Data coordinates on the drawing, with axes."""

    def __init__(self, xs: tuple[float, float], ys: tuple[float, float], label: tuple[str, str]) -> None:
        self.xs, self.ys, self.label = xs, ys, label

    def x(self, value: float) -> float:
        low, high = self.xs
        return _LEFT + (value - low) / ((high - low) or 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.ys
        return _HEIGHT - _BOTTOM - (value - low) / ((high - low) or 1) * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self) -> str:
        parts = []
        for value in ticks(*self.ys):
            y = self.y(value)
            parts.append(f'<line class="g" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(value)}</text>')
        for value in ticks(*self.xs):
            x = self.x(value)
            parts.append(
                f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 15}" text-anchor="middle">{_number(value)}</text>'
            )
        base = _HEIGHT - _BOTTOM
        parts.append(f'<line class="a" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>')
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts.append(
            f'<text x="{middle}" y="{_HEIGHT - 3}" text-anchor="middle">{escape(self.label[0])}</text>'
        )
        parts.append(
            f'<text transform="translate(11 {(_TOP + base) / 2}) rotate(-90)" text-anchor="middle">'
            f"{escape(self.label[1])}</text>"
        )
        return "".join(parts)

    def path(self, points: Points, colour: str, dashed: bool = False) -> str:
        told = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="4 4"' if dashed else ""
        return f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'

    def dots(self, points: Points, colour: str) -> str:
        return "".join(
            f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="2.6" fill="{colour}" fill-opacity="0.75"/>'
            for x, y in points
        )

    def level(self, value: float, colour: str, name: str) -> str:
        y = self.y(value)
        return self.path([(self.xs[0], value), (self.xs[1], value)], colour, dashed=True) + (
            f'<text x="{_WIDTH - _RIGHT}" y="{y - 4:.1f}" text-anchor="end">{escape(name)}</text>'
        )


def lines(
    title: str, series: Mapping[str, Points], labels: tuple[str, str] = ("step", ""), *, square: bool = False,
    diagonal: bool = False, marks: bool = False,
) -> str:  # fmt: skip
    """A figure of curves; ``square`` fixes both axes to 0..1, ``diagonal`` adds the line of equality."""
    kept = {n: [p for p in pts if all(map(math.isfinite, p))] for n, pts in series.items()}
    every = [p for pts in kept.values() for p in pts] or [(0.0, 0.0)]
    xs = (0.0, 1.0) if square else _range([x for x, _ in every], 0)
    ys = (0.0, 1.0) if square else _range([y for _, y in every], 0.06)
    frame = _Frame(xs, ys, labels)
    body = [frame.axes()]
    if diagonal:
        body.append(frame.path([(0, 0), (1, 1)], "#888888", dashed=True))
    for colour, points in zip(COLOURS * 9, kept.values(), strict=False):
        body.append(frame.path(points, colour))
        if marks or len(points) < 2:
            body.append(frame.dots(points, colour))
    return _figure(title, "".join(body), list(kept) if len(kept) > 1 else [])


def bland_altman(title: str, mean: Sequence[float], difference: Sequence[float], levels: Mapping[str, float],
                 unit: str = "") -> str:  # fmt: skip
    """Differences over means with named levels (bias, limits of agreement)."""
    points = list(zip(mean, difference, strict=True))
    ys = [y for _, y in points] + list(levels.values())
    said = f" ({unit})" if unit else ""
    frame = _Frame(_range(list(mean), 0.05), _range(ys, 0.12), (f"mean{said}", f"difference{said}"))
    body = [frame.axes(), frame.dots(points, COLOURS[0])]
    body += [frame.level(value, COLOURS[1], f"{name} {value:.3g}") for name, value in levels.items()]
    return _figure(title, "".join(body), [])


def confusion(title: str, names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A table: rows are the truth, columns what the model said; darker is more of its row."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = []
    for name, row in zip(names, counts, strict=True):
        total = max(1, sum(row))
        cells = "".join(
            f'<td style="background:rgba(0,114,178,{0.75 * n / total:.2f})">{n}</td>' for n in row
        )
        body.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    inside = f'<table class="c"><tr><th>truth ↓ said →</th>{head}</tr>{"".join(body)}</table>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{inside}</figure>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table."""
    first = "".join(f"<th>{escape(h)}</th>" for h in head)
    rest = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><tr>{first}</tr>{rest}</table>"


def facts(told: Mapping[str, str]) -> str:
    """Names and values in one line."""
    items = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in told.items())
    return f"<dl>{items}</dl>"


def grid(title: str, figures: Sequence[str]) -> str:
    """Figures side by side under a heading; nothing for none."""
    return f'<h2>{escape(title)}</h2><div class="grid">{"".join(figures)}</div>' if figures else ""


def gallery(title: str, pictures: Sequence[tuple[str, NDArray[np.uint8]]]) -> str:
    """Pictures with captions."""
    figures = []
    for caption, picture in pictures:
        data = base64.b64encode(png(picture)).decode()
        image = f'<img alt="" src="data:image/png;base64,{data}">'
        figures.append(f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>")
    return grid(title, figures)


def page(title: str, parts: Sequence[str], reload_s: int | None = None) -> str:
    """A whole HTML file; it loads itself again every ``reload_s`` seconds."""
    again = f'<meta http-equiv="refresh" content="{reload_s}">' if reload_s else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>"
    )


def _figure(title: str, body: str, legend: Sequence[str]) -> str:
    keys = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
        for colour, name in zip(COLOURS, legend, strict=False)
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img">{body}</svg><div class="k">{keys}</div></figure>'
    )


def _range(values: Sequence[float], margin: float) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        half = abs(low) * 0.1 or 0.5
        return low - half, high + half
    return low - margin * (high - low), high + margin * (high - low)


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:14px/1.5 Inter,'Segoe UI',system-ui,sans-serif;"
    "margin:24px auto;max-width:1240px;padding:0 20px}"
    "h1{font-size:20px;font-weight:600}h2{font-size:15px;font-weight:600;margin:28px 0 8px}"
    "dl{display:flex;flex-wrap:wrap;gap:8px 32px}dt{opacity:.65;font-size:12px}dd{margin:0;font-weight:600}"
    ".grid{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}figcaption{font-weight:600;font-size:13px}"
    "svg{max-width:100%;height:auto}svg text{font-size:11px;fill:currentColor;opacity:.75}"
    ".g{stroke:currentColor;stroke-opacity:.12}.a{stroke:currentColor;stroke-opacity:.5}"
    "img{image-rendering:pixelated;max-width:256px;border-radius:3px}"
    ".k{font-size:12px;display:flex;gap:14px}"
    ".k i{display:inline-block;width:10px;height:10px;margin-right:5px}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "td,th{padding:3px 12px 3px 0;text-align:left;border-bottom:1px solid rgba(128,128,128,.3)}"
    ".c td,.c th{padding:10px 14px;text-align:center}"
)
