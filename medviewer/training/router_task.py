"""What the router learns: one network, three questions: which kind, upside down, negative."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.training.augment import Change, change
from medviewer.training.loop import Batch
from medviewer.training.picture_task import predict
from medviewer.training.router_change import Drawn, draw
from medviewer.training.router_kinds import KINDS, OTHER, read
from medviewer.training.router_sources import Pool
from medviewer.training.task import Registered

_OTHER_WEIGHT = 2
"""Pictures of no kind are drawn so much oftener: they are of many kinds."""
_AT_ONCE = 500


@dataclass(frozen=True, eq=False)
class Answers:
    """Prepared pictures (n, H, W) and what is true of them (n,); -1 where a question is not asked.

    ``values`` are 0 to 1, or in a bank 0 to 255 in a byte each.
    """

    values: NDArray[Any]
    kinds: NDArray[np.int64]
    upside_down: NDArray[np.int64]
    inverted: NDArray[np.int64]

    @staticmethod
    def of(drawn: list[Drawn]) -> Answers:
        """Many as one."""
        columns = [np.array([getattr(d, n) for d in drawn]) for n in ("kind", "upside_down", "inverted")]
        return Answers(np.stack([d.picture for d in drawn]), *columns)


@dataclass(frozen=True, eq=False)
class RouterTask(Registered):
    """Learn from the bank ``train``, its pictures chosen and slightly changed anew every step.

    Drawing a picture costs more than learning from it: many are drawn once, each kind equally often.
    """

    train: Answers
    validation: Answers
    batch_size: int = 40
    how: Change = field(default_factory=Change)
    smoothing: float = 0.02
    best: str = "score"

    def batch(self, _step: int, generator: np.random.Generator) -> Batch:
        """Pictures and the three answers."""
        chosen = generator.integers(len(self.train.kinds), size=self.batch_size)
        pictures = torch.from_numpy(self.train.values[chosen].astype(np.float32) / 255)
        truth = (self.train.kinds, self.train.upside_down, self.train.inverted)
        changed = change(pictures[:, None], self.how, generator)
        return (changed, *(torch.from_numpy(column[chosen]) for column in truth))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross entropy of the kinds and, where the question is asked, of each of the other two."""
        pictures, kinds, upside_down, inverted = batch
        logits = network(pictures).float()
        first = nn.functional.cross_entropy(logits[:, : len(KINDS)], kinds, label_smoothing=self.smoothing)
        second, third = (
            _alone(logits[:, len(KINDS) + k], truth, self.smoothing)
            for k, truth in enumerate((upside_down, inverted))
        )
        right = (logits.detach()[:, : len(KINDS)].argmax(1) == kinds).float().mean()
        parts = {
            "accuracy": float(right),
            "upside down": float(second.detach()),
            "inverted": float(third.detach()),
        }
        return first + second + third, parts

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Share of right answers to each question, kinds weighing alike; their mean chooses the weights."""
        found = read(predict(network, self.validation.values))
        said, truth = found.kinds.argmax(axis=1), self.validation.kinds
        recalls = [float((said[truth == k] == k).mean()) for k in np.unique(truth)]
        figures = {"recall": float(np.mean(recalls))}
        for name in ("upside_down", "inverted"):
            asked = getattr(self.validation, name)
            right = (getattr(found, name) >= 0.5) == (asked == 1)
            figures[name] = float(right[asked >= 0].mean())
        return {**figures, "score": float(np.mean(list(figures.values())))}

    def examples(self, network: nn.Module) -> list[tuple[str, NDArray[np.uint8]]]:
        """The validation pictures whose kind the network believes least."""
        found, truth = read(predict(network, self.validation.values)), self.validation.kinds
        told = []
        for index in np.argsort(found.kinds[np.arange(len(truth)), truth], kind="stable")[:12]:
            said = int(found.kinds[index].argmax())
            grey = np.clip(self.validation.values[index] * 255, 0, 255).astype(np.uint8)
            caption = f"{KINDS[truth[index]]}, said {KINDS[said]} {found.kinds[index, said]:.2f}"
            told.append((caption, np.repeat(grey[:, :, None], 3, axis=2)))
        return told


def some(pool: Pool, count: int, rng: np.random.Generator) -> Answers:
    """``count`` changed pictures of a pool."""
    kinds = [*pool.kinds, *[OTHER] * (_OTHER_WEIGHT - 1)]
    return Answers.of([draw(pool.draw(kinds[int(rng.integers(len(kinds)))], rng), rng) for _ in range(count)])


def bank(pool: Pool, count: int, seed: int) -> Answers:
    """``count`` changed pictures to learn from, a byte a pixel."""
    rng = np.random.default_rng(seed)
    parts = [_packed(some(pool, min(_AT_ONCE, count - k), rng)) for k in range(0, count, _AT_ONCE)]
    names = ("values", "kinds", "upside_down", "inverted")
    return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _packed(answers: Answers) -> Answers:
    return replace(answers, values=np.rint(answers.values.clip(0, 1) * 255).astype(np.uint8))


def _alone(logits: torch.Tensor, truth: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Binary cross entropy over the pictures whose question is asked."""
    asked = truth >= 0
    wanted = (truth[asked].float() - 0.5) * (1 - smoothing) + 0.5
    if not len(wanted):
        return logits.sum() * 0
    return nn.functional.binary_cross_entropy_with_logits(logits[asked], wanted)
