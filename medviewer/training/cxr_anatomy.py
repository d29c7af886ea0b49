"""``cxr-anatomy``: right lung, left lung and heart on a frontal chest X-ray, for the cardiothoracic ratio."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle
from medviewer.ai.runner import load_network
from medviewer.ai.widths import heart_size
from medviewer.training import bundle as bundles
from medviewer.training import cxr_anatomy_card as texts
from medviewer.training import folders, pngs
from medviewer.training.augment import Change
from medviewer.training.chest_pictures import adults, children
from medviewer.training.chest_steps import SIZE
from medviewer.training.loop import Plan
from medviewer.training.lung_reach import reached
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

ID = "cxr-anatomy"
OUTPUTS = ("right_lung", "left_lung", "heart")
NETWORK = "unet2d"
NETWORK_ARGS: dict[str, Any] = {"inputs": 1, "outputs": len(OUTPUTS), "widths": [16, 32, 48, 80, 112, 128]}
CHILDREN, QUICK_CHILDREN = 1000, 6
SHARES = {"train": 0.85, "validation": 0.15}
SPLIT_SEED = 2


def split(pictures: Outlined) -> Split:
    """The adults dealt to training and validation, all pictures of a patient together."""
    return split_patients(pictures.patients, SHARES, SPLIT_SEED, "cxr_adult_ccby/index.csv")


def task(quick: bool) -> MaskTask:
    """What is learned: adults with hearts most, then children and adults with lungs alone."""
    grown = adults()
    parts = split(grown)
    mine = {part: np.isin(grown.patients, sorted(parts.part(part))) for part in SHARES}
    small = children(QUICK_CHILDREN if quick else CHILDREN)
    train = reached(Outlined.joined([grown.where(mine["train"]), small]))
    how = Change(
        turn_degrees=5, scale=0.15, shift=0.06, gamma=0.35, contrast=0.2, noise=0.06, blur=0.3, patch=0.25,
        opacity=0.5, uneven=0.12, frame=0.4,
    )  # fmt: skip
    validation = reached(grown.where(mine["validation"]))
    if quick:
        validation = validation.where(np.arange(2))
    return MaskTask(ID, NETWORK, NETWORK_ARGS, OUTPUTS, train, validation, 2 if quick else 8, how)


def plan(quick: bool) -> Plan:
    """How long."""
    if quick:
        return Plan(steps=4, warmup=2, evaluate_every=2, checkpoint_every=2)
    return Plan(
        steps=2400, rate=2e-3, warmup=150, weight_decay=1e-2, average=0.99,
        evaluate_every=75, checkpoint_every=25, minutes=55, threads=2,
    )  # fmt: skip


def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
    """Weights, split and card, without figures."""
    grown = adults()
    parts = split(grown)
    drawn = int(grown.known[:, OUTPUTS.index("heart")].sum())
    learned = texts.training_data(len(parts.part("train")), drawn, QUICK_CHILDREN if quick else CHILDREN)
    seconds = bundles.seconds_per_run(network, 1 + texts.VARIATIONS, 1, SIZE, SIZE, quick=quick)
    folder.mkdir(parents=True, exist_ok=True)
    write_split(folder / FILE, parts)
    return bundles.write_bundle(folder, network, texts.card(NETWORK, NETWORK_ARGS, learned, seconds))


def evaluate(bundle: Bundle, quick: bool) -> Report:
    """The adults of ``evaluation/cxr_adult``, none of whom was trained on, on the stored pixels."""
    network = load_network(bundle, torch.device("cpu"))
    cases = _cases(network, bundle.card, 4 if quick else None)
    data = f"{len(cases)} adults of evaluation/cxr_adult"
    rounds = 20 if quick else 1000
    found = []
    for k, title in enumerate(("right lung", "left lung", "cardiomediastinum")):
        found += overlap_figures(cases, k, title, data, tolerance=_TOLERANCE_PX, rounds=rounds)
    both = measured(cases, ratio, worst=0.0)
    found += error_figures("cardiothoracic ratio", data, cases, both, rounds=rounds)
    shown = agreements("Cardiothoracic ratio", "", *both)
    made = Section("Held-out adults", tuple(found), agreements=shown, notes=_NOTES)
    unseen = (_unseen_outlines(cases[1::2], rounds),) if len(cases) > 1 else ()
    return Report(bundle.card.id, bundle.card.version, (made, *unseen))


def _unseen_outlines(some: Sequence[Case], rounds: int) -> Section:
    """The lungs of every second adult: those whose outlines the lungs' reach was not taken from."""
    data = f"{len(some)} adults of evaluation/cxr_adult whose outlines gave no definition"
    found = []
    for k, title in enumerate(("right lung", "left lung")):
        found += overlap_figures(some, k, title, data, tolerance=_TOLERANCE_PX, rounds=rounds)
    return Section("Adults whose outlines gave no definition", tuple(found), notes=_UNSEEN)


def ratio(masks: Masks) -> float:
    """The cardiothoracic ratio of (right lung, left lung, heart); NaN where one is missing."""
    size = heart_size(masks[0], masks[1], masks[2])
    return float("nan") if size is None else size.ratio


_TOLERANCE_PX = 4.0
"""Of pictures of about 512 pixels: 3 mm on a chest 40 cm wide."""
_NOTES = (
    "Masks on the stored pixels (about 512 of the longer side), after the tidying of a reader's run. Lungs "
    "with the part behind the heart, as far in as medviewer/training/lung_reach.py says; the third mask is "
    "the cardiomediastinum.",
)
_UNSEEN = (
    "The share by which V7's lungs are taken further in was measured on the outlines of the other half, "
    "without the network: here nothing was.",
)


def _cases(network: nn.Module, card: ModelCard, most: int | None) -> list[Case]:
    folder = pngs.require_folder(folders.data() / "evaluation" / "cxr_adult")
    table = pngs.read_table(folder / "index.csv", ("image", "mask"))[:most]
    pngs.require_files([folder / row[name] for row in table for name in ("image", "mask")], "pictures")
    cases = []
    for row in table:
        grey, bits = pngs.read_grey(folder / row["image"]), pngs.read_labels(folder / row["mask"])
        truth = np.stack([bits & bit > 0 for bit in (1, 2, 4)])
        cases.append(Case(row["image"], answer(network, grey, card.input.steps), truth))
    return cases
