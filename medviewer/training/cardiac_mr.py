"""``cardiac-mr``: the left ventricle's cavity on short-axis cine MR, from the Sunnybrook pictures.

The 45 patients are the publisher's: 30 to learn from (some of them choose the weights), 15 to measure on.
The pictures carry no pixel spacing, so training varies the size widely.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle
from medviewer.ai.runner import load_network
from medviewer.ai.steps import Step, crop_centre
from medviewer.training import bundle as bundles
from medviewer.training import cardiac_mr_card as texts
from medviewer.training import folders, pngs
from medviewer.training.augment import Change
from medviewer.training.loop import Plan
from medviewer.training.mask_task import MaskTask, Outlined
from medviewer.training.outline_evaluation import (
    Case,
    Masks,
    agreements,
    answer,
    error_figures,
    measured,
    overlap_figures,
)
from medviewer.training.report import Report, Section
from medviewer.training.splits import FILE, Split, split_patients, write_split

ID = "cardiac-mr"
OUTPUTS = ("left_ventricle_cavity",)
NETWORK = "unet2d"
NETWORK_ARGS: dict[str, Any] = {"inputs": 1, "outputs": len(OUTPUTS), "widths": [24, 40, 64, 96, 128]}
FIELD = 256
"""Pixels of a side in every picture of the set; other pictures are brought to it first."""
SIZE = 144
"""The heart lies within the middle 144 of the 256 pixels in every picture of the set."""
STEPS = (
    Step("clean"),
    Step("pad_square", {"fill": 0.0}),
    Step("resize_area", {"size": [FIELD, FIELD]}),
    Step("crop_centre", {"size": [SIZE, SIZE]}),
    Step("scale_percentiles", {"low": 0.5, "high": 99.5}),
)
SHARES = {"train": 0.85, "validation": 0.15}
SPLIT_SEED = 3
PICTURES = {"Train": 526, "Test": 279}


def files(part: str) -> list[tuple[Path, Path]]:
    """Picture and outline of the publisher's ``part`` ("Train" or "Test"). Raises :class:`BadData`."""
    folder = pngs.require_folder(folders.data() / "training" / "cardiac_sunnybrook" / part)
    found = sorted((folder / "Images").rglob("*.png"))
    pngs.require_count("pictures", len(found), PICTURES[part])
    outlines = [folder / "Labels" / path.relative_to(folder / "Images") for path in found]
    pngs.require_files(outlines, "outlines")
    return list(zip(found, outlines, strict=True))


def pictures(part: str) -> Outlined:
    """All pictures of the publisher's ``part`` with their outlines, prepared."""
    found = files(part)
    values = np.stack([pngs.prepared(pngs.read_grey(path), STEPS) for path, _ in found])
    masks = np.stack([_mask(outline) for _, outline in found])
    known = np.ones((len(found), 1), bool)
    patients = np.array([patient_of(path) for path, _ in found])
    return Outlined(values, masks, known, patients, np.ones(len(found)))


def patient_of(path: Path) -> str:
    """ "SC-HF-I-10-IM-0001-0128.dcm.png" → "SC-HF-I-10". Raises :class:`BadData`."""
    found = re.match(r"(SC-.+?)-IM-", path.name)
    if found is None:
        raise pngs.BadData(f"The picture {path.name!r} names no patient.", "Fetch the data set again.")
    return found[1]


def _mask(path: Path) -> NDArray[np.uint8]:
    return (crop_centre(pngs.read_labels(path).astype(np.float32), (SIZE, SIZE)) > 0).astype(np.uint8)


def split(patients: NDArray[np.str_]) -> Split:
    """The publisher's training patients dealt to training and validation."""
    return split_patients(patients, SHARES, SPLIT_SEED, "cardiac_sunnybrook/Train")


def task(quick: bool) -> MaskTask:
    """What is learned."""
    known = pictures("Train")
    parts = split(known.patients)
    mine = {part: known.where(np.isin(known.patients, sorted(parts.part(part)))) for part in SHARES}
    if quick:
        mine = {part: some.where(np.arange(4)) for part, some in mine.items()}
    how = Change(
        turn_degrees=25, scale=0.2, shift=0.05, gamma=0.3, contrast=0.15, noise=0.05, blur=0.3, patch=0.1
    )
    both = (mine["train"], mine["validation"])
    return MaskTask(ID, NETWORK, NETWORK_ARGS, OUTPUTS, *both, 2 if quick else 16, how)


def plan(quick: bool) -> Plan:
    """How long."""
    if quick:
        return Plan(steps=4, warmup=2, evaluate_every=2, checkpoint_every=2)
    return Plan(
        steps=1500, rate=2e-3, warmup=150, weight_decay=1e-2, average=0.998,
        evaluate_every=150, checkpoint_every=50, minutes=45, threads=2,
    )  # fmt: skip


def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
    """Weights, split and card, without figures."""
    parts = split(np.array([patient_of(path) for path, _ in files("Train")]))
    seconds = bundles.seconds_per_run(network, 1 + texts.VARIATIONS, 1, SIZE, SIZE, quick=quick)
    folder.mkdir(parents=True, exist_ok=True)
    write_split(folder / FILE, parts)
    said = texts.card(NETWORK, NETWORK_ARGS, SIZE, STEPS, len(parts.part("train")), seconds)
    return bundles.write_bundle(folder, network, said)


def evaluate(bundle: Bundle, quick: bool) -> Report:
    """The publisher's test patients, none of whom was trained on, on the stored pixels."""
    network = load_network(bundle, torch.device("cpu"))
    cases = []
    for path, outline in files("Test")[:: 40 if quick else 1]:
        said = answer(network, pngs.read_grey(path), bundle.card.input.steps)
        cases.append(Case(patient_of(path), said, pngs.read_labels(outline)[None] > 0))
    count, rounds = len({case.patient for case in cases}), 20 if quick else 1000
    data = f"{count} test patients of cardiac_sunnybrook"
    found = overlap_figures(cases, 0, "left ventricle cavity", data, tolerance=2.0, rounds=rounds)
    both = measured(cases, area, worst=0.0)
    found += error_figures("area", data, cases, both, unit="px", decimals=1, rounds=rounds)
    shown = agreements("Area of the cavity", "px", *both)
    made = Section("Test patients", tuple(found), agreements=shown, notes=_NOTES)
    return Report(bundle.card.id, bundle.card.version, (made,))


def area(masks: Masks) -> float:
    """Pixels of the cavity."""
    return float(np.count_nonzero(masks[0]))


_NOTES = ("Means over pictures, intervals by bootstrap over patients; the pictures carry no pixel spacing.",)
