"""Where a classifier looked, on networks whose answer hangs on one known place and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.catalog import Bundle
from medviewer.ai.looking import LOOKED, NO_RELIABLE_RESULT, Looked
from medviewer.ai.pipelines import can_look
from medviewer.ai.runner import where_it_looked
from medviewer.errors import BundleError, Cancelled
from medviewer.tasks import TaskContext
from tests.ai.pictures import Bright, asked, chest_bundle, register, score_bundle, stack, x_ray

BRIGHT = {"name": "bright", "args": {}, "outputs": ["normal", "pneumonia"]}
STEPS = [
    {"name": "scale_percentiles", "args": {"low": 0.0, "high": 100.0}},
    {"name": "resize_area", "args": {"size": [56, 56]}},
]
SIDE = 12
"""Stored pixels along the patch."""


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def seeing(folder: Path, steps: list[dict[str, object]] | None = None) -> Bundle:
    """A model that sees brightness alone."""
    given = {"modality": "DX", "planes": [], "slices_min": 1, "size": [56, 56], "body_parts": ["CHEST"]}
    unit = {"unit": "", "low": 0.0, "high": 65535.0}
    inside = given | {"intensity": unit, "steps": steps or STEPS, "views": ["PA", "AP"], "films": False}
    return score_bundle(folder / "m", (0, 0), seeing=Bright(), network=BRIGHT, input=inside)


def patch(shape: tuple[int, int], row: int, column: int) -> NDArray[np.int16]:
    """A picture that is dark but for one bright square, whose first pixel is (row, column)."""
    out = np.zeros(shape, np.int16)
    out[row : row + SIDE, column : column + SIDE] = 400
    return out


def looked(bundle: Bundle, image: NDArray[np.int16], count: int = 1) -> Looked:
    series = x_ray(count, shape=image.shape)
    request = asked(bundle, series, stack(*[np.zeros_like(image)] * (count - 1), image), patient_age="003Y")
    return where_it_looked(request, count - 1, TaskContext())


def middle(strength: NDArray[np.float32]) -> tuple[float, float]:
    """The middle of the strongest places, in edge-based pixels."""
    rows, columns = np.nonzero(strength >= 0.9)
    return float(rows.mean()) + 0.5, float(columns.mean()) + 0.5


# Cells of 8 x 6 stored pixels: the patch covers whole cells, so that the oracle is exact.
@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 72), (100, 0), (100, 72), (40, 24), (76, 54)])
def test_the_maximum_lies_on_the_patch(tmp_path: Path, row: int, column: int) -> None:
    image = patch((112, 84), row, column)
    found = looked(seeing(tmp_path), image)
    assert found.strength is not None
    assert found.strength.shape == (112, 84)
    assert found.strength.max() == pytest.approx(1.0)
    place = np.unravel_index(int(np.argmax(found.strength)), found.strength.shape)
    assert image[place] == 400
    outside = found.strength[image == 0]
    assert outside.size > 0
    assert np.percentile(outside, 80) < 0.05


def test_it_lies_there_to_half_a_pixel(tmp_path: Path) -> None:
    """A patch that covers four whole cells symmetrically has its maximum in its own middle."""
    image = np.zeros((112, 112), np.int16)
    image[32:48, 64:80] = 400
    found = looked(seeing(tmp_path), image)
    assert found.strength is not None
    assert middle(found.strength) == pytest.approx((40.0, 72.0), abs=0.5)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_picture_has_the_mirrored_map(tmp_path: Path, axis: int) -> None:
    image = patch((112, 84), 24, 60)
    bundle = seeing(tmp_path)
    straight, mirrored = looked(bundle, image), looked(bundle, np.flip(image, axis).copy())
    assert straight.strength is not None
    assert mirrored.strength is not None
    np.testing.assert_allclose(np.flip(mirrored.strength, axis), straight.strength, atol=1e-5)


def test_what_was_padded_and_cropped_does_not_shift_it(tmp_path: Path) -> None:
    steps: list[dict[str, object]] = [
        {"name": "scale_percentiles", "args": {"low": 0.0, "high": 100.0}},
        {"name": "pad_square", "args": {}},
        {"name": "resize_area", "args": {"size": [70, 70]}},
        {"name": "crop_centre", "args": {"size": [56, 56]}},
    ]
    image = np.zeros((140, 100), np.int16)
    image[34:54, 50:70] = 400
    found = looked(seeing(tmp_path, steps), image)
    assert found.strength is not None
    assert middle(found.strength) == pytest.approx((44.0, 60.0), abs=2.0)
    assert not found.strength[:13].any()  # cropped away: the network never saw it


def test_it_is_told_what_the_place_did_to_the_probability(tmp_path: Path) -> None:
    """36 network pixels above the level: margin 3.6, log-odds 3.6 / 2 + 1; without them 1."""
    found = looked(seeing(tmp_path), patch((112, 112), 48, 48), count=2)
    assert found.index == 1
    assert "divides the odds by 6.0: probability 0.94 before, 0.73 after" in found.sentence


def test_a_probability_that_stays_where_it_was_is_not_told_as_a_change(tmp_path: Path) -> None:
    """400 network pixels above the level: log-odds 21, without the 64 of one square 17.8."""
    found = looked(seeing(tmp_path), np.pad(np.full((40, 40), 400, np.int16), 36))
    assert "the probability stays above 0.99" in found.sentence


def test_a_network_that_looks_nowhere_gives_a_sentence_and_no_map(tmp_path: Path) -> None:
    found = looked(score_bundle(tmp_path / "m", (0.0, 2.0)), patch((96, 80), 20, 20))
    assert found.strength is None
    assert "No place stands out" in found.sentence


def test_numbers_that_are_not_finite_give_no_map(tmp_path: Path) -> None:
    found = looked(score_bundle(tmp_path / "m", (0.0, float("nan"))), patch((96, 80), 20, 20))
    assert found.strength is None
    assert found.sentence == NO_RELIABLE_RESULT


def test_a_cancel_ends_it(tmp_path: Path) -> None:
    context = TaskContext()
    context.cancel()
    request = asked(seeing(tmp_path), x_ray(shape=(112, 84)), stack(patch((112, 84), 0, 0)))
    with pytest.raises(Cancelled):
        where_it_looked(request, 0, context)


def test_a_model_that_outlines_has_nothing_to_show(tmp_path: Path) -> None:
    bundle = chest_bundle(tmp_path / "cxr-anatomy")
    assert not can_look(bundle.card)
    assert can_look(seeing(tmp_path).card)
    with pytest.raises(BundleError, match="cannot show"):
        where_it_looked(asked(bundle, x_ray(), stack(patch((96, 80), 0, 0))), 0, TaskContext())


def test_the_label_says_what_it_is_not() -> None:
    assert LOOKED == "where the network looked: not a finding"
