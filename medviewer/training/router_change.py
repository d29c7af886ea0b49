"""One picture as a reader may meet it: any window, turned, negative, cropped, with borders and letters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from medviewer.ai.steps import resize_area
from medviewer.training import router_kinds
from medviewer.training.router_kinds import KINDS, NO_GREYS, NO_WAY_UP, Picture, Shot, prepare

WINDOWS = {
    router_kinds.CHEST_CT: ((-600, 1500), (40, 400), (50, 350), (-500, 1800), (-850, 500), (200, 600)),
    router_kinds.HEAD_CT: ((40, 80), (75, 200), (40, 120), (400, 2000), (700, 4000), (40, 400)),
}
"""Centre and width of the windows that such pictures are looked at in (``resources``, CT presets)."""
_WHOLE = 0.3
"""Share of CT pictures without any window."""
_PLAIN = 0.3
"""Share of pictures that are neither cropped nor framed nor written on."""
NOT_TAUGHT = -1
TURNS = ("upright", "half turn", "top to bottom", "quarter turn left", "quarter turn right")


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture for the network and what is true of it; upside_down and inverted are 0, 1 or NOT_TAUGHT."""

    picture: Picture
    kind: int
    upside_down: int
    inverted: int


def draw(shot: Shot, rng: np.random.Generator, hard: float = 1.0) -> Drawn:
    """The shot as somebody may show it; ``hard`` scales how often it is cropped, framed, written on."""
    hard = 0.0 if rng.random() < _PLAIN else hard
    picture = windowed(shot, rng)
    if rng.random() < 0.4:
        picture = toned(picture, rng)
    if rng.random() < 0.4:
        picture = _stretched(picture, rng)
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    turn = TURNS[int(rng.choice(5, p=[0.5, 0.19, 0.19, 0.06, 0.06]))]
    picture = turned(picture, turn)
    negative = bool(rng.random() < 0.35)
    if negative:
        picture = negated(picture)
    if rng.random() < 0.5 * hard:
        picture = _cropped(picture, rng)
    if rng.random() < 0.25 * hard:
        picture = _framed(picture, rng)
    if rng.random() < 0.3 * hard:
        picture = _written_on(picture, rng)
    if rng.random() < 0.25 * hard:
        picture = _coarse(picture, rng)
    way_up = NOT_TAUGHT if shot.kind in NO_WAY_UP else int(turn != TURNS[0])
    greys = NOT_TAUGHT if shot.kind in NO_GREYS else int(negative)
    return Drawn(prepare(picture), KINDS.index(shot.kind), way_up, greys)


def windowed(shot: Shot, rng: np.random.Generator) -> Picture:
    """Grey values; HU through one of the windows usual for the kind, through any, or as they are."""
    values = shot.values.astype(np.float32)
    if not shot.hu or rng.random() < _WHOLE:
        return values
    usual = WINDOWS.get(shot.kind, WINDOWS[router_kinds.CHEST_CT])
    centre, width = usual[int(rng.integers(len(usual)))]
    if rng.random() < 0.3:
        centre, width = int(rng.uniform(-700, 400)), int(rng.uniform(250, 3000))
    factor = float(np.exp(rng.normal(0, 0.15)))
    return shown(values, centre + float(rng.normal(0, 0.05)) * width, width * factor)


def shown(values: Picture, centre: float, width: float) -> Picture:
    """HU through a window: 0 to 1."""
    return np.asarray(np.clip((values - centre) / width + 0.5, 0, 1), np.float32)


def toned(picture: Picture, rng: np.random.Generator) -> Picture:
    """The grey values along another rising curve, as another machine or another screen shows them.

    Before it, local contrast is made weaker or stronger, as the processing of X-rays does.
    """
    low, high = float(picture.min()), float(picture.max())
    rises = rng.gamma(1.5, 1.0, 4)
    curve = np.concatenate([[0.0], np.cumsum(rises) / rises.sum()])
    shares = (picture - low) / max(high - low, 1e-6)
    around = resize_area(resize_area(shares, (12, 12)), shares.shape)
    shares = np.clip(shares + float(rng.uniform(-0.3, 0.8)) * (shares - around), 0, 1)
    return np.asarray(np.interp(shares, np.linspace(0, 1, 5), curve), np.float32)


def turned(picture: NDArray[np.float32], turn: str) -> Picture:
    """One of :data:`TURNS`."""
    changed = {
        "upright": picture,
        "half turn": picture[::-1, ::-1],
        "top to bottom": picture[::-1],
        "quarter turn left": np.rot90(picture),
        "quarter turn right": np.rot90(picture, -1),
    }[turn]
    return np.asarray(changed, np.float32)


def negated(picture: Picture) -> Picture:
    """Light and dark exchanged."""
    return np.asarray(picture.max() + picture.min() - picture, np.float32)


def _cropped(picture: Picture, rng: np.random.Generator) -> Picture:
    """A part of it."""
    least = 0.62 if rng.random() < 0.25 else 0.82
    sizes = [min(n, max(16, int(n * rng.uniform(least, 1)))) for n in picture.shape]
    starts = [int(rng.integers(n - k + 1)) for n, k in zip(picture.shape, sizes, strict=True)]
    return picture[starts[0] : starts[0] + sizes[0], starts[1] : starts[1] + sizes[1]]


def _stretched(picture: Picture, rng: np.random.Generator) -> Picture:
    """The sides' ratio changed."""
    rows, columns = picture.shape
    return resize_area(picture, (max(8, round(rows * float(np.exp(rng.normal(0, 0.13))))), columns))


def _framed(picture: Picture, rng: np.random.Generator) -> Picture:
    """A border of one grey on some sides."""
    pads = [(int(n * a), int(n * b)) for n, (a, b) in zip(picture.shape, _margins(rng), strict=True)]
    low, high = float(picture.min()), float(picture.max())
    grey = low + (high - low) * float(rng.choice([0.0, 0.0, 1.0, rng.random()]))
    return np.pad(picture, pads, constant_values=np.float32(grey))


def _margins(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(rng.uniform(0, 0.2, (2, 2)) * (rng.random((2, 2)) < 0.6))


def _written_on(picture: Picture, rng: np.random.Generator) -> Picture:
    """Letters and a box or two, as side markers and burnt-in names are."""
    low, high = float(picture.min()), float(picture.max())
    scale = 255 / max(high - low, 1e-6)
    image = Image.fromarray(np.clip((picture - low) * scale, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    rows, columns = picture.shape
    for _ in range(int(rng.integers(1, 6))):
        x, y = int(rng.integers(columns)), int(rng.integers(rows))
        grey = int(rng.choice([0, 255, 255, int(rng.integers(256))]))
        if rng.random() < 0.25:
            pen.rectangle((x, y, x + int(rng.integers(3, 40)), y + int(rng.integers(3, 20))), fill=grey)
        else:
            text = "".join(chr(int(c)) for c in rng.integers(48, 91, int(rng.integers(1, 12))))
            pen.text((x, y), text, fill=grey, font_size=int(rng.integers(8, 20)))
    return np.asarray(np.asarray(image, np.float32) / scale + low, np.float32)


def _coarse(picture: Picture, rng: np.random.Generator) -> Picture:
    """As from a small picture made large."""
    share = rng.uniform(0.25, 0.6)
    return resize_area(picture, [max(16, int(n * share)) for n in picture.shape])
