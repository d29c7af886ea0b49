"""The bundled lung model itself, on a coarse synthetic chest: fast, and enough to notice a broken bundle."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from medviewer.ai import runner
from medviewer.ai.catalog import Bundle, find, verify
from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ai.runner import Request, analyze, self_test
from medviewer.tasks import TaskContext
from medviewer.training.phantom import Phantom, make_phantom
from tests.ai.bundles import chest


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return find("lung-ct")


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(101, slices=36, size=224, spacing_mm=(8.0, 1.5, 1.5))


def _run(bundle: Bundle, phantom: Phantom) -> AnalysisResult:
    series = chest(phantom.volume.shape[0], geometry=phantom.volume.geometry)
    request = Request(bundle, series, "1", phantom.volume, device="cpu", patient_age="060Y")
    return analyze(request, TaskContext())


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def _lungs(result: AnalysisResult) -> dict[str, np.ndarray]:
    return {f.label: f.mask.full() for f in result.findings[1:3] if f.mask is not None}


def test_the_bundle_is_whole(bundle: Bundle) -> None:
    verify(bundle)
    assert bundle.card.id in self_test(bundle)


def test_both_lungs_of_a_synthetic_chest_are_found_on_their_sides(bundle: Bundle, phantom: Phantom) -> None:
    result = _run(bundle, phantom)
    assert result.state is ResultState.FINDINGS
    lungs = _lungs(result)
    assert _dice(lungs["Right lung"], phantom.masks["right_lung"]) > 0.93
    assert _dice(lungs["Left lung"], phantom.masks["left_lung"]) > 0.93


def test_bfloat16_gives_the_same_lungs_as_float32(
    bundle: Bundle, phantom: Phantom, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runner.pick_dtype(torch.device("cpu")) is not torch.bfloat16:
        pytest.skip("this processor has no bfloat16, so the program never uses it here")
    reduced = _run(bundle, phantom)
    assert reduced.provenance.dtype == "bfloat16"
    monkeypatch.setattr(runner, "pick_dtype", lambda _: torch.float32)
    exact = _run(bundle, phantom)
    assert exact.provenance.dtype == "float32"
    for label, mask in _lungs(exact).items():
        assert _dice(mask, _lungs(reduced)[label]) >= 0.999
