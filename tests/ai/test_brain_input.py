"""The way to the network's grid and back: a flip or half a voxel anywhere fails here."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.brain_grid import GRID_MM, GRID_SHAPE
from medviewer.ai.brain_input import BrainInput, better_centre
from medviewer.ai.brain_labels import LEFT, STRUCTURES, index_of, joint
from medviewer.ai.brain_space import grid_geometry
from medviewer.errors import NoGeometry
from medviewer.imaging.volume import Geometry, Volume

NAMES = [name for _, _, name in joint()]
CENTRE = (12.0, -20.0, 30.0)
TARGET = (24.0, -38.0, 41.0)
"""LPS mm of the middle of the marked box: left of, in front of and above the centre."""
HALF = (9.0, 18.0, 13.0)
"""Half the box's edges along x, y, z."""

AXES = {
    "axial, foot to head": ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    "axial, head to foot": ((0, 0, -1), (0, 1, 0), (1, 0, 0)),
    "sagittal, left to right": ((-1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "sagittal, right to left": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "coronal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
    "coronal, mirrored columns": ((0, -1, 0), (0, 0, -1), (-1, 0, 0)),
}


def geometry_of(
    axes: tuple[tuple[float, ...], ...], spacing: tuple[float, float, float], shape: tuple[int, int, int]
) -> Geometry:
    """A grid of that shape whose middle lies at CENTRE."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(axes, float).T * spacing
    affine[:3, 3] = np.array(CENTRE) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Geometry(affine)


def box_on(geometry: Geometry, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Which voxels of a grid have their centre in the box around TARGET."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    return np.asarray((np.abs(geometry.position(index) - TARGET) <= HALF).all(axis=-1))


def answer_of(inside: NDArray[np.bool_], name: str = "putamen") -> NDArray[np.float32]:
    """Probabilities that say background, and ``name`` inside."""
    out = np.zeros((len(STRUCTURES), *inside.shape), np.float32)
    out[0] = ~inside
    out[index_of(name)] = inside
    return out


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
def test_that_a_picture_shows_every_point_of_the_patient_at_its_place(
    axes: tuple[tuple[float, ...], ...],
) -> None:
    """The volume is a linear function of LPS; so is its picture, at the voxels' own places."""
    shape, spacing = (160, 170, 180), (1.1, 1.0, 1.2)
    geometry = geometry_of(axes, spacing, shape)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    voxels = geometry.position(index) @ np.array([1.0, 10.0, 100.0]) + 50_000.0
    centre = (CENTRE[0] + 5.0, CENTRE[1] - 3.0, CENTRE[2] + 7.0)
    picture = BrainInput(Volume(voxels.astype(np.float32), geometry)).picture(centre)
    grid = grid_geometry(centre)
    near = np.array(GRID_SHAPE) // 2 + np.array([[0, 0, 0], [10, -15, 20], [-12, 9, -18]])
    expected = grid.position(near) @ np.array([1.0, 10.0, 100.0])
    seen = np.array([picture[tuple(k)] for k in near], float)
    # Scaled linearly: ratios of differences are what stays.
    slopes = (seen[1:] - seen[0]) / (expected[1:] - expected[0])
    assert slopes[0] > 0
    assert slopes[1] == pytest.approx(slopes[0], rel=1e-3)


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 0.9, 0.9), (0.67, 0.7, 0.7)])
def test_that_the_answer_comes_back_to_the_stored_voxels(
    axes: tuple[tuple[float, ...], ...], spacing: tuple[float, float, float]
) -> None:
    """A box in the patient, answered on the network's grid, is the same box on any stored grid.

    The picture has no contrast, so that the answer alone decides. Its faces lie midway between the network's
    voxels, so every stored voxel is decided. Half a voxel of either grid, a flip or a swapped axis moves a
    face and fails.
    """
    shape = (int(120 / spacing[0]), 150, 140)
    geometry = geometry_of(axes, spacing, shape)
    grid = grid_geometry(CENTRE)
    on_grid = box_on(grid, GRID_SHAPE)
    source = BrainInput(Volume(np.zeros(shape, np.float32), geometry))
    found = source.restore(answer_of(on_grid), np.ones(GRID_SHAPE, np.float32), CENTRE)
    assert found.shape == shape
    assert set(np.unique(found)) == {0, NAMES.index("left_putamen")}
    hits = np.argwhere(on_grid)
    low = grid.position(hits.min(axis=0) - 0.5)
    high = grid.position(hits.max(axis=0) + 0.5)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    place = geometry.position(index)
    margin = GRID_MM / 4 + 1e-3
    surely_in = ((place > low + margin) & (place < high - margin)).all(axis=-1)
    surely_out = ((place < low - margin) | (place > high + margin)).any(axis=-1)
    inside = found > 0
    corners = _corner_band(place, low, high)
    assert bool(inside[surely_in & ~corners].all())
    assert not bool(inside[surely_out].any())
    assert surely_in.any()


def _corner_band(
    place: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Voxels near an edge of the box: blur and interpolation round the edges off."""
    near = (np.abs(place - low) < 3 * GRID_MM) | (np.abs(place - high) < 3 * GRID_MM)
    return np.asarray(near.sum(axis=-1) >= 2)


def test_that_right_and_left_are_told_by_the_side_alone() -> None:
    geometry = geometry_of(AXES["axial, head to foot"], (2.0, 1.5, 1.5), (60, 90, 90))
    source = BrainInput(Volume(np.zeros((60, 90, 90), np.int16), geometry))
    on_grid = box_on(grid_geometry(CENTRE), GRID_SHAPE)
    sides = {}
    for value in (0.0, 1.0):
        found = source.restore(answer_of(on_grid), np.full(GRID_SHAPE, value, np.float32), CENTRE)
        sides[value] = {NAMES[k] for k in np.unique(found)} - {"background"}
    assert sides == {0.0: {"right_putamen"}, 1.0: {"left_putamen"}}


def test_that_a_structure_of_the_middle_ignores_the_side() -> None:
    on_grid = box_on(grid_geometry(CENTRE), GRID_SHAPE)
    left = np.zeros(GRID_SHAPE, np.float32)
    left[:, :, GRID_SHAPE[2] // 2 :] = 1
    geometry = geometry_of(AXES["axial, head to foot"], (2.0, 1.5, 1.5), (60, 90, 90))
    source = BrainInput(Volume(np.zeros((60, 90, 90), np.int16), geometry))
    found = source.restore(answer_of(on_grid, "brain_stem"), left, CENTRE)
    assert {NAMES[k] for k in np.unique(found)} == {"background", "brain_stem"}


def test_that_the_first_guess_finds_a_head_wherever_it_lies() -> None:
    """A ball of 90 mm with a neck, off the middle of a large picture: the guess lies in its upper part."""
    shape, spacing = (150, 128, 128), (2.0, 2.0, 2.0)
    geometry = geometry_of(AXES["axial, foot to head"], spacing, shape)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    place = geometry.position(index)
    middle = np.array([CENTRE[0] + 15, CENTRE[1] + 10, CENTRE[2] + 40])
    head = ((place - middle) ** 2).sum(axis=-1) < 90.0**2
    neck = (((place - middle)[..., :2] ** 2).sum(axis=-1) < 50.0**2) & (place[..., 2] < middle[2])
    voxels = np.where(head | neck, 700, 10).astype(np.int16)
    guess = BrainInput(Volume(voxels, geometry)).first_centre()
    assert np.abs(np.array(guess[:2]) - middle[:2]).max() < 6
    assert 0 < guess[2] - middle[2] < 25, "78 mm below the top of a ball of 90 mm"


def test_that_the_second_look_is_centred_on_the_brain_of_the_first() -> None:
    on_grid = box_on(grid_geometry(CENTRE), GRID_SHAPE)
    better = better_centre(answer_of(on_grid, "cerebral_cortex"), CENTRE)
    assert better is not None
    np.testing.assert_allclose(better, TARGET, atol=GRID_MM)
    nothing = np.zeros(GRID_SHAPE, bool)
    assert better_centre(answer_of(nothing), CENTRE) is None


def test_that_headers_rounded_a_little_are_still_read() -> None:
    tilted = np.array(AXES["axial, foot to head"], float)
    tilted[1] += [4e-4, 0, 0]
    geometry = geometry_of(tuple(map(tuple, tilted)), (2.0, 2.0, 2.0), (40, 50, 50))
    picture = BrainInput(Volume(np.ones((40, 50, 50), np.float32), geometry)).picture(CENTRE)
    assert picture.shape == GRID_SHAPE


def test_that_a_volume_without_geometry_is_refused() -> None:
    with pytest.raises(NoGeometry):
        BrainInput(Volume(np.zeros((4, 5, 6), np.int16), None))


def test_that_values_that_are_no_numbers_do_not_spread() -> None:
    geometry = geometry_of(AXES["axial, foot to head"], (2.0, 2.0, 2.0), (40, 50, 50))
    voxels = np.ones((40, 50, 50), np.float32)
    voxels[20, 20:30, 20:30] = 5
    voxels[3, 3, 3] = np.nan
    assert np.isfinite(BrainInput(Volume(voxels, geometry)).picture(CENTRE)).all()


@pytest.mark.parametrize("strange", [(np.nan,), (np.inf,), (-np.inf,), (np.nan, -np.inf), (np.nan, np.inf)])
def test_that_a_voxel_without_a_number_is_as_dark_as_the_darkest(strange: tuple[float, ...]) -> None:
    """Values may lie far from zero: neither zero nor infinity is a value of this picture."""
    geometry = geometry_of(AXES["axial, foot to head"], (2.0, 2.0, 2.0), (40, 50, 50))
    dark = np.full((40, 50, 50), 30_000.0, np.float32)
    dark[10:30, 10:40, 10:40] = 31_000
    dark[20, 20 : 20 + len(strange), 20] = 30_000
    holes = dark.copy()
    holes[20, 20 : 20 + len(strange), 20] = strange
    told, expected = (BrainInput(Volume(v, geometry)).picture(CENTRE) for v in (holes, dark))
    np.testing.assert_allclose(told, expected, atol=1e-3)


def test_that_a_volume_without_a_single_number_is_borne() -> None:
    geometry = geometry_of(AXES["axial, foot to head"], (2.0, 2.0, 2.0), (40, 50, 50))
    source = BrainInput(Volume(np.full((40, 50, 50), np.nan, np.float32), geometry))
    assert not source.picture(CENTRE).any()


def test_that_a_value_beyond_single_precision_is_a_hole_too() -> None:
    geometry = geometry_of(AXES["axial, foot to head"], (2.0, 2.0, 2.0), (40, 50, 50))
    voxels = np.ones((40, 50, 50))
    voxels[20, 20:30, 20:30], voxels[3, 3, 3] = 5, 1e300
    assert np.isfinite(BrainInput(Volume(voxels, geometry)).picture(CENTRE)).all()


def test_that_no_copy_of_a_large_volume_is_kept() -> None:
    """Of int16 a copy in single precision would be twice the series again, until the answer is there."""
    geometry = geometry_of(AXES["axial, foot to head"], (1.0, 1.0, 1.0), (100, 200, 200))
    voxels = np.zeros((100, 200, 200), np.int16)
    tracemalloc.start()
    try:
        source = BrainInput(Volume(voxels, geometry))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert source.picture(CENTRE).shape == GRID_SHAPE
    assert kept < voxels.nbytes / 4


def test_the_grid_is_centred_and_left_is_the_last_column() -> None:
    grid = grid_geometry(CENTRE)
    np.testing.assert_allclose(grid.position((np.array(GRID_SHAPE) - 1) / 2), CENTRE)
    first, last = grid.position([0, 0, 0]), grid.position(np.array(GRID_SHAPE) - 1)
    assert (last > first).all()
    assert LEFT == 1
