"""Synthetic heads: the labels belong to the picture, sides stay sides, a step is a function of its seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from medviewer.ai.brain_grid import CEILING, GRID_MM, GRID_SHAPE
from medviewer.ai.brain_labels import LEFT, RIGHT, index_of
from medviewer.training import brain_bend, brain_contrast, brain_optics, brain_paint
from medviewer.training.brain_contrast import Sample, draw
from medviewer.training.brain_maps import CLASS_OF, FINE, SIDE_OF, SIDELESS
from tests.brain_heads import solid_head

HEAD = solid_head()
VENTRICLE = index_of("lateral_ventricle")


def centroid(where: torch.Tensor) -> np.ndarray:
    return np.argwhere(where.numpy()).mean(axis=0)


def drawn(*seed: int) -> Sample:
    return draw(HEAD, np.random.default_rng(list(seed)))


def still(monkeypatch: pytest.MonkeyPatch, mirrored: bool = False) -> None:
    """No bend but the mirror; no cut, no thick slices."""
    matrix = torch.diag(torch.tensor([1.0, 1.0, -1.0 if mirrored else 1.0]))
    bend = brain_bend.Bend(matrix, torch.zeros(3), torch.zeros(3, *GRID_SHAPE), mirrored)
    monkeypatch.setattr(brain_bend, "draw_bend", lambda *_: bend)
    monkeypatch.setattr(brain_optics, "_CUT_SHARE", 0.0)
    monkeypatch.setattr(brain_optics, "_THICK_SHARE", 0.0)


def test_that_a_step_depends_on_its_seed_and_on_nothing_else() -> None:
    first, other, again = drawn(1, 5), drawn(1, 6), drawn(1, 5)
    assert torch.equal(first.picture, again.picture)
    assert torch.equal(first.classes, again.classes)
    assert torch.equal(first.sides, again.sides)
    assert not torch.equal(first.picture, other.picture)


def test_that_a_sample_lies_on_the_grid_and_holds_finite_values() -> None:
    for seed in range(6):
        sample = drawn(2, seed)
        assert sample.picture.shape == sample.classes.shape == sample.sides.shape == GRID_SHAPE
        assert torch.isfinite(sample.picture).all()
        assert float(sample.picture.min()) >= 0
        assert float(sample.picture.max()) <= CEILING**2


def test_that_every_region_of_the_picture_is_where_its_label_says() -> None:
    """The labels explain the picture: the share of its variance between classes is large, and falls to
    nothing when the labels are moved by a centimetre more than the regions are wide."""
    explained, moved = [], []
    for seed in range(8):
        sample = drawn(3, seed)
        keep = sample.classes > 0
        explained.append(_explained(sample.picture, sample.classes, keep))
        moved.append(_explained(sample.picture, sample.classes.roll(8, dims=2), keep))
    assert np.median(explained) > 0.35
    assert np.median(explained) > np.median(moved) + 0.1


def _explained(picture: torch.Tensor, classes: torch.Tensor, keep: torch.Tensor) -> float:
    """Share of the variance of the picture within ``keep`` that lies between classes (eta squared)."""
    values, groups = picture[keep].double().numpy(), classes[keep].numpy()
    total = ((values - values.mean()) ** 2).sum()
    between = sum(
        (groups == k).sum() * (values[groups == k].mean() - values.mean()) ** 2 for k in np.unique(groups)
    )
    return float(between / total)


def test_that_an_unbent_sample_is_the_map_on_the_coarser_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    still(monkeypatch)
    sample = drawn(4, 0)
    for name, side in (("lateral_ventricle", LEFT), ("lateral_ventricle", RIGHT)):
        true = np.argwhere((HEAD.classes == index_of(name)) & (HEAD.sides == side))
        seen = (sample.classes == index_of(name)) & (sample.sides == side)
        expected = (true.mean(axis=0) - HEAD.centre) / GRID_MM + (np.array(GRID_SHAPE) - 1) / 2
        np.testing.assert_allclose(centroid(seen), expected, atol=0.25)
        assert int(seen.sum()) * GRID_MM**3 == pytest.approx(len(true), rel=0.06)


@pytest.mark.parametrize("mirrored", [False, True])
def test_that_left_lies_on_the_left_mirrored_or_not(monkeypatch: pytest.MonkeyPatch, mirrored: bool) -> None:
    still(monkeypatch, mirrored)
    sample = drawn(5, 0)
    left = (sample.classes == VENTRICLE) & (sample.sides == LEFT)
    right = (sample.classes == VENTRICLE) & (sample.sides == RIGHT)
    assert centroid(left)[2] > (GRID_SHAPE[2] - 1) / 2 > centroid(right)[2]
    larger, smaller = (right, left) if mirrored else (left, right)
    assert int(larger.sum()) > 3 * int(smaller.sum()), "the mirror changes sides, not shapes"


def test_that_bent_heads_keep_their_sides() -> None:
    for seed in range(12):
        sample = drawn(6, seed)
        sided = sample.classes == index_of("cerebral_white_matter")
        x = [centroid(sided & (sample.sides == side))[2] for side in (LEFT, RIGHT)]
        assert x[0] > x[1]
        assert not bool((sample.sides[sided] == SIDELESS).any())


def test_that_both_halves_of_a_pair_share_their_paint() -> None:
    palette = brain_paint.draw_palette(np.random.default_rng(0))
    for left, right in ((2, 41), (4, 43), (17, 53), (25, 57), (136, 163), (28, 60)):
        assert np.array_equal(palette[FINE.index(left)], palette[FINE.index(right)])
    assert not np.array_equal(palette[FINE.index(2)], palette[FINE.index(3)])


def test_that_contrasts_come_in_every_order() -> None:
    """White matter brighter than grey and the reverse, fluid dark and bright: T1, T2 and what has no name."""
    seen = set()
    for seed in range(60):
        palette = brain_paint.draw_palette(np.random.default_rng(seed))[:, 0]
        white, grey, fluid = (palette[FINE.index(k)] for k in (2, 3, 4))
        seen.add((bool(white > grey), bool(fluid > grey)))
    assert len(seen) == 4


def test_that_a_cut_face_never_takes_brain_or_fluid() -> None:
    fine = brain_contrast.probe(HEAD, _straight())
    inside = torch.from_numpy(CLASS_OF)[fine] > 0
    cut = 0
    for seed in range(30):
        shown = brain_paint.draw_face_cut(np.random.default_rng(seed), fine)
        assert bool(shown[inside].all())
        cut += int(not bool(shown.all()))
    assert 0 < cut < 20


def _straight() -> torch.Tensor:
    bend = brain_bend.Bend(torch.eye(3), torch.zeros(3), torch.zeros(3, *GRID_SHAPE), mirrored=False)
    return bend.points(HEAD.centre)


def test_that_what_lies_outside_the_picture_has_no_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brain_optics, "_CUT_SHARE", 1.0)
    for seed in range(6):
        sample = drawn(7, seed)
        ends = [(axis, end) for axis in range(3) for end in (0, GRID_SHAPE[axis] - 1)]
        cut = [place for place in ends if not sample.picture.select(*place).any()]
        assert cut
        assert not any(sample.classes.select(*place).any() for place in cut)


def test_that_probing_beyond_the_map_finds_background() -> None:
    points = torch.tensor([[-1.0, 110.0, 500.0], [110.0, -3.0, 110.0], [95.0, 95.0, 95.0]])
    assert brain_contrast.probe(HEAD, points).tolist() == [0, 0, 0]


@pytest.mark.parametrize("spacing_mm", [2.0, 3.3, 6.5])
def test_that_thick_slices_neither_move_nor_dim_a_region(spacing_mm: float) -> None:
    """A ramp stays a ramp (linear maps between centres keep it), and a bump keeps its place."""
    count = GRID_SHAPE[0]
    forth = brain_optics.take(count, spacing_mm, 0.5)
    back = brain_optics.give_back(count, spacing_mm)
    ramp = torch.arange(count, dtype=torch.float32)
    inner = slice(12, -12)
    assert torch.allclose((back @ (forth @ ramp))[inner], ramp[inner], atol=0.02)
    bump = torch.exp(-0.5 * ((ramp - 47.3) / 6) ** 2)
    seen = back @ (forth @ bump)
    assert float((seen * ramp).sum() / seen.sum()) == pytest.approx(47.3, abs=0.1)


def test_that_the_bias_field_is_smooth_and_around_one() -> None:
    field = brain_optics.bias_field(np.random.default_rng(1), torch.Generator().manual_seed(1))
    assert field.shape == GRID_SHAPE
    assert float(field.min()) > 0
    assert float((field[1:] - field[:-1]).abs().max()) < 0.05


def test_that_every_number_of_the_maps_has_a_class_and_paired_ones_a_side() -> None:
    for label, structure in ((4, "lateral_ventricle"), (53, "hippocampus"), (163, "lateral_ventricle")):
        assert CLASS_OF[FINE.index(label)] == index_of(structure)
    assert SIDE_OF[FINE.index(53)] == RIGHT
    assert SIDE_OF[FINE.index(17)] == LEFT
    assert SIDE_OF[FINE.index(16)] == SIDE_OF[FINE.index(507)] == SIDELESS
    assert CLASS_OF[FINE.index(507)] == 0
