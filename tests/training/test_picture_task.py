"""Pictures are changed but never mirrored; classes weigh the same; a network learns to tell them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from medviewer.tasks import TaskContext
from medviewer.training.augment import Change, change, placement
from medviewer.training.loop import Plan, train
from medviewer.training.picture_task import Pictures, PictureTask, predict

STILL = Change(0, 0, 0, 0, 0, 0, 0, 0)
ARGS = {"inputs": 1, "outputs": 2, "widths": [4, 8], "blocks": [1, 1], "halvings": 1, "dropout": 0.0}


def _pictures(count: int, seed: int = 0, share: float = 0.25) -> Pictures:
    """Class 1 has a bright square in the upper left (the patient's right), class 0 in the upper right."""
    rng = np.random.default_rng(seed)
    classes = (np.arange(count) < share * count).astype(np.int64)
    values = rng.random((count, 24, 24)) * 0.4
    for value, k in zip(values, classes, strict=True):
        value[4:11, 4:11] += 0.5 * (k == 1)
        value[4:11, 13:20] += 0.5 * (k == 0)
    return Pictures(values.astype(np.float16), classes, np.arange(count).astype(str))


def _task() -> PictureTask:
    how = Change(3, 0.05, 0.03)
    return PictureTask(
        "sides", "picture_classifier", ARGS, ("left", "right"), _pictures(80), _pictures(40, 1), 16, how
    )


def test_that_no_change_is_no_change() -> None:
    pictures = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(change(pictures.clone(), STILL, np.random.default_rng(0)), pictures, atol=1e-5)


def test_that_changes_stay_small_keep_the_sides_and_are_those_of_the_seed() -> None:
    pictures = torch.zeros(64, 1, 32, 32)
    pictures[:, :, :, :16] = 1
    how = Change(patch=0)
    changed = change(pictures.clone(), how, np.random.default_rng(0))
    assert torch.equal(changed, change(pictures.clone(), how, np.random.default_rng(0)))
    assert not torch.equal(changed, change(pictures.clone(), how, np.random.default_rng(1)))
    left, right = changed[..., 4:8].mean(dim=(1, 2, 3)), changed[..., 24:28].mean(dim=(1, 2, 3))
    assert (left > right + 0.3).all()


def test_that_a_placement_of_nothing_is_the_picture_itself() -> None:
    grid = placement(1, torch.Size([1, 1, 5, 7]), STILL, np.random.default_rng(0))
    assert grid.shape == (1, 5, 7, 2)
    assert torch.allclose(grid[0, 0, :, 0], (torch.arange(7) + 0.5) / 3.5 - 1, atol=1e-6)


def test_that_hidden_patches_hide_some_pictures_only() -> None:
    pictures = torch.full((200, 1, 20, 20), 5.0)
    how = Change(0, 0, 0, 0, 0, 0, 0, patch=0.5)
    spread = change(pictures.clamp(0, 1), how, np.random.default_rng(0)).std(dim=(1, 2, 3))
    assert 0.35 < (spread > 1e-3).float().mean() < 0.65


def test_that_a_rare_class_is_drawn_as_often_as_the_other() -> None:
    task = _task()
    drawn = np.concatenate([task.batch(k, np.random.default_rng(k))[1].numpy() for k in range(60)])
    assert 0.45 < drawn.mean() < 0.55


def test_that_sides_are_learned_on_pictures_never_seen(tmp_path: Path) -> None:
    task = _task()
    plan = Plan(steps=60, rate=1e-2, warmup=5, evaluate_every=60, checkpoint_every=60, average=0.9, threads=1)
    net = train(task, plan, tmp_path, TaskContext())
    figures = task.evaluate(net)
    assert figures["auc"] > 0.99
    assert figures["accuracy"] > 0.9
    worst = task.examples(net)
    assert len(worst) == 8
    assert worst[0][1].shape == (24, 24, 3)
    assert "said" in worst[0][0]


def test_that_prediction_in_parts_is_prediction_at_once() -> None:
    task = _task()
    net = task.network().eval()
    with torch.inference_mode():
        at_once = net(torch.from_numpy(task.validation.values.astype(np.float32))[:, None]).numpy()
    assert np.allclose(predict(net, task.validation.values, batch=7), at_once, atol=1e-5)


def test_that_no_validation_pictures_are_no_examples() -> None:
    empty = _pictures(80).where(np.zeros(80, bool))
    assert len(empty) == 0
    assert replace(_task(), validation=empty).examples(_task().network()) == []
