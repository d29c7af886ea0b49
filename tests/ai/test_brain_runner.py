"""``brain-mr`` through the runner, with a network that is a rule: what it marks has an answer in millimetres.

The head of these tests is drawn in LPS millimetres: an ellipsoid without its front left quarter, in it two
bright balls ("ventricles"), the left one far the larger. No flip, turn, swap of sides or shift leaves it as
it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from medviewer.ai import networks, runner
from medviewer.ai.brain_labels import STRUCTURES, index_of, joint_names
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult, Finding, ResultState
from medviewer.ai.request import Request
from medviewer.dicom.study import Series
from medviewer.errors import BundleError, Cancelled
from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.tasks import TaskContext
from medviewer.training.brain_card import card as card_data
from tests.ai.bundles import chest

NAMES = joint_names()
MIDDLE = np.array([6.0, -25.0, 40.0])
"""LPS mm of the middle of the brain."""
VENTRICLES = {"left": ((20.0, 10.0, 5.0), 14.0), "right": ((-22.0, -5.0, 12.0), 9.0)}
"""Middle (LPS mm from MIDDLE) and radius (mm)."""
MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
FLUID, TISSUE = 1200, 800
Bool3 = NDArray[np.bool_]


def turned(about_x: float, about_z: float) -> NDArray[np.float64]:
    """Axial axes (columns: slice, row, column), turned by degrees."""
    a, b = np.radians([about_x, about_z])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return np.asarray(z @ x @ np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], float))


AXES = {
    "axial": np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]).T,
    "axial, turned about": -np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]).T,
    "coronal": np.array([[0, 1, 0], [0, 0, -1], [1, 0, 0]]).T,
    "sagittal": np.array([[-1, 0, 0], [0, 0, -1], [0, 1, 0]]).T,
    "oblique": turned(32, 28),
}


def ventricle(place: NDArray[np.float64], side: str) -> Bool3:
    middle, radius = VENTRICLES[side]
    return np.asarray(np.linalg.norm(place - MIDDLE - np.array(middle), axis=-1) <= radius)


def brain(place: NDArray[np.float64]) -> Bool3:
    x, y, z = np.moveaxis(place - MIDDLE, -1, 0)
    inside = (x / 60) ** 2 + (y / 75) ** 2 + (z / 55) ** 2 <= 1
    return np.asarray(inside & ~((x > 0) & (y < -30) & (z > 0)))


@dataclass(frozen=True, eq=False)
class Head:
    """A volume, its series, and the LPS place of every voxel."""

    volume: Volume
    series: Series
    place: NDArray[np.float64]


def head(axes: NDArray[np.float64] = AXES["axial"], spacing: tuple[float, ...] = (2.5, 2.0, 2.0)) -> Head:
    """230 mm that hold the brain off their middle."""
    shape = tuple(int(230 / mm) for mm in spacing)
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(spacing)
    affine[:3, 3] = MIDDLE + np.array([12, -9, -20]) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    geometry = Geometry(affine)
    place = geometry.position(np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1))
    values = np.where(brain(place), TISSUE, 3).astype(np.int16)
    values[ventricle(place, "left") | ventricle(place, "right")] = FLUID
    values[..., 0] += 1  # no slice is without a picture
    return Head(Volume(values, geometry), mr_series(shape, geometry), place)


def mr_series(shape: tuple[int, ...], geometry: Geometry) -> Series:
    """A series that the gate lets through without a word."""
    plain = chest(shape[0], modality="MR", body_part="HEAD", geometry=geometry, unit=Unit.RAW)
    images = tuple(replace(i, sop_class=MR_CLASS, rows=shape[1], columns=shape[2]) for i in plain.instances)
    return replace(plain, instances=images, acquisition=replace(plain.acquisition, kernel=""))


class Rule(nn.Module):
    """Air, tissue and fluid by the nearest of three grey levels; left is beyond the middle of the tissue."""

    def __init__(self, answer: str = "rule") -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor([[60.0]]))
        self.answer = answer

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """(1, 1, D, H, W) to (1, 18, D, H, W)."""
        seen = picture[0, 0].float()
        out = torch.full((len(STRUCTURES) + 1, *seen.shape), -200.0)
        for name, level in (("background", 0.0), ("cerebral_white_matter", 1.0), ("lateral_ventricle", 1.5)):
            out[index_of(name)] = -self.sharpness[0, 0] * (seen - level).abs()
        columns = torch.nonzero((seen > 0.5).any(dim=0).any(dim=0)).flatten().float()
        middle = columns[[0, -1]].mean() if len(columns) else torch.tensor(0.0)
        out[-1] = 3 * (torch.arange(seen.shape[2]) - middle)
        if self.answer == "nothing":
            out[0] = 100.0
        return out[None] if self.answer != "nan" else out[None] * float("nan")


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
    monkeypatch.setitem(runner_pipelines(), "brain_rule", runner_pipelines()["brain_unet3d"])
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
    from medviewer.ai.brain_input import BrainInput, finer_labels

    def cancelled() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        BrainInput(head().volume, cancelled)
    with pytest.raises(Cancelled):
        finer_labels(np.ones((17, 4, 4, 4), np.float32), np.ones((4, 4, 4), np.float32), cancelled)


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


SMALL: dict[str, Any] = {"outputs": len(STRUCTURES) + 1, "widths": [4, 4, 4, 4, 4]}


def test_that_the_real_network_passes_its_self_test_and_runs(make: Callable[..., Bundle]) -> None:
    torch.manual_seed(1)
    bundle = make("brain_unet3d", networks.build("brain_unet3d", SMALL), **SMALL)
    assert "hash right" in runner.self_test(bundle)
    result = run(bundle, head(spacing=(4.0, 2.0, 2.0)))
    assert result.state in (ResultState.FAILED, ResultState.FINDINGS)
    assert result.provenance.weights_sha256 == bundle.card.weights.sha256


def test_that_a_network_with_other_answers_than_its_card_is_a_broken_bundle(
    make: Callable[..., Bundle],
) -> None:
    args = SMALL | {"outputs": 5}
    bundle = make("brain_unet3d", networks.build("brain_unet3d", args), **args)
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
    data = card_data("brain_unet3d", {}, [], 0.1)
    assert {label["id"]: label["name"] for label in data["labels"]}.items() <= dict(enumerate(NAMES)).items()
