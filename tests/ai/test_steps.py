"""Named steps do what their names say, the same for training and for reading, and a wrong name is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from medviewer.ai.card import parse_card
from medviewer.ai.steps import STEPS, Step, apply_steps, resize_matrix, wrong_steps
from medviewer.errors import BundleError
from tests.ai.bundles import example

RAMP = np.arange(12, dtype=np.float32).reshape(3, 4)


def one(name: str, picture: Any, **args: Any) -> np.ndarray:
    return apply_steps(np.asarray(picture), [Step(name, args)])


@pytest.mark.parametrize("name", STEPS)
def test_that_a_step_gives_float32_and_leaves_its_picture_alone(name: str) -> None:
    args: dict[str, dict[str, Any]] = {
        "clip": {"low": 2, "high": 5},
        "scale_range": {"low": 0, "high": 11},
        "resize_area": {"size": [2, 2]},
        "crop_centre": {"size": [2, 2]},
    }
    before = RAMP.copy()
    out = one(name, RAMP, **args.get(name, {}))
    assert out.dtype == np.float32
    assert out.ndim == 2
    assert np.array_equal(RAMP, before)
    assert STEPS[name].__doc__


def test_that_values_that_are_no_numbers_are_cleaned() -> None:
    picture = [[1.0, np.nan], [np.inf, -np.inf]]
    assert np.array_equal(one("clean", picture, fill=7), [[1, 7], [7, 7]])


def test_that_clipping_and_scaling_are_exact() -> None:
    assert np.array_equal(one("clip", RAMP, low=2, high=4)[0], [2, 2, 2, 3])
    assert np.allclose(
        one("scale_range", [[-2000.0, -1000, 0, 1000, 5000]], low=-1000, high=1000), [-1, -1, 0, 1, 1]
    )
    scaled = one("scale_percentiles", np.arange(101.0)[None], low=10, high=90)
    assert scaled.min() == 0
    assert scaled.max() == 1
    assert scaled[0, 50] == pytest.approx(0.5)
    flat = one("zscore", RAMP)
    assert flat.mean() == pytest.approx(0, abs=1e-6)
    assert flat.std() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", ["zscore", "scale_percentiles"])
def test_that_a_constant_picture_becomes_zero_and_no_nan(name: str) -> None:
    assert not one(name, np.full((4, 4), 9.0)).any()


def test_that_scaling_is_the_same_whatever_the_units_of_the_detector() -> None:
    picture = np.random.default_rng(0).normal(size=(32, 32))
    plain = one("scale_percentiles", picture)
    assert np.allclose(plain, one("scale_percentiles", picture * 37 + 1000), atol=1e-4)


def test_that_a_bright_border_is_turned_and_a_dark_one_is_not() -> None:
    body = np.zeros((20, 20), np.float32)
    body[5:15, 5:15] = 100
    assert np.array_equal(one("invert_if", body), body)
    assert np.array_equal(one("invert_if", 100 - body), body)
    assert np.array_equal(one("invert_if", body, dark_border=False), 100 - body)


def test_that_the_median_takes_out_a_single_pixel_and_keeps_an_edge() -> None:
    edge = np.zeros((9, 9), np.float32)
    edge[:, 5:] = 10
    spoiled = edge.copy()
    spoiled[4, 2] = 99
    assert np.array_equal(one("denoise_median", spoiled), edge)


def test_that_blur_keeps_the_mean_and_lowers_the_noise() -> None:
    noise = np.random.default_rng(1).normal(5, 1, (64, 64))
    soft = one("denoise_gauss", noise, sigma=2)
    assert soft.mean() == pytest.approx(5, abs=0.05)
    assert soft.std() < 0.25


def test_that_shrinking_takes_means_of_areas_and_keeps_the_frame() -> None:
    assert np.array_equal(one("resize_area", RAMP[:2], size=[1, 2]), [[2.5, 4.5]])
    thirds = one("resize_area", [[0.0, 3.0, 6.0]], size=[1, 2])
    assert np.allclose(thirds, [[1.0, 5.0]])  # a pixel and a half each
    big = np.random.default_rng(2).random((37, 53))
    for size in ([16, 16], [224, 224], [37, 53]):
        out = one("resize_area", big, size=size)
        assert out.shape == tuple(size)
        assert out.mean() == pytest.approx(big.mean(), rel=0.02)
    assert np.allclose(one("resize_area", big, size=[37, 53]), big, atol=1e-6)


def test_that_growing_a_straight_ramp_stays_straight() -> None:
    out = one("resize_area", np.arange(8.0)[None], size=[1, 32])[0]
    inner = out[2:-2]
    assert np.allclose(np.diff(inner), 0.25, atol=1e-5)
    assert np.allclose(resize_matrix(8, 32).sum(axis=1), 1)


def test_that_padding_centres_and_cropping_takes_it_back() -> None:
    square = one("pad_square", RAMP, fill=-1)
    assert square.shape == (4, 4)
    assert np.array_equal(square[3], [-1, -1, -1, -1])
    tall = one("pad_square", np.ones((6, 2)))
    assert np.array_equal(one("crop_centre", tall, size=[6, 2]), np.ones((6, 2)))


def test_that_steps_are_applied_in_order() -> None:
    steps = [Step("clip", {"low": 0, "high": 4}), Step("scale_range", {"low": 0, "high": 4})]
    assert apply_steps(RAMP, steps).max() == 1
    assert apply_steps(RAMP.astype(np.uint8), steps[::-1]).max() == 1
    assert not np.array_equal(apply_steps(RAMP, steps), apply_steps(RAMP, steps[::-1]))


WRONG = [
    (Step("clipp"), "unknown step 'clipp'; the nearest known one is 'clip'"),
    (Step("clip", {"low": 0, "hihg": 4}), "no argument 'hihg'; the nearest known one is 'high'"),
    (Step("clip", {"low": 0}), "lacks the argument 'high'"),
    (Step("zscore", {"mean": 0}), "has no argument 'mean'; it takes none"),
]


@pytest.mark.parametrize(("step", "message"), WRONG, ids=[m for _, m in WRONG])
def test_that_a_wrong_step_is_named_with_the_nearest(step: Step, message: str) -> None:
    assert message in wrong_steps([step])[0]
    with pytest.raises(BundleError, match="preparation is wrong"):
        apply_steps(RAMP, [step])
    data = example()
    data["input"]["steps"] = [{"name": step.name, "args": dict(step.args)}]
    with pytest.raises(BundleError, match=r"input\.steps holds"):
        parse_card(data)


def test_that_a_card_carries_its_steps_as_they_are() -> None:
    data = example()
    data["input"]["steps"] = [{"name": "clip", "args": {"low": -1000, "high": 400}}, {"name": "zscore"}]
    card = parse_card(data)
    assert [step.name for step in card.input.steps] == ["clip", "zscore"]
    assert card.input.steps[0].args["high"] == 400
    with pytest.raises(TypeError):
        card.input.steps[0].args["high"] = 1  # type: ignore[index]
