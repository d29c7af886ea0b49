"""What the card of ``cardiac-mr`` says, but for weights and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medviewer.ai.steps import Step

VERSION = "1.0.1"
VARIATIONS = 4

_TEXTS: dict[str, Any] = {
    "score_meaning": "",
    "intended_use": (
        "Outlines the cavity of the left ventricle on short-axis cine MR, as a basis for its area and, where "
        "a stack of parallel slices of one phase is there, its volume. For research and teaching; not for "
        "diagnostic use."
    ),
    "limitations": [
        "Learned from the 30 training patients of one hospital and one scanner (Sunnybrook, 1.5 T), normal, "
        "hypertrophic and failing hearts.",
        "The heart must lie within the middle 56 % of the picture; papillary muscles belong to the cavity.",
        "The pictures of the set carry no pixel spacing, so its figures are in pixels; the finest slices at "
        "base and apex are the least sure.",
        "An ejection fraction needs two phases of a whole stack in one series; it is not computed.",
    ],
    "licence": "Apache-2.0",
    "changelog": [
        "1.0.1: no longer offered on a plain stack whose header says nothing of the heart; same weights",
        "1.0.0: first version",
    ],
}


def card(  # noqa: PLR0917
    network: str, args: Mapping[str, Any], size: int, steps: Sequence[Step], patients: int, seconds: float
) -> dict[str, Any]:
    """The card for :func:`~medviewer.training.bundle.write_bundle`."""
    return {
        "id": "cardiac-mr",
        "version": VERSION,
        "title": "Left ventricle on short-axis cine MR",
        "task": "segmentation",
        "network": {"name": network, "args": dict(args), "outputs": ["left_ventricle_cavity"]},
        "input": {
            "modality": "MR",
            "body_parts": ["HEART", "CARDIAC"],
            "planes": [],
            "slices_min": 1,
            "size": [size, size],
            "intensity": {"unit": "", "low": -32768.0, "high": 65535.0},
            "described": ["short axis", "SAX", "SA", "kurze Achse", "petit axe"],
            "gated": True,
            "kinds": ["cardiac_mr_short_axis"],
            "steps": [{"name": step.name, "args": dict(step.args)} for step in steps],
        },
        "labels": [
            {
                "id": 0,
                "name": "left_ventricle_cavity",
                "title": "Left ventricle cavity",
                "colour": "#56B4E9",
                "code": {"scheme": "SCT", "value": "87878005", "meaning": "Left ventricle"},
                "threshold": None,
            }
        ],
        "training_data": [
            f"{patients} of the 30 training patients of the Sunnybrook Cardiac Data (public domain), as "
            "pictures of github.com/mshunshin/SegNetCMR; dealt by patient, see split.json"
        ],
        "metrics": [],
        "seconds_per_slice": round(seconds, 4),
        "reading": "heart",
        "variations": VARIATIONS,
        **_TEXTS,
    }
