"""``cxr-anatomy``: right lung, left lung and heart on a frontal chest X-ray, for the cardiothoracic ratio."""

from __future__ import annotations

from typing import Any

import numpy as np

from medviewer.training.augment import Change
from medviewer.training.chest_pictures import adults, children
from medviewer.training.loop import Plan
from medviewer.training.mask_task import MaskTask, Outlined
from medviewer.training.splits import Split, split_patients

ID = "cxr-anatomy"
OUTPUTS = ("right_lung", "left_lung", "heart")
NETWORK = "unet2d"
NETWORK_ARGS: dict[str, Any] = {"inputs": 1, "outputs": len(OUTPUTS), "widths": [16, 32, 48, 80, 112, 128]}
CHILDREN, QUICK_CHILDREN = 500, 6
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
    train = Outlined.joined([grown.where(mine["train"]), small])
    how = Change(
        turn_degrees=5, scale=0.13, shift=0.05, gamma=0.3, contrast=0.2, noise=0.06, blur=0.3, patch=0.35
    )
    validation = grown.where(mine["validation"])
    if quick:
        validation = validation.where(np.arange(2))
    return MaskTask(ID, NETWORK, NETWORK_ARGS, OUTPUTS, train, validation, 2 if quick else 8, how)


def plan(quick: bool) -> Plan:
    """How long."""
    if quick:
        return Plan(steps=4, warmup=2, evaluate_every=2, checkpoint_every=2)
    return Plan(
        steps=2400, rate=2e-3, warmup=150, weight_decay=1e-2, average=0.998,
        evaluate_every=150, checkpoint_every=50, minutes=55, threads=2,
    )  # fmt: skip
