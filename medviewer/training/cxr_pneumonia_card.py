"""What the cards of ``cxr-pneumonia`` and of its 28 x 28 variant say, but for weights and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medviewer.ai.steps import Step
from medviewer.training.bundle import plain
from medviewer.training.picture_evaluation import Calibrated

VERSION = "1.0.0"
_SCORE = (
    "Calibrated probability of pneumonia among children like those it was calibrated on, of whom about "
    "three in four had it; where fewer have it, the true probability is lower."
)
_LIMITS = [
    "Children of one to five years of one hospital (Guangzhou), frontal views; not made for adults, lateral "
    "views, other hospitals' machines or other diseases: it knows two answers only.",
    "Labels are those of the publisher's graders, not of microbiology; normal and sick children may differ "
    "in more than pneumonia (tubes, position, exposure), and the network may have learned that.",
    "The pictures were squeezed to a square by the publisher, so the proportions of the chest are not seen.",
    "Pictures turned to negatives or upside down get confident wrong answers: check the picture first.",
]


def card(  # noqa: PLR0917
    found: Calibrated,
    network: str,
    args: Mapping[str, Any],
    outputs: Sequence[str],
    size: int,
    steps: Sequence[Step],
    patients: int,
    seconds: float,
) -> dict[str, Any]:
    """The card for :func:`~medviewer.training.bundle.write_bundle`."""
    return {
        "id": "cxr-pneumonia",
        "version": VERSION,
        "title": "Pneumonia on children's chest X-rays",
        "task": "classification",
        "network": {"name": network, "args": dict(args), "outputs": list(outputs)},
        "input": _input(size, steps),
        "labels": [_label(found.threshold)],
        "score_meaning": _SCORE,
        "intended_use": (
            "Says whether a frontal chest X-ray of a child of one to five years looks like pneumonia, as a "
            "teaching example of a calibrated classifier. For research and teaching; not for diagnostic use."
        ),
        "limitations": _LIMITS,
        "training_data": [
            f"{patients} patients of Kermany et al., chest X-rays of children (Mendeley Data rscbjbr9sj), "
            "CC BY 4.0; dealt by patient, see split.json"
        ],
        "metrics": [],
        "licence": "Apache-2.0",
        "changelog": [f"{VERSION}: first version"],
        "seconds_per_slice": round(seconds, 4),
        "reading": "pneumonia",
        "calibration": plain(found.calibration),
        "conformal": plain(found.conformal),
    }


def _input(size: int, steps: Sequence[Step]) -> dict[str, Any]:
    return {
        "modality": "DX",
        "other_modalities": ["CR"],
        "body_parts": ["CHEST", "THORAX", "LUNG"],
        "planes": [],
        "slices_min": 1,
        "size": [size, size],
        "intensity": {"unit": "", "low": 0.0, "high": 65535.0},
        "age_max_years": 7,
        "views": ["PA", "AP"],
        "presentation": "for presentation",
        "films": False,
        "kinds": ["chest_xray_child"],
        "steps": [{"name": step.name, "args": dict(step.args)} for step in steps],
    }


def _label(threshold: float) -> dict[str, Any]:
    return {
        "id": 1,
        "name": "pneumonia",
        "title": "Pneumonia",
        "colour": "#D55E00",
        "code": {"scheme": "SCT", "value": "233604007", "meaning": "Pneumonia"},
        "threshold": threshold,
    }
