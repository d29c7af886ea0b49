"""``brain-mr``: its maps, its split, its losses, its held-out scans, and the whole path once."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
import torch

from medviewer import paths
from medviewer.ai.brain_grid import GRID_SHAPE
from medviewer.ai.brain_labels import LEFT, RIGHT, STRUCTURES, index_of, joint_names
from medviewer.ai.networks_volume import gather_blocks, scatter_blocks
from medviewer.training import brain_mr, brain_split, models
from medviewer.training.brain_maps import FINE, SIDELESS, map_files, read_map, read_maps
from medviewer.training.brain_scan import joint_table, scan
from medviewer.training.checkpoint import BrokenTraining
from medviewer.training.splits import read_split
from tests.brain_heads import SIZE, solid_head

HEAD = solid_head()
NAMES = joint_names()


def write_map(path: Path, numbers: np.ndarray, spacing: float = 1.0) -> Path:
    """Numbers with axes to head, back and left, stored as the published maps are: to front, feet, left."""
    image = SimpleITK.GetImageFromArray(numbers[::-1, ::-1].transpose(1, 0, 2).astype(np.int32))
    image.SetDirection([1, 0, 0, 0, 0, -1, 0, -1, 0])
    image.SetSpacing([spacing] * 3)
    SimpleITK.WriteImage(image, str(path))
    return path


def test_that_a_stored_map_is_read_on_lps_axes(tmp_path: Path) -> None:
    numbers = np.array(FINE)[HEAD.fine]
    found = read_map(write_map(tmp_path / "training_seg_07.nii.gz", numbers))
    assert found.name == "training_seg_07"
    assert np.array_equal(found.fine, HEAD.fine)
    assert found.centre == HEAD.centre


def test_that_unknown_numbers_other_grids_and_missing_maps_are_named(tmp_path: Path) -> None:
    numbers = np.array(FINE)[HEAD.fine]
    numbers[0, 0, 0] = 999
    with pytest.raises(BrokenTraining, match="unknown numbers"):
        read_map(write_map(tmp_path / "a_01.nii.gz", numbers))
    with pytest.raises(BrokenTraining, match="1 mm"):
        read_map(write_map(tmp_path / "b_02.nii.gz", np.array(FINE)[HEAD.fine], 2.0))
    with pytest.raises(BrokenTraining, match="no brain"):
        read_map(write_map(tmp_path / "c_03.nii.gz", np.zeros((10, 10, 10))))
    with pytest.raises(BrokenTraining, match="c_04 is missing"):
        read_maps(tmp_path, ["c_04"])
    (tmp_path / "none").mkdir()
    with pytest.raises(BrokenTraining, match="No label maps"):
        map_files(tmp_path / "none")


def test_that_no_map_is_in_two_parts_and_the_test_holds_both_kinds(shared_data: Path) -> None:
    folder = shared_data / "training" / "brain_labelmaps"
    maps = [read_map(path) for path in map_files(folder)]
    split = brain_split.split_maps(maps)
    parts = [split.part(name) for name in (brain_split.TRAINING, brain_split.VALIDATION, brain_split.TEST)]
    assert [len(names) for names in parts] == [12, 1, 3]
    assert frozenset[str]().union(*parts) == {m.name for m in maps}, "sixteen, so none is in two parts"
    assert {brain_split.is_narrow(m) for m in maps if m.name in parts[2]} == {True, False}
    kept = paths.models() / brain_mr.ID / "split.json"
    if kept.exists():
        assert read_split(kept).parts == split.parts


def test_that_blocks_go_there_and_back() -> None:
    volume = torch.arange(4 * 6 * 8, dtype=torch.float32).reshape(1, 1, 4, 6, 8)
    blocks = gather_blocks(volume)
    assert blocks.shape == (1, 8, 2, 3, 4)
    assert blocks[0, :, 0, 0, 0].tolist() == [0, 1, 8, 9, 48, 49, 56, 57]
    assert torch.equal(scatter_blocks(blocks[:, None]), volume)


def test_that_the_right_answer_costs_nothing_and_no_answer_the_entropy() -> None:
    truth = torch.arange(5).repeat(200)
    right = 40 * torch.nn.functional.one_hot(truth, 5).T.float()
    entropy, overlap = brain_mr.class_loss(right, truth)
    assert float(entropy) == pytest.approx(0, abs=1e-6)
    assert float(overlap) == pytest.approx(0, abs=1e-4)
    entropy, overlap = brain_mr.class_loss(torch.zeros(5, 1000), truth)
    assert float(entropy) == pytest.approx(math.log(5), rel=1e-5)
    assert float(overlap) == pytest.approx(1 - 81 / 401, rel=1e-5)


def test_that_the_side_is_learned_where_there_is_one() -> None:
    logit = torch.zeros(6, requires_grad=True)
    sides = torch.tensor([LEFT, RIGHT, SIDELESS, SIDELESS, LEFT, RIGHT])
    loss = brain_mr.side_loss(logit, sides)
    assert float(loss.detach()) == pytest.approx(math.log(2))
    loss.backward()
    assert logit.grad is not None
    assert [round(float(g), 3) for g in logit.grad] == [-0.125, 0.125, 0, 0, -0.125, 0.125]
    none = brain_mr.side_loss(logit, torch.full((6,), SIDELESS))
    assert float(none.detach()) == 0


def test_that_what_the_loss_makes_small_structures_weigh_is_taken_back_from_their_logits() -> None:
    torch.manual_seed(0)
    network = brain_mr.BrainMr([HEAD], [HEAD]).network().eval()
    counts = brain_mr.usual_counts([HEAD])
    assert counts[0] > counts[1:].sum() > 0
    level = brain_mr.levelled(network, counts)
    picture = torch.rand(1, 1, 64, 64, 64)
    with torch.inference_mode():
        moved = (level.blocks(picture, looks=1) - network.blocks(picture, looks=1)).mean(dim=(0, 2, 3, 4, 5))
    white, small = index_of("cerebral_white_matter"), index_of("amygdala")
    assert float(moved[white]) == pytest.approx(0, abs=0.01)  # in bfloat16
    wanted = 0.35 * math.log(counts[small] / counts[white])
    assert float(moved[small]) == pytest.approx(wanted, abs=0.01)
    assert float(moved[-1]) == pytest.approx(0, abs=0.01)  # the side


@pytest.mark.parametrize(("coarse_steps", "step"), [(1, 0), (0, 0), (0, 1)])
def test_that_a_few_steps_on_one_head_lower_the_loss_and_the_weights_fit(
    coarse_steps: int, step: int
) -> None:
    """Those of the coarse network, those of the fine one at its first and at its second look."""
    torch.manual_seed(0)
    task = brain_mr.BrainMr([HEAD], [HEAD], coarse_steps=coarse_steps)
    network = task.network()
    size = sum(2 * t.numel() for t in network.state_dict().values())  # kept as float16
    assert size < 8e6
    batch = task.batch(step, np.random.default_rng(3))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(3):
        loss, parts = task.loss(network, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        assert set(parts) == {"entropy", "overlap", "side"}
    assert losses[-1] < losses[0]


def test_that_validation_gives_a_figure_and_a_picture_that_can_be_looked_at() -> None:
    torch.manual_seed(0)
    task = brain_mr.BrainMr([HEAD], [HEAD], checked=1)
    network = task.network().eval()
    figures = task.evaluate(network)
    assert 0 <= figures["dice"] <= 1
    ((caption, picture),) = task.examples(network)
    assert picture.shape == (GRID_SHAPE[1], 3 * GRID_SHAPE[2], 3)
    assert "answer" in caption


def test_that_the_answer_of_truth_scores_one() -> None:
    task = brain_mr.BrainMr([HEAD], [HEAD], checked=1)
    (sample,) = task._checks()
    found = brain_mr.overlaps(sample.classes.numpy(), sample.sides.numpy(), sample)
    present = [value for value in found if not math.isnan(value)]
    assert present
    assert set(present) == {1.0}


@pytest.mark.parametrize("slice_mm", [1.0, 5.0])
def test_that_held_out_scans_keep_truth_and_place_in_every_plane(slice_mm: float) -> None:
    """One head stored in three planes: every structure lies at the same millimetre, left on the left."""
    places, volumes = {}, {}
    for seed in (0, 1, 2):
        case = scan(HEAD, seed, slice_mm)
        geometry = case.volume.require_geometry()
        for name in ("left_lateral_ventricle", "right_lateral_ventricle", "brain_stem"):
            where = np.argwhere(case.truth == NAMES.index(name))
            places[seed, name] = geometry.position(where.mean(axis=0))
            volumes[seed, name] = len(where) * geometry.voxel_ml
    offset = places[0, "brain_stem"] - places[1, "brain_stem"]
    for seed in (0, 1, 2):
        assert places[seed, "left_lateral_ventricle"][0] > places[seed, "right_lateral_ventricle"][0] + 30
        for name in ("left_lateral_ventricle", "right_lateral_ventricle"):
            apart = places[seed, name] - places[seed, "brain_stem"]
            np.testing.assert_allclose(apart, places[0, name] - places[0, "brain_stem"], atol=0.35 * slice_mm)
            assert volumes[seed, name] == pytest.approx(volumes[0, name], rel=0.05 * slice_mm)
    assert np.isfinite(offset).all()


def test_that_the_picture_of_a_scan_shows_what_its_truth_says() -> None:
    """The truth explains the picture better than the truth moved by six voxels along any axis."""
    for seed in (0, 1, 2):
        case = scan(HEAD, seed)
        inside = case.truth > 0
        values = np.asarray(case.volume.voxels, float)[inside]
        own = explained(values, case.truth[inside])
        moved = [explained(values, np.roll(case.truth, 6, axis)[inside]) for axis in range(3)]
        assert own > 1.15 * max(moved)


def explained(values: np.ndarray, groups: np.ndarray) -> float:
    """Sum of squares between the groups."""
    middle = values.mean()
    return float(
        sum((groups == k).sum() * (values[groups == k].mean() - middle) ** 2 for k in np.unique(groups))
    )


def test_that_every_number_has_its_place_among_the_outputs() -> None:
    table = joint_table()
    assert NAMES[table[FINE.index(53)]] == "right_hippocampus"
    assert NAMES[table[FINE.index(25)]] == "left_cerebral_white_matter"
    assert NAMES[table[FINE.index(14)]] == "third_ventricle"
    assert NAMES[table[FINE.index(507)]] == "background"
    assert len(STRUCTURES) == 1 + index_of("csf")


def test_that_quick_goes_the_whole_way(shared_data: Path, tmp_path: Path) -> None:
    """Maps, training, card, evaluation, report: the bundle is one that the shelf takes."""
    assert shared_data.is_dir()
    from medviewer.training.__main__ import main

    out = tmp_path / "brain-mr"
    assert main(["brain-mr", "--quick", "--work", str(tmp_path / "work"), "--out", str(out)]) == 0
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    assert card["id"] == "brain-mr"
    assert card["metrics"]
    assert (out / "split.json").exists()
    assert (out / "weights.safetensors").stat().st_size < 8e6
    assert models.recipe("brain-mr") is brain_mr
    assert SIZE[0] > 0
