"""The router guards: what it is sure of ends the run, what it suspects is said, and it is never offered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medviewer import paths
from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import router_on_shelf, suitable
from medviewer.ai.findings import ResultState
from medviewer.ai.routing import judge, probabilities
from medviewer.ai.runner import analyze
from medviewer.tasks import TaskContext
from tests.ai.pictures import Said, asked, bundle_of, picture, register, score_bundle, stack, x_ray

KINDS = ["ct_chest", "cxr_frontal", "other", "upside_down", "inverted"]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register(monkeypatch)
    monkeypatch.setattr(paths, "models", lambda: tmp_path)
    return tmp_path


def reader(folder: Path) -> ModelCard:
    bundle = score_bundle(folder / "cxr-pneumonia", (0.0, 1.0))
    return bundle.card


def router(folder: Path, *logits: float) -> None:
    labels = [{"id": 1, "name": "cxr_frontal", "title": "Chest X-ray", "colour": "#56B4E9"}]
    card = {
        "id": "router",
        "network": {"name": "said", "args": {"logits": [0.0] * 5}, "outputs": KINDS},
        "labels": labels,
        "reading": "router",
    }
    steps = [{"name": "resize_area", "args": {"size": [32, 32]}}]
    bundle_of(folder / "router", Said(logits), card, steps=steps)


def run(folder: Path) -> tuple[ResultState, list[str], list[str]]:
    bundle = score_bundle(folder / "cxr-pneumonia", (0.0, 1.0))
    object.__setattr__(bundle.card.input, "kinds", ("cxr_frontal",))
    result = analyze(asked(bundle, x_ray(), stack(picture())), TaskContext())
    return result.state, [r.code for r in result.reasons], [w.code for w in result.warnings]


def test_a_picture_of_the_right_kind_runs(shelf: Path) -> None:
    router(shelf, 0, 9, 0, -9, -9)
    state, reasons, warnings = run(shelf)
    assert state is ResultState.FINDINGS
    assert not reasons
    assert not warnings


def test_a_picture_of_another_kind_is_refused(shelf: Path) -> None:
    router(shelf, 9, 0, 0, -9, -9)
    assert run(shelf)[:2] == (ResultState.NOT_SUITABLE, ["ROUTER_KIND"])


@pytest.mark.parametrize(("place", "code"), [(3, "ROUTER_UPSIDE_DOWN"), (4, "ROUTER_INVERTED")])
def test_an_upside_down_picture_and_a_negative_are_refused(shelf: Path, place: int, code: str) -> None:
    logits = [0.0, 9.0, 0.0, -9.0, -9.0]
    logits[place] = 9.0
    router(shelf, *logits)
    assert run(shelf)[:2] == (ResultState.NOT_SUITABLE, [code])


def test_a_suspicion_is_a_warning(shelf: Path) -> None:
    router(shelf, 0.5, 0.0, -9, -9, 0.5)
    state, _, warnings = run(shelf)
    assert state is ResultState.FINDINGS
    assert warnings == ["ROUTER_INVERTED", "ROUTER_KIND"]


def test_a_router_that_is_damaged_is_said_and_stops_nothing(shelf: Path) -> None:
    router(shelf, 0, 9, 0, -9, -9)
    (shelf / "router" / "weights.safetensors").write_bytes(b"torn")
    state, _, warnings = run(shelf)
    assert state is ResultState.FINDINGS
    assert warnings == ["NO_ROUTER"]


def test_the_router_is_on_the_shelf_and_never_offered(shelf: Path) -> None:
    router(shelf, 0, 9, 0, -9, -9)
    score_bundle(shelf / "cxr-pneumonia", (0.0, 1.0))
    guard = router_on_shelf()
    assert guard is not None
    assert guard.card.id == "router"
    assert [bundle.card.id for bundle, _ in suitable(x_ray())] == ["cxr-pneumonia"]


def test_kinds_compete_and_properties_stand_alone() -> None:
    logits = np.array([[0.0, 0.0, -50.0, 0.0, 4.0]], np.float32)
    found = probabilities(logits, tuple(KINDS))
    assert found["ct_chest"] == pytest.approx(0.5)
    assert found["upside_down"] == pytest.approx(0.5)
    assert found["inverted"] == pytest.approx(1 / (1 + np.exp(-4.0)), abs=1e-6)


def test_a_model_that_names_no_kind_is_not_judged_by_it(shelf: Path) -> None:
    verdict = judge({"ct_chest": 1.0, "cxr_frontal": 0.0, "inverted": 0.1}, reader(shelf), x_ray())
    assert not verdict.reasons
    assert not verdict.warnings
