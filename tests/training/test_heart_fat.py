"""Fat in front of the heart is fat, lies in front, takes its place from the lung and changes nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.training.anatomy import Anatomy
from medviewer.training.heart_fat import HeartFat, draw_heart_fat
from medviewer.training.phantom import Phantom, make_phantom
from medviewer.training.scene import Variation

SMALL = {"slices": 24, "size": 160, "spacing_mm": (8.0, 2.3, 2.3)}
SEEDS = (1, 2, 5)


def _lungs(phantom: Phantom) -> np.ndarray:
    return phantom.masks["right_lung"] | phantom.masks["left_lung"]


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Phantom, Phantom]]:
    """Each chest without and with the fat."""
    plain = Variation(lesions=False)
    more = Variation(lesions=False, heart_fat=True)
    return [
        (make_phantom(k, variation=plain, **SMALL), make_phantom(k, variation=more, **SMALL)) for k in SEEDS
    ]


def test_what_the_fat_takes_is_taken_from_the_lung_and_lies_in_front(
    pairs: list[tuple[Phantom, Phantom]],
) -> None:
    taken = 0
    for plain, fat in pairs:
        assert not (_lungs(fat) & ~_lungs(plain)).any()
        gone = _lungs(plain) & ~_lungs(fat)
        taken += int(gone.sum())
        assert np.nonzero(gone)[1].mean() < np.nonzero(_lungs(plain))[1].mean() - 5
    assert taken * plain.volume.require_geometry().voxel_ml > 60


def test_it_has_the_density_of_fat_or_is_heart(pairs: list[tuple[Phantom, Phantom]]) -> None:
    for plain, fat in pairs:
        gone = _lungs(plain) & ~_lungs(fat)
        core = gone & np.roll(gone, 1, 1) & np.roll(gone, -1, 1) & np.roll(gone, 1, 2) & np.roll(gone, -1, 2)
        values = fat.volume.voxels[core].astype(float)
        assert (values < -250).mean() < 0.03
        assert np.percentile(values, 10) > -160
        assert ((values > -135) & (values < -50)).sum() > 30


def test_behind_the_heart_no_voxel_changes(pairs: list[tuple[Phantom, Phantom]]) -> None:
    for plain, fat in pairs:
        behind = slice(110, None)
        assert np.array_equal(plain.volume.voxels[:, behind], fat.volume.voxels[:, behind])


def test_a_wide_heart_holds_the_heart_and_may_reach_the_front_wall() -> None:
    x = np.arange(-120, 121, 3, dtype=np.float32)[None, :] + np.zeros((81, 1), np.float32)
    y = x.T.copy()
    touching = 0
    for seed in range(8):
        anatomy = Anatomy(np.random.default_rng(seed))
        plain = anatomy.section(-60.0, y[:, 0], x[0])
        domes = (anatomy.body.right_dome, anatomy.body.left_dome)
        anatomy.heart_fat = draw_heart_fat(np.random.default_rng([seed, 1]), anatomy.body.depth, domes)
        wide = anatomy.section(-60.0, y[:, 0], x[0])
        assert (wide.heart <= plain.heart + 1e-4).all()
        touching += bool(((wide.heart < 0) & (plain.thorax > -8) & (plain.thorax < 0) & (y < 0)).any())
    assert touching >= 2


def test_no_pad_no_distance() -> None:
    point = np.zeros((1, 1), np.float32)
    assert HeartFat((), None, -95.0, 1.0).distance(0.0, point, point) is None
    assert HeartFat((), None, -95.0, 1.0).lung(0.0, point, point, point) is point
