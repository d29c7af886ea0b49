"""What a model offers to the training loop: the task that is learned, the plan of how long and how hard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.networks import build

Batch = tuple[torch.Tensor, ...]
"""What one step learns from."""


class Task(Protocol):
    """What is learned. A step depends on (seed, step) only, never on what was drawn before it."""

    id: str
    best: str
    """The validation figure that chooses the weights: greater is better."""

    def network(self) -> nn.Module:
        """The untrained network; torch's generator is seeded when this is called."""

    def batch(self, step: int, generator: np.random.Generator, /) -> Batch:
        """Tensors of one step, on the CPU, drawn from ``generator`` alone (called on another thread)."""

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss (a scalar in float32) and named parts of it to be shown; runs under autocast."""

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Figures on the validation patients, ``best`` among them; the network is in eval mode."""

    def examples(self, network: nn.Module) -> list[tuple[str, NDArray[np.uint8]]]:
        """A few small pictures (h, w, 3) with captions, to look at while it learns."""


@dataclass(frozen=True, eq=False)
class Registered:
    """A task that learns one of ``networks.NETWORKS``."""

    id: str
    network_name: str
    network_args: Mapping[str, Any]

    def network(self) -> nn.Module:
        """The network, untrained."""
        return build(self.network_name, self.network_args)


@dataclass(frozen=True)
class Plan:
    """How long and how hard to train.

    With ``minutes`` the schedule follows the clock and ends when either the minutes or the steps are over;
    only without it does a resumed run end with the very weights of an unbroken one.
    """

    steps: int
    seed: int = 1
    rate: float = 1e-3
    warmup: int = 100
    decay: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = 1e-3
    average: float | None = 0.998
    """Share of the running average of the weights kept at each step; None trains without one."""
    bf16: bool | Literal["auto"] = "auto"
    evaluate_every: int = 250
    checkpoint_every: int = 100
    minutes: float | None = None
    threads: int | None = None
    clip: float = 5.0
    """Greatest norm of the gradient."""

    def __post_init__(self) -> None:
        if min(self.steps, self.evaluate_every, self.checkpoint_every) < 1:
            raise ValueError("steps, evaluate_every and checkpoint_every are at least 1")

    def rate_at(self, step: int, done: float) -> float:
        """The learning rate at ``step`` when the share ``done`` of the run lies behind."""
        falling = {
            "cosine": 0.5 * (1 + math.cos(math.pi * min(1.0, done))),
            "linear": 1 - min(1.0, done),
            "constant": 1.0,
        }[self.decay]
        warm = min(1.0, (step + 1) / max(1, self.warmup))
        return self.rate * warm * (_FLOOR + (1 - _FLOOR) * falling)


_FLOOR = 0.02
"""Share of the rate that is left at the end."""
