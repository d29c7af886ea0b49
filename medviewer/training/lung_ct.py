"""``lung-ct``: right and left lung on chest CT. What it learns, for how long, and what measures it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle
from medviewer.ai.lung_input import OUTPUTS, scale_hu
from medviewer.ai.networks import build
from medviewer.training import bundle as bundles
from medviewer.training import folders, lung_card, lung_data, lung_evaluation
from medviewer.training.loop import Batch, Plan, device_of
from medviewer.training.lung_data import UNTOLD, Case, draw
from medviewer.training.lung_real import real_cases
from medviewer.training.mask_metrics import dice
from medviewer.training.report import Report

ID = "lung-ct"
NETWORK = "lung_unet2d"
SOFT_TISSUE_HU = (-150.0, 150.0)
"""Shown a second time, stretched: fat, fluid and dense lung lie close together between air and bone."""
NETWORK_ARGS: dict[str, Any] = {
    "inputs": 3,
    "outputs": len(OUTPUTS),
    "widths": [16, 32, 48, 80, 112],
    "window": [round(float(v), 5) for v in scale_hu(np.array(SOFT_TISSUE_HU))],
}
PHANTOMS, QUICK_PHANTOMS = 97, 2
VALIDATION_SEEDS = tuple(range(200, 208))
"""Synthetic chests that choose the weights (with the training patient): neither trained on nor reported."""
_SLICES_EACH = 6
"""Validation pictures drawn from each scan."""
TRAINED_ON, HELD_OUT = "ct_chest_A0001", "ct_chest_A0002"


@dataclass(frozen=True, eq=False)
class LungTask:
    """Learn the four classes on crops of phantoms and of real scans."""

    cases: Sequence[Case]
    real: Sequence[Case]
    validation: Sequence[Case]
    batch_size: int = 8
    crop: int = 192
    real_share: float = 0.4
    """Share of pictures drawn from real scans, where there are any."""
    dense_weight: float = 1.5
    """Of dense lung and of fluid. More makes the network lean towards them."""
    airway_weight: float = 3.0
    id: str = ID
    best: str = "dice"

    def network(self) -> nn.Module:
        """The network, untrained."""
        return build(NETWORK, NETWORK_ARGS)

    def batch(self, _step: int, generator: np.random.Generator) -> Batch:
        """Pictures (n, 3, H, W), classes (n, H, W) and weights (n, H, W)."""
        samples = []
        for _ in range(self.batch_size):
            real = self.real and (not self.cases or generator.random() < self.real_share)
            pool = self.real if real else self.cases
            samples.append(draw(generator, pool[int(generator.integers(len(pool)))], self.crop))
        pictures = torch.from_numpy(scale_hu(np.stack([s.hu for s in samples])))
        labels = torch.from_numpy(np.stack([s.labels for s in samples])).long()
        dense = torch.from_numpy(np.stack([s.dense for s in samples]))
        weights = 1 + (self.dense_weight - 1) * dense.float()
        weights = torch.where(labels == 3, self.airway_weight, weights)
        weights = torch.where(labels == UNTOLD, 0.0, weights)
        return _bend(generator, pictures, torch.where(labels == UNTOLD, 0, labels), weights)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross entropy and Dice."""
        pictures, labels, weights = batch
        return lung_loss(network(pictures).float(), labels, weights), {}

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Mean Dice of both lungs on the network's grid: validation chests, training patient, and of both."""
        if not len(self.validation):
            return {"dice": 0.0}
        figures = {"synthetic": _both_lungs(self._said(network, self._slices), self._slices[1])}
        if len(self.real):
            figures["real"] = _both_lungs(self._said(network, self._real_slices), self._real_slices[1])
        return {"dice": float(np.mean(list(figures.values()))), **figures}

    def examples(self, network: nn.Module) -> list[tuple[str, NDArray[np.uint8]]]:
        """Validation slices with the outlines' classes in colour."""
        if not len(self.validation):
            return []
        grey = ((self._slices[0][:, 1] + 1) * 127.5).clip(0, 255).astype(np.uint8)
        pictures = []
        for index, classes in enumerate(self._said(network, self._slices)[:6]):
            rgb = np.repeat(grey[index][:, :, None], 3, axis=2).astype(np.float32)
            for label, colour in ((1, (86, 180, 233)), (2, (230, 159, 0)), (3, (0, 158, 115))):
                rgb[classes == label] = rgb[classes == label] * 0.55 + np.array(colour) * 0.45
            pictures.append((f"validation slice {index + 1}", rgb.astype(np.uint8)))
        return pictures

    @cached_property
    def _slices(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Crops of a few slices of each validation chest: (n, 3, H, W) scaled, (n, H, W) classes."""
        return self._drawn(self.validation)

    @cached_property
    def _real_slices(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        return self._drawn(self.real)

    def _drawn(self, cases: Sequence[Case]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        generator = np.random.default_rng(0)
        samples = [draw(generator, case, self.crop) for case in cases for _ in range(_SLICES_EACH)]
        hu = np.stack([sample.hu for sample in samples])
        return scale_hu(hu), np.stack([sample.labels for sample in samples])

    def _said(
        self, network: nn.Module, slices: tuple[NDArray[np.float32], NDArray[np.uint8]]
    ) -> NDArray[np.intp]:
        pictures = torch.from_numpy(slices[0])
        found = [network(p[None].to(device_of(network))).argmax(1)[0].cpu().numpy() for p in pictures]
        return np.stack(found)


def _both_lungs(said: NDArray[np.intp], truth: NDArray[np.uint8]) -> float:
    """Mean Dice of right and left over all pictures together, without what nobody told."""
    told = truth != UNTOLD
    return float(np.mean([dice((said == k) & told, truth == k) for k in (1, 2)]))


def task(quick: bool) -> LungTask:
    """Synthetic chests (drawn once, then read from the cache) and the real scan, where it is there."""
    count, slices, size = (QUICK_PHANTOMS, 8, 128) if quick else (PHANTOMS, 56, 272)
    cache = folders.work(ID, quick) / "chests"
    learned = range(lung_data.FIRST_SEED, lung_data.FIRST_SEED + count)
    cases = lung_data.phantom_cases(cache, learned, slices, size, workers=1 if quick else 2)
    seeds = VALIDATION_SEEDS[: 1 if quick else None]
    validation = lung_data.phantom_cases(cache, seeds, slices, size, workers=1 if quick else 2)
    real = [] if quick or not _studies(TRAINED_ON).is_dir() else real_cases(_studies(TRAINED_ON))
    return LungTask(cases, real, validation, 2 if quick else 8, 64 if quick else 192)


def plan(quick: bool) -> Plan:
    """How long."""
    if quick:
        return Plan(steps=6, rate=2e-3, checkpoint_every=3, evaluate_every=3)
    return Plan(steps=2750, rate=2e-3, evaluate_every=250, checkpoint_every=250)


def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
    """Weights and card, without figures."""
    real = [TRAINED_ON] if not quick and _studies(TRAINED_ON).is_dir() else []
    seconds = bundles.seconds_per_run(network, 1, 3, 256, 256, quick=quick) + _PREPARING_S
    learned = lung_card.training_data(QUICK_PHANTOMS if quick else PHANTOMS, real)
    return bundles.write_bundle(folder, network, lung_card.card(NETWORK, NETWORK_ARGS, learned, seconds))


def evaluate(bundle: Bundle, quick: bool) -> Report:
    """The held-out patient against silver masks, synthetic chests against their truth."""
    return lung_evaluation.evaluate(bundle, _studies(HELD_OUT), quick)


def _studies(name: str) -> Path:
    return folders.data() / "studies" / name


_PREPARING_S = 0.03
"""Resampling a picture and its masks, beside the network."""


def _bend(
    rng: np.random.Generator, pictures: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scale and turn each picture a little; never mirrored, for right must stay right."""
    count = pictures.shape[0]
    turn = rng.normal(0, np.deg2rad(5), count)
    scale = rng.uniform(0.85, 1.18, (count, 2)) ** np.array([1.0, 1.0])
    theta = np.zeros((count, 2, 3), np.float32)
    theta[:, 0, 0], theta[:, 0, 1] = np.cos(turn) * scale[:, 0], -np.sin(turn) * scale[:, 0]
    theta[:, 1, 0], theta[:, 1, 1] = np.sin(turn) * scale[:, 1], np.cos(turn) * scale[:, 1]
    theta[:, :, 2] = rng.normal(0, 0.05, (count, 2))
    shape = [count, 1, *pictures.shape[2:]]
    grid = nn.functional.affine_grid(torch.from_numpy(theta), shape, align_corners=False)
    moved = nn.functional.grid_sample(pictures + 1, grid, mode="bilinear", align_corners=False) - 1
    # Off the picture there is background of weight 1, which grid_sample fills in as 0.
    both = torch.stack([labels.float(), weights - 1], dim=1)
    both = nn.functional.grid_sample(both, grid, mode="nearest", align_corners=False)
    moved = moved.contiguous(memory_format=torch.channels_last)
    return moved, both[:, 0].round().long(), both[:, 1] + 1


def lung_loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted cross entropy plus weighted soft Dice over the classes but the background."""
    log_p = torch.log_softmax(logits, dim=1)
    entropy = -(log_p.gather(1, labels[:, None])[:, 0] * weights).sum() / weights.sum()
    p = log_p.exp()
    truth = nn.functional.one_hot(labels, p.shape[1]).permute(0, 3, 1, 2).float()
    w = weights[:, None]
    both = (p * truth * w).sum(dim=(0, 2, 3))
    total = ((p + truth) * w).sum(dim=(0, 2, 3))
    dice = (2 * both[1:] + 1) / (total[1:] + 1)
    return entropy + (1 - dice).mean()
