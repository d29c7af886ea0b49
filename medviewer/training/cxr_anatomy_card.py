"""What the card of ``cxr-anatomy`` says, but for weights and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medviewer.training.chest_steps import SIZE, STEPS

VERSION = "1.0.0"
VARIATIONS = 4
OUTPUTS = ("right_lung", "left_lung", "heart")

_TEXTS: dict[str, Any] = {
    "score_meaning": "",
    "intended_use": (
        "Outlines the right lung, the left lung and the heart with the great vessels on frontal chest "
        "X-rays, as a basis for the cardiothoracic ratio. For research and teaching; not for diagnostic use."
    ),
    "limitations": [
        "The hearts it learned from were drawn by eye by the developers of MedViewer, not by radiologists.",
        "The lungs include the part behind the heart, over the edges of the spine: areas do not compare with "
        "those of models that leave it out.",
        "The ratio's threshold of 0.50 holds for adults, PA, upright, in inspiration; on AP and unknown "
        "views and in children the ratio is told without a verdict.",
        "Frontal views only, stored upright with the patient's right on the left; most of the adults it "
        "learned from had COVID-19.",
    ],
    "licence": "Apache-2.0",
    "changelog": [f"{VERSION}: first version"],
}


def training_data(patients: int, hearts: int, children: int) -> list[str]:
    """What the card says the weights learned from."""
    return [
        f"{patients} adult patients of cxr_adult_ccby (CC BY 3.0 / 4.0 by row), V7 lung masks (CC BY 4.0), "
        "taken 1.55 % of the thorax width further in on each side, a share measured on the outlines of 24 of "
        "the evaluation's adults; dealt by patient, see split.json",
        f"Heart outlines of {hearts} of these pictures (validation included), drawn by eye by the "
        "developers: models/cxr-anatomy/heart_contours.json",
        f"{children} children of Kermany et al. (Mendeley Data rscbjbr9sj, CC BY 4.0) with V7 lung masks",
    ]


def card(network: str, args: Mapping[str, Any], learned: Sequence[str], seconds: float) -> dict[str, Any]:
    """The card for :func:`~medviewer.training.bundle.write_bundle`."""
    return {
        "id": "cxr-anatomy",
        "version": VERSION,
        "title": "Lungs and heart on chest X-ray",
        "task": "segmentation",
        "network": {"name": network, "args": dict(args), "outputs": list(OUTPUTS)},
        "input": {
            "modality": "DX",
            "other_modalities": ["CR"],
            "body_parts": ["CHEST", "THORAX", "LUNG"],
            "planes": [],
            "slices_min": 1,
            "size": [SIZE, SIZE],
            "intensity": {"unit": "", "low": 0.0, "high": 65535.0},
            "views": ["PA", "AP"],
            "presentation": "for presentation",
            "films": False,
            "kinds": ["chest_xray_adult", "chest_xray_child"],
            "steps": [{"name": step.name, "args": dict(step.args)} for step in STEPS],
        },
        "labels": [
            _label(0, "right_lung", "Right lung", "#56B4E9", "3341006"),
            _label(1, "left_lung", "Left lung", "#E69F00", "44029006"),
            _label(2, "heart", "Heart", "#CC79A7", "80891009"),
        ],
        "training_data": list(learned),
        "metrics": [],
        "seconds_per_slice": round(seconds, 4),
        "reading": "chest",
        "variations": VARIATIONS,
        **_TEXTS,
    }


def _label(number: int, name: str, title: str, colour: str, code: str) -> dict[str, Any]:
    code_ = {"scheme": "SCT", "value": code, "meaning": title}
    return {"id": number, "name": name, "title": title, "colour": colour, "code": code_, "threshold": None}
