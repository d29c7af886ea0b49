"""X-rays and films drawn on paper, for models of single pictures, and networks whose answer is known exactly.

The painted network answers "inside" where the prepared picture is brighter than a level, one level an output:
right lung, left lung and heart are boxes of their own brightness, so every mask has an exact oracle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from medviewer.ai import networks
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle
from medviewer.ai.request import Request
from medviewer.dicom.study import Acquisition, Instance, PixelFormat, Series
from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.volume import Unit, Volume
from tests.ai.bundles import example

DX_CLASS = "1.2.840.10008.5.1.4.1.1.1.1"
MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
GREY = PixelFormat("1.2.840.10008.1.2.1", 16, 12, False)
RIGHT, LEFT, HEART = 100, 200, 300
"""Brightness of the boxes; the ground is 0, the brightest pixel 400."""


class Painted(nn.Module):
    """Output k is inside where the prepared picture (0 to 1) lies in band k of ``levels``."""

    def __init__(self, levels: Sequence[float] = (), value: float = 0.0) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.full((1, 1), value))
        self.levels = tuple(levels)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Logits of +-20."""
        own = picture[:, :1] + self.shift
        bands = [(own >= low - 0.06) & (own < low + 0.06) for low in self.levels]
        return torch.cat([band.float() * 40 - 20 for band in bands], 1) + 0 * self.shift


class Said(nn.Module):
    """A classifier that answers the same logits whatever it sees."""

    def __init__(self, logits: Sequence[float] = (0.0, 0.0)) -> None:
        super().__init__()
        self.answer = nn.Parameter(torch.tensor([float(x) for x in logits]))

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """The answer, once a picture."""
        return self.answer.expand(picture.shape[0], -1)


class Bright(nn.Module):
    """A classifier that sees one thing: how many pixels are brighter than a level."""

    def __init__(self, level: float = 0.5) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))
        self.level = level

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """(n, 2): nothing, and a tenth of the count."""
        count = (picture > self.level).float().sum(dim=(1, 2, 3)) / 10
        return torch.stack([torch.zeros_like(count), count * self.gain], 1)


def register(monkeypatch: Any) -> None:
    """The networks of this file, for one test."""
    monkeypatch.setitem(networks.NETWORKS, "painted", Painted)
    monkeypatch.setitem(networks.NETWORKS, "said", Said)
    monkeypatch.setitem(networks.NETWORKS, "bright", Bright)


def bundle_of(folder: Path, network: nn.Module, card: dict[str, Any], **given: Any) -> Bundle:
    """A bundle on disk: ``card`` on top of the example, ``given`` on top of its input."""
    data = example()
    for key in ("planes", "slice_spacing_mm", "pixel_spacing_mm", "thickness_max_mm", "age_min_years"):
        data["input"].pop(key)
    unit = {"unit": "", "low": 0.0, "high": 65535.0}
    data["input"] |= {"modality": "DX", "planes": [], "slices_min": 1, "intensity": unit} | given
    data |= card
    content = save(network.state_dict())
    data["weights"]["sha256"] = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.safetensors").write_bytes(content)
    (folder / "card.json").write_text(json.dumps(data), encoding="utf-8")
    return Bundle(folder, load_card(folder / "card.json"))


def _label(number: int, name: str, **more: Any) -> dict[str, Any]:
    title = name.replace("_", " ").capitalize()
    return {"id": number, "name": name, "title": title, "colour": "#56B4E9", **more}


def chest_bundle(folder: Path, size: int = 64, network: nn.Module | None = None) -> Bundle:
    """The chest reading with the painted network."""
    outputs = ["right_lung", "left_lung", "heart"]
    levels = [0.25, 0.5, 0.75]
    steps = [
        {"name": "present", "args": {}},
        {"name": "scale_percentiles", "args": {"low": 0.0, "high": 100.0}},
        {"name": "pad_square", "args": {}},
        {"name": "resize_area", "args": {"size": [size, size]}},
    ]
    card = {
        "id": "cxr-anatomy",
        "network": {"name": "painted", "args": {"levels": levels}, "outputs": outputs},
        "labels": [_label(k, name) for k, name in enumerate(outputs)],
        "reading": "chest",
        "variations": 2,
    }
    views = ["PA", "AP"]
    return bundle_of(folder, network or Painted(levels), card, steps=steps, views=views, films=False)


def heart_bundle(folder: Path) -> Bundle:
    """The heart reading: fields of 64 pixels, of which the middle 32 are seen."""
    steps = [
        {"name": "pad_square", "args": {}},
        {"name": "resize_area", "args": {"size": [64, 64]}},
        {"name": "crop_centre", "args": {"size": [32, 32]}},
        {"name": "scale_percentiles", "args": {"low": 0.0, "high": 100.0}},
    ]
    name = "left_ventricle_cavity"
    card = {
        "id": "cardiac-mr",
        "network": {"name": "painted", "args": {"levels": [1.0]}, "outputs": [name]},
        "labels": [_label(0, name)],
        "reading": "heart",
        "variations": 2,
    }
    parts = ["HEART", "CHEST"]
    return bundle_of(folder, Painted([1.0]), card, steps=steps, modality="MR", body_parts=parts)


def score_bundle(
    folder: Path, logits: Sequence[float], seeing: nn.Module | None = None, **card: Any
) -> Bundle:
    """The pneumonia reading with a network that always says the same, or another ("network" on the card)."""
    said: dict[str, Any] = {
        "id": "cxr-pneumonia",
        "task": "classification",
        "network": {"name": "said", "args": {}, "outputs": ["normal", "pneumonia"]},
        "labels": [_label(1, "pneumonia", threshold=0.8)],
        "reading": "pneumonia",
        "score_meaning": "calibrated probability",
        "calibration": {
            "method": "temperature and bias",
            "temperature": 2.0,
            "bias": 1.0,
            "data": "children",
        },
        "conformal": {"coverage": 0.9, "thresholds": [0.4, 0.9], "data": "children"},
    }
    steps = [{"name": "present", "args": {}}, {"name": "resize_area", "args": {"size": [32, 32]}}]
    return bundle_of(
        folder, seeing or Said(logits), said | card, steps=steps, views=["PA", "AP"], films=False
    )


def picture(rows: int = 96, columns: int = 80, heart: tuple[int, int] = (30, 52)) -> NDArray[np.int16]:
    """A chest of boxes: thorax from column 10 to 70 (60 wide), the heart between the columns ``heart``."""
    out = np.zeros((rows, columns), np.int16)
    out[20:70, 10:28] = RIGHT
    out[20:70, 54:70] = LEFT
    out[48:72, heart[0] : heart[1]] = HEART
    out[2, 2] = 400
    return out


def x_ray(count: int = 1, view: str = "PA", shape: tuple[int, int] = (96, 80), **changes: Any) -> Series:
    """An X-ray series that the models of this file accept without a warning."""
    one = Instance(
        Path("x.dcm"), "1.3", DX_CLASS, *shape, GREY, image_type=("ORIGINAL", "PRIMARY"), view=view
    )
    series = Series(
        uid="1.9",
        study_uid="1",
        patient_key="p",
        modality="DX",
        instances=tuple(replace(one, sop_uid=f"1.3.{k}") for k in range(count)),
        body_part="CHEST",
        acquisition=Acquisition(view_position=view),
    )
    return replace(series, **changes)


def stack(*pictures: NDArray[Any], mm: float | None = None) -> Volume:
    """Pictures without geometry; ``mm``: their pixel spacing at the detector."""
    scale = None if mm is None else Scale(mm, mm, "mm at detector")
    planes = tuple(InPlane(scale) for _ in pictures)
    return Volume(np.stack(pictures), None, Unit.RAW, in_plane=planes)


def asked(bundle: Bundle, series: Series, volume: Volume, **changes: Any) -> Request:
    """A request on the CPU for an adult."""
    request = Request(bundle, series, "1", volume, device="cpu", patient_age="050Y")
    return replace(request, **changes)
