"""What the card of ``brain-mr`` says, but for weights and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medviewer.ai.brain import SHOWN
from medviewer.ai.brain_grid import CEILING, GRID_SHAPE
from medviewer.ai.brain_labels import LEFT, RIGHT, STRUCTURES, joint

VERSION = "1.1.0"

_TEXTS: dict[str, Any] = {
    "score_meaning": "",
    "intended_use": (
        "Outlines structures of the brain on MR volumes of the adult head, of any contrast, as a basis for "
        "volumes, the ventricle-to-brain ratio and the difference between left and right. Every figure is "
        "indicative: for research and teaching; not for diagnostic use."
    ),
    "limitations": [
        "Learned from synthetic pictures of twelve heads and measured on three others: not a clinical "
        "validation, and not measured on outlines drawn by hand on real scans.",
        "Mean Dice 0.87 over the listed structures of held-out heads in random contrasts of 1 mm (white "
        "matter 0.93, cortex 0.88, hippocampus 0.81, lateral ventricles 0.79), 0.79 in slices of 5 mm; the "
        "hippocampus came out about 0.7 mL too large. Those heads are painted region by region, as the "
        "reading supposes; on the MNI template grey matter reaches 0.83 and white matter 0.93. See the "
        "report.",
        "Adults only. Tumours, strokes, haemorrhage, resections and malformations were not among the heads; "
        "what lies in or beside them is not to be believed.",
        "No reference for age, sex or head size: the figures are no verdict.",
        "The range beside a volume is that of four looks at one picture (plain, mirrored, half a voxel to "
        "either side, before the grey values settle the borders): it is no interval of confidence, and "
        "often narrower than the error.",
        "The network works on a grid of 1.75 mm, and the grey values of the stored voxels settle the "
        "borders: where two structures are equally bright, the border is a guess. With thick slices the "
        "volumes of small structures are rough.",
        "The whole brain must be in the picture, and the header must tell the patient's left and right: "
        "the model believes it.",
    ],
    "licence": "Apache-2.0",
    "changelog": [
        "1.1.0: half as much learning again; borders by the stored grey values",
        "1.0.0: first version",
    ],
}


def training_data(heads: int) -> list[str]:
    """What the card says the weights learned from."""
    return [
        f"{heads} of the 16 whole-head label maps published with SynthSeg (B. Billot et al., Medical Image "
        "Analysis 2023; 86:102789; Apache-2.0), dealt by map (split.json); at every step a new contrast, "
        "shape and resolution drawn by medviewer.training.brain_contrast. No MR picture was learned from."
    ]


def card(
    network: str, args: Mapping[str, Any], learned_from: Sequence[str], seconds_per_slice: float
) -> dict[str, Any]:
    """The card for :func:`~medviewer.training.bundle.write_bundle`."""
    return {
        "id": "brain-mr",
        "version": VERSION,
        "title": "Brain structures on MR",
        "task": "segmentation",
        "network": {
            "name": network,
            "args": dict(args),
            "outputs": [*(structure.name for structure in STRUCTURES), "side"],
            "paired": [structure.name for structure in STRUCTURES if structure.paired],
            "side": "side",
        },
        "input": {
            "modality": "MR",
            "body_parts": ["HEAD", "BRAIN"],
            "planes": ["axial", "coronal", "sagittal", "oblique"],
            "slice_spacing_mm": [0.4, 7.0],
            "pixel_spacing_mm": [0.3, 2.0],
            "slices_min": 18,
            "size": list(GRID_SHAPE[1:]),
            "intensity": {"unit": "", "low": 0.0, "high": CEILING},
            "thickness_max_mm": 7.0,
            "age_min_years": 18,
            "extent_min_mm": 110.0,
            "kinds": ["brain_mr_axial", "brain_mr_coronal", "brain_mr_sagittal"],
        },
        "reading": "brain",
        "labels": labels(),
        "training_data": list(learned_from),
        "metrics": [],
        "seconds_per_slice": round(seconds_per_slice, 4),
        **_TEXTS,
    }


def labels() -> list[dict[str, Any]]:
    """Every half of every listed structure, with its number among the card's classes."""
    out = []
    for value, (k, side, name) in enumerate(joint()):
        structure = STRUCTURES[k]
        shown = next((s for s in SHOWN if structure.name in s.structures), None)
        if shown is None:
            continue
        word = {None: "", RIGHT: "right ", LEFT: "left "}[side]
        out.append(
            {
                "id": value,
                "name": name,
                "title": f"{word}{structure.title}".capitalize(),
                "colour": shown.colour,
                "code": _code(structure.name, structure.title),
                "threshold": None,
                "laterality": None if side is None else dict(LATERALITY[side]),
            }
        )
    return out


CODES: Mapping[str, str] = {
    "cerebral_white_matter": "68523003",
    "cerebral_cortex": "40146001",
    "lateral_ventricle": "66720007",
    "thalamus": "42695009",
    "putamen": "89278009",
    "pallidum": "14738005",
    "hippocampus": "5366008",
    "cerebellar_white_matter": "33060004",
    "cerebellar_cortex": "25991003",
    "brain_stem": "119238007",
}
"""SNOMED CT, as DICOM lists them (PS3.16 CID 7140). There is none for caudate and accumbens as one."""

LATERALITY: Mapping[int, Mapping[str, str]] = {
    LEFT: {"scheme": "SCT", "value": "7771000", "meaning": "Left"},
    RIGHT: {"scheme": "SCT", "value": "24028007", "meaning": "Right"},
}
"""PS3.16 CID 244: what a segmentation writes beside the structure's code."""


def _code(name: str, title: str) -> dict[str, str] | None:
    if name not in CODES:
        return None
    return {"scheme": "SCT", "value": CODES[name], "meaning": title.capitalize()}
