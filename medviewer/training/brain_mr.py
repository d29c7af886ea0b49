"""``brain-mr``: brain structures on any MR contrast. What it learns, for how long, and what measures it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from medviewer import paths
from medviewer.ai.brain_grid import GRID_MM, GRID_SHAPE
from medviewer.ai.brain_labels import LEFT, STRUCTURES, index_of, joint
from medviewer.ai.brain_look import LOOKS
from medviewer.ai.brain_network import LOOKS as FINE_LOOKS
from medviewer.ai.brain_network import BrainCascade3d
from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle
from medviewer.ai.networks import build
from medviewer.ai.networks_volume import gather_blocks
from medviewer.ai.runner import load_network, pick_dtype
from medviewer.training import brain_card, brain_evaluation, folders
from medviewer.training import bundle as bundles
from medviewer.training.brain_contrast import Sample, draw
from medviewer.training.brain_maps import SIDELESS, LabelMap, map_files, read_map, read_maps
from medviewer.training.brain_split import TEST, TRAINING, VALIDATION, split_maps
from medviewer.training.loop import Batch, Plan, device_of
from medviewer.training.report import Report
from medviewer.training.splits import FILE, Split, read_split, write_split

ID = "brain-mr"
NETWORK = "brain_cascade3d"
NETWORK_ARGS: dict[str, Any] = {
    "outputs": len(STRUCTURES) + 1,
    "coarse": [32, 64, 64, 96, 96],
    "widths": [32, 64, 64, 96],
}
COARSE_STEPS = 1600
"""The coarse network learns first; then it rests, and the fine one learns from what it says."""
_PROBED = 4
"""Of the eight voxels of a block, how many a step learns from, drawn anew each time: over all of them
the loss costs as much as the network, and neighbours tell it the same."""
_RAMP = 2500
"""Steps until samples are as hard as they get."""
_TAKEN_BACK = 0.7
"""Chosen on the validation head: structures 1.2 to 2 times too large without it, about right with it."""
_CHECKED = 8
"""Validation pictures a map."""
_CHECK_SEED = 77


@dataclass
class BrainMr:
    """Learns classes and sides from ``training``, chooses its weights on ``validation``."""

    training: Sequence[LabelMap]
    validation: Sequence[LabelMap]
    checked: int = _CHECKED
    coarse_steps: int = COARSE_STEPS
    id: str = ID
    best: str = "dice"
    _samples: list[Sample] = field(default_factory=list, repr=False)

    def network(self) -> nn.Module:
        """The untrained network, its weights in the order that is fast on a CPU."""
        return build(NETWORK, NETWORK_ARGS).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload,no-any-return]

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """Picture (1, 1, D, H, W), classes and sides (D, H, W), fine looks (0: the coarse network learns)."""
        source = self.training[int(generator.integers(len(self.training)))]
        sample = draw(source, generator, min(1.0, step / _RAMP))
        looks = torch.tensor(1 + step % FINE_LOOKS if step >= self.coarse_steps else 0)
        return sample.picture[None, None], sample.classes, sample.sides, looks

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross entropy and soft Dice over the classes, cross entropy of the sides where there is one."""
        assert isinstance(network, BrainCascade3d)
        picture, classes, sides, looks = batch
        picked = torch.randperm(8)[:_PROBED].to(picture.device)
        said = network.blocks(picture, int(looks)) if looks else network.coarse.blocks(picture)
        logits = said[0].index_select(1, picked).float().flatten(1)
        truth = gather_blocks(classes[None, None])[0].index_select(0, picked).flatten().long()
        side = gather_blocks(sides[None, None])[0].index_select(0, picked).flatten()
        entropy, overlap = class_loss(logits[:-1], truth)
        turned = side_loss(logits[-1], side)
        parts = {"entropy": entropy.item(), "overlap": overlap.item(), "side": turned.item()}
        return entropy + overlap + 0.5 * turned, parts

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Mean Dice over all structures, each half by itself, on validation heads of random contrast."""
        table = np.array([overlaps(*self._answer(network, s), s) for s in self._checks()])
        found = {}
        for place, (_, _, name) in enumerate(joint()):
            present = table[np.isfinite(table[:, place]), place]
            if name in SCORED and present.size:
                found[name] = float(present.mean())
        return {"dice": float(np.mean(list(found.values()))), **found}

    def examples(self, network: nn.Module) -> list[tuple[str, NDArray[np.uint8]]]:
        """Three validation heads: picture, answer, truth."""
        out = []
        for k, sample in enumerate(self._checks()[:3]):
            classes, sides = self._answer(network, sample)
            grey = (sample.picture.clamp(0, 1) * 255).byte().numpy()
            shown = [np.repeat(grey[48][..., None], 3, axis=2)]
            shown += [_tinted(c[48], s[48]) for c, s in ((classes, sides), _truth(sample))]
            out.append((f"head {k + 1}: picture, answer, truth", np.concatenate(shown, axis=1)))
        return out

    def _answer(self, network: nn.Module, sample: Sample) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return answer(network, sample.picture)

    def _checks(self) -> list[Sample]:
        if not self._samples:
            for number, source in enumerate(self.validation):
                for k in range(self.checked):
                    self._samples.append(draw(source, np.random.default_rng([_CHECK_SEED, number, k])))
        return self._samples


def task(quick: bool) -> BrainMr:
    """The maps of the split; quick: two of them, one picture to choose by."""
    split = _split(quick)
    training, validation = (read_maps(_maps(), split.parts[part]) for part in (TRAINING, VALIDATION))
    if quick:
        return BrainMr(training, validation, checked=1, coarse_steps=1)
    return BrainMr(training, validation)


def plan(quick: bool) -> Plan:
    """How long: about ninety-five minutes on two idle cores."""
    if quick:
        return Plan(steps=3, warmup=1, evaluate_every=3, checkpoint_every=3)  # coarse, both fine looks
    return Plan(steps=9000, rate=4e-3, warmup=100, evaluate_every=400, checkpoint_every=100, threads=2)


def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
    """Weights, card without figures, and the split."""
    split = _split(quick)
    seconds = LOOKS * bundles.seconds_per_run(network, 1, 1, *GRID_SHAPE, quick=quick) + _PREPARING_S
    maps = read_maps(_maps(), split.parts[TRAINING])
    network = levelled(network, usual_counts(maps))
    learned = brain_card.training_data(len(maps))
    made = brain_card.card(NETWORK, NETWORK_ARGS, learned, seconds / _USUAL_SLICES)
    written = bundles.write_bundle(folder, network, made, half=True)
    write_split(folder / FILE, split)
    return written


def usual_counts(maps: Sequence[LabelMap]) -> NDArray[np.float64]:
    """Cubic millimetres of each class in the network's grid, the mean of some heads."""
    counts = np.mean([np.bincount(m.classes.ravel(), minlength=len(STRUCTURES)) for m in maps], axis=0)
    counts[0] = max(1.0, float(np.prod(GRID_SHAPE)) * GRID_MM**3 - counts[1:].sum())
    return np.asarray(np.maximum(counts, 1), np.float64)


def levelled(network: nn.Module, counts: NDArray[np.float64]) -> nn.Module:
    """A copy whose answers are not swollen by the loss, in which small structures weigh more than they hold.

    The weight of a class is one over the root of its count; its logit takes back ``_TAKEN_BACK`` of that.
    """
    assert isinstance(network, BrainCascade3d)
    out = copy.deepcopy(network)
    off = torch.zeros(out.outputs)
    off[:-1] = torch.from_numpy(0.5 * _TAKEN_BACK * np.log(counts / counts[1])).float()
    with torch.no_grad():
        assert out.fine.head.bias is not None
        out.fine.head.bias += off.repeat_interleave(8)
    return out


def evaluate(bundle: Bundle, quick: bool) -> Report:
    """The test maps of the split that lies beside the weights, and the MNI152 template."""
    network = load_network(bundle, torch.device("cpu"))
    names = sorted(read_split(bundle.folder / FILE).parts[TEST])[: 1 if quick else None]
    maps = read_maps(_maps(), names)
    found = brain_evaluation.sections(network, maps, folders.data() / "evaluation" / "mni152", quick=quick)
    return Report(bundle.card.id, bundle.card.version, tuple(found))


def _maps() -> Path:
    return folders.data() / "training" / "brain_labelmaps"


def _split(quick: bool) -> Split:
    """The split on the shelf, or dealt from all the maps where there is none yet; quick: one map each."""
    if quick:
        names = [path.name.split(".")[0] for path in map_files(_maps())[:3]]
        return Split({part: (n,) for part, n in zip((TRAINING, VALIDATION, TEST), names, strict=True)}, 0)
    kept = paths.models() / ID / FILE
    if kept.exists():
        return read_split(kept)
    return split_maps([read_map(path) for path in map_files(_maps())])


_PREPARING_S = 8.0
"""Beside the network: resampling, and judging the stored voxels."""
_USUAL_SLICES = 160


SCORED = frozenset(name for number, _, name in joint() if number not in (0, index_of("csf")))
"""What counts: everything but background and the fluid around the brain."""


def class_loss(logits: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross entropy, and one minus the soft Dice averaged over the classes; logits (k, n), truth (n,).

    In the entropy a voxel weighs as one over the root of how many its class has: a thalamus is a thousandth
    of the picture, and would be learned last.
    """
    log_p = torch.log_softmax(logits, dim=0)
    count = torch.bincount(truth, minlength=len(log_p)).float()
    weight = count.clamp_min(1).rsqrt()[truth]
    entropy = -(log_p.gather(0, truth[None])[0] * weight).sum() / weight.sum()
    p = log_p.exp()
    both = torch.zeros(len(p), device=p.device).index_add(0, truth, p.gather(0, truth[None])[0])
    total = p.sum(dim=1) + count
    dice = (2 * both[1:] + 1) / (total[1:] + 1)
    return entropy, 1 - dice.mean()


def side_loss(logit: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    """Binary cross entropy of the side over voxels that have one; zero where none has."""
    sided = side != SIDELESS
    if not bool(sided.any()):
        return logit.sum() * 0
    return functional.binary_cross_entropy_with_logits(logit[sided], (side[sided] == LEFT).float())


def answer(network: nn.Module, picture: torch.Tensor) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Class and side of every voxel of one picture (D, H, W)."""
    device = device_of(network)
    reduced = device.type == "cpu" and pick_dtype(device) is torch.bfloat16
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=reduced):
        logits = network(picture[None, None].to(device))[0]
    classes = logits[:-1].argmax(dim=0).to(torch.uint8).cpu().numpy()
    sides = (logits[-1] > 0).to(torch.uint8).cpu().numpy()
    return classes, sides


def overlaps(classes: NDArray[np.uint8], sides: NDArray[np.uint8], sample: Sample) -> list[float]:
    """Dice of every class with its side, in the order of :func:`joint`; NaN where neither has a voxel."""
    true_classes, true_sides = _truth(sample)
    out = []
    for number, side, _ in joint():
        mine = classes == number
        true = true_classes == number
        if side is not None:
            mine, true = mine & (sides == side), true & (true_sides == side)
        total = np.count_nonzero(mine) + np.count_nonzero(true)
        out.append(2 * np.count_nonzero(mine & true) / total if total else float("nan"))
    return out


def _truth(sample: Sample) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return sample.classes.numpy(), sample.sides.numpy()


def _tinted(classes: NDArray[np.uint8], sides: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A colour for every class, darker on the right."""
    hues = np.random.default_rng(3).integers(70, 256, (len(STRUCTURES), 3))
    hues[0] = 0
    paired = np.array([structure.paired for structure in STRUCTURES])[classes]
    light = np.where(paired & (sides != LEFT), 0.55, 1.0)
    return np.asarray(hues[classes] * light[..., None], dtype=np.uint8)
