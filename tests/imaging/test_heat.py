"""Strength as colour: nothing where there is none, brightest where most, said by the bar."""

from __future__ import annotations

import numpy as np

from medviewer.imaging.colour_map import COLOUR_MAPS
from medviewer.imaging.heat import COLOURS, OPACITY, heat_bar, heat_rgba


def test_that_nothing_lies_where_there_is_no_strength_or_none_is_known() -> None:
    made = heat_rgba(np.array([[0.0, np.nan, 1.0]], np.float32))
    assert made.shape == (1, 3, 4)
    assert made[0, :2, 3].tolist() == [0, 0]
    assert made[0, 2, 3] == round(255 * OPACITY)


def test_that_stronger_is_brighter_and_denser() -> None:
    made = heat_rgba(np.linspace(0, 1, 50)[None]).astype(int)[0]
    luminance = made[:, :3] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance) >= -1).all()
    assert (np.diff(made[:, 3]) >= 0).all()


def test_that_the_bar_shows_the_colours_of_the_map_strongest_first() -> None:
    bar = heat_bar("what it is")
    assert np.array_equal(bar.colours[0], COLOUR_MAPS[COLOURS].table[255])
    assert np.array_equal(bar.colours[-1], COLOUR_MAPS[COLOURS].table[0])
    assert [text for _, text in bar.ticks] == ["most", "least"]
    assert bar.title == "what it is"
