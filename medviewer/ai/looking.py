"""Where a classifier looked: how far its answer moves when one place after the other is hidden.

(Occlusion: Zeiler and Fergus, ECCV 2014.) A square of two cells by two slides over the picture in steps of
one cell and is filled with the picture's mean grey; a cell's strength is the mean distance, in log-odds, by
which the squares that cover it move the answer, either way. What was hidden is known to the pixel, so the map
lies where it belongs, whatever the layers of the network do to places. It explains an answer: no finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.request import Network, Request
from medviewer.ai.step_back import sizes, undo
from medviewer.ai.steps import resize_area
from medviewer.imaging.numbers import chance, number
from medviewer.tasks import TaskContext

LOOKED = "where the network looked: not a finding"
NO_RELIABLE_RESULT = "The model's numbers are not finite: where it looked cannot be told."
CELLS = 14
"""Along each side of the picture."""
SMALLEST = 0.05
"""Log-odds. Where no square moves the answer by more, no place stands out."""
_BATCH = 15

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Looked:
    """``strength``: (rows, columns) of the stored picture ``index``, as parts of the strongest place; None
    where no place stands out, or nothing reliable can be told. ``sentence`` says what it means."""

    index: int
    strength: Float32 | None
    sentence: str


def look(
    ask: Network, request: Request, index: int, context: TaskContext,
    log_odds: Callable[[Float32], float],
) -> Looked:  # fmt: skip
    """Where the network looked on stored slice ``index``. ``log_odds`` of the logits of one picture.

    Raises what asking the network raises, and Cancelled.
    """
    from medviewer.ai.pictures import prepared  # here: it brings SimpleITK, which the start does not need

    picture = prepared(request, index)
    own = log_odds(ask(picture[None, None])[0])
    told: list[float] = []
    for batch in _batches(picture):
        context.check()
        told += [log_odds(logits) for logits in ask(batch)]
        context.report(len(told) / (CELLS + 1) ** 2, "Looking at where it looked")
    moved = np.asarray(told) - own
    strongest = float(moved[np.argmax(np.abs(moved))])
    if abs(strongest) < SMALLEST:
        text = "No place stands out: hiding any one of them hardly changes the answer."
        return Looked(index, None, text)
    steps, shape = request.bundle.card.input.steps, (request.volume.shape[1], request.volume.shape[2])
    strength = resize_area(_cells(np.abs(moved)), sizes(shape, steps)[-1])
    placed = np.clip(undo(strength, shape, steps), 0.0, None)
    return Looked(
        index, np.asarray(placed / max(float(placed.max()), 1e-12), np.float32), _said(own, strongest)
    )


def _said(own: float, moved: float) -> str:
    before, after = (chance(_chance(x)) for x in (own, own + moved))
    verb = "divides" if moved < 0 else "multiplies"
    factor = number(float(np.exp(abs(moved))), decimals=1)
    text = f"Hiding the one square that matters most {verb} the odds by {factor}"
    if before == after:
        return f"{text}; the probability stays {after}."
    return f"{text}: probability {before} before, {after} after."


def _chance(log_odds: float) -> float:
    return float(0.5 * (1 + np.tanh(0.5 * log_odds)))


def _batches(picture: Float32) -> Iterator[Float32]:
    """Copies (n, 1, rows, columns), each with one square hidden, row by row of squares."""
    squares = list(_squares((picture.shape[0], picture.shape[1])))
    grey = np.float32(picture.mean())
    for start in range(0, len(squares), _BATCH):
        yield np.stack([np.where(square, grey, picture) for square in squares[start : start + _BATCH]])[
            :, None
        ]


def _squares(shape: tuple[int, int]) -> Iterator[Bool]:
    """Square (i, j) covers the cells i-1 and i, j-1 and j, as far as there are such."""
    rows, columns = (_bands(side) for side in shape)
    for row in rows:
        for column in columns:
            yield row[:, None] & column[None, :]


def _bands(side: int) -> list[Bool]:
    edges = np.linspace(0, side, CELLS + 1)
    places = np.arange(side) + 0.5
    low, high = np.r_[edges[0], edges[:-1]], np.r_[edges[1:], edges[-1]]
    return [(places >= a) & (places < b) for a, b in zip(low, high, strict=True)]


def _cells(moved: NDArray[np.float64]) -> Float32:
    """The mean over the four squares that cover each cell: (CELLS, CELLS)."""
    grid = moved.reshape(CELLS + 1, CELLS + 1)
    return np.asarray((grid[:-1, :-1] + grid[1:, :-1] + grid[:-1, 1:] + grid[1:, 1:]) / 4, np.float32)
