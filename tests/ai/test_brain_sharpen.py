"""The network's answer, moved to where the grey values change, on whatever grid they are stored."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai import brain_sharpen
from medviewer.ai.brain_grid import GRID_SHAPE
from medviewer.ai.brain_labels import STRUCTURES, index_of, joint_names
from medviewer.ai.brain_sharpen import GridAnswer, settled, sharpened
from medviewer.ai.brain_space import grid_geometry
from medviewer.imaging.volume import Geometry
from tests.ai.test_brain_input import AXES, CENTRE, geometry_of

NAMES = joint_names()
WHITE, CORTEX = index_of("cerebral_white_matter"), index_of("cerebral_cortex")
SPACING, SHAPE = (1.0, 0.9, 0.9), (80, 110, 110)
Float32 = NDArray[np.float32]


def places(geometry: Geometry, shape: tuple[int, ...]) -> NDArray[np.float64]:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    return geometry.position(index)


def brain(place: NDArray[np.float64], grow_mm: float = 0.0) -> NDArray[np.intp]:
    """White matter in an ellipsoid, 4 mm of cortex around it, a quarter missing: no flip leaves it alike."""
    x, y, z = np.moveaxis(place - np.array(CENTRE), -1, 0)
    number = np.zeros(x.shape, np.intp)
    for k, more in ((CORTEX, 4.0 + grow_mm), (WHITE, grow_mm)):
        inside = (x / (24 + more)) ** 2 + (y / (30 + more)) ** 2 + (z / (22 + more)) ** 2 <= 1
        number[inside & ~((x > 6) & (y < -6) & (z > 0))] = k
    return number


def answer(wrong_mm: float = 0.0) -> GridAnswer:
    """A network that is fairly sure, of a brain that is larger than the true one by ``wrong_mm``."""
    number = brain(places(grid_geometry(CENTRE), GRID_SHAPE), wrong_mm)
    probabilities = np.full((len(STRUCTURES), *GRID_SHAPE), 0.002, np.float32)
    probabilities[0] = 0.97
    inside = number > 0
    probabilities[0][inside] = 0.1
    for k in (WHITE, CORTEX):
        probabilities[k][inside] = 0.2
        probabilities[k][number == k] = 0.7
    return GridAnswer(probabilities, np.ones(GRID_SHAPE, np.float32), CENTRE)


def picture(number: NDArray[np.intp], white: float, grey: float) -> NDArray[np.int16]:
    values = np.select([number == WHITE, number == CORTEX], [white, grey], 60.0)
    return (values + np.random.default_rng(1).normal(0, 15, values.shape)).astype(np.int16)


def overlap(found: NDArray[np.uint8], true: NDArray[np.intp], k: int) -> float:
    mine, other = found == NAMES.index("left_" + STRUCTURES[k].name), true == k
    return float(2 * (mine & other).sum() / (mine.sum() + other.sum()))


@pytest.mark.parametrize(
    ("axes", "white", "grey"),
    [
        (AXES["axial, foot to head"], 800, 500),
        (AXES["axial, foot to head"], 300, 600),
        *((axes, 800, 500) for name, axes in AXES.items() if name != "axial, foot to head"),
    ],
)
def test_that_borders_go_where_the_grey_values_change(
    axes: tuple[tuple[float, ...], ...], white: float, grey: float
) -> None:
    """The network's brain is 2 mm too large everywhere; whatever the contrast, the true one comes out."""
    geometry = geometry_of(axes, SPACING, SHAPE)
    true = brain(places(geometry, SHAPE))
    even = sharpened(np.zeros(SHAPE, np.int16), geometry, answer(2.0))
    found = sharpened(picture(true, white, grey), geometry, answer(2.0))
    for k in (WHITE, CORTEX):
        assert overlap(even, true, k) < 0.93
        assert overlap(found, true, k) > 0.99


def test_that_thick_slices_are_judged_by_their_own_voxels() -> None:
    shape = (17, 110, 110)
    geometry = geometry_of(AXES["axial, foot to head"], (5.0, 0.9, 0.9), shape)
    true = brain(places(geometry, shape))
    found = sharpened(picture(true, 800, 500), geometry, answer(2.0))
    assert overlap(found, true, WHITE) > 0.99


def test_that_the_parts_it_is_done_in_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    geometry = geometry_of(AXES["axial, foot to head"], SPACING, SHAPE)
    voxels = picture(brain(places(geometry, SHAPE)), 800, 650)
    whole = sharpened(voxels, geometry, answer())
    monkeypatch.setattr(brain_sharpen, "_PART_VOXELS", 40_000)
    assert np.array_equal(sharpened(voxels, geometry, answer()), whole)


def test_that_nothing_is_found_where_the_network_saw_nothing() -> None:
    """Grey values alone make no brain: bright voxels far from it stay background."""
    geometry = geometry_of(AXES["axial, foot to head"], SPACING, SHAPE)
    true = brain(places(geometry, SHAPE))
    voxels = picture(true, 800, 500)
    voxels[:8, :20, :20] = 800
    assert not sharpened(voxels, geometry, answer())[:8, :20, :20].any()
    empty = answer()
    empty.probabilities[:] = 0
    empty.probabilities[0] = 1
    assert not sharpened(voxels, geometry, empty).any()


def test_that_a_volume_beside_the_brain_stays_empty() -> None:
    geometry = geometry_of(AXES["axial, foot to head"], SPACING, (20, 30, 30))
    aside = geometry.affine.copy()
    aside[:3, 3] += 500
    assert not sharpened(np.ones((20, 30, 30), np.int16), Geometry(aside), answer()).any()


def test_that_a_lone_voxel_follows_its_neighbours() -> None:
    score = np.zeros((2, 5, 5, 5), np.float32)
    score[1] = 0.5
    score[:, 2, 2, 2] = 0.5, 0.0
    assert (settled(score, (1, 1, 1)) == 1).all()


def test_that_a_voxel_that_is_sure_stays() -> None:
    score = np.zeros((2, 5, 5, 5), np.float32)
    score[1] = 0.5
    score[:, 2, 2, 2] = 9.0, 0.0
    assert np.argwhere(settled(score, (1, 1, 1)) == 0).tolist() == [[2, 2, 2]]


def test_that_neighbours_across_thick_slices_hardly_count() -> None:
    """A slice of one class between slices of the other: it stays, for along its own plane all agree."""
    score = np.zeros((2, 3, 5, 5), np.float32)
    score[1] = 0.4
    score[:, 1] = np.array([0.4, 0.0])[:, None, None]
    assert (settled(score, (8.0, 1.0, 1.0))[1] == 0).all()
    lone = score.copy()
    lone[:, 1] = score[:, 0]
    lone[:, 1, 2, 2] = 0.45, 0.0
    assert settled(lone, (8.0, 1.0, 1.0))[1, 2, 2] == 1


def test_that_it_listens_between_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once before the grey values are learned, and then for every part."""
    geometry = geometry_of(AXES["axial, foot to head"], SPACING, SHAPE)
    voxels = picture(brain(places(geometry, SHAPE)), 800, 500)
    counts = []
    for size in (10_000_000, 40_000):
        monkeypatch.setattr(brain_sharpen, "_PART_VOXELS", size)
        asked: list[int] = []
        sharpened(voxels, geometry, answer(), lambda seen=asked: seen.append(1))
        counts.append(len(asked))
    assert counts[0] > 15
    assert counts[1] > counts[0] + 5


def test_that_it_listens_while_the_answer_is_blurred() -> None:
    """Seventeen classes of a million voxels: on a slow machine that is a second."""
    asked: list[int] = []

    def stop() -> None:
        asked.append(1)
        if len(asked) == len(STRUCTURES):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer().blurred(stop)
    assert len(asked) == len(STRUCTURES)


def test_that_it_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    geometry = geometry_of(AXES["axial, foot to head"], SPACING, SHAPE)
    monkeypatch.setattr(brain_sharpen, "_PART_VOXELS", 40_000)
    told: list[float] = []
    sharpened(np.zeros(SHAPE, np.int16), geometry, answer(), report=told.append)
    assert told[0] == 0
    assert len(told) > 5
    assert told == sorted(set(told))
    assert told[-1] < 1


@pytest.mark.parametrize("shape", [(600, 480, 400), (24, 560, 650), (1, 1024, 1024), (160, 200, 170)])
def test_that_the_parts_hold_every_voxel_once_and_few_neighbours(shape: tuple[int, int, int]) -> None:
    """Fine planes in parts of one slice would be judged five times over."""
    kept = np.zeros(shape, np.uint8)
    judged = []
    for own, wider in brain_sharpen._parts((slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2]))):
        kept[own] += 1
        judged.append(int(np.prod([s.stop - s.start for s in wider])))
    assert (kept == 1).all()
    assert sum(judged) < 1.5 * kept.size
    assert max(judged) < 2 * brain_sharpen._PART_VOXELS


@pytest.mark.parametrize("offset", [-30_000, 0, 30_000])
@pytest.mark.parametrize("slices", [1, 18])
def test_that_few_slices_and_values_far_from_zero_are_judged_alike(slices: int, offset: int) -> None:
    shape = (slices, 110, 110)
    geometry = geometry_of(AXES["coronal, mirrored columns"], (4.0, 0.9, 0.9), shape)
    true = brain(places(geometry, shape))
    found = sharpened((picture(true, 800, 500) + offset).astype(np.int32), geometry, answer(2.0))
    assert overlap(found, true, WHITE) > 0.98
