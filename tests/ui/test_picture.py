"""Where the letter of a mask is put on a picture."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.ui.picture import Layer, letter_places

COLOUR = "#56B4E9"


@pytest.mark.parametrize("corner", [(0, 0), (7, 13)])
def test_that_the_letter_sits_deep_inside_the_largest_piece(corner: tuple[int, int]) -> None:
    mask = np.zeros((40, 60), bool)
    mask[2:6, 2:6] = True
    mask[10:31, 20:51] = True
    place = letter_places([Layer(mask, COLOUR, corner=corner)])[0]
    assert place is not None
    x, y = place[0] - corner[1], place[1] - corner[0]
    assert 16 <= y <= 25
    assert 27 <= x <= 44


def test_that_the_letter_never_falls_into_a_hole() -> None:
    yy, xx = np.mgrid[:50, :50]
    radius = np.hypot(yy - 25, xx - 25)
    ring = (radius > 12) & (radius < 22)
    place = letter_places([Layer(ring, COLOUR)])[0]
    assert place is not None
    assert ring[int(place[1]), int(place[0])]


def test_that_an_empty_mask_gets_no_letter() -> None:
    assert letter_places([Layer(np.zeros((5, 5), bool), COLOUR)]) == [None]
