"""The task of every segmenter of single pictures: masks that may overlap, some unknown for some pictures.

Each output is a yes or no of its own for every pixel (the heart lies on the lungs). A picture tells which of
its masks were drawn; the others, and pixels marked to be ignored, teach nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.imaging.overlay import PALETTE, compose, overlay_rgba
from medviewer.imaging.render import OverlayStyle
from medviewer.training.augment import Change, altered, moved, placement
from medviewer.training.disturb import framed, opacified, uneven
from medviewer.training.loop import Batch, device_of
from medviewer.training.mask_metrics import dice
from medviewer.training.task import Registered

IGNORE = 128
"""The bit of a pixel that teaches nothing."""


@dataclass(frozen=True, eq=False)
class Outlined:
    """Prepared pictures (n, H, W), grey values 0 to 1; masks (n, H, W) with bit k for output k; which masks
    were drawn (n, outputs); patients (n,); how often each picture is drawn in training (n,)."""

    values: NDArray[np.float16]
    masks: NDArray[np.uint8]
    known: NDArray[np.bool_]
    patients: NDArray[np.str_]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def where(self, chosen: NDArray[Any]) -> Outlined:
        """Those that a boolean array or a list of indices chooses."""
        parts = (self.values, self.masks, self.known, self.patients, self.weight)
        return Outlined(*(part[chosen] for part in parts))

    @staticmethod
    def joined(some: Sequence[Outlined]) -> Outlined:
        """All of them in one."""
        names = ("values", "masks", "known", "patients", "weight")
        return Outlined(*(np.concatenate([getattr(one, name) for one in some]) for name in names))


@dataclass(frozen=True, eq=False)
class MaskTask(Registered):
    """Learn the masks of ``train``; ``best`` is the mean Dice over outputs on the validation patients."""

    outputs: Sequence[str]
    train: Outlined
    validation: Outlined
    batch_size: int = 8
    how: Change = field(default_factory=Change)
    best: str = "dice"

    def batch(self, _step: int, generator: np.random.Generator) -> Batch:
        """Pictures (n, 1, H, W), masks (n, outputs, H, W) 0 or 1, and what counts (n, outputs, H, W)."""
        chance = self.train.weight / self.train.weight.sum()
        chosen = generator.choice(len(self.train), self.batch_size, p=chance)
        some = self.train.where(chosen)
        pictures = torch.from_numpy(some.values.astype(np.float32))[:, None]
        bits = torch.from_numpy(some.masks)[:, None]
        truth = torch.cat([(bits >> k) & 1 for k in range(len(self.outputs))], 1).float()
        ignored = (bits & IGNORE > 0).float()
        grid = placement(len(chosen), pictures.shape, self.how, generator)
        truth = (moved(truth, grid, "zeros") >= 0.5).float()
        counts = (moved(ignored, grid, "zeros") < 0.5).float()
        pictures, truth = _disturbed(moved(pictures, grid), truth, self.how, generator)
        known = torch.from_numpy(some.known.astype(np.float32))[:, :, None, None]
        return altered(pictures, self.how, generator), truth, counts * known

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross entropy by pixel and soft Dice by mask, over what counts."""
        pictures, truth, counts = batch
        logits = network(pictures).float()
        entropy = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        total = counts.sum().clamp(min=1)
        entropy = (entropy * counts).sum() / total
        said, true = torch.sigmoid(logits) * counts, truth * counts
        both = 2 * (said * true).sum((2, 3)) + 1
        overlap = both / (said.sum((2, 3)) + true.sum((2, 3)) + 1)
        taught = (counts.sum((2, 3)) > 0).float()
        missed = ((1 - overlap) * taught).sum() / taught.sum().clamp(min=1)
        return entropy + missed, {"soft dice": float(1 - missed.detach())}

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Mean Dice over pictures for each output, and over the outputs; pixels to be ignored left out."""
        told = (self.validation.masks & IGNORE == 0)[:, None]
        said = predict_masks(network, self.validation.values) & told
        found: dict[str, float] = {}
        for k, name in enumerate(self.outputs):
            drawn = np.flatnonzero(self.validation.known[:, k])
            truth = ((self.validation.masks[drawn] >> k) & 1 > 0) & told[drawn, 0]
            pairs = zip(said[drawn, k], truth, strict=True)
            if len(drawn):
                found[f"dice {name}"] = float(np.mean([dice(a, b) for a, b in pairs]))
        return {"dice": float(np.mean(list(found.values()) or [0.0])), **found}

    def examples(self, network: nn.Module) -> list[tuple[str, NDArray[np.uint8]]]:
        """Some validation pictures with what the network outlines on them."""
        some = self.validation.where(np.arange(len(self.validation))[:6])
        told = []
        for patient, grey, masks in zip(
            some.patients, some.values, predict_masks(network, some.values), strict=True
        ):
            layers = [(mask, PALETTE[k % len(PALETTE)]) for k, mask in enumerate(masks)]
            base = np.clip(grey.astype(np.float32) * 255, 0, 255).astype(np.uint8)
            told.append(
                (f"validation {patient}", compose(base, overlay_rgba(layers, OverlayStyle(hatch=False))))
            )
        return told


def predict_masks(network: nn.Module, values: NDArray[Any], batch: int = 16) -> NDArray[np.bool_]:
    """Masks (n, outputs, H, W) of prepared pictures (n, H, W): probability at least one half."""
    network.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, max(1, len(values)), batch):  # of none: as many masks of each output
            some = torch.from_numpy(values[start : start + batch].astype(np.float32))[:, None]
            found.append((network(some.to(device_of(network))) >= 0).cpu().numpy())
    return np.concatenate(found)


def _disturbed(
    pictures: torch.Tensor, truth: torch.Tensor, how: Change, generator: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """What is painted onto the pictures where the task asks for it; without, nothing is drawn by chance."""
    if how.opacity:
        pictures = opacified(pictures, truth, how.opacity, generator)
    if how.uneven:
        pictures = uneven(pictures, how.uneven, generator)
    if how.frame:
        pictures, truth = framed(pictures, truth, how.frame, generator)
    return pictures, truth
