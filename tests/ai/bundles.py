"""Small bundles, series and volumes for the tests of the AI room: an oracle network instead of a trained one.

The oracle marks every voxel between -950 and -500 HU: right lung in the left half of the axial picture, left
lung in the right half. It neither resamples nor smooths, so its masks have an exact answer on any grid.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from medviewer.ai import card as card_module
from medviewer.ai import lung, networks, pipelines
from medviewer.ai.card import ModelCard, load_card, parse_card
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult
from medviewer.ai.pipelines import Pipeline
from medviewer.ai.runner import Request, analyze
from medviewer.dicom.study import Acquisition, Instance, PixelFormat, Series, SeriesIssue
from medviewer.imaging.reslice import canonical_axial
from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.tasks import TaskContext

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
LUNG_HU, BODY_HU, AIR_HU = -850, 30, -1000


def example() -> dict[str, Any]:
    """The example that the card module's own docstring shows."""
    text = card_module.__doc__ or ""
    start, end = text.index("    {\n"), text.index("\n    }\n")
    data: dict[str, Any] = json.loads(text[start : end + 6])
    data["weights"]["sha256"] = "0" * 64
    return data


def card() -> ModelCard:
    """The documented example as a card."""
    return parse_card(example())


def axial(step: float = 2.5, pixel: float = 0.7) -> Geometry:
    """Head-first supine axes, slices counted towards the head."""
    return Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (pixel, pixel), (0, 0, step))


def chest(count: int = 60, **changes: Any) -> Series:
    """A series that the lung model accepts without a warning, soft kernel and thin slices."""
    pixels = PixelFormat("1.2.840.10008.1.2.1", 16, 12, False)
    instances = tuple(
        Instance(Path(f"{i}.dcm"), f"1.2.{i}", CT_CLASS, 64, 64, pixels, image_type=("ORIGINAL", "PRIMARY"))
        for i in range(count)
    )
    series = Series(
        uid="1.2",
        study_uid="1",
        patient_key="p",
        modality="CT",
        instances=instances,
        body_part="CHEST",
        geometry=axial(),
        unit=Unit.HU,
        acquisition=Acquisition(manufacturer="SIEMENS", kernel="B30f", slice_thickness_mm=2.5),
    )
    return replace(series, **changes)


def each(series: Series, **changes: Any) -> Series:
    """The series with every image of it changed."""
    return replace(series, instances=tuple(replace(one, **changes) for one in series.instances))


def with_issue(issue: SeriesIssue) -> Series:
    """The chest without a geometry, for this reason."""
    return replace(chest(), geometry=None, issues=frozenset({issue}))


class Oracle(nn.Module):
    """Thresholds its input; ``level`` is the one weight, in thousands of HU."""

    def __init__(self, inputs: int = 3, outputs: int = 4) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.full((1, inputs), -0.5))
        self.outputs = outputs

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Logits of 0 or 20."""
        own = picture[:, 1].float()
        lung_like = (own < self.level[0, 0]) & (own > -0.95)
        right = torch.arange(own.shape[-1]) < own.shape[-1] / 2
        none = torch.zeros_like(own, dtype=torch.bool)
        maps = [~lung_like, lung_like & right, lung_like & ~right, none, none][: self.outputs]
        return torch.stack(maps, dim=1).float() * 20 + 0 * self.level.sum()


class PlainInput:
    """The axial pictures as they are, in thousands of HU."""

    def __init__(self, volume: Volume) -> None:
        self.view = canonical_axial(volume.shape, volume.require_geometry())
        self._voxels = volume.voxels

    @property
    def count(self) -> int:
        return self.view.count

    def native_slice(self, index: int) -> int:
        return int(self.view.to_voxel(index, 0, 0)[self.view.axes[0]])

    def batch(self, indices: Sequence[int]) -> NDArray[np.float32]:
        pictures = [self.view.extract(self._voxels, k) for k in indices]
        return np.asarray([[p, p, p] for p in pictures], dtype=np.float32) / 1000

    def restore(self, index: int, probabilities: NDArray[Any]) -> dict[int, NDArray[np.bool_]]:
        best = probabilities.argmax(axis=0)
        return {k: best == k for k in range(1, probabilities.shape[0])}


def install_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the oracle network and its pipeline for one test."""
    monkeypatch.setitem(networks.NETWORKS, "oracle", Oracle)
    monkeypatch.setitem(pipelines.PIPELINES, "oracle", Pipeline(PlainInput, lung.finish))


def oracle_bundle(folder: Path, *, network: nn.Module | None = None, **network_changes: Any) -> Bundle:
    """A complete bundle of the oracle on disk."""
    content = save((network or Oracle()).state_dict())
    data = example()
    data["network"] = {"name": "oracle", "args": {}, "outputs": data["network"]["outputs"]} | network_changes
    data["weights"]["sha256"] = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.safetensors").write_bytes(content)
    (folder / "card.json").write_text(json.dumps(data), encoding="utf-8")
    return Bundle(folder, load_card(folder / "card.json"))


@dataclass(frozen=True, eq=False)
class Chest:
    """A box of soft tissue in air with two box lungs of different size, and what is where."""

    volume: Volume
    series: Series
    right: NDArray[np.bool_]
    left: NDArray[np.bool_]


def box_chest(
    orient: tuple[int, ...] = (1, 1, 1),
    *,
    swap: bool = False,
    turn: float = 0.0,
    shape: tuple[int, int, int] = (14, 40, 50),
    spacing: tuple[float, float, float] = (2.5, 0.8, 0.7),
) -> Chest:
    """A chest stored along any axes: ``orient`` signs of (slice, row, column), ``swap`` rows and columns.

    The anatomy is drawn on the axial picture (rows to posterior, columns to the patient's left, slices to
    the head) and then stored; ``turn`` degrees about z make the axes oblique.
    """
    values = np.full(shape, AIR_HU, np.int16)
    values[:, 4:-4, 4:-4] = BODY_HU
    right, left = np.zeros(shape, bool), np.zeros(shape, bool)
    right[3:-3, 8:30, 7:22] = True
    left[4:-2, 10:28, 28:41] = True
    values[right | left] = LUNG_HU
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    axes = [np.array([0, 0, 1.0]), np.array([-sine, cosine, 0]), np.array([cosine, sine, 0])]
    vectors = [axis * mm for axis, mm in zip(axes, spacing, strict=True)]
    origin = np.array([-30.0, -40.0, 100.0])
    arrays = [values, right, left]
    for axis, sign in enumerate(orient):
        if sign < 0:
            arrays = [np.flip(a, axis) for a in arrays]
            origin = origin + vectors[axis] * (shape[axis] - 1)
            vectors[axis] = -vectors[axis]
    if swap:
        arrays = [a.transpose(0, 2, 1) for a in arrays]
        vectors = [vectors[0], vectors[2], vectors[1]]
    affine = np.eye(4)
    affine[:3, :3] = np.stack(vectors, axis=1)
    affine[:3, 3] = origin
    geometry = Geometry(affine)
    stored, right, left = (np.ascontiguousarray(a) for a in arrays)
    series = chest(shape[0], geometry=geometry)
    return Chest(Volume(stored, geometry, Unit.HU), series, right, left)


def request_for(bundle: Bundle, chest: Chest, **changes: Any) -> Request:
    """A request on the CPU for an adult."""
    request = Request(bundle, chest.series, "1", chest.volume, device="cpu", patient_age="050Y")
    return replace(request, **changes)


def run(bundle: Bundle, chest: Chest, **changes: Any) -> AnalysisResult:
    """The result of one complete run."""
    return analyze(request_for(bundle, chest, **changes), TaskContext())


def full_mask(result: AnalysisResult, label: str) -> NDArray[np.bool_]:
    """The mask of the finding of that label, on the whole grid."""
    mask = next(f.mask for f in result.findings if f.label == label)
    assert mask is not None
    return mask.full()
