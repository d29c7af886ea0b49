"""What the network sees lies where the voxels lie, and its answer comes back onto them exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.lung_input import (
    GRID_MM,
    HU_RANGE,
    MULTIPLE,
    Bands,
    grid_size,
    grow_matrix,
    prepare,
    scale_hu,
    shrink_matrix,
)
from medviewer.errors import NoGeometry
from medviewer.imaging.volume import Geometry, Unit, Volume

ORDERS = list(itertools.permutations(range(3)))


def _volume(order: tuple[int, int, int], flips: tuple[int, int, int], angle: float = 0.0) -> Volume:
    """A ball off the centre of an anisotropic grid whose axes are stored in any order and sense."""
    spacing = np.array([4.0, 0.8, 1.1])
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]]
    )
    axes = turn @ np.eye(3)[:, list(order)] * np.where(np.array(flips), -1.0, 1.0)
    affine = np.eye(4)
    affine[:3, :3] = axes * spacing
    shape = (26, 90, 70)
    affine[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2
    geometry = Geometry(affine)
    where = geometry.position(np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1))
    ball = np.linalg.norm(where - np.array([6.0, -4.0, 5.0]), axis=-1) < 22.0
    return Volume(np.where(ball, HU_RANGE[1], HU_RANGE[0]).astype(np.int16), geometry, Unit.HU)


def _through_identity(volume: Volume) -> NDArray[np.bool_]:
    """What comes back when the network's probability is simply the brightness it saw."""
    lung = prepare(volume)
    out = np.zeros(volume.shape, bool)
    for k in range(lung.count):
        seen = (lung.batch([k])[0, 1] + 1) / 2
        back = lung.restore(k, np.stack([1 - seen, seen]))
        lung.view.extract(out, k)[...] = back[1]
    return out


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flips", [(0, 0, 0), (1, 0, 1), (0, 1, 0), (1, 1, 1)])
def test_an_identity_network_gives_back_the_ball_without_shift(
    order: tuple[int, int, int], flips: tuple[int, int, int]
) -> None:
    volume = _volume(order, flips)
    ball = volume.voxels > 0
    back = _through_identity(volume)
    assert 2 * (ball & back).sum() / (ball.sum() + back.sum()) > 0.97
    geometry = volume.require_geometry()
    shift = geometry.position(np.argwhere(back)).mean(axis=0) - geometry.position(np.argwhere(ball)).mean(
        axis=0
    )
    assert np.abs(shift).max() < 0.06


def test_an_oblique_volume_comes_back_on_its_own_grid() -> None:
    volume = _volume((2, 1, 0), (0, 0, 0), angle=0.3)
    ball, back = volume.voxels > 0, _through_identity(volume)
    shift = np.argwhere(back).mean(axis=0) - np.argwhere(ball).mean(axis=0)
    assert np.abs(shift).max() < 0.06


@pytest.mark.parametrize("flips", list(itertools.product((0, 1), repeat=3)))
def test_the_first_channel_lies_towards_the_feet_and_the_last_towards_the_head(
    flips: tuple[int, int, int],
) -> None:
    base = _volume((2, 1, 0), flips)
    geometry = base.require_geometry()
    z = geometry.position(np.stack(np.meshgrid(*map(np.arange, base.shape), indexing="ij"), axis=-1))[..., 2]
    lung = prepare(Volume((z * 4).astype(np.int16), geometry, Unit.HU))
    low, high = HU_RANGE
    middle = (np.array(lung.size) // 2).tolist()
    for k in (5, 13, 20):
        feet, own, head = ((lung.batch([k])[0, :, middle[0], middle[1]] + 1) * (high - low) / 2 + low) / 4
        assert own - feet == pytest.approx(4.0, abs=0.5)
        assert head - own == pytest.approx(4.0, abs=0.5)
        assert z[lung.native_slice(k)].mean() == pytest.approx(own, abs=0.5)


def test_neighbours_are_about_five_millimetres_away_and_repeat_at_the_ends() -> None:
    geometry = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (2.0, 2.0), (0, 0, 1.0))
    voxels = np.zeros((20, 32, 32), np.int16) + np.arange(20, dtype=np.int16)[:, None, None] * 10
    lung = prepare(Volume(voxels, geometry, Unit.HU))
    shown = [lung.native_slice(k) for k in range(20)]
    k = shown.index(10)
    back = (lung.batch([k])[0, :, 16, 16] + 1) * (HU_RANGE[1] - HU_RANGE[0]) / 2 + HU_RANGE[0]
    assert back == pytest.approx([50, 100, 150], abs=0.1)
    back = (lung.batch([shown.index(0)])[0, :, 16, 16] + 1) * (HU_RANGE[1] - HU_RANGE[0]) / 2 + HU_RANGE[0]
    assert back == pytest.approx([0, 0, 50], abs=0.1)


@pytest.mark.parametrize(("count", "spacing"), [(512, 0.7), (200, 1.5), (96, 4.0), (333, 0.97)])
def test_a_straight_ramp_survives_both_ways(count: int, spacing: float) -> None:
    size = grid_size(count, spacing)
    assert size % MULTIPLE == 0
    assert size * GRID_MM >= count * spacing - 1e-6
    ramp = (np.arange(count) - (count - 1) / 2) * spacing
    grid = shrink_matrix(count, spacing, size) @ ramp
    back = grow_matrix(count, spacing, size) @ grid
    inner = np.abs(ramp) < count * spacing / 2 - 2 * max(spacing, GRID_MM)
    assert np.allclose(back[inner], ramp[inner], atol=GRID_MM / 30)


def test_scaling_clips_to_the_range() -> None:
    assert scale_hu(np.array([-3000, HU_RANGE[0], HU_RANGE[1], 3000])) == pytest.approx([-1, -1, 1, 1])


def test_without_geometry_there_is_no_input() -> None:
    with pytest.raises(NoGeometry):
        prepare(Volume(np.zeros((4, 32, 32), np.int16), None, Unit.HU))


def test_a_picture_that_is_not_there_is_refused() -> None:
    lung = prepare(_volume((2, 1, 0), (0, 0, 0)))
    with pytest.raises(IndexError):
        lung.restore(lung.count, np.zeros((2, *lung.size), np.float32))


@pytest.mark.parametrize(("count", "spacing"), [(512, 0.7), (300, 1.5), (97, 2.2), (16, 0.9)])
def test_bands_are_the_same_map_as_the_whole_matrix(count: int, spacing: float) -> None:
    values = np.random.default_rng(1).normal(size=(count, 7)).astype(np.float32)
    matrix = shrink_matrix(count, spacing, grid_size(count, spacing))
    np.testing.assert_allclose(Bands(matrix).apply(values), matrix @ values, atol=1e-5)
    np.testing.assert_array_equal(Bands(matrix).covered, matrix.any(axis=1))
