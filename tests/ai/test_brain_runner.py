"""``brain-mr`` through the runner, with a network that is a rule: what it marks is known in millimetres."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from medviewer.ai import networks, runner
from medviewer.ai.brain_labels import STRUCTURES, joint_names
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult, Finding, ResultState
from medviewer.ai.request import Request
from medviewer.errors import BundleError, Cancelled
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext
from medviewer.training.brain_card import card as card_data
from tests.ai.brain_rule import AXES, MIDDLE, VENTRICLES, Bool3, Head, Rule, brain, head, ventricle

NAMES = joint_names()


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bundle]:
    """A bundle whose network is the rule, or a real one with ``network``, ``args``."""

    def bundle(name: str = "brain_rule", network: nn.Module | None = None, **args: Any) -> Bundle:
        data = {"schema": "medviewer.card/1", **card_data(name, args, ["a rule"], 0.1)}
        content = save((network or Rule(**args)).state_dict())
        data["weights"] = {"file": "weights.safetensors", "sha256": hashlib.sha256(content).hexdigest()}
        folder = tmp_path / "brain-mr"
        folder.mkdir()
        (folder / "weights.safetensors").write_bytes(content)
        (folder / "card.json").write_text(json.dumps(data), encoding="utf-8")
        return Bundle(folder, load_card(folder / "card.json"))

    monkeypatch.setitem(networks.NETWORKS, "brain_rule", Rule)
    monkeypatch.setattr(runner, "router_on_shelf", lambda: None)  # balls and boxes are no brain to it
    monkeypatch.setitem(runner_pipelines(), "brain_rule", runner_pipelines()["brain"])
    return bundle


def runner_pipelines() -> dict[str, Any]:
    from medviewer.ai import pipelines

    return pipelines.PIPELINES


def run(bundle: Bundle, of: Head, context: TaskContext | None = None, **changes: Any) -> AnalysisResult:
    request = Request(bundle, of.series, "1", of.volume, device="cpu", patient_age="050Y", **changes)
    return runner.analyze(request, context or TaskContext())


def finding(result: AnalysisResult, label: str) -> Finding:
    return next(f for f in result.findings if f.label == label)


def overlap(a: Bool3, b: Bool3) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


@pytest.mark.parametrize(
    ("axes", "spacing"),
    [(AXES["axial"], (1.4, 1.4, 1.4)), *((axes, (4.0, 1.2, 1.2)) for axes in AXES.values())],
    ids=["thin axial", *AXES],
)
def test_that_masks_and_sides_are_the_patients_however_the_volume_is_stored(
    axes: NDArray[np.float64], spacing: tuple[float, ...], make: Callable[..., Bundle]
) -> None:
    of, bundle = head(axes, spacing), make()
    told_early: list[tuple[int, dict[int, Bool3]]] = []
    first = of.volume.shape[0] // 2
    result = run(bundle, of, first_slice=first, on_slice=lambda *told: told_early.append(told))
    check_early(told_early, first, of, bundle)
    assert result.state is ResultState.FINDINGS
    assert not result.reasons
    found = finding(result, "Lateral ventricles")
    assert found.mask is not None
    assert found.mask.geometry is of.volume.geometry
    mine = found.mask.full()
    assert mine.shape == of.volume.shape
    truth = {side: ventricle(of.place, side) for side in VENTRICLES}
    both = truth["left"] | truth["right"]
    assert overlap(mine, both) > 0.93
    lefts = [of.place[part & (of.place[..., 0] > MIDDLE[0])] for part in (mine, both)]
    assert np.abs(lefts[0].mean(axis=0) - lefts[1].mean(axis=0)).max() < 0.3, "millimetres"
    told = {m.name: m for m in found.measurements}
    voxel = of.volume.require_geometry().voxel_ml
    for side, name in (("left", "Left volume"), ("right", "Right volume")):
        millilitres = np.count_nonzero(truth[side]) * voxel
        assert told[name].value == pytest.approx(millilitres, rel=0.08)
        low, high = told[name].range or (0, 0)
        assert low <= told[name].value <= high
    assert told["Left volume"].value > 3 * told["Right volume"].value
    white = finding(result, "Cerebral white matter")
    assert white.mask is not None
    assert overlap(white.mask.full(), brain(of.place) & ~both) > 0.96


def check_early(told: list[tuple[int, dict[int, Bool3]]], first: int, of: Head, bundle: Bundle) -> None:
    """The slice on screen was told once, on the way, as the card's labels, and lies where the brain is."""
    ((index, masks),) = told
    assert index == first
    assert set(masks) == {label.id for label in bundle.card.labels}
    shown = np.any(list(masks.values()), axis=0)
    assert overlap(shown, brain(of.place)[index]) > 0.95
    ventricles = {label.id: label.name for label in bundle.card.labels if "ventricle" in label.name}
    for number, name in ventricles.items():
        truth = ventricle(of.place, name.split("_")[0])[index]
        if truth.sum() > 50:
            assert overlap(masks[number], truth) > 0.8


def test_that_figures_are_those_of_the_masks_and_the_result_says_who_made_it(
    make: Callable[..., Bundle],
) -> None:
    of = head()
    seen: list[int] = []
    result = run(make(), of, first_slice=999, on_slice=lambda index, masks: seen.append(index))
    assert seen == [of.volume.shape[0] - 1], "a slice that is none is taken as the nearest"
    ratio = finding(result, "Ventricle-to-brain ratio")
    masks = {f.label: f.mask.voxel_count for f in result.findings if f.mask is not None}
    share = 100 * masks["Lateral ventricles"] / masks["Cerebral white matter"]
    assert ratio.measurements[0].value == pytest.approx(share)
    assert result.provenance.model_id == "brain-mr"
    assert result.provenance.series_uid == of.series.uid
    assert result.provenance.dtype in ("float32", "bfloat16")
    assert "head" in result.checked
    missing = [w.text for w in result.warnings if w.code == "EMPTY_MASK"]
    assert "Left thalamus: not found." in missing


def test_that_a_cancel_ends_the_run_before_the_network_is_asked_again(make: Callable[..., Bundle]) -> None:
    reports: list[str] = []

    def on_report(fraction: float, text: str) -> None:
        reports.append(text)
        if text == "Looking at the mirror image":
            context.cancel()

    context = TaskContext(on_report)
    with pytest.raises(Cancelled):
        run(make(), head(), context)
    assert reports[-1] == "Looking at the mirror image"
    assert "Looking for the brain" in reports


def test_that_long_work_between_two_looks_listens_too() -> None:
    from medviewer.ai.brain_input import BrainInput

    def cancelled() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        BrainInput(head().volume, cancelled)


@pytest.mark.parametrize(("answer", "words"), [("nothing", "No brain was found"), ("nan", "not finite")])
def test_that_no_brain_and_no_numbers_are_failures_with_a_reason(
    answer: str, words: str, make: Callable[..., Bundle]
) -> None:
    result = run(make(answer=answer), head())
    assert result.state is ResultState.FAILED
    assert not result.findings
    assert [reason.code for reason in result.reasons] == ["NO_RELIABLE_RESULT"]
    assert words in result.reasons[0].text


def test_that_only_empty_slices_within_the_brain_make_the_result_partial(make: Callable[..., Bundle]) -> None:
    of = head()
    values = np.array(of.volume.voxels)
    values[:3] = values[45] = 0
    result = run(make(), replace(of, volume=replace(of.volume, voxels=values)))
    assert result.state is ResultState.PARTIAL
    assert "1 of 92 slices" in result.reasons[0].text
    assert result.complete_slices == 91


def test_that_a_card_of_other_structures_is_a_broken_bundle(make: Callable[..., Bundle]) -> None:
    bundle = make()
    network = replace(bundle.card.network, outputs=bundle.card.network.outputs[:1:-1])
    paired = tuple(name for name in bundle.card.network.paired if name in network.outputs)
    network = replace(network, paired=paired)
    label = replace(bundle.card.labels[-1], id=network.classes.index("brain_stem"))
    card = replace(bundle.card, network=network, labels=(label,))
    with pytest.raises(BundleError, match="structures"):
        run(Bundle(bundle.folder, card), head())


SMALL: dict[str, Any] = {"outputs": len(STRUCTURES) + 1, "coarse": [4, 4, 4, 4, 4], "widths": [4, 4]}


def test_that_the_real_network_passes_its_self_test_and_runs(make: Callable[..., Bundle]) -> None:
    torch.manual_seed(1)
    bundle = make("brain_cascade3d", networks.build("brain_cascade3d", SMALL), **SMALL)
    assert "hash right" in runner.self_test(bundle)
    result = run(bundle, head(spacing=(4.0, 2.0, 2.0)))
    assert result.state in (ResultState.FAILED, ResultState.FINDINGS)
    assert result.provenance.weights_sha256 == bundle.card.weights.sha256


def test_that_a_network_with_other_answers_than_its_card_is_a_broken_bundle(
    make: Callable[..., Bundle],
) -> None:
    with pytest.raises(BundleError, match="do not suit"):
        networks.build("brain_cascade3d", SMALL | {"outputs": 5})
    bundle = make(answer="few")
    with pytest.raises(BundleError, match="self-test"):
        runner.self_test(bundle)
    with pytest.raises(BundleError, match="classes its card lists"):
        run(bundle, head(spacing=(4.0, 2.0, 2.0)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"modality": "CT"}, "MODALITY"),
        ({"body_part": "KNEE"}, "BODY_PART"),
        ({"geometry": None}, "NOT_A_VOLUME"),
    ],
)
def test_that_what_is_no_head_on_mr_is_refused(
    changes: dict[str, Any], code: str, make: Callable[..., Bundle]
) -> None:
    of = head(spacing=(4.0, 2.0, 2.0))
    result = run(make(), replace(of, series=replace(of.series, **changes)))
    assert result.state is ResultState.NOT_SUITABLE
    assert code in [reason.code for reason in result.reasons]


def test_that_a_child_and_a_part_of_the_head_are_refused(make: Callable[..., Bundle]) -> None:
    of, bundle = head(spacing=(4.0, 2.0, 2.0)), make()
    child = Request(bundle, of.series, "1", of.volume, device="cpu", patient_age="009Y")
    assert [r.code for r in runner.analyze(child, TaskContext()).reasons] == ["AGE"]
    part = replace(of.series, instances=of.series.instances[:20])
    volume = Volume(of.volume.voxels[:20], of.volume.geometry)
    assert [r.code for r in run(bundle, Head(volume, part, of.place)).reasons] == ["EXTENT"]


def test_that_class_numbers_of_the_card_are_those_of_reading() -> None:
    data = card_data("brain_cascade3d", {}, [], 0.1)
    assert {label["id"]: label["name"] for label in data["labels"]}.items() <= dict(enumerate(NAMES)).items()
