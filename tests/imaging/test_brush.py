"""The brush: discs of millimetres where pixels are not square, strokes without gaps, strokes taken back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.imaging.brush import Dab, MaskDraft, swept
from medviewer.imaging.volume import Geometry, Mask

SHAPE = (24, 31)
GRID = (5, *SHAPE)
GEOMETRY = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.5, 0.8), (0, 0, 3.0))


def covered(start: tuple[float, float], end: tuple[float, float], radius: tuple[float, float]) -> np.ndarray:
    """The brush on the whole slice."""
    full = np.zeros(SHAPE, bool)
    dab = swept(SHAPE, start, end, radius)
    if dab is not None:
        full[dab.box] = dab.inside
    return full


places = st.tuples(st.floats(-4, 27), st.floats(-4, 34))


@given(places, st.floats(1, 9), st.floats(0.5, 2))
def test_that_a_disc_holds_the_pixels_whose_centre_it_covers(
    at: tuple[float, float], radius_mm: float, ratio: float
) -> None:
    """Against the definition, in millimetres."""
    row_mm, column_mm = 1.0, ratio
    found = covered(at, at, (radius_mm / row_mm, radius_mm / column_mm))
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot((rows - at[0]) * row_mm, (columns - at[1]) * column_mm)
    assert found[away < radius_mm - 1e-6].all()
    own = (int(np.floor(at[0] + 0.5)), int(np.floor(at[1] + 0.5)))
    beyond = found & (away > max(radius_mm, 0.5 * max(1.0, ratio)) + 1e-6)
    assert {tuple(p) for p in np.argwhere(beyond)} <= {own}


@given(places, places, st.floats(1, 5))
def test_that_a_stroke_is_what_all_discs_along_it_cover(
    start: tuple[float, float], end: tuple[float, float], radius: float
) -> None:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    along = np.linspace(0, 1, 400)[:, None, None]
    y, x = start[0] + along * (end[0] - start[0]), start[1] + along * (end[1] - start[1])
    nearest = np.hypot(rows - y, columns - x).min(axis=0)
    found = covered(start, end, (radius, radius))
    assert found[nearest < radius - 1e-6].all()
    assert not found[nearest > radius + 0.1].any()


@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.49, -0.49), (-0.49, 0.49)])
def test_that_a_brush_below_a_pixel_covers_the_pixel_under_it_alone(offset: tuple[float, float]) -> None:
    at = (7 + offset[0], 11 + offset[1])
    assert np.argwhere(covered(at, at, (0.3, 0.9))).tolist() == [[7, 11]]


def test_that_a_brush_beside_the_picture_covers_nothing() -> None:
    assert swept(SHAPE, (-9, 4), (-9, 8), (3, 3)) is None
    assert swept(SHAPE, (4, 60), (4, 60), (3, 3)) is None


def draft() -> tuple[Mask, MaskDraft]:
    full = np.zeros(GRID, bool)
    full[1:4, 5:12, 6:20] = True
    mask = Mask.from_full(3, "lung", full, GEOMETRY)
    return mask, MaskDraft(mask)


def dab_at(row: int, column: int, radius: float = 2.0) -> Dab:
    dab = swept(SHAPE, (row, column), (row, column), (radius, radius))
    assert dab is not None
    return dab


def test_that_painting_changes_what_the_brush_covers_and_not_the_mask_it_began_with() -> None:
    mask, made = draft()
    before = mask.box.copy()
    assert made.paint(2, dab_at(20, 25), inside=True)
    assert made.paint(2, dab_at(6, 7), inside=False)
    expected = mask.full()
    expected[2][covered((20, 25), (20, 25), (2, 2))] = True
    expected[2][covered((6, 7), (6, 7), (2, 2))] = False
    finished = made.finished()
    assert np.array_equal(finished.full(), expected)
    assert np.array_equal(made.shown().full(), expected)
    assert (finished.label, finished.name, finished.geometry) == (3, "lung", GEOMETRY)
    assert np.array_equal(mask.box, before)


def test_that_each_stroke_is_taken_back_whole() -> None:
    mask, made = draft()
    made.begin()
    made.paint(2, dab_at(20, 25), inside=True)
    made.paint(3, dab_at(2, 2), inside=True)
    after_first = made.finished().full()
    made.begin()
    made.paint(2, dab_at(21, 25), inside=True)
    assert made.can_undo
    assert made.undo() == (2,)
    assert np.array_equal(made.finished().full(), after_first)
    assert sorted(made.undo()) == [2, 3]
    assert np.array_equal(made.finished().full(), mask.full())
    assert not made.can_undo
    assert made.undo() == ()


def test_that_a_stroke_that_changes_nothing_is_none() -> None:
    _, made = draft()
    made.begin()
    assert not made.paint(2, dab_at(8, 12), inside=True)
    assert not made.paint(0, dab_at(8, 12), inside=False)
    assert not made.can_undo
