"""Fluid in the chest is no lung, lies where gravity puts it, changes nothing else; nor is bowel gas lung."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from medviewer.training.phantom import Phantom, make_phantom
from medviewer.training.scene import Variation

SMALL = {"slices": 28, "size": 160, "spacing_mm": (8.0, 2.3, 2.3)}
SEED = 9


@cache
def chest(seed: int = SEED, **changes: bool) -> Phantom:
    """Drawn once for all tests that look at it."""
    return make_phantom(seed, variation=Variation(**changes), **SMALL)


@pytest.fixture
def dry() -> Phantom:
    return chest()


@pytest.fixture
def wet() -> Phantom:
    return chest(effusion=True, gut=True)


def test_fluid_takes_the_place_of_lung_and_belongs_to_no_lung(dry: Phantom, wet: Phantom) -> None:
    lung, before = (p.masks["right_lung"] | p.masks["left_lung"] for p in (wet, dry))
    fluid = wet.masks["effusion"]
    assert fluid.sum() * wet.volume.require_geometry().voxel_ml > 30
    assert not (fluid & lung).any()
    assert np.array_equal(fluid | lung | wet.masks["trachea"], before | dry.masks["trachea"])


def test_fluid_has_the_density_of_fluid_and_lies_behind(wet: Phantom) -> None:
    fluid = wet.masks["effusion"]
    core = fluid & np.roll(fluid, 1, 1) & np.roll(fluid, -1, 1) & np.roll(fluid, 1, 2) & np.roll(fluid, -1, 2)
    assert -10 < np.median(wet.volume.voxels[core]) < 40
    lung = wet.masks["right_lung"] | wet.masks["left_lung"]
    assert np.nonzero(fluid)[1].mean() > np.nonzero(lung)[1].mean() + 5


def test_compressed_lung_is_lung_beside_the_fluid() -> None:
    found = chest(12, effusion=True)
    squeezed = found.masks["compressed"]
    lung = found.masks["right_lung"] | found.masks["left_lung"]
    assert squeezed.sum() > 200
    assert not (squeezed & ~lung).any()
    assert np.median(found.volume.voxels[squeezed]) > 0


def test_a_chest_without_effusion_has_no_pleural_masks(dry: Phantom) -> None:
    assert "effusion" not in dry.masks
    assert "effusion" not in dry.truth["regions"]


def test_gas_under_the_dome_is_air_and_no_lung() -> None:
    gas = 0
    for seed in (1, 2, 3):
        plain = chest(seed, lesions=False)
        full = chest(seed, lesions=False, gut=True)
        more = (full.volume.voxels < -700) & (plain.volume.voxels > -300)
        lung = full.masks["right_lung"] | full.masks["left_lung"] | full.masks["trachea"]
        gas += int((more & ~lung).sum())
        assert np.array_equal(full.masks["left_lung"], plain.masks["left_lung"])
        assert (more & lung).sum() < 0.02 * lung.sum()
    assert gas > 300


def test_masses_are_lung_in_the_truth_and_dense() -> None:
    more = 0
    for seed in (1, 2, 3):
        plain = chest(seed, lesions=False)
        sick = chest(seed, lesions=False, masses=True)
        dense = sick.masks["consolidation"]
        assert not (dense & ~(sick.masks["right_lung"] | sick.masks["left_lung"])).any()
        assert np.array_equal(sick.masks["right_lung"], plain.masks["right_lung"])
        if dense.any():
            assert np.median(sick.volume.voxels[dense]) > -250
        more += int(dense.sum())
    assert more > 200
