"""What is made ready is what the window would make itself, for the picture asked for and no other."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from medviewer.imaging.part import Part, Span
from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.reslice import Plane
from medviewer.imaging.turn import Turn
from medviewer.imaging.volume import Mask, Unit, Volume
from medviewer.imaging.window import Window
from medviewer.ui.mask_parts import key_of, mask_parts
from medviewer.ui.picture import Picture
from medviewer.ui.warming import Warming

COUNT, SIDE = 6, 64
STYLE = OverlayStyle()
PART = Part(Span(0, 4.0, 16, SIDE), Span(0, 4.0, 16, SIDE))
WINDOW = Window(50, 101)


@pytest.fixture
def volume() -> Volume:
    values = np.random.default_rng(5).integers(0, 100, (COUNT, SIDE, SIDE), np.int16)
    return Volume(values, None, Unit.HU)


def _mask(volume: Volume, first: int) -> tuple[Mask, str, str]:
    inside = np.zeros(volume.shape, bool)
    inside[:, first : first + 20, 8:40] = True
    return Mask.from_full(1, "Box", inside, None), "#56B4E9", "Box"


def _warm(warming: Warming, picture: Picture, index: int) -> None:
    warming.around(picture, index, PART, STYLE)
    warming.join()


def test_neighbours_are_ready_and_the_same_as_made_when_asked_for(volume: Volume) -> None:
    picture = Picture(volume, masks=(_mask(volume, 8),))
    _warm(Warming(), picture, 2)
    cold = Picture(volume, masks=picture.masks)
    for index in (1, 3, 4):
        assert (index, PART) in picture.kept
        assert key_of(picture, index, STYLE, PART) in picture.kept
        assert np.array_equal(picture.levels(index, WINDOW, PART), cold.levels(index, WINDOW, PART))
        warm, plain = (mask_parts(p, index, STYLE, PART) for p in (picture, cold))
        assert warm.fill is not None
        assert plain.fill is not None
        assert np.array_equal(warm.fill, plain.fill)
        assert np.array_equal(warm.outlines[0][0], plain.outlines[0][0])
        assert warm.marks == plain.marks
    assert (5, PART) not in picture.kept


def test_the_way_of_scrolling_is_looked_ahead(volume: Volume) -> None:
    picture, warming = Picture(volume), Warming()
    _warm(warming, picture, 5)
    picture = replace(picture)
    picture.kept.__init__()  # type: ignore[misc]
    _warm(warming, picture, 3)
    assert [(k, PART) in picture.kept for k in range(COUNT)] == [False, True, True, False, True, False]


def test_slices_not_loaded_are_left_alone(volume: Volume) -> None:
    ready = np.array([True, True, False, True, True, True])
    picture = Picture(volume, ready=ready)
    _warm(Warming(), picture, 1)
    assert (2, PART) not in picture.kept
    assert (3, PART) in picture.kept


def test_blocks_for_zooming_are_made_at_rest(volume: Volume) -> None:
    picture = Picture(volume)
    _warm(Warming(), picture, 1)
    assert (1, (2, 2)) in picture.kept
    assert (1, (8, 8)) in picture.kept


def test_other_masks_never_show_what_was_kept_of_the_old_ones(volume: Volume) -> None:
    picture = Picture(volume, masks=(_mask(volume, 8),))
    _warm(Warming(), picture, 2)
    moved = replace(picture, masks=(_mask(volume, 40),))
    fills = [mask_parts(p, 3, STYLE, PART).fill for p in (picture, moved)]
    assert fills[0] is not None
    assert fills[1] is not None
    assert fills[0][2:7, 2:10, 3].all()
    assert not fills[1][2:7, 2:10, 3].any()
    assert fills[1][10:15, 2:10, 3].all()


def test_what_is_dropped_is_not_begun(volume: Volume) -> None:
    picture, warming, go = Picture(volume), Warming(), threading.Event()
    held = threading.Thread(target=lambda: picture.kept.ask((3, PART), _after(go)))
    held.start()
    warming.around(picture, 2, PART, None)
    warming.drop()
    go.set()
    held.join()
    warming.join()
    assert (1, PART) not in picture.kept
    assert (2, (2, 2)) not in picture.kept


def _after(go: threading.Event) -> object:
    def make() -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
        go.wait()
        return np.zeros((16, 16), np.int16)

    return make


def test_a_turned_picture_finds_nothing_of_the_straight_one(volume: Volume) -> None:
    picture = Picture(volume, masks=(_mask(volume, 8),))
    _warm(Warming(), picture, 2)
    turned = replace(picture, turn=Turn(1), kept=type(picture.kept)())
    assert np.array_equal(
        turned.levels(3, WINDOW, PART), Picture(volume, turn=Turn(1)).levels(3, WINDOW, PART)
    )
    assert picture.plane is Plane.NATIVE
