"""The task of every classifier of single pictures: which of these classes is it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.training.augment import Change, change
from medviewer.training.loop import Batch, device_of
from medviewer.training.metrics import auc
from medviewer.training.task import Registered


@dataclass(frozen=True, eq=False)
class Pictures:
    """Prepared pictures (n, H, W), grey values 0 to 1, their classes (n,) and the patient of each (n,)."""

    values: NDArray[np.float16]
    classes: NDArray[np.int64]
    patients: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.classes)

    def where(self, chosen: NDArray[Any]) -> Pictures:
        """Those that a boolean array or a list of indices chooses."""
        return Pictures(self.values[chosen], self.classes[chosen], self.patients[chosen])


@dataclass(frozen=True, eq=False)
class PictureTask(Registered):
    """Learn to tell the classes of ``train``; every class weighs the same, however many pictures it has."""

    outputs: Sequence[str]
    train: Pictures
    validation: Pictures
    batch_size: int = 32
    how: Change = field(default_factory=Change)
    smoothing: float = 0.02
    best: str = "auc"

    def batch(self, _step: int, generator: np.random.Generator) -> Batch:
        """Pictures drawn with each class equally often, and changed."""
        classes = [np.flatnonzero(self.train.classes == k) for k in range(len(self.outputs))]
        filled = [members for members in classes if len(members)]
        drawn = generator.integers(len(filled), size=self.batch_size)
        chosen = np.array([filled[k][generator.integers(len(filled[k]))] for k in drawn])
        values = torch.from_numpy(self.train.values[chosen].astype(np.float32))[:, None]
        return change(values, self.how, generator), torch.from_numpy(self.train.classes[chosen])

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross entropy with a little label smoothing."""
        pictures, classes = batch
        logits = network(pictures).float()
        right = (logits.detach().argmax(1) == classes).float().mean()
        value = nn.functional.cross_entropy(logits, classes, label_smoothing=self.smoothing)
        return value, {"accuracy": float(right)}

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Area under the curve (mean over classes, one against the rest), accuracy, loss."""
        logits, truth = predict(network, self.validation.values), self.validation.classes
        entropy = nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(truth))
        chances = torch.softmax(torch.from_numpy(logits), 1).numpy()
        present = [k for k in range(len(self.outputs)) if 0 < (truth == k).sum() < len(truth)]
        areas = [auc(chances[:, k], truth == k) for k in present]
        right = float((logits.argmax(1) == truth).mean())
        return {"auc": float(np.mean(areas or [0.5])), "accuracy": right, "loss": float(entropy)}

    def examples(self, network: nn.Module) -> list[tuple[str, NDArray[np.uint8]]]:
        """The validation pictures on which the network is most wrong, with what it said."""
        if not len(self.validation):
            return []
        chances = torch.softmax(torch.from_numpy(predict(network, self.validation.values)), 1).numpy()
        truth = self.validation.classes
        worst = np.argsort(chances[np.arange(len(truth)), truth], kind="stable")[:8]
        told = []
        for index in worst:
            said = int(chances[index].argmax())
            grey = np.clip(self.validation.values[index].astype(np.float32) * 255, 0, 255).astype(np.uint8)
            caption = f"{self.outputs[truth[index]]}, said {self.outputs[said]} {chances[index, said]:.2f}"
            told.append((caption, np.repeat(grey[:, :, None], 3, axis=2)))
        return told


def predict(network: nn.Module, values: NDArray[Any], batch: int = 64) -> NDArray[np.float32]:
    """Logits (n, outputs) of prepared pictures (n, H, W), in float32 on the network's device."""
    network.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(values), batch):
            some = torch.from_numpy(values[start : start + batch].astype(np.float32))[:, None]
            found.append(network(some.to(device_of(network))).float().cpu().numpy())
    return np.concatenate(found) if found else np.zeros((0, 0), np.float32)
