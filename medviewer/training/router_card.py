"""What the router's card says, but for weights and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medviewer.training.router_kinds import INVERTED, KINDS, OUTPUTS, SIZE, STEPS, UPSIDE_DOWN

VERSION = "1.0.0"
THRESHOLD = 0.5
TITLES = {
    "chest_ct_axial": "Chest CT, axial",
    "head_ct_axial": "Head CT, axial",
    "brain_mr_axial": "Brain MR, axial",
    "brain_mr_coronal": "Brain MR, coronal",
    "brain_mr_sagittal": "Brain MR, sagittal",
    "cardiac_mr_short_axis": "Cardiac MR, short axis",
    "chest_xray_adult": "Chest X-ray, frontal, adult",
    "chest_xray_child": "Chest X-ray, frontal, child",
    "other": "None of these",
    UPSIDE_DOWN: "Upside down or on its side",
    INVERTED: "Light and dark exchanged",
}
_COLOURS = (
    *("#56B4E9", "#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#009E73", "#F0E442", "#B8B03A"),
    *("#999999", "#D55E00", "#D55E00"),
)
_SCORE = (
    "The first nine outputs are logits of one softmax: the share each kind of picture takes. 'upside_down' "
    "and 'inverted' are a logit each of a sigmoid, 0.5 being the threshold; upside_down means nothing where "
    "the kind is cardiac_mr_short_axis or other, inverted means nothing where it is other. Not calibrated: "
    "operating points, no probabilities."
)
_LIMITS = [
    "It knows eight kinds of picture; all else should be 'other', but of the endless rest it saw few: a kind "
    "never seen may be taken for one it knows. The header's word comes first.",
    "It tells no mirrored picture from a right one, and not whether left is left.",
    "Real head CT was never learned from, only heads drawn from label maps; three patients were measured.",
    "Few pictures of adults were there to learn from: about one adult in five is taken for a child. Ages "
    "between five years and grown were never tried.",
    "Angiograms and echocardiograms of sources it never saw are often taken for a kind it knows, mostly with "
    "less than half of the share; coronal brains without their skull for axial ones.",
    "Upside down is judged by the picture as stored, but for models of volumes, which are shown it as the "
    "header says.",
    "Slices of a chest CT that hold no lung, and the ends of a head, are none of its kinds.",
]
_DATA = [
    "TCIA Lung-PET-CT-Dx patient A0001, two kernels (CC BY 4.0: P. Li et al., "
    "doi:10.7937/TCIA.2020.NNC2-0461), axial, and as coronal and sagittal pictures of no kind",
    "18 synthetic chests (medviewer.training.phantom)",
    "13 SynthSeg label maps (B. Billot et al., Apache-2.0), drawn as MR of any contrast and as CT",
    "one enhanced MR head of dcm_qa_xa30 (BSD-2-Clause)",
    "Sunnybrook Cardiac Data, 30 training patients (public domain)",
    "Kermany et al., chest X-rays of children (Mendeley Data rscbjbr9sj, CC BY 4.0), 990 pictures of "
    "patients in the training and validation parts of cxr-pneumonia",
    "chest X-rays of adults under CC BY 3.0 and 4.0 (figshare 12275009 and others, doi of each in the data's "
    "index.csv)",
    "of no kind: a knee MR and a mammogram (fo-dicom and DICOM samples, MS-PL), an echocardiogram and an "
    "ultrasound (pydicom, MIT), a prostate map (dcmqi, BSD-3-Clause), a neck CT (dicompyler, BSD), patterns "
    "drawn by the program",
]


def card(network: str, args: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """The card for :func:`~medviewer.training.bundle.write_bundle`."""
    return {
        "id": "router",
        "version": VERSION,
        "title": "What is this picture?",
        "task": "routing",
        "reading": "router",
        "network": {"name": network, "args": dict(args), "outputs": list(OUTPUTS)},
        "input": _input(),
        "labels": [_label(k, name) for k, name in enumerate(OUTPUTS)],
        "score_meaning": _SCORE,
        "intended_use": (
            "Says which of eight kinds of picture an image looks like, or none, and whether it lies upside "
            "down or has light and dark exchanged, so that no other model runs on what it was not made for. "
            "It never diagnoses. For research and teaching; not for diagnostic use."
        ),
        "limitations": _LIMITS,
        "training_data": _DATA,
        "metrics": [],
        "licence": "Apache-2.0",
        "changelog": [f"{VERSION}: first version"],
        "seconds_per_slice": round(seconds, 4),
    }


def _input() -> dict[str, Any]:
    """One picture of anything; the modality OT keeps it from being offered as an analysis."""
    return {
        "modality": "OT",
        "body_parts": [],
        "planes": [],
        "slices_min": 1,
        "size": [SIZE, SIZE],
        "intensity": {"unit": "", "low": -32768.0, "high": 65535.0},
        "steps": [{"name": step.name, "args": dict(step.args)} for step in STEPS],
    }


def _label(number: int, name: str) -> dict[str, Any]:
    alone = name not in KINDS
    return {
        "id": number,
        "name": name,
        "title": TITLES[name],
        "colour": _COLOURS[number],
        "threshold": THRESHOLD if alone else None,
    }
