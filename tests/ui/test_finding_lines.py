"""The lines of findings lie on their own slice, in the picture's coordinates, turned with it."""

from __future__ import annotations

import numpy as np

from medviewer.ai.findings import Line
from medviewer.imaging.turn import Turn
from medviewer.imaging.volume import Volume
from medviewer.ui.drawn import lines_on
from medviewer.ui.picture import Picture

LINE = Line((1.0, 4.5, 2.0), (1.0, 4.5, 9.0), "heart")


def shown(turn: Turn | None = None) -> Picture:
    volume = Volume(np.zeros((3, 10, 12), np.int16), None)
    picture = Picture(volume, lines=(LINE,))
    return picture if turn is None else Picture(volume, lines=(LINE,), turn=turn)


def test_a_line_is_drawn_on_its_own_slice_only() -> None:
    assert lines_on(shown(), 0) == ()
    (shape,) = lines_on(shown(), 1)
    assert shape.points == ((2.0, 4.5), (9.0, 4.5))
    assert (shape.kind, shape.text) == ("length", "heart")
    assert lines_on(None, 1) == ()


def test_a_line_turns_with_the_picture() -> None:
    """A quarter turn: what ran across runs down, and is as long."""
    (shape,) = lines_on(shown(Turn(1)), 1)
    (x0, y0), (x1, y1) = shape.points
    assert x0 == x1
    assert abs(y1 - y0) == 7.0
