"""Sides of pixels joined to loops: none lost, none twice, every loop closed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import arrays

from medviewer.imaging.loops import loops
from medviewer.imaging.overlay import outline_segments


@given(arrays(bool, (7, 9)))
def test_that_the_loops_are_the_outline(inside: np.ndarray) -> None:
    segments = outline_segments(inside)
    found = loops(segments)
    assert all(np.array_equal(loop[0], loop[-1]) for loop in found)
    lengths = [np.abs(np.diff(loop, axis=0)).sum() for loop in found]
    assert sum(lengths) == np.abs(segments[:, 1] - segments[:, 0]).sum()
    assert sum(len(loop) - 1 for loop in found) == len(segments)


def test_that_a_hole_is_a_loop_of_its_own() -> None:
    ring = np.ones((5, 5), bool)
    ring[2, 2] = False
    assert sorted(len(loop) for loop in loops(outline_segments(ring))) == [5, 5]
