"""Masks are learned where they were drawn and only there: moved with their picture, silent where unknown."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from medviewer.tasks import TaskContext
from medviewer.training.augment import Change, change
from medviewer.training.loop import Plan, train
from medviewer.training.mask_task import IGNORE, MaskTask, Outlined, predict_masks

SIZE = 32
STILL = Change(0, 0, 0, 0, 0, 0, 0, 0)
MOVED = Change(turn_degrees=20, scale=0.2, shift=0.06, gamma=0, contrast=0, noise=0, blur=0, patch=0)
ARGS = {"inputs": 1, "outputs": 2, "widths": [4, 8]}


def _outlined(count: int = 6) -> Outlined:
    """A square of output 0 and, on its lower half, output 1; the grey value is the bits ÷ 4."""
    masks = np.zeros((count, SIZE, SIZE), np.uint8)
    for k, mask in enumerate(masks):
        mask[8 + k % 3 : 20, 10 : 22 - k % 2] = 1
        mask[14:20, 10 : 22 - k % 2] |= 2
    names = np.array([f"p{k}" for k in range(count)])
    return Outlined((masks / 4).astype(np.float16), masks, np.ones((count, 2), bool), names, np.ones(count))


def _task(some: Outlined | None = None, how: Change = STILL) -> MaskTask:
    some = _outlined() if some is None else some
    return MaskTask("squares", "unet2d", ARGS, ("whole", "half"), some, some, 4, how)


class Logits(nn.Module):
    """Answers with its own numbers, whatever it sees."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.logits


class FromBits(nn.Module):
    """Knows that the grey value is the bits ÷ 4: the truth, or "nothing" where it is told to be blind."""

    def __init__(self, blind: bool = False) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.blind = blind

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        bits = (pictures * 4).round().long()
        inside = torch.cat([(bits >> k) & 1 for k in range(2)], 1).float()
        return (0 * inside if self.blind else inside) * 2 * self.gain - 1


# --- batches -----------------------------------------------------------------------------------------------


def test_a_batch_is_that_of_its_seed_and_step() -> None:
    first = _task(how=Change()).batch(3, np.random.default_rng([1, 3]))
    assert [tuple(part.shape) for part in first] == [(4, 1, SIZE, SIZE), *[(4, 2, SIZE, SIZE)] * 2]
    # Another task of the same data, which was asked other things before.
    other = _task(how=Change())
    other.batch(2, np.random.default_rng([1, 2]))
    again = other.batch(3, np.random.default_rng([1, 3]))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other.batch(3, np.random.default_rng([2, 3]))[0])


def test_a_picture_and_its_masks_are_moved_together_to_the_pixel() -> None:
    """The picture is the mask; however it is turned, scaled and shifted, it lies where the mask lies."""
    some = _outlined()
    some = replace(some, values=(some.masks & 1).astype(np.float16))
    for step in range(20):
        pictures, truth, counts = _task(some, MOVED).batch(step, np.random.default_rng([1, step]))
        assert torch.equal(pictures[:, 0] >= 0.5, truth[:, 0] > 0)
        assert torch.equal(truth, truth.round())
        assert counts.all()
        # The same draw of pictures, left where they were drawn.
        _, still, _ = _task(some, STILL).batch(step, np.random.default_rng([1, step]))
        assert (truth != still).flatten(1).any(1).all()


@pytest.mark.parametrize("step", range(3))
def test_pictures_are_changed_as_those_without_masks(step: int) -> None:
    """To the bit, by the same draws: what one task learned of change another one learns too."""
    learn = _task(how=Change(blur=0.5, patch=0.6))
    pictures, _, _ = learn.batch(step, np.random.default_rng((7, step)))
    again = np.random.default_rng((7, step))
    chosen = again.choice(6, 4, p=learn.train.weight / learn.train.weight.sum())
    plain = torch.from_numpy(learn.train.values[chosen].astype(np.float32))[:, None]
    assert torch.equal(pictures, change(plain, learn.how, again))


def test_masks_that_overlap_stay_two_masks() -> None:
    _, truth, _ = _task(how=MOVED).batch(0, np.random.default_rng(0))
    assert (truth[:, 1] <= truth[:, 0]).all()
    assert (truth[:, 1].sum((1, 2)) > 20).all()


def test_beyond_the_edge_of_the_picture_there_is_no_mask() -> None:
    full = replace(_outlined(), masks=np.full((6, SIZE, SIZE), 3, np.uint8))
    far = Change(0, 0, 0.5, 0, 0, 0, 0, 0)
    _, truth, _ = _task(full, far).batch(0, np.random.default_rng(4))
    share = truth.mean((1, 2, 3))
    assert (share < 0.95).all()
    assert share.max() > 0.1


def test_pictures_are_drawn_as_often_as_they_weigh() -> None:
    some = _outlined(4)
    some = replace(
        some,
        values=np.stack([np.full((SIZE, SIZE), k / 4, np.float16) for k in range(4)]),
        weight=np.array([0.0, 1, 2, 1]),
    )
    task = replace(_task(some), batch_size=1000)
    drawn = (task.batch(0, np.random.default_rng(0))[0][:, 0, 0, 0] * 4).round().long()
    counts = torch.bincount(drawn, minlength=4)
    assert counts[0] == 0
    assert counts[2] == pytest.approx(500, abs=60)  # 4 standard deviations
    assert counts[1] == pytest.approx(250, abs=55)


# --- loss --------------------------------------------------------------------------------------------------


def test_the_loss_of_knowing_nothing_is_that_of_the_books() -> None:
    """Every probability one half: ln 2, and 1 - (t + 1) / (n / 2 + t + 1) of each mask of t of n pixels."""
    batch = _task().batch(0, np.random.default_rng(0))
    found, told = _task().loss(Logits(torch.zeros(4, 2, SIZE, SIZE)), batch)
    inside = batch[1].sum((2, 3)).double()
    overlap = (inside + 1) / (SIZE * SIZE / 2 + inside + 1)
    assert float(found.detach()) == pytest.approx(math.log(2) + 1 - float(overlap.mean()), abs=1e-5)
    assert told["soft dice"] == pytest.approx(float(overlap.mean()), abs=1e-5)


def test_the_truth_costs_nothing_and_its_contrary_a_lot() -> None:
    batch = _task().batch(0, np.random.default_rng(0))
    logits = batch[1] * 60 - 30
    with torch.no_grad():
        assert float(_task().loss(Logits(logits), batch)[0]) == pytest.approx(0, abs=1e-5)
        assert float(_task().loss(Logits(-logits), batch)[0]) > 25


def _silent(some: Outlined, quiet: torch.Tensor) -> None:
    """Where ``quiet`` (n, 2, H, W) says so, nothing counts: no answer there changes the loss or is taught."""
    task = replace(_task(some), batch_size=len(some))
    batch = task.batch(0, np.random.default_rng(0))
    assert torch.equal(batch[2] == 0, quiet)
    one = Logits(torch.randn(batch[1].shape, generator=torch.Generator().manual_seed(0)))
    other = Logits(torch.where(quiet, one.logits.detach() * -7 + 3, one.logits.detach()))
    loss = task.loss(one, batch)[0]
    assert torch.equal(loss, task.loss(other, batch)[0])
    loss.backward()  # type: ignore[no-untyped-call]
    assert one.logits.grad is not None
    assert torch.equal(one.logits.grad == 0, quiet)


def test_pixels_to_be_ignored_never_count() -> None:
    some = _outlined(1)
    masks = some.masks.copy()
    masks[:, 12:18, 4:16] |= IGNORE  # over both masks and the ground
    _silent(replace(some, masks=masks), torch.from_numpy(masks & IGNORE > 0)[:, None].expand(-1, 2, -1, -1))


def test_a_mask_nobody_drew_teaches_nothing() -> None:
    some = replace(_outlined(1), known=np.array([[True, False]]))
    quiet = torch.zeros(1, 2, SIZE, SIZE, dtype=torch.bool)
    quiet[:, 1] = True
    _silent(some, quiet)


def test_where_nothing_counts_the_loss_is_zero_and_a_number() -> None:
    some = replace(_outlined(), known=np.zeros((6, 2), bool))
    batch = _task(some).batch(0, np.random.default_rng(0))
    assert _task(some).loss(Logits(torch.ones(4, 2, SIZE, SIZE)), batch)[0].item() == 0


# --- validation --------------------------------------------------------------------------------------------


def test_a_perfect_answer_is_one_and_an_empty_one_nought() -> None:
    assert _task().evaluate(FromBits()) == {"dice": 1.0, "dice whole": 1.0, "dice half": 1.0}
    assert _task().evaluate(FromBits(blind=True)) == {"dice": 0.0, "dice whole": 0.0, "dice half": 0.0}


def test_figures_are_means_over_the_pictures_whose_mask_was_drawn() -> None:
    some = _outlined(4)
    values = some.values.copy()
    values[0] = 0  # nothing is seen on the first
    known = np.array([[True, False], [True, True], [True, False], [True, False]])
    found = _task(replace(some, values=values, known=known)).evaluate(FromBits())
    assert found == {"dice": (0.75 + 1) / 2, "dice whole": 0.75, "dice half": 1.0}
    nobody = replace(some, known=np.zeros((4, 2), bool))
    assert _task(nobody).evaluate(FromBits()) == {"dice": 0.0}


def test_one_half_is_inside_and_parts_are_as_good_as_the_whole() -> None:
    net, values = FromBits(), _outlined(7).values
    assert np.array_equal(predict_masks(net, values, batch=3), predict_masks(net, values, batch=7))
    at_half = Logits(torch.tensor([0.0, -1e-6]).view(1, 2, 1, 1))
    assert predict_masks(at_half, np.zeros((1, 1, 1)))[0, :, 0, 0].tolist() == [True, False]


def test_no_pictures_have_no_masks_of_each_output() -> None:
    task = _task()
    nothing = np.zeros((0, SIZE, SIZE), np.float16)
    for network in (FromBits(), task.network()):
        found = predict_masks(network, nothing)
        assert found.shape == (0, 2, SIZE, SIZE)
        assert found.dtype == bool
    empty = replace(task, validation=_outlined().where(np.zeros(6, bool)))
    assert empty.evaluate(FromBits()) == {"dice": 0.0}
    assert empty.examples(FromBits()) == []


def test_pixels_to_be_ignored_are_neither_right_nor_wrong() -> None:
    """What the mask says there is nobody's truth: an answer that differs only there is perfect."""
    some = _outlined(3)
    masks = some.masks.copy()
    masks[:, :, 10:16] |= IGNORE
    truth = some.masks & 3
    for there in (0, 3):
        said = np.where(masks & IGNORE > 0, there, truth)
        task = _task(replace(some, masks=masks, values=(said / 4).astype(np.float16)))
        assert task.evaluate(FromBits()) == {"dice": 1.0, "dice whole": 1.0, "dice half": 1.0}


def test_examples_show_each_mask_on_its_picture() -> None:
    some = _outlined(9)
    made = _task(some).examples(FromBits())
    assert [text for text, _ in made] == [f"validation p{k}" for k in range(6)]
    for (_, picture), mask in zip(made, some.masks, strict=False):
        assert picture.shape == (SIZE, SIZE, 3)
        grey = (picture == picture[..., :1]).all(axis=-1)
        assert grey[mask == 0].all()
        assert not grey[mask > 0].all()


def test_sets_are_chosen_and_joined_whole() -> None:
    some = _outlined(5)
    parts = [some.where(np.array([0, 3])), some.where(np.array([False, True, True, False, True]))]
    joined = Outlined.joined(parts)
    assert [len(part) for part in parts] == [2, 3]
    assert joined.patients.tolist() == ["p0", "p3", "p1", "p2", "p4"]
    order = [0, 3, 1, 2, 4]
    for name in ("values", "masks", "known", "weight"):
        assert np.array_equal(getattr(joined, name), getattr(some, name)[order])


def test_squares_are_learned(tmp_path: Path) -> None:
    plan = Plan(steps=60, rate=1e-2, warmup=5, evaluate_every=60, checkpoint_every=60, average=0.9, threads=1)
    task = _task(how=Change(3, 0.05, 0.03, 0, 0, 0.02, 0, 0))
    assert task.evaluate(task.network())["dice"] < 0.5
    assert task.evaluate(train(task, plan, tmp_path, TaskContext()))["dice"] > 0.75
