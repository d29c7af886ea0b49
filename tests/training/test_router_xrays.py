"""Chest X-rays in each other's looks: tones, shapes and bends change, the order of greys stays."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.training import router_heads, router_kinds, router_xrays
from medviewer.training.router_kinds import Shot
from medviewer.training.router_sources import Pool, by_kind

RNG = np.random.default_rng


def ramp(rows: int = 40, columns: int = 60) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.linspace(0, 1, rows * columns, dtype=np.float32).reshape(rows, columns)


def shot(kind: str, patient: str, rows: int = 40, columns: int = 60, power: float = 1.0) -> Shot:
    return Shot((ramp(rows, columns) ** power).astype(np.float16), kind, patient)


def test_in_the_tones_of_another_the_greys_are_its_greys_in_the_old_order() -> None:
    own, other = ramp(), ramp(50, 50) ** 3
    found = router_xrays.in_tones_of(own, other, 1.0)
    assert (np.diff(found.ravel()) >= -1e-6).all()
    ranks = np.linspace(0.05, 0.95, 10)
    assert np.allclose(np.quantile(found, ranks), np.quantile(other, ranks), atol=0.01)
    half = router_xrays.in_tones_of(own, other, 0.5)
    assert np.allclose(half, (own + found) / 2, atol=1e-6)


def test_equal_greys_take_one_tone() -> None:
    flat = np.full((20, 20), 0.4, np.float32)
    found = router_xrays.in_tones_of(flat, ramp(), 1.0)
    assert float(found.max() - found.min()) == 0


@pytest.mark.parametrize("ratio", [0.75, 0.9, 1.0, 1.3])
def test_a_shape_is_reached_as_far_as_enough_is_left(ratio: float) -> None:
    for rows, columns in ((100, 100), (150, 100), (100, 140), (176, 90)):
        found = router_xrays.of_ratio(ramp(rows, columns), ratio, RNG(1))
        assert min(found.shape[0] / rows, found.shape[1] / columns) >= 0.715
        assert found.shape[0] == rows or found.shape[1] == columns
        reached = found.shape[0] / found.shape[1]
        assert abs(np.log(reached / ratio)) <= abs(np.log(rows / columns / ratio)) + 0.02
        if 0.75 <= rows / columns / ratio <= 1.3:
            assert reached == pytest.approx(ratio, rel=0.02)


def test_a_bend_moves_no_point_far_and_no_grey_out_of_range() -> None:
    x = np.tile(np.linspace(0, 1, 100, dtype=np.float32), (80, 1))
    for seed in range(5):
        found = router_xrays.bent(x, RNG(seed))
        assert found.shape == x.shape
        assert 0.001 < float(np.abs(found - x).max()) <= 0.036  # the grey is the place: a share of the width
    assert np.allclose(router_xrays.bent(np.ones((9, 7), np.float32), RNG(0)), 1)


def test_a_picture_laid_over_another_is_the_share_of_both() -> None:
    found = router_xrays.laid_over(np.ones((30, 20), np.float32), np.zeros((50, 50), np.float32), 0.7)
    assert found.shape == (30, 20)
    assert np.allclose(found, 0.7)


def test_whatever_is_changed_kind_and_patient_stay() -> None:
    adult = shot(router_kinds.CHEST_ADULT, "a", 60, 44)
    child = shot(router_kinds.CHEST_CHILD, "c", 9, 8, 3)
    for seed in range(60):
        found = router_xrays.varied(adult, adult, child, RNG(seed))
        assert (found.kind, found.patient, found.hu) == (adult.kind, "a", False)
        values = found.values.astype(np.float32)
        assert np.isfinite(values).all()
        assert values.min() >= -0.01
        assert values.max() <= 1.01


def test_a_pool_of_one_age_draws_that_age_and_no_scan_is_touched() -> None:
    heart = shot(router_kinds.CARDIAC, "h")
    pool = Pool(by_kind([shot(router_kinds.CHEST_CHILD, "c"), heart]), [])
    for seed in range(10):
        assert pool.draw(router_kinds.CHEST_CHILD, RNG(seed)).patient == "c"
        assert pool.draw(router_kinds.CARDIAC, RNG(seed)) is heart


def test_heads_are_bent_smoothly_and_a_little() -> None:
    for seed in range(8):
        shifts = router_heads.bend(RNG(seed))
        assert shifts.shape == (3, 144, 144)
        assert float(np.abs(shifts).max()) <= 6
        assert float(np.abs(np.diff(shifts, axis=1)).max()) < 0.5  # millimetres from pixel to pixel
