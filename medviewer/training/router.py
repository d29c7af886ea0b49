"""``router``: what is this picture? Kind, upside down, light and dark exchanged. It guards the other models.

It never diagnoses. Who is learned from and who is measured on is :mod:`medviewer.training.router_sources`;
how its eleven numbers are read is :mod:`medviewer.training.router_kinds`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle
from medviewer.ai.runner import load_network
from medviewer.training import bundle as bundles
from medviewer.training import router_card as texts
from medviewer.training import router_sources as sources
from medviewer.training.augment import Change
from medviewer.training.loop import Plan
from medviewer.training.report import Report
from medviewer.training.router_evaluation import sections
from medviewer.training.router_kinds import OUTPUTS, SIZE
from medviewer.training.router_sources import Pool
from medviewer.training.router_task import RouterTask, bank, some
from medviewer.training.splits import FILE, write_split

ID = "router"
NETWORK = "picture_classifier"
NETWORK_ARGS: dict[str, Any] = {
    "inputs": 1,
    "outputs": len(OUTPUTS),
    "widths": [20, 40, 80, 120],
    "blocks": [1, 1, 1, 1],
    "halvings": 2,
    "dropout": 0.1,
}
VALIDATED = 480
"""Changed pictures that choose the weights."""
LEARNED = 16_000
"""Changed pictures that are learned from."""
_DRAWN = {"train": 0, "validation": 1, "test": 2}


@cache
def pool(part: str, quick: bool) -> Pool:
    """The pictures of a part; quick: a few drawn ones, without any data set."""
    return sources.drawn_pool(_DRAWN[part]) if quick else sources.pool(part)


def task(quick: bool) -> RouterTask:
    """What is learned."""
    chosen_by = some(pool("validation", quick), 24 if quick else VALIDATED, np.random.default_rng(7))
    how = Change(
        turn_degrees=6, scale=0.1, shift=0.04, gamma=0.2, contrast=0.15, noise=0.06, blur=0.25, patch=0.1
    )
    size = 8 if quick else 40
    learned = bank(pool("train", quick), 60 if quick else LEARNED, 5)
    return RouterTask(ID, NETWORK, NETWORK_ARGS, learned, chosen_by, size, how)


def plan(quick: bool) -> Plan:
    """How long: a quarter of an hour on two idle cores, two minutes of it to draw the pictures."""
    if quick:
        return Plan(steps=4, warmup=2, evaluate_every=2, checkpoint_every=2)
    return Plan(
        steps=12000, rate=3e-3, warmup=200, weight_decay=2e-2, average=0.998,
        evaluate_every=250, checkpoint_every=100, threads=2,
    )  # fmt: skip


def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
    """Weights, split and card; without figures."""
    parts = {part: pool(part, quick) for part in sources.PARTS}
    seconds = bundles.seconds_per_run(network, 1, 1, SIZE, SIZE, exact=True, quick=quick)
    folder.mkdir(parents=True, exist_ok=True)
    write_split(folder / FILE, sources.split(parts))
    return bundles.write_bundle(folder, network, texts.card(NETWORK, NETWORK_ARGS, seconds))


def evaluate(bundle: Bundle, quick: bool) -> Report:
    """Every picture of the test patients and sources, as it is, turned and negative."""
    network = load_network(bundle, torch.device("cpu"))
    made, points = sections(network, pool("test", quick), 20 if quick else 1000)
    return Report(bundle.card.id, bundle.card.version, made, points)
