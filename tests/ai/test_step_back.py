"""The way back puts an answer on the very pixels it came from: no flip, no shift, whatever the sizes are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.card import load_card
from medviewer.ai.step_back import sizes, undo
from medviewer.ai.steps import Step, apply_steps
from medviewer.training import cardiac_mr, chest_steps, cxr_pneumonia
from medviewer.training.models import home

MODELS = {
    "cxr-anatomy": chest_steps.STEPS,
    "cardiac-mr": cardiac_mr.STEPS,
    "cxr-pneumonia": cxr_pneumonia.STEPS,
}


def centre(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(np.argwhere(mask).mean(axis=0))


@pytest.mark.parametrize("model", MODELS)
def test_the_card_lists_the_very_steps_that_training_runs(model: str) -> None:
    assert load_card(home(model) / "card.json").input.steps == MODELS[model]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(512, 417), (300, 900), (256, 256), (2021, 1737), (101, 97)])
def test_a_box_comes_back_where_it_was(model: str, shape: tuple[int, int]) -> None:
    """Off the middle on both axes: a flip lands elsewhere, and so does half a pixel of the network's grid."""
    side = max(shape)
    rows, columns = shape[0], shape[1]
    box = np.zeros(shape, bool)
    low = (round(rows / 2 - 0.14 * side), round(columns / 2 - 0.10 * side))
    box[max(0, low[0]) : low[0] + round(0.2 * side), max(0, low[1]) : low[1] + round(0.15 * side)] = True
    steps = [step for step in MODELS[model] if step.name in ("pad_square", "resize_area", "crop_centre")]
    back = undo(apply_steps(box, steps), shape, steps) >= 0.5
    assert back.shape == shape
    pixel = max(shape) / sizes(shape, [s for s in steps if s.name != "crop_centre"])[-1][0]
    assert np.abs(centre(back) - centre(box)).max() < 0.25 * max(1.0, pixel)
    overlap = 2 * (back & box).sum() / (back.sum() + box.sum())
    assert overlap > (0.98 if pixel <= 2 else 0.93)


def test_where_no_step_resamples_every_pixel_comes_back() -> None:
    rng = np.random.default_rng(1)
    mask = rng.random((37, 50)) > 0.5
    steps = [Step("pad_square"), Step("crop_centre", {"size": [50, 44]})]
    back = undo(apply_steps(mask, steps), (37, 50), steps) >= 0.5
    assert np.array_equal(back[:, 3:47], mask[:, 3:47])
    assert not back[:, :3].any()
    assert not back[:, 47:].any()


def test_an_answer_of_another_size_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="size"):
        undo(np.zeros((9, 9), np.float32), (8, 8), [])
