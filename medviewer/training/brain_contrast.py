"""Heads of any MR contrast, drawn from label maps: what ``brain-mr`` learns from.

The idea is that of Billot et al. 2023 (SynthSeg, Med Image Anal 86:102789): bend a label map, give each of
its regions a random intensity, blur, bias, noise; the network never sees a real contrast, so that none is
foreign to it. The code is our own. Everything depends on the generator handed in and on nothing else.

A sample lies on the network's grid (:mod:`medviewer.ai.brain_grid`): axes to head, to the back, to the left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from medviewer.ai.brain_grid import GRID_MM, GRID_SHAPE, percentile_levels, scale
from medviewer.training import brain_bend, brain_optics, brain_paint
from medviewer.training.brain_maps import CLASS_OF, SIDE_OF, SIDELESS, LabelMap

_CORNERS = ((-1, -1, -1), (-1, 1, 1), (1, -1, 1), (1, 1, -1))
"""Where a voxel is probed, in quarters of its size: four corners of a cube mix tissues as a scanner does."""


@dataclass(frozen=True, eq=False)
class Sample:
    """``picture`` float32 and, on its grid, ``classes`` and ``sides`` (LEFT, RIGHT, SIDELESS) as uint8."""

    picture: torch.Tensor
    classes: torch.Tensor
    sides: torch.Tensor


def draw(source: LabelMap, rng: np.random.Generator, hardness: float = 1.0) -> Sample:
    """One head from one label map; ``hardness`` 0 (ordered contrast, sharp, quiet, whole) to 1 (anything)."""
    noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
    bend = brain_bend.draw_bend(rng, noise)
    points = bend.points(source.centre)
    fine = probe(source, points)
    palette = brain_paint.draw_palette(rng, hardness)
    hidden = brain_paint.draw_hidden(rng, hardness)
    value, spread = _mix(source, points, bend, palette, hidden)
    shown = brain_paint.draw_face_cut(rng, fine)
    value += spread * torch.randn(value.shape, generator=noise)
    value *= brain_optics.bias_field(rng, noise) * shown
    value = brain_optics.through_scanner(value, rng, noise, hardness)
    seen = brain_optics.draw_field_of_view(rng, hardness)
    classes, sides = torch.from_numpy(CLASS_OF)[fine], torch.from_numpy(SIDE_OF)[fine]
    if bend.mirrored:
        sides = torch.where(sides == SIDELESS, sides, 1 - sides)
    classes = torch.where(seen, classes, 0)
    sides = torch.where(seen, sides, SIDELESS)
    return Sample(_finish(value, seen, rng), classes, sides)


def probe(source: LabelMap, points: torch.Tensor) -> torch.Tensor:
    """Indices into FINE (int64) at ``points`` (3, ...) in voxels of the map; outside it is background."""
    depth, height, width = source.fine.shape
    z, y, x = points.round().to(torch.int32).unbind(0)
    inside = (z >= 0) & (z < depth) & (y >= 0) & (y < height) & (x >= 0) & (x < width)
    flat = (z.clamp(0, depth - 1) * height + y.clamp(0, height - 1)) * width + x.clamp(0, width - 1)
    found = torch.from_numpy(source.fine).reshape(-1)[flat.long()].long()
    return torch.where(inside, found, 0)


def _mix(
    source: LabelMap,
    points: torch.Tensor,
    bend: brain_bend.Bend,
    palette: NDArray[np.float32],
    hidden: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and spread of every voxel, tissues mixed where several share it."""
    table = torch.from_numpy(palette)
    value = torch.zeros(GRID_SHAPE)
    spread = torch.zeros(GRID_SHAPE)
    for corner in _CORNERS:
        step = bend.matrix @ (torch.tensor(corner, dtype=torch.float32) * (GRID_MM / 4))
        fine = probe(source, points + step.reshape(3, 1, 1, 1))
        painted = table[fine] * (~hidden[fine]).unsqueeze(-1)
        value += painted[..., 0]
        spread += painted[..., 1]
    return value / len(_CORNERS), spread / len(_CORNERS)


def _finish(value: torch.Tensor, seen: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Cut, scaled as in reading, with a random gamma."""
    value = torch.where(seen, value, value.new_zeros(()))
    picture = torch.from_numpy(scale(value.numpy(), percentile_levels(value.numpy())))
    return picture ** float(np.exp(rng.normal(0, 0.3)))
