"""A turned picture: the same voxels, and everything that asks the view follows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.reslice import Letters, Plane, PlaneView
from medviewer.imaging.turn import FLIP_ACROSS, FLIP_DOWN, LEFT, RIGHT, STRAIGHT, Turn
from medviewer.imaging.volume import Mask
from tests.imaging.test_reslice import HEAD_FIRST

SHAPE = (3, 4, 5)
VOXELS = np.arange(60).reshape(SHAPE)
turns = st.builds(Turn, st.integers(0, 3), st.booleans())


def by_numpy(picture: np.ndarray, turn: Turn) -> np.ndarray:
    """The same by numpy: rotation clockwise first, flip after it."""
    turned = np.rot90(picture, -turn.quarters)
    return np.fliplr(turned) if turn.mirrored else turned


@given(turns)
def test_that_a_picture_turns_as_numpy_turns_it(turn):
    view = PlaneView(SHAPE, None, turn=turn)
    for index in range(3):
        expected = by_numpy(VOXELS[index], turn)
        assert view.shape == expected.shape
        np.testing.assert_array_equal(view.extract(VOXELS, index), expected)
        np.testing.assert_array_equal(view.placed(VOXELS[index]), expected)
        np.testing.assert_array_equal(view.stored(view.oriented(VOXELS)), VOXELS)


@given(turns, turns)
def test_that_two_turns_in_a_row_are_one(first, second):
    expected = by_numpy(by_numpy(VOXELS[0], first), second)
    np.testing.assert_array_equal(by_numpy(VOXELS[0], first.then(second)), expected)


@pytest.mark.parametrize(
    ("turn", "expected"),
    [(RIGHT, np.rot90(VOXELS[0], -1)), (LEFT, np.rot90(VOXELS[0])), (FLIP_ACROSS, np.fliplr(VOXELS[0])),
     (FLIP_DOWN, np.flipud(VOXELS[0])), (STRAIGHT, VOXELS[0])],
)  # fmt: skip
def test_that_the_reader_s_turns_do_what_they_are_called(turn, expected):
    np.testing.assert_array_equal(PlaneView(SHAPE, None, turn=turn).extract(VOXELS, 0), expected)


@given(turns, st.integers(0, 2), st.integers(0, 3), st.integers(0, 4))
def test_that_a_place_is_found_again(turn, index, row, column):
    view = PlaneView(SHAPE, None, turn=turn)
    shown = view.from_voxel(index, row, column)
    assert view.to_voxel(*shown) == (index, row, column)
    at = tuple(int(x) for x in shown)
    assert view.extract(VOXELS, at[0])[at[1], at[2]] == VOXELS[index, row, column]


@given(turns)
def test_that_a_mask_stays_on_its_voxels(turn):
    full = np.zeros(SHAPE, bool)
    full[1, 0, 1:3] = full[1, 2, 4] = True
    view = PlaneView(SHAPE, None, turn=turn)
    found = view.extract_mask(Mask.from_full(1, "one", full, None), 1)
    np.testing.assert_array_equal(found, by_numpy(full[1], turn))


def test_that_letters_of_a_projection_turn_with_it():
    said = (InPlane(edges=("R", "L", "H", "F")),) * 3
    shown = {
        turn: PlaneView(SHAPE, None, Plane.NATIVE, said, turn).letters()
        for turn in (RIGHT, LEFT, FLIP_ACROSS)
    }
    assert shown[RIGHT] == Letters(left="F", right="H", top="R", bottom="L")
    assert shown[LEFT] == Letters(left="H", right="F", top="L", bottom="R")
    assert shown[FLIP_ACROSS] == Letters(left="L", right="R", top="H", bottom="F")


@given(turns)
def test_that_letters_said_and_letters_of_the_geometry_turn_alike(turn):
    straight = PlaneView(SHAPE, HEAD_FIRST).letters()
    said = (InPlane(edges=(straight.left, straight.right, straight.top, straight.bottom)),) * 3
    assert (
        PlaneView(SHAPE, HEAD_FIRST, turn=turn).letters()
        == PlaneView(SHAPE, None, Plane.NATIVE, said, turn).letters()
    )


@pytest.mark.parametrize(
    ("turn", "expected"), [(STRAIGHT, (0.4, 0.2)), (RIGHT, (0.2, 0.4)), (FLIP_DOWN, (0.4, 0.2))]
)
def test_that_rows_and_columns_exchange_their_millimetres(turn, expected):
    view = PlaneView(SHAPE, None, Plane.NATIVE, (InPlane(Scale(0.4, 0.2)),) * 3, turn)
    assert view.pixel_mm == expected


def test_that_words_say_how_a_picture_lies():
    assert [t.words for t in (STRAIGHT, RIGHT, LEFT, FLIP_ACROSS, FLIP_DOWN, Turn(1, True))] == [
        "",
        "Rotated 90°",
        "Rotated 270°",
        "Flipped left to right",
        "Flipped top to bottom",
        "Rotated 90°, flipped left to right",
    ]


def test_that_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match="slice"):
        PlaneView(SHAPE, None).placed(np.zeros((5, 4)))
    with pytest.raises(ValueError, match="quarters"):
        Turn(4)
