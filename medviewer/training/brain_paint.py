"""Which tissue is how bright: a random contrast for every sample, and what of the head is shown at all."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from medviewer.ai.brain_grid import GRID_SHAPE
from medviewer.ai.brain_labels import index_of
from medviewer.training.brain_maps import CLASS_OF, FINE, mirror_groups

_GROUPS = mirror_groups()
_TIED_SHARE = 0.6
"""Share of samples in which the deep structures lie between grey and white matter, as in living brains."""
_BETWEEN: dict[int, tuple[float, float]] = {
    2: (1.0, 1.0),
    3: (0.0, 0.0),
    7: (0.9, 1.1),
    8: (-0.1, 0.15),
    10: (0.2, 0.8),
    11: (-0.1, 0.35),
    12: (0.0, 0.4),
    13: (0.4, 1.15),
    16: (0.6, 1.0),
    17: (-0.1, 0.3),
    18: (-0.1, 0.25),
    26: (-0.1, 0.35),
    28: (0.5, 1.0),
}
"""How far from grey (0) to white matter (1) a left-hand or unpaired number lies."""
_FLUID = (4, 5, 14, 15, 24, 30, 72)
_HIDDEN_SHARES = {"brain alone": 0.12, "brain and fluid": 0.08, "face cut off": 0.2}

Palette = NDArray[np.float32]


def draw_palette(rng: np.random.Generator, hardness: float = 1.0) -> Palette:
    """(FINE, 2): mean and spread of each number, both halves of a pair alike; air is dark and quiet.

    Below a ``hardness`` of 1 fewer contrasts are without any order, and all are quieter.
    """
    count = int(_GROUPS.max()) + 1
    mean = rng.uniform(0.05, 1.0, count)
    spread = rng.uniform(0.0, rng.uniform(0.02, 0.12), count)
    if rng.random() < 1 - hardness * (1 - _TIED_SHARE):
        _tie(mean, spread, rng)
    spread *= 0.3 + 0.7 * hardness
    mean[0] = 0.0 if rng.random() < 0.7 else rng.uniform(0, 0.3)
    spread[0] = rng.uniform(0, 0.03)
    return np.stack([mean, spread], axis=1)[_GROUPS].astype(np.float32)


def _tie(mean: NDArray[np.float64], spread: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Set the brain's own means from three: grey, white, fluid."""
    white, grey, fluid = rng.uniform(0.05, 1.0, 3)
    while abs(white - grey) < 0.08:
        white, grey = rng.uniform(0.05, 1.0, 2)
    quiet = rng.uniform(0.01, 0.08)
    for label, (low, high) in _BETWEEN.items():
        place = _GROUPS[FINE.index(label)]
        mean[place] = max(0.0, grey + rng.uniform(low, high) * (white - grey))
        spread[place] = quiet * rng.uniform(0.5, 1.5)
    for label in _FLUID:
        place = _GROUPS[FINE.index(label)]
        mean[place] = max(0.0, fluid + rng.normal(0, 0.03))
        spread[place] = quiet * rng.uniform(0.5, 1.5)


def draw_hidden(rng: np.random.Generator, hardness: float = 1.0) -> torch.Tensor:
    """(FINE,) which numbers are painted black: the skull stripped off in some samples."""
    pick = rng.random() / max(hardness, 1e-6)
    classes = torch.from_numpy(CLASS_OF)
    if pick < _HIDDEN_SHARES["brain alone"]:
        return (classes == 0) | (classes == index_of("csf"))
    if pick < _HIDDEN_SHARES["brain alone"] + _HIDDEN_SHARES["brain and fluid"]:
        return classes == 0
    return torch.zeros(len(FINE), dtype=torch.bool)


def draw_face_cut(rng: np.random.Generator, fine: torch.Tensor) -> torch.Tensor:
    """Where a de-faced picture still shows something: never cuts brain or the fluid around it."""
    whole = torch.ones(GRID_SHAPE, dtype=torch.bool)
    if rng.random() >= _HIDDEN_SHARES["face cut off"]:
        return whole
    z, y = (torch.linspace(-1, 1, n) for n in GRID_SHAPE[:2])
    angle = rng.uniform(0.1, 0.9) * np.pi / 2
    depth = -(float(np.sin(angle)) * z[:, None] + float(np.cos(angle)) * y[None, :])
    face = (depth > rng.uniform(0.3, 0.9))[:, :, None].expand(GRID_SHAPE)
    brain = torch.from_numpy(CLASS_OF)[fine] > 0
    return whole & ~(face & ~brain)
