"""Each figure of lung density against an answer known by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medviewer.ai import attenuation
from medviewer.imaging.volume import Mask, Unit, Volume
from tests.ai.bundles import axial


def test_the_volume_range_moves_every_face_by_half_a_voxel() -> None:
    mask = Mask.from_full(1, "cube", np.pad(np.ones((10, 10, 10), bool), 3), axial(1.0, 1.0))
    low, high = attenuation.half_voxel_range(mask)
    assert low == pytest.approx((1000 - (1000 - 8**3) / 2) / 1000)
    assert high == pytest.approx((1000 + 6 * 100 / 2) / 1000)


def test_laa_counts_voxels_strictly_below_the_limit() -> None:
    values = np.array([-951, -950, -949, -800], np.float32)
    assert attenuation.laa_percent(values) == 25.0
    assert math.isnan(attenuation.laa_percent(values[:0]))


def test_perc15_is_the_fifteenth_percentile() -> None:
    assert attenuation.perc15(np.arange(-1000, -899, dtype=np.float32)) == pytest.approx(-985.0)
    assert math.isnan(attenuation.perc15(np.zeros(0, np.float32)))


def test_the_five_bands_hold_every_value_once() -> None:
    edges = np.array([-2000, -951, -950, -751, -750, -401, -400, -1, 0, 3000], np.float32)
    assert list(attenuation.band_percents(edges).values()) == [20.0] * 5
    noise = np.random.default_rng(1).normal(-700, 300, 10_000).astype(np.float32)
    assert sum(attenuation.band_percents(noise).values()) == pytest.approx(100)


@pytest.mark.parametrize("pixel", [1.0, 2.0])
def test_dense_lung_is_found_and_vessels_are_not(pixel: float) -> None:
    geometry = axial(2.5, pixel)
    values = np.full((12, 100, 100), -850, np.int16)
    rows, columns = np.ogrid[:100, :100]
    radius = 24 / pixel
    disc = (rows - 50) ** 2 + (columns - 50) ** 2 <= radius**2
    values[3:9, disc] = 20
    values[:, 5:8, :] = 30
    mask = Mask.from_full(1, "lung", np.ones(values.shape, bool), geometry)
    region = attenuation.dense_region(Volume(values, geometry, Unit.HU), mask)
    assert not region[:, :20].any()
    assert not region[:3].any()
    area = np.count_nonzero(region[5]) * pixel**2
    assert area == pytest.approx(math.pi * 24**2, rel=0.06)


def test_bone_and_contrast_are_not_dense_lung() -> None:
    values = np.full((3, 60, 60), 300, np.int16)
    mask = Mask.from_full(1, "lung", np.ones(values.shape, bool), axial(2.5, 1.0))
    volume = Volume(values, axial(2.5, 1.0), Unit.HU)
    assert not attenuation.dense_region(volume, mask).any()
