"""Batches of pictures with masks: changed as pictures without masks are, masks moved along."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from medviewer.training.augment import Change, change
from medviewer.training.mask_task import IGNORE, MaskTask, Outlined

OUTPUTS = ("lungs", "heart")
STILL = Change(turn_degrees=0, scale=0, shift=0, gamma=0, contrast=0, noise=0, blur=0, patch=0)


def outlined() -> Outlined:
    rng = np.random.default_rng(3)
    size = (5, 24, 32)
    return Outlined(
        rng.random(size).astype(np.float16),
        (rng.integers(0, 4, size) | IGNORE * (rng.random(size) < 0.1)).astype(np.uint8),
        np.array([[True, True], [True, False], [False, True], [True, True], [True, True]]),
        np.array(list("abcde")),
        np.arange(1.0, 6.0),
    )


def task(how: Change) -> MaskTask:
    return MaskTask("test", "none", {}, OUTPUTS, outlined(), outlined(), batch_size=4, how=how)


@pytest.mark.parametrize("step", range(3))
def test_that_pictures_are_changed_as_those_without_masks(step: int) -> None:
    """To the bit, by the same draws: what one task learned of change another one learns too."""
    learn = task(Change(blur=0.5, patch=0.6))
    pictures, _, _ = learn.batch(step, np.random.default_rng((7, step)))
    again = np.random.default_rng((7, step))
    chosen = again.choice(5, 4, p=learn.train.weight / learn.train.weight.sum())
    plain = torch.from_numpy(learn.train.values[chosen].astype(np.float32))[:, None]
    assert torch.equal(pictures, change(plain, learn.how, again))


def test_that_what_is_unknown_or_ignored_does_not_count() -> None:
    learn = task(STILL)
    _, truth, counts = learn.batch(0, np.random.default_rng(7))
    chosen = np.random.default_rng(7).choice(5, 4, p=learn.train.weight / learn.train.weight.sum())
    masks, known = learn.train.masks[chosen], learn.train.known[chosen]
    inside = np.stack([(masks >> k) & 1 for k in range(2)], 1)
    np.testing.assert_array_equal(truth.numpy(), inside)
    taught = known[:, :, None, None] & (masks & IGNORE == 0)[:, None]
    np.testing.assert_array_equal(counts.numpy(), taught)
