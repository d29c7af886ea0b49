"""From an MR volume to the brain's classes on its voxels: find it, look again, look mirrored. No torch.

``Ask`` is the network as the runner wraps it: a picture (D, H, W) in, logits (classes + side, D, H, W) out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.brain_grid import GRID_MM
from medviewer.ai.brain_input import BrainInput, better_centre
from medviewer.ai.brain_labels import LEFT, STRUCTURES, joint_names
from medviewer.ai.brain_space import Float32, Point, UInt8
from medviewer.ai.probabilities import sigmoid, softmax
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext

Ask = Callable[[Float32], Float32]
First = tuple[int, Callable[[UInt8], None]]
"""A stored slice, and who is told its classes (rows, columns) before the answer is finished."""

LOOKS = 6
"""How often the network is asked at most: up to three times for the place, mirrored, and twice shifted."""
_SEARCHES = 3
_NEAR_MM = 4.0
"""Centred well enough: the network was taught with shifts far larger."""
_SHIFT = GRID_MM / 2
"""The shifted looks lie half a voxel off, to either side, along every axis."""
_LOOKED, _PUT_BACK = 0.8, 0.9
"""How far along the work is when all looks are taken, and when their answer is on the stored voxels."""


@dataclass(frozen=True, eq=False)
class BrainAnswer:
    """``classes``: numbers of :func:`~medviewer.ai.brain_labels.joint` on the stored grid.

    ``spread``: name → smallest and greatest volume among four looks (plain, mirrored, shifted to either
    side), as a share of the answer's volume. ``finite`` is false where the network gave something that is no
    number: then there is no answer.
    """

    classes: UInt8
    spread: dict[str, tuple[float, float]]
    centre: Point
    finite: bool = True


@dataclass(frozen=True, eq=False)
class _Look:
    """What one asking gave: probabilities of the classes, and of the left side."""

    probabilities: Float32
    left: Float32

    def mirrored(self) -> _Look:
        """The same, of the other side."""
        return _Look(self.probabilities[..., ::-1], np.float32(1) - self.left[..., ::-1])

    def counts(self) -> NDArray[np.float64]:
        """The volume of every class and side, in voxels: sums of probabilities' winners."""
        number = self.probabilities.argmax(axis=0)
        joined = 2 * number + (self.left >= 0.5)
        table = np.bincount(joined.ravel(), minlength=2 * len(STRUCTURES)).reshape(-1, 2).astype(float)
        out = []
        for k, structure in enumerate(STRUCTURES):
            out += [table[k, LEFT], table[k, 1 - LEFT]] if structure.paired else [table[k].sum()]
        return np.array(out)


class _NotFinite(Exception):
    """The network's numbers are not finite."""


def look(ask: Ask, volume: Volume, context: TaskContext, *, on_first: First | None = None) -> BrainAnswer:
    """Find the brain and read it; ``on_first`` is told what the plain look says.

    Raises NoGeometry, Cancelled.
    """
    context.report(0.02, "Preparing the volume")
    source = BrainInput(volume, context.check)
    try:
        return _look(ask, source, context, on_first)
    except _NotFinite:
        return BrainAnswer(np.zeros(volume.shape, np.uint8), {}, source.first_centre(), finite=False)


def _look(ask: Ask, source: BrainInput, context: TaskContext, on_first: First | None) -> BrainAnswer:
    centre, plain = _search(ask, source, context)
    if on_first is not None:
        index, tell = on_first
        tell(source.restore_slice(plain.probabilities, plain.left, centre, index))
    picture = source.picture(centre)
    context.check()
    context.report(0.5, "Looking at the mirror image")
    other = _asked(ask, np.ascontiguousarray(picture[..., ::-1])).mirrored()
    both = _mean(plain, other)
    counts = [plain.counts(), other.counts()]
    for step, sign in enumerate((-1, 1)):
        context.check()
        context.report(0.6 + 0.1 * step, "Looking from a little aside")
        moved = (centre[0] + sign * _SHIFT, centre[1] + sign * _SHIFT, centre[2] + sign * _SHIFT)
        counts.append(_asked(ask, source.picture(moved)).counts())
    context.check()
    told = "Putting the answer on the stored slices"
    context.report(_LOOKED, told)

    def share_done(share: float) -> None:
        context.report(_LOOKED + (_PUT_BACK - _LOOKED) * share, told)

    classes = source.restore(both.probabilities, both.left, centre, share_done)
    return BrainAnswer(classes, _spread(both.counts(), np.array(counts)), centre)


def _search(ask: Ask, source: BrainInput, context: TaskContext) -> tuple[Point, _Look]:
    """The middle of the brain, and the look from there."""
    centre = source.first_centre()
    for step in range(_SEARCHES):
        context.check()
        context.report(0.1 + 0.1 * step, "Looking for the brain")
        seen = _asked(ask, source.picture(centre))
        better = better_centre(seen.probabilities, centre)
        last = step == _SEARCHES - 1
        if better is None or last or np.linalg.norm(np.subtract(better, centre)) < _NEAR_MM:
            break
        centre = better
    return centre, seen


def _asked(ask: Ask, picture: Float32) -> _Look:
    logits = ask(picture)
    if not np.isfinite(logits).all():
        raise _NotFinite
    return _Look(softmax(logits[:-1], axis=0), sigmoid(logits[-1]))


def _mean(a: _Look, b: _Look) -> _Look:
    half = np.float32(0.5)
    return _Look(half * (a.probabilities + b.probabilities), half * (a.left + b.left))


def _spread(answer: NDArray[np.float64], looks: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    """Smallest and greatest volume of each name over the looks, as a share of the answer's.

    From nothing up where the answer has none: what only the grey values find was seen in no look.
    """
    low, high = looks.min(axis=0), looks.max(axis=0)
    return {
        name: (float(min(1.0, low[k] / answer[k])), float(max(1.0, high[k] / answer[k])))
        if answer[k] > 0
        else (0.0, 1.0)
        for k, name in enumerate(joint_names())
    }
