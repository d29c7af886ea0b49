"""Training runs from end to end in little, and goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from medviewer.ai.card import Metric, load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.lung_input import prepare, scale_hu
from medviewer.ai.runner import self_test
from medviewer.imaging.volume import Geometry, Volume
from medviewer.training import bundle, lung_ct, lung_data
from medviewer.training.__main__ import main
from medviewer.training.lung_change import crop_field
from medviewer.training.lung_ct import LungTask, lung_loss
from medviewer.training.lung_data import Case
from medviewer.training.lung_evaluation import metrics, phantom_row
from medviewer.training.lung_kinds import KINDS
from medviewer.training.phantom import make_phantom


def _case() -> Case:
    hu = np.full((6, 64, 64), 40, np.int16)
    labels = np.zeros((6, 64, 64), np.uint8)
    hu[:, 16:48, 8:30], labels[:, 16:48, 8:30] = -850, 1
    hu[:, 16:48, 34:56], labels[:, 16:48, 34:56] = -850, 2
    return Case("boxes", hu, labels, np.zeros(hu.shape, bool), 5.0)


def test_quick_training_writes_a_bundle_that_passes_its_self_test(tmp_path: Path) -> None:
    out, work = tmp_path / "bundle", tmp_path / "work"
    assert main(["lung-ct", "--quick", "--work", str(work), "--out", str(out)]) == 0
    made = Bundle(out, load_card(out / "card.json"))
    verify(made)
    assert "hash right" in self_test(made)
    assert any("2 synthetic chests" in line for line in made.card.training_data)
    assert {metric.data for metric in made.card.metrics} == {"one small synthetic chest"}
    assert (out / "report.html").is_file()
    assert main(["lung-ct", "--quick", "--resume", "--work", str(work), "--out", str(out)]) == 0
    assert main(["evaluate", "lung-ct", "--quick", "--bundle", str(out)]) == 0


def test_a_batch_holds_pictures_classes_and_weights_of_its_step() -> None:
    task = LungTask([_case()], [], [], batch_size=2, crop=48)
    pictures, classes, weights = task.batch(3, np.random.default_rng([1, 3]))
    assert pictures.shape == (2, 3, 48, 48)
    assert classes.shape == weights.shape == (2, 48, 48)
    again = task.batch(3, np.random.default_rng([1, 3]))
    assert all(torch.equal(a, b) for a, b in zip((pictures, classes, weights), again, strict=True))


def test_the_loss_is_least_for_the_truth_and_weighs_what_it_is_told() -> None:
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    labels[:, :, 4:] = 1
    flat = torch.ones(1, 8, 8)
    right = torch.nn.functional.one_hot(labels, 4).permute(0, 3, 1, 2).float() * 12
    wrong = right.flip(3)
    assert lung_loss(right, labels, flat) < 0.01 + lung_loss(wrong, labels, flat) / 100
    spoiled = right.clone()
    spoiled[0, :, 0, 7] = torch.tensor([12.0, 0, 0, 0])
    heavy = flat.clone()
    heavy[0, 0, 7] = 10
    assert lung_loss(spoiled, labels, heavy) > lung_loss(spoiled, labels, flat)


def test_a_pasted_consolidation_is_dense_and_stays_lung() -> None:
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(40):
        sample = lung_data.draw(rng, _case(), crop=64)
        if sample.dense.any():
            seen += 1
            assert np.isin(sample.labels[sample.dense], (1, 2)).all()
            assert np.median(sample.hu[1][sample.dense]) > -400
    assert seen > 5


def test_slices_with_dense_disease_are_drawn_more_often() -> None:
    case = _case()
    case.dense[2, 16:48, 8:30] = True
    assert case.sick.tolist() == [2]
    case.hu[2] = 300
    rng = np.random.default_rng(2)
    drawn = [lung_data.draw(rng, case, crop=32).hu[1].mean() > 150 for _ in range(120)]
    assert 0.3 < np.mean(drawn) < 0.65


def test_a_crop_larger_than_the_picture_is_padded_with_air() -> None:
    sample = lung_data.draw(np.random.default_rng(1), _case(), crop=96)
    assert sample.hu.shape == (3, 96, 96)
    assert sample.labels[64:].max() == 0
    assert sample.hu[:, 70:, 70:].max() < -500


def test_figures_of_an_evaluation_go_to_the_card(tmp_path: Path) -> None:
    net = LungTask([_case()], [], []).network()
    small = make_phantom(100, slices=30, size=128, spacing_mm=(10.0, 3.0, 3.0))
    rows = [phantom_row(net, small, "one")]
    assert "consolidation inside" in rows[0].line()
    lung_ct.write_card(tmp_path / "b", net, quick=True)
    card = bundle.add_metrics(tmp_path / "b", metrics(rows, "a test"))
    assert {m.data for m in card.metrics} == {"a test"}
    assert all(isinstance(m, Metric) and m.cases == 1 for m in card.metrics)


MEASURED = [seed for kind in KINDS for seed in kind.seeds]


def test_no_chest_chooses_the_weights_or_is_measured_twice() -> None:
    seeds = [*MEASURED, *lung_ct.VALIDATION_SEEDS]
    assert len(set(seeds)) == len(seeds)


def test_a_scan_is_learned_feet_first_whatever_its_order() -> None:
    """Below and above tell a dome from a consolidation: they must not change places between the two."""
    phantom = make_phantom(3, slices=8, size=64, spacing_mm=(30.0, 6.0, 6.0))
    volume = phantom.volume
    geometry = volume.require_geometry()
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.position((7, 0, 0))
    affine[:, 0] *= -1
    turned = Volume(volume.voxels[::-1].copy(), Geometry(affine), volume.unit)
    masks = {name: mask[::-1] for name, mask in phantom.masks.items()}
    one, other = lung_data.to_case("a", volume, phantom.masks), lung_data.to_case("b", turned, masks)
    assert np.array_equal(one.hu, other.hu)
    assert np.array_equal(one.labels, other.labels)
    middle = prepare(turned).batch([3])[0]
    assert np.allclose(middle, scale_hu(one.hu[[3, 4, 5]]), atol=2e-3)


def test_what_is_untold_teaches_nothing() -> None:
    case = _case()
    case.labels[:, 20:30, 10:20] = lung_data.UNTOLD
    task = LungTask([case], [], [], batch_size=4, crop=64)
    _, classes, weights = task.batch(0, np.random.default_rng(0))
    assert int(classes.max()) <= 3
    assert bool((weights == 0).any())
    assert bool((weights > 0).any())


def test_off_a_cropped_field_of_view_there_is_neither_picture_nor_lung() -> None:
    rng = np.random.default_rng(2)
    for _ in range(5):
        hu = np.full((3, 64, 64), 40, np.float32)
        labels, dense = np.ones((64, 64), np.uint8), np.ones((64, 64), bool)
        crop_field(rng, hu, labels, dense)
        outside = hu[1] < -1000
        assert 0.1 < outside.mean() < 0.9
        assert not labels[outside].any()
        assert not dense[outside].any()
        assert labels[~outside].all()


@pytest.mark.parametrize("seed", [0, 55, *MEASURED, *lung_ct.VALIDATION_SEEDS])
def test_demo_and_evaluation_seeds_are_never_trained_on(seed: int) -> None:
    assert seed < lung_data.FIRST_SEED
