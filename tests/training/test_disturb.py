"""What is painted onto chest X-rays in training: only where it says, and never over the outlines."""

from __future__ import annotations

import numpy as np
import torch

from medviewer.training.disturb import framed, opacified, uneven


def chest(count: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Dark lungs (0.2) in a grey body (0.6), 64 x 64, with the masks of both lungs and a heart."""
    pictures = torch.full((count, 1, 64, 64), 0.6)
    masks = torch.zeros(count, 3, 64, 64)
    masks[:, 0, 10:50, 6:28] = 1
    masks[:, 1, 10:50, 36:58] = 1
    masks[:, 2, 25:50, 24:46] = 1
    pictures[:, 0][masks[:, :2].amax(1) > 0] = 0.2
    pictures[:, 0, 10:50, 20:28] = 0.8  # the brighter part of the right lung, behind the heart
    return pictures, masks


def test_opacities_brighten_lungs_and_leave_the_rest() -> None:
    pictures, masks = chest(40)
    changed = opacified(pictures, masks, 1.0, np.random.default_rng(1))
    lungs = masks[:, :2].amax(1, keepdim=True) > 0
    assert (changed >= pictures - 1e-6).all()
    near = torch.nn.functional.max_pool2d(lungs.float(), 3, stride=1, padding=1) > 0
    assert torch.equal(changed[~near], pictures[~near])
    brighter = (changed - pictures).amax(dim=(1, 2, 3))
    assert (brighter > 0.05).float().mean() > 0.6
    assert changed.max() <= 0.8 + 1e-6  # no whiter than what lies in the picture's lungs


def test_no_opacity_where_none_is_asked_for_or_no_lung_is_outlined() -> None:
    pictures, masks = chest()
    rng = np.random.default_rng(2)
    assert torch.equal(opacified(pictures, masks, 0.0, rng), pictures)
    assert torch.equal(opacified(pictures, torch.zeros_like(masks), 1.0, rng), pictures)


def test_uneven_brightness_is_smooth_and_of_the_size_asked_for() -> None:
    pictures = torch.ones(50, 1, 32, 32)
    changed = uneven(pictures, 0.1, np.random.default_rng(3))
    field = torch.log(changed)
    assert 0.04 < float(field.std()) < 0.12
    assert float((field[..., 1:] - field[..., :-1]).abs().max()) < 0.08


def test_frames_are_black_and_hold_no_outline() -> None:
    pictures, masks = chest(60)
    changed, kept = framed(pictures, masks, 1.0, np.random.default_rng(4))
    black = changed == 0
    assert black.any()
    assert not kept[black.expand_as(kept)].any()
    assert torch.equal(kept[~black.expand_as(kept)], masks[~black.expand_as(masks)])
    assert black.float().mean(dim=(1, 2, 3)).max() < 0.3


def test_the_same_generator_paints_the_same() -> None:
    pictures, masks = chest()
    one, other = (opacified(pictures, masks, 1.0, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(one, other)
