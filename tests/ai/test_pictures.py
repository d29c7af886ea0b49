"""Single pictures through the runner: masks on the stored pixels, islands, views, what a header asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult, Finding, ResultState
from medviewer.ai.pictures import moved, tidy
from medviewer.ai.runner import analyze
from medviewer.ai.steps import Shown, Step, apply_steps
from medviewer.dicom.study import PixelFormat
from medviewer.errors import Cancelled, DeviceError
from medviewer.imaging.window import VoiFunction, Window
from medviewer.tasks import TaskContext
from tests.ai.pictures import Painted, asked, chest_bundle, picture, register, stack, x_ray


def named(result: AnalysisResult, label: str) -> Finding:
    return next(finding for finding in result.findings if finding.label == label)


def full(result: AnalysisResult, label: str) -> Any:
    mask = named(result, label).mask
    assert mask is not None
    return mask.full()


def test_masks_lie_on_the_stored_pixels_without_any_geometry(chest: Bundle) -> None:
    image = picture()
    result = analyze(asked(chest, x_ray(), stack(image)), TaskContext())
    assert result.state is ResultState.FINDINGS
    for label, value in (("Right lung", 100), ("Left lung", 200), ("Heart", 300)):
        assert np.array_equal(full(result, label)[0], image == value)


def test_an_image_asks_by_its_window_how_it_is_shown(chest: Bundle) -> None:
    """Stored values turned round and stretched, with the window that undoes it: the same masks."""
    image = picture()
    stored = (4000 - 10 * image).astype(np.int16)
    window = Window(2000.0, 4000.0, VoiFunction.LINEAR_EXACT, invert=True)
    pixels = PixelFormat("1.2.840.10008.1.2.1", 16, 12, False, photometric="MONOCHROME1")
    series = x_ray()
    series = replace(series, instances=(replace(series.instances[0], windows=(window,), pixels=pixels),))
    result = analyze(asked(chest, series, stack(stored)), TaskContext())
    assert np.array_equal(full(result, "Heart")[0], image == 300)


def test_monochrome1_without_a_window_is_turned_too(chest: Bundle) -> None:
    image = picture()
    pixels = PixelFormat("1.2.840.10008.1.2.1", 16, 12, False, photometric="MONOCHROME1")
    series = x_ray()
    series = replace(series, instances=(replace(series.instances[0], pixels=pixels),))
    result = analyze(asked(chest, series, stack((400 - image).astype(np.int16))), TaskContext())
    assert np.array_equal(full(result, "Right lung")[0], image == 100)


def test_present_leaves_an_exported_picture_as_it_is() -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert np.array_equal(apply_steps(image, [Step("present")]), image)
    turned = apply_steps(image, [Step("present")], Shown(invert=True))
    assert np.array_equal(turned, 11 - image)


def test_a_lateral_among_frontal_views_is_left_out_and_said(chest: Bundle) -> None:
    series = x_ray(2)
    series = replace(series, instances=(series.instances[0], replace(series.instances[1], view="LL")))
    result = analyze(asked(chest, series, stack(picture(), picture())), TaskContext())
    assert result.state is ResultState.PARTIAL
    assert "1 of 2 images were not read: 1 of them no frontal view" in result.reasons[0].text
    assert not full(result, "Heart")[1].any()
    assert result.complete_slices == 1


@pytest.mark.parametrize("lacking", [100, 200, 300])
def test_what_is_not_found_is_no_reliable_result(chest: Bundle, lacking: int) -> None:
    image = picture()
    image[image == lacking] = 0
    result = analyze(asked(chest, x_ray(), stack(image)), TaskContext())
    assert result.state is ResultState.FAILED
    assert result.reasons[0].code == "NO_RELIABLE_RESULT"
    assert not result.findings


def test_swapped_lungs_are_no_reliable_result(chest: Bundle) -> None:
    result = analyze(asked(chest, x_ray(), stack(picture()[:, ::-1].copy())), TaskContext())
    assert result.state is ResultState.FAILED
    assert result.reasons[0].code == "SIDES_SWAPPED"


def test_numbers_that_are_not_finite_are_no_reliable_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch)
    broken = Painted([0.25, 0.5, 0.75])
    nn.init.constant_(broken.shift, float("nan"))
    bundle = chest_bundle(tmp_path / "nan", network=broken)
    result = analyze(asked(bundle, x_ray(), stack(picture())), TaskContext())
    assert result.state is ResultState.FAILED
    assert "not finite" in result.reasons[0].text


def test_memory_that_runs_out_is_a_device_error(chest: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def forward(self: Painted, given: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Painted, "forward", forward)
    with pytest.raises(DeviceError, match="too little free memory"):
        analyze(asked(chest, x_ray(), stack(picture())), TaskContext())


def test_a_cancelled_run_leaves_nothing(chest: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    context = TaskContext()
    plain = Painted.forward

    def forward(self: Painted, given: torch.Tensor) -> torch.Tensor:
        context.cancel()
        return plain(self, given)

    monkeypatch.setattr(Painted, "forward", forward)
    told: list[int] = []
    request = asked(chest, x_ray(), stack(picture()), on_slice=lambda k, _: told.append(k))
    with pytest.raises(Cancelled):
        analyze(request, context)
    assert not told


def test_each_picture_is_told_as_it_comes_the_one_on_screen_first(chest: Bundle) -> None:
    told: list[int] = []
    pictures = stack(picture(), picture(), picture())
    request = asked(chest, x_ray(3), pictures, first_slice=2, on_slice=lambda k, _: told.append(k))
    analyze(request, TaskContext())
    assert told == [2, 1, 0]


def test_nothing_on_a_picture_cannot_be_forced(chest: Bundle) -> None:
    nothing = stack(np.zeros((96, 80), np.int16))
    result = analyze(asked(chest, x_ray(), nothing, force=True), TaskContext())
    assert result.state is ResultState.NOT_SUITABLE
    assert result.reasons[0].code == "NO_DATA"


def test_tidying_drops_islands_fills_holes_and_moves_no_edge() -> None:
    chance = np.full((40, 40), 0.1, np.float32)
    chance[5:25, 5:25] = 0.9
    chance[12:14, 12:14] = 0.2
    chance[34:36, 34:36] = 0.8
    tidied = tidy(chance)
    inside = tidied.chance >= 0.5
    assert inside[5:25, 5:25].all()
    assert int(inside.sum()) == 400
    assert tidied.dropped == pytest.approx(4 / 400)
    assert tidied.filled == pytest.approx(4 / 396)
    outside = chance < 0.5
    outside[12:14, 12:14] = False
    assert np.array_equal(tidied.chance[outside], chance[outside])


def test_a_moved_picture_moves_back() -> None:
    image = np.random.default_rng(0).random((20, 20)).astype(np.float32)
    assert np.array_equal(moved(moved(image, 2), -2)[:16, :16], image[:16, :16])
    assert moved(image, 2)[2, 2] == image[0, 0]
