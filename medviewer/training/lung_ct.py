"""Train ``lung-ct``: the loop, the loss, checkpoints that survive a kill. Figures come from ``evaluate``."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from medviewer.ai.lung_input import OUTPUTS, scale_hu
from medviewer.ai.networks import build
from medviewer.training.lung_data import Case, draw

log = logging.getLogger(__name__)

NETWORK = "lung_unet2d"
NETWORK_ARGS: dict[str, Any] = {"inputs": 3, "outputs": len(OUTPUTS), "widths": [16, 32, 48, 80, 112]}


@dataclass(frozen=True)
class Plan:
    """How long and how hard to train."""

    steps: int = 2750
    batch: int = 8
    crop: int = 192
    rate: float = 2e-3
    real_share: float = 0.3
    """Share of pictures drawn from real scans, where there are any."""
    seed: int = 1
    save_every: int = 250
    dense_weight: float = 4.0
    airway_weight: float = 3.0
    average: float = 0.998
    """Share of the running average of the weights kept at each step."""


class Trainer:
    """One training run that can be stopped and resumed at any step."""

    def __init__(self, plan: Plan, cases: Sequence[Case], real: Sequence[Case], folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self._cases, self._real, self._folder = plan, list(cases), list(real), folder
        self.net = build(NETWORK, NETWORK_ARGS)
        for weight in self.net.parameters():
            if weight.dim() == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        self.averaged = build(NETWORK, NETWORK_ARGS)
        self.averaged.load_state_dict(self.net.state_dict())
        self._optimizer = torch.optim.AdamW(self.net.parameters(), lr=plan.rate, weight_decay=1e-3)
        self._bf16 = torch.cpu._is_avx512_bf16_supported()
        self.step = 0
        self.stop_at: int | None = None
        """A step before the plan's last at which to stop (the rate still follows the whole plan)."""

    @property
    def checkpoint(self) -> Path:
        """Where the run is kept."""
        return self._folder / "checkpoint.pt"

    def resume(self) -> bool:
        """Go on from the last checkpoint; False where there is none."""
        if not self.checkpoint.exists():
            return False
        kept = torch.load(self.checkpoint, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.averaged.load_state_dict(kept["averaged"])
        self._optimizer.load_state_dict(kept["optimizer"])
        self.step = int(kept["step"])
        return True

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self.checkpoint.with_suffix(".part")
        state = {
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
        }
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def run(self) -> None:
        """Train to the plan's last step, saving on the way."""
        self.net.train()
        started, losses = time.perf_counter(), []
        last = min(self.plan.steps, self.stop_at or self.plan.steps)
        while self.step < last:
            losses.append(self._one_step())
            self.step += 1
            if self.step % 50 == 0:
                pace = (time.perf_counter() - started) / len(losses)
                log.info(
                    "step %d of %d  loss %.4f  %.2f s a step",
                    self.step,
                    self.plan.steps,
                    np.mean(losses[-50:]),
                    pace,
                )
            if self.step % self.plan.save_every == 0 or self.step == last:
                self.save()

    def _one_step(self) -> float:
        rng = np.random.default_rng([self.plan.seed, self.step])
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        pictures, labels, weights = self._batch(rng)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bf16):
            logits = self.net(pictures)
        loss = lung_loss(logits.float(), labels, weights)
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self._optimizer.step()
        self._update_average()
        return float(loss.detach())

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / 100)
        done = self.step / max(1, self.plan.steps)
        return self.plan.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))

    def _update_average(self) -> None:
        keep = min(self.plan.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(
                self.averaged.state_dict().values(), self.net.state_dict().values(), strict=True
            ):
                if mean.is_floating_point():
                    mean.mul_(keep).add_(now, alpha=1 - keep)
                else:
                    mean.copy_(now)

    def _batch(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        samples = []
        for _ in range(self.plan.batch):
            real = self._real and (not self._cases or rng.random() < self.plan.real_share)
            pool = self._real if real else self._cases
            samples.append(draw(rng, pool[int(rng.integers(len(pool)))], self.plan.crop))
        pictures = torch.from_numpy(scale_hu(np.stack([s.hu for s in samples])))
        labels = torch.from_numpy(np.stack([s.labels for s in samples])).long()
        dense = torch.from_numpy(np.stack([s.dense for s in samples]))
        weights = 1 + (self.plan.dense_weight - 1) * dense.float()
        weights = torch.where(labels == 3, self.plan.airway_weight, weights)
        return _bend(rng, pictures, labels, weights)


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
    both = torch.stack([labels.float(), weights], dim=1)
    both = nn.functional.grid_sample(both, grid, mode="nearest", align_corners=False)
    moved = moved.contiguous(memory_format=torch.channels_last)
    return moved, both[:, 0].round().long(), both[:, 1].clamp_min(1.0)


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


def seconds_per_slice(net: nn.Module, size: int = 256) -> float:
    """Seconds for one picture on this CPU: what the card says for the first estimate."""
    net.eval()
    picture = torch.zeros(1, 3, size, size)
    with torch.inference_mode():
        net(picture)
        started = time.perf_counter()
        for _ in range(3):
            net(picture)
    return (time.perf_counter() - started) / 3 + _PREPARING_S


_PREPARING_S = 0.03
"""Resampling a picture and its masks, beside the network."""
