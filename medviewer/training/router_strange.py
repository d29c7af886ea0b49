"""Pictures that are none of the kinds the router knows: patterns drawn, and pictures torn to pieces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from medviewer.ai.steps import resize_area
from medviewer.training.router_kinds import OTHER, Shot

_N = 128
Drawing = NDArray[np.float32]


def draw_pattern(rng: np.random.Generator) -> Shot:
    """One drawn picture."""
    pattern = PATTERNS[int(rng.integers(len(PATTERNS)))](rng)
    if rng.random() < 0.3:
        pattern = pattern + rng.standard_normal(pattern.shape, dtype=np.float32) * np.float32(0.1)
    return Shot(pattern.astype(np.float16), OTHER, "drawn")


def torn(shot: Shot, rng: np.random.Generator) -> Shot:
    """Tiles of a picture in another order, or so small a part of it that nobody could tell."""
    values = shot.values
    if rng.random() < 0.5:
        count = int(rng.integers(3, 7))
        rows, columns = (n // count for n in values.shape)
        tiles = values[: rows * count, : columns * count].reshape(count, rows, count, columns)
        shuffled = rng.permutation(tiles.swapaxes(1, 2).reshape(count * count, rows, columns))
        mixed = shuffled.reshape(count, count, rows, columns).swapaxes(1, 2).reshape(rows * count, -1)
        return Shot(mixed, OTHER, shot.patient, shot.hu)
    side = min(*values.shape, max(12, int(min(values.shape) * rng.uniform(0.1, 0.2))))
    top, left = (int(rng.integers(n - side + 1)) for n in values.shape)
    return Shot(values[top : top + side, left : left + side], OTHER, shot.patient, shot.hu)


def _noise(rng: np.random.Generator) -> Drawing:
    """Noise of any grain, one grain over another."""
    out = np.zeros((_N, _N), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        side = int(rng.choice([3, 6, 12, 24, 48, _N]))
        part = rng.standard_normal((side, side), dtype=np.float32)
        out += resize_area(part, (_N, _N)) * np.float32(rng.uniform(0.3, 1))
    return out


def _bars(rng: np.random.Generator) -> Drawing:
    """Grey bars, steps, a ramp or a chequered board."""
    steps = rng.random(int(rng.integers(2, 14)))
    line = steps[np.arange(_N) * len(steps) // _N].astype(np.float32)
    if rng.random() < 0.3:
        line = np.linspace(0, 1, _N, dtype=np.float32)
    out = np.repeat(line[:, None], _N, axis=1)
    if rng.random() < 0.3:
        out = np.abs(out - out.T)
    return out.T if rng.random() < 0.5 else out


def _shapes(rng: np.random.Generator) -> Drawing:
    """Ellipses, boxes and strokes as of a test object or an unskilled hand."""
    image = Image.new("L", (_N, _N), int(rng.choice([0, 0, 30, 128, 255])))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 14))):
        x, y = rng.integers(-10, _N, 2)
        w, h = rng.integers(4, 90, 2)
        box, grey = (int(x), int(y), int(x + w), int(y + h)), int(rng.integers(256))
        what = int(rng.integers(4))
        if what == 0:
            pen.ellipse(box, fill=grey)
        elif what == 1:
            pen.rectangle(box, fill=grey if rng.random() < 0.5 else None, outline=grey)
        elif what == 2:
            pen.arc(box, int(rng.integers(360)), int(rng.integers(360, 720)), fill=grey, width=2)
        else:
            points = [(int(a), int(b)) for a, b in rng.integers(0, _N, (int(rng.integers(2, 6)), 2))]
            pen.line(points, fill=grey, width=int(rng.integers(1, 5)))
    return np.asarray(np.asarray(image, np.float32) / 255, np.float32)


def _page(rng: np.random.Generator) -> Drawing:
    """Lines of letters: a report, a dose sheet, a screen."""
    ground = int(rng.choice([0, 255]))
    image = Image.new("L", (_N, _N), ground)
    pen = ImageDraw.Draw(image)
    for row in range(int(rng.integers(2, 12))):
        text = "".join(chr(int(c)) for c in rng.integers(48, 123, int(rng.integers(2, 22))))
        pen.text((int(rng.integers(2, 30)), 4 + row * 10), text, fill=255 - ground)
    return np.asarray(np.asarray(image, np.float32) / 255, np.float32)


def _fan(rng: np.random.Generator) -> Drawing:
    """A sector or a strip of speckle, as ultrasound has."""
    y, x = np.mgrid[:_N, :_N] / _N
    speckle = rng.gamma(1.0, 1.0, (_N, _N))
    clouds = resize_area(rng.random((8, 8)).astype(np.float32), (_N, _N)) ** 2
    out = (speckle * clouds).astype(np.float32)
    radius, angle = np.hypot(y, x - 0.5), np.abs(np.arctan2(x - 0.5, y + 1e-6))
    if rng.random() < 0.7:
        seen = (angle < rng.uniform(0.4, 0.9)) & (radius < rng.uniform(0.7, 1.0)) & (radius > 0.05)
    else:
        left, top = rng.uniform(0, 0.3, 2)
        seen = (x > left) & (x < 1 - left) & (y > top) & (y < rng.uniform(0.7, 1))
    return np.where(seen, np.minimum(out, 3), 0).astype(np.float32)


def _hot(rng: np.random.Generator) -> Drawing:
    """Bright blurred spots on nothing: nuclear medicine, a map of a parameter, a mask."""
    y, x = np.mgrid[:_N, :_N] / _N
    out = np.zeros((_N, _N))
    for _ in range(int(rng.integers(1, 9))):
        cy, cx = rng.uniform(0.1, 0.9, 2)
        a, b = rng.uniform(0.02, 0.25, 2)
        out += rng.uniform(0.2, 1) * np.exp(-(((y - cy) / a) ** 2) - ((x - cx) / b) ** 2)
    return (out > 0.3).astype(np.float32) if rng.random() < 0.3 else out.astype(np.float32)


def _vessels(rng: np.random.Generator) -> Drawing:
    """Dark branches on a soft bright ground behind a round or square shutter: an angiogram."""
    ground = resize_area(rng.uniform(0.3, 1, (4, 4)).astype(np.float32), (_N, _N))
    image = Image.new("L", (_N, _N), 0)
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 5))):
        _branch(
            pen, rng.uniform(0.2, 0.8, 2) * _N, float(rng.uniform(0, 6.3)), float(rng.uniform(1.5, 5)), rng
        )
    for _ in range(int(rng.integers(0, 4))):  # edges of ribs, the diaphragm, the heart
        x, y, w = (int(v) for v in rng.integers(-60, _N, 3))
        pen.ellipse((x, y, x + abs(w) + 60, y + abs(w) + 60), fill=int(rng.integers(20, 90)))
    dark = _blurred(np.asarray(image, np.float32) / np.float32(255))
    y, x = np.mgrid[:_N, :_N] / (_N / 2) - 1
    power = float(rng.choice([2.0, 4.0, 8.0, 40.0]))
    open_ = np.abs(y) ** power + np.abs(x) ** power < rng.uniform(0.75, 1.0)
    return np.where(open_, ground * (1 - rng.uniform(0.3, 0.8) * dark), 0).astype(np.float32)


def _branch(
    pen: ImageDraw.ImageDraw, at: NDArray[np.float64], angle: float, width: float, rng: np.random.Generator
) -> None:
    """A winding line that grows thinner and parts in two."""
    for _ in range(int(rng.integers(6, 16))):
        angle += float(rng.normal(0, 0.35))
        there = at + 5 * np.array([np.cos(angle), np.sin(angle)])
        pen.line((*at, *there), fill=230, width=max(1, round(width)))
        at, width = there, width * 0.95
    if width > 1:
        for turn in rng.uniform(0.2, 0.9, 2) * (1, -1):
            _branch(pen, at, angle + float(turn), width * 0.7, rng)


def _bones(rng: np.random.Generator) -> Drawing:
    """Bright shafts with wider ends in grey flesh: a limb, a hand, a joint."""
    flesh, bone = Image.new("L", (_N, _N), 0), Image.new("L", (_N, _N), 0)
    soft, hard = ImageDraw.Draw(flesh), ImageDraw.Draw(bone)
    for _ in range(int(rng.integers(1, 6))):
        ends = rng.uniform(-0.1, 1.1, (2, 2)) * _N
        thick = int(rng.integers(5, 28))
        soft.line([*ends[0], *ends[1]], fill=255, width=3 * thick)
        hard.line([*ends[0], *ends[1]], fill=200, width=thick)
        hard.line([*ends[0], *ends[1]], fill=120, width=max(1, thick // 2))
        for x, y in ends:
            hard.ellipse((x - thick, y - thick, x + thick, y + thick), fill=170)
    parts = [_blurred(np.asarray(part, np.float32) / np.float32(255)) for part in (flesh, bone)]
    return np.asarray(parts[0] * rng.uniform(0.2, 0.6) + parts[1], np.float32)


def _screen(rng: np.random.Generator) -> Drawing:
    """Ultrasound with its screen around it: letters, a grey bar, a curve."""
    image = Image.fromarray((np.clip(_fan(rng) / 3, 0, 1) * 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 12))):
        text = "".join(chr(int(c)) for c in rng.integers(48, 123, int(rng.integers(2, 14))))
        x = int(rng.choice([2, 90])) + int(rng.integers(0, 14))
        pen.text((x, int(rng.integers(0, _N - 8))), text, fill=int(rng.integers(120, 256)), font_size=8)
    if rng.random() < 0.5:
        x = int(rng.integers(0, _N - 6))
        for k in range(40):
            pen.line((x, 20 + k, x + 4, 20 + k), fill=255 - 6 * k)
    if rng.random() < 0.5:
        heights = _N - 10 - np.abs(rng.normal(0, 4, 32)) * (rng.random(32) < 0.3) * 3
        pen.line([(4 * k, float(h)) for k, h in enumerate(heights)], fill=255)
    return np.asarray(np.asarray(image, np.float32) / 255, np.float32)


def _blurred(values: Drawing) -> Drawing:
    """Twice [1 2 1] in both directions."""
    for axis in (0, 1, 0, 1):
        values = np.asarray(
            (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4, np.float32
        )
    return values


PATTERNS: tuple[Callable[[np.random.Generator], Drawing], ...] = (
    *(_noise, _bars, _shapes, _page, _fan, _hot),
    *(_vessels, _bones, _screen),
)
"""Every kind of drawing."""
