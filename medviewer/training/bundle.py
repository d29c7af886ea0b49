"""Write ``models/lung-ct``: the weights as safetensors and the card that says what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import nn

from medviewer.ai.card import SCHEMA, Metric, ModelCard, load_card
from medviewer.ai.lung_input import HU_RANGE, OUTPUTS
from medviewer.training.lung_ct import NETWORK, NETWORK_ARGS

VERSION = "1.0.0"
CARD, WEIGHTS = "card.json", "weights.safetensors"

_TEXTS: dict[str, Any] = {
    "score_meaning": "",
    "intended_use": (
        "Outlines the right and the left lung (vessels inside, trachea and main bronchi outside) on axial "
        "chest CT of adults, as a basis for volumes and densities. For research and teaching; "
        "not for diagnostic use."
    ),
    "limitations": [
        "Adults only; one lung, large effusions and chest wall disease were not among the training data.",
        "Dense disease on the outer pleura is inside the outline; masses that merge with the mediastinum "
        "may be cut off at its edge.",
        "Measured on two patients and on synthetic chests: not a clinical validation.",
        "Slices of 10 mm or less, the whole chest in the picture, patient lying on the back.",
    ],
    "licence": "Apache-2.0",
    "changelog": ["1.0.0: first version"],
}


def training_data(phantoms: int, real: Sequence[str]) -> list[str]:
    """What the card says the weights learned from."""
    told = [f"{phantoms} synthetic chests drawn by medviewer.training.phantom (seeds from 1000)"]
    if "ct_chest_A0001" in real:
        told.append(
            "One patient of TCIA Lung-PET-CT-Dx (A0001, two kernels), CC BY 4.0; silver masks by "
            "medviewer.training.silver"
        )
    told += [name for name in real if name != "ct_chest_A0001"]
    return told


def write_bundle(
    folder: Path, net: nn.Module, learned_from: list[str], seconds_per_slice: float
) -> ModelCard:
    """Write weights and card (no figures yet: ``evaluate`` adds them); returns the card as read back."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().contiguous() for name, value in net.state_dict().items()}
    content = save(tensors)
    partial = folder / (WEIGHTS + ".part")
    partial.write_bytes(content)
    partial.replace(folder / WEIGHTS)
    _write(folder / CARD, _card(hashlib.sha256(content).hexdigest(), learned_from, seconds_per_slice))
    return load_card(folder / CARD)


def add_metrics(folder: Path, metrics: Sequence[Metric]) -> ModelCard:
    """Put measured figures on the card; returns it as read back."""
    data = json.loads((folder / CARD).read_text(encoding="utf-8"))
    data["metrics"] = [_plain(metric) for metric in metrics]
    _write(folder / CARD, data)
    return load_card(folder / CARD)


def _plain(metric: Metric) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(metric).items()}


def _write(path: Path, data: dict[str, Any]) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _card(sha256: str, learned_from: list[str], seconds_per_slice: float) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": "lung-ct",
        "version": VERSION,
        "title": "Lungs on chest CT",
        "task": "segmentation",
        "network": {"name": NETWORK, "args": NETWORK_ARGS, "outputs": list(OUTPUTS)},
        "weights": {"file": WEIGHTS, "sha256": sha256},
        "input": {
            "modality": "CT",
            "body_parts": ["CHEST", "THORAX", "LUNG"],
            "planes": ["axial"],
            "slice_spacing_mm": [0.4, 10.0],
            "pixel_spacing_mm": [0.4, 1.6],
            "slices_min": 10,
            "size": [256, 256],
            "intensity": {"unit": "HU", "low": HU_RANGE[0], "high": HU_RANGE[1]},
            "thickness_max_mm": 10.0,
            "age_min_years": 18,
        },
        "labels": [
            _label(1, "right_lung", "Right lung", "#56B4E9", "3341006"),
            _label(2, "left_lung", "Left lung", "#E69F00", "44029006"),
        ],
        "training_data": learned_from,
        "metrics": [],
        "seconds_per_slice": round(seconds_per_slice, 4),
        **_TEXTS,
    }


def _label(number: int, name: str, title: str, colour: str, code: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "title": title,
        "colour": colour,
        "code": {"scheme": "SCT", "value": code, "meaning": title},
        "threshold": None,
    }
