"""A mask keeps each of its pixels at any size on screen."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.imaging.cut import mask_cut, shrink_mask
from medviewer.imaging.part import Part, Span, span_on_screen
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Geometry, Mask

SHAPE = (9, 14, 11)
STRAIGHT = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.8, 0.5), (0, 0, 2.5))
TURNED = Geometry.from_planes((0, 0, 0), (0, -0.8, 0.6, 1, 0, 0), (0.8, 0.5), (0, 1.5, 2.0))


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("where", [STRAIGHT, TURNED])
def test_the_cut_of_a_box_is_the_cut_of_the_whole_mask(plane: Plane, where: Geometry) -> None:
    view = PlaneView(SHAPE, where, plane)
    for voxel in ((6, 3, 8), (0, 0, 0), (8, 13, 10)):
        inside = np.zeros(SHAPE, bool)
        inside[voxel] = True
        mask = Mask.from_full(1, "One", inside, where)
        for index in range(view.count):
            full, cut = view.extract_mask(mask, index), mask_cut(view, mask, index)
            if cut is None:
                assert not full.any()
            else:
                assert np.array_equal(shrink_mask(*cut, Part.whole(view.shape)), full)


@pytest.mark.parametrize("scale", [0.999, 0.7, 0.5, 0.23])
def test_one_pixel_lights_the_one_cell_that_holds_its_centre(scale: float) -> None:
    span = span_on_screen(scale, 1.7, 100, 60, slack=5)
    for row in range(60):
        for column in (0, 17, 59):
            lit = np.argwhere(shrink_mask(np.ones((1, 1), bool), row, column, Part(span, span)))
            assert len(lit) == 1
            centre = (np.array([row, column]) + 0.5 - span.start) / span.step
            assert np.abs(lit[0] + 0.5 - centre).max() <= 0.5 + 1e-6


def test_a_full_mask_leaves_no_hole() -> None:
    for scale in (0.999, 0.77, 0.31):
        span = span_on_screen(scale, 0.4, 100, 300, slack=5)
        lit = shrink_mask(np.ones((300, 300), bool), 0, 0, Part(span, span))
        assert lit[1:-1, 1:-1].all()


def test_a_mask_beside_the_part_is_not_on_it() -> None:
    part = Part(Span(0.0, 1.0, 5, 20), Span(0.0, 1.0, 5, 20))
    assert not shrink_mask(np.ones((3, 3), bool), 5, 0, part).any()
