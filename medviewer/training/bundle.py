"""Write a model's folder: weights as safetensors, the card that says what they are, and figures put on it.

Both files are written under temporary names and renamed at the very end: a run that fails leaves the model
that was there before.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from medviewer.ai.card import Metric, ModelCard, load_card, parse_card
from medviewer.ai.card_rules import SCHEMA
from medviewer.ai.devices import pick_dtype
from medviewer.ai.findings import OperatingPoint
from medviewer.ai.strict_json import to_bytes
from medviewer.errors import WriteError
from medviewer.training.checkpoint import write_bytes
from medviewer.training.loop import threads

CARD, WEIGHTS = "card.json", "weights.safetensors"
_RUNS = 5
_TWO_CORES = 1.7
"""How much sooner two cores are done than one: ``brain-mr`` takes 9.5 s on one, 5.5 s on two idle ones."""


def write_bundle(
    folder: Path, network: nn.Module, card: Mapping[str, Any], *, half: bool = False
) -> ModelCard:
    """Write weights and ``card`` (its schema and weights are filled in here); returns the card as read back.

    ``half``: the weights are written as float16, half as large; what reads them computes as before.
    Raises :class:`BundleError` for a card that says wrong things, before anything is written.
    """
    tensors = {name: _kept(value, half) for name, value in network.state_dict().items()}
    content = save(tensors)
    weights = {"file": WEIGHTS, "sha256": hashlib.sha256(content).hexdigest()}
    data = {"schema": SCHEMA, **card, "weights": weights}
    parse_card(json.loads(json.dumps(data)), str(card["id"]))
    _replace_both(folder, content, to_bytes(data))
    return load_card(folder / CARD)


def _kept(value: torch.Tensor, half: bool) -> torch.Tensor:
    value = value.detach().cpu().contiguous()
    return value.half() if half and value.is_floating_point() else value


def add_metrics(
    folder: Path, metrics: Sequence[Metric], points: Sequence[OperatingPoint] | None = None
) -> ModelCard:
    """Put measured figures (and what thresholds cost) on the card; returns it as read back."""
    data = json.loads((folder / CARD).read_text(encoding="utf-8"))
    data["metrics"] = [plain(metric) for metric in metrics]
    if points is not None:
        data["operating_points"] = [plain(point) for point in points]
    write_bytes(folder / CARD, to_bytes(data))
    return load_card(folder / CARD)


def move_bundle(source: Path, folder: Path) -> ModelCard:
    """Put a finished bundle (and its split and report) in another's place; weights and card come last."""
    for path in sorted(source.iterdir()):
        if path.is_file() and path.name not in (WEIGHTS, CARD):
            write_bytes(folder / path.name, path.read_bytes())
    _replace_both(folder, (source / WEIGHTS).read_bytes(), (source / CARD).read_bytes())
    return load_card(folder / CARD)


def seconds_per_run(network: nn.Module, *shape: int, exact: bool = False, quick: bool = False) -> float:
    """Seconds a reader's two idle cores take for one input of ``shape``: for the first estimate only.

    Computed as in reading: in the CPU's own precision, float32 where ``exact``. It is one thread's own CPU
    time, the least of several runs (of one where ``quick``): what else the machine does counts for nothing.
    """
    network.eval()
    picture, cpu = torch.zeros(shape), torch.device("cpu")
    reduced = not exact and pick_dtype(cpu) is torch.bfloat16
    took = []
    with threads(1), torch.inference_mode():
        for _ in range(1 if quick else _RUNS):
            began = time.thread_time()
            with torch.autocast(cpu.type, dtype=torch.bfloat16, enabled=reduced):
                network(picture)
            took.append(time.thread_time() - began)
    return min(took) / _TWO_CORES


def plain(value: Any) -> dict[str, Any]:
    """A flat dataclass as JSON writes it."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(value).items()}


def _replace_both(folder: Path, weights: bytes, card: bytes) -> None:
    new = {name: folder / f"{name}.new" for name in (WEIGHTS, CARD)}
    write_bytes(new[WEIGHTS], weights)
    write_bytes(new[CARD], card)
    try:
        for name, path in new.items():
            path.replace(folder / name)
    except OSError as error:
        raise WriteError(
            f"The model in {folder.name!r} could not be replaced.", "Close what uses it."
        ) from error
