"""``cxr-pneumonia-28``: the 28 x 28 variant, measured on PneumoniaMNIST's official test part.

It exists to be compared with the published table (Yang et al., Scientific Data 2023) and lies in a folder of
its own inside ``models/cxr-pneumonia``, off the shelf: nobody should read a 28-pixel X-ray. The official
training part holds 4,708 pictures; of these 3,882 are at hand, validation and test are whole. PneumoniaMNIST
names no patients, so intervals are by picture, and patients may be shared between its parts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle
from medviewer.ai.runner import load_network
from medviewer.ai.steps import Step, apply_steps
from medviewer.training import bundle as bundles
from medviewer.training import cxr_pneumonia_card as texts
from medviewer.training import folders, pngs
from medviewer.training.augment import Change
from medviewer.training.loop import Plan
from medviewer.training.picture_evaluation import calibrate, scores, section
from medviewer.training.picture_task import Pictures, PictureTask
from medviewer.training.report import Report

ID = "cxr-pneumonia-28"
OUTPUTS = ("normal", "pneumonia")
NETWORK = "picture_classifier"
NETWORK_ARGS: dict[str, Any] = {
    "inputs": 1,
    "outputs": 2,
    "widths": [32, 64, 96],
    "blocks": [1, 1, 1],
    "halvings": 0,
    "dropout": 0.3,
}
SIZE = 28
STEPS = (
    Step("clean"),
    Step("resize_area", {"size": [SIZE, SIZE]}),
    Step("scale_range", {"low": -255.0, "high": 255.0}),
)
"""PneumoniaMNIST's grey values run from 0 to 255: they become 0 to 1."""
COUNTS = {"train": 3882, "val": 524, "test": 624}
DATA = "PneumoniaMNIST, official test part, the 28 x 28 variant"
_QUICK = 64


def pictures(part: str, most: int | None = None) -> Pictures:
    """A part ("train", "val", "test"), prepared; each picture counts as a patient."""
    folder = pngs.require_folder(folders.data() / "training" / "pneumoniamnist")
    images, labels = f"{part}_images", f"{part}_labels"
    stored = pngs.read_arrays(folder / "pneumoniamnist.npz", (images, labels))
    pngs.require_count(f"pictures in {part!r}", len(stored[images]), COUNTS[part])
    step = max(1, len(stored[images]) // most) if most else 1
    values = np.stack([apply_steps(image, STEPS) for image in stored[images][::step][:most]])
    classes = stored[labels].reshape(-1).astype(np.int64)[::step][:most]
    return Pictures(values.astype(np.float16), classes, np.arange(len(classes)).astype(str))


def task(quick: bool) -> PictureTask:
    """What is learned at 28 x 28."""
    most = _QUICK if quick else None
    how = Change(turn_degrees=7, scale=0.10, shift=0.05, gamma=0.3, contrast=0.2, blur=0.1)
    train, validation = pictures("train", most), pictures("val", most)
    size = 8 if quick else 128
    return PictureTask(ID, NETWORK, NETWORK_ARGS, OUTPUTS, train, validation, batch_size=size, how=how)


def plan(quick: bool) -> Plan:
    """How long: a few minutes on two idle cores."""
    if quick:
        return Plan(steps=6, warmup=2, evaluate_every=3, checkpoint_every=3)
    return Plan(
        steps=1200,
        rate=2e-3,
        warmup=100,
        weight_decay=5e-2,
        average=0.998,
        evaluate_every=250,
        checkpoint_every=250,
        threads=2,
    )


def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
    """Weights and card, calibrated on the official validation part; without figures."""
    found = scores(network, pictures("val", _QUICK if quick else None))
    data = "PneumoniaMNIST, official validation part"
    seconds = bundles.seconds_per_run(network, 1, 1, SIZE, SIZE, exact=True, quick=quick)
    said = texts.card(calibrate(found, data), NETWORK, NETWORK_ARGS, OUTPUTS, SIZE, STEPS, 0, seconds)
    changed = {
        "id": ID,
        "title": "Pneumonia on children's chest X-rays, 28 x 28, for the published table",
        "training_data": [
            f"{COUNTS['train']} pictures of PneumoniaMNIST's training part (MedMNIST v2), CC BY 4.0"
        ],
    }
    return bundles.write_bundle(folder, network, {**said, **changed})


def evaluate(bundle: Bundle, quick: bool) -> Report:
    """The official test part."""
    network = load_network(bundle, torch.device("cpu"))
    tested = scores(network, pictures("test", _QUICK if quick else None))
    made, points = section(bundle.card, tested, "PneumoniaMNIST, 28 x 28", DATA, 20 if quick else 1000)
    return Report(bundle.card.id, bundle.card.version, (made,), points)
