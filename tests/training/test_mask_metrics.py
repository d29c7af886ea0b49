"""Figures of masks against shapes whose answer is known, and against MONAI where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medviewer.training.mask_metrics import (
    bland_altman,
    dice,
    hd95,
    surface,
    surface_dice,
    surface_distances,
)

SPACING = (2.0, 1.0, 0.5)


def box(start: tuple[int, int, int], size: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros((24, 32, 40), bool)
    mask[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))] = True
    return mask


A = box((4, 6, 8), (8, 10, 12))


def test_that_overlap_of_boxes_is_their_share() -> None:
    assert dice(A, A) == 1
    assert dice(A, box((8, 6, 8), (8, 10, 12))) == 0.5
    assert dice(A, box((4, 20, 8), (4, 4, 4))) == 0
    assert dice(A & False, A & False) == 1
    assert dice(A, A & False) == 0


def test_that_the_surface_is_the_shell_and_the_edge_of_the_picture_ends_a_mask() -> None:
    assert surface(A).sum() == 8 * 10 * 12 - 6 * 8 * 10
    assert surface(np.ones((3, 3), bool)).sum() == 8


@pytest.mark.parametrize(("axis", "voxels"), [(0, 1), (0, 3), (1, 4), (2, 6)])
def test_that_a_shift_is_measured_in_millimetres_of_its_axis(axis: int, voxels: int) -> None:
    moved = np.roll(A, voxels, axis)
    mm = voxels * SPACING[axis]
    there, back = surface_distances(A, moved, SPACING)
    assert there.max() == pytest.approx(mm, abs=1e-4)
    assert hd95(A, moved, SPACING) == pytest.approx(mm, abs=1e-4)
    assert hd95(A, moved, SPACING) == hd95(moved, A, SPACING)
    assert surface_dice(A, moved, SPACING, tolerance_mm=mm + 0.01) == 1
    assert surface_dice(A, moved, SPACING, tolerance_mm=mm / 3) < 1
    assert len(back) == surface(moved).sum()


def test_that_a_single_stray_voxel_does_not_rule_the_95th_percentile() -> None:
    stray = A.copy()
    stray[22, 30, 38] = True
    assert hd95(A, stray, SPACING) == 0
    assert surface_distances(stray, A, SPACING)[0].max() > 20


def test_that_a_missing_mask_counts_as_a_failure() -> None:
    nothing = np.zeros_like(A)
    assert hd95(nothing, A, SPACING) == math.inf
    assert surface_dice(nothing, A, SPACING) == 0
    assert hd95(nothing, nothing, SPACING) == 0
    assert surface_dice(nothing, nothing, SPACING) == 1


def test_that_bland_and_altman_are_bias_and_spread() -> None:
    truth = np.array([10.0, 20, 30, 40])
    found = bland_altman(truth + np.array([1, 3, 1, 3]), truth)
    assert found.bias == 2
    spread = math.sqrt(4 / 3)
    assert (found.low, found.high) == (pytest.approx(2 - 1.96 * spread), pytest.approx(2 + 1.96 * spread))
    assert found.mean == (10.5, 21.5, 30.5, 41.5)
    with pytest.raises(ValueError, match="two pairs"):
        bland_altman([1.0], [1.0])


@pytest.mark.filterwarnings("ignore:monai:FutureWarning")
def test_that_two_balls_are_measured_as_monai_measures_them() -> None:
    peer = pytest.importorskip("monai.metrics", reason="MONAI is not installed (pip install -e .[train])")
    pytest.importorskip("scipy", reason="MONAI measures distances with scipy, which is not installed")
    import torch

    grid = np.stack(np.meshgrid(*(np.arange(n) for n in A.shape), indexing="ij"), axis=-1)
    ball_a = np.linalg.norm((grid - (12, 16, 20)) * SPACING, axis=-1) < 8
    ball_b = np.linalg.norm((grid - (12, 17, 23)) * SPACING, axis=-1) < 7
    a, b = (torch.from_numpy(m[None, None]) for m in (ball_a, ball_b))
    assert dice(ball_a, ball_b) == pytest.approx(float(peer.compute_dice(a, b)), abs=1e-6)
    theirs = peer.compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=SPACING)
    assert hd95(ball_a, ball_b, SPACING) == pytest.approx(float(theirs), abs=0.5)
    share = peer.compute_surface_dice(a, b, class_thresholds=[1.5], include_background=True, spacing=SPACING)
    assert surface_dice(ball_a, ball_b, SPACING, 1.5) == pytest.approx(float(share), abs=0.05)
