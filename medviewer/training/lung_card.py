"""What the card of ``lung-ct`` says, but for weights and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medviewer.ai.lung_input import HU_RANGE, OUTPUTS

VERSION = "1.2.0"

_TEXTS: dict[str, Any] = {
    "score_meaning": "",
    "intended_use": (
        "Outlines the right and the left lung (vessels inside, trachea and main bronchi outside) on axial "
        "chest CT of adults, as a basis for volumes and densities. For research and teaching; "
        "not for diagnostic use."
    ),
    "limitations": [
        "Adults only; one lung and chest wall disease were not among the training data.",
        "Effusions, and most consolidations and masses, were learned from synthetic chests: no real effusion "
        "was seen. Fluid is outside the outline, the lung it compresses inside.",
        "Masses that merge with the mediastinum may be cut off at its edge.",
        "A lobe that is solid throughout may be lost in part, and a fifth of the lung that fluid compresses; "
        "about a tenth of the fluid may be taken in.",
        "Fat in front of the heart may be taken in on the right, and count as dense.",
        "Measured on two patients and on synthetic chests: not a clinical validation.",
        "Slices of 10 mm or less, patient lying on the back.",
    ],
    "licence": "Apache-2.0",
    "changelog": [
        "1.2.0: fat beside and in front of the heart learned; soft tissue seen in a window of its own, so "
        "that fluid, compressed and consolidated lung are told apart better",
        "1.1.0: pleural effusion, masses, bowel gas, thick slices and cropped pictures learned; real scans "
        "learned feet first, as they are read",
        "1.0.0: first version",
    ],
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


def card(
    network: str, args: Mapping[str, Any], learned_from: list[str], seconds_per_slice: float
) -> dict[str, Any]:
    """The card for :func:`~medviewer.training.bundle.write_bundle`."""
    return {
        "id": "lung-ct",
        "version": VERSION,
        "title": "Lungs on chest CT",
        "task": "segmentation",
        "network": {"name": network, "args": dict(args), "outputs": list(OUTPUTS)},
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
            "kinds": ["chest_ct_axial"],
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
