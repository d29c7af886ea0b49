"""What the classes of a brain look like in this very picture: grey values, from it alone. No torch.

The network knows no contrast; its probabilities are the prior of every voxel. By expectation maximisation
each class gets the histogram of its grey values (Wells et al. 1996, IEEE TMI 15:429; histograms in place of
Gaussians, since what lies outside the brain has many brightnesses), and along with them the slow change of
brightness that coils leave is estimated (Van Leemput et al. 1999, IEEE TMI 18:885).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.probabilities import softmax

Float32 = NDArray[np.float32]

BINS = 64
PRIOR_WEIGHT = 0.7
"""How much the logarithm of the prior weighs: the network has looked at the same grey values already."""
FLOOR = 1e-4
"""Least prior of a class: the network may be wrong."""
_ROUNDS = 16
_STRAY = 0.01
"""Share of a class that may have any grey value: no value is impossible."""
_HISTOGRAM_BLUR = 1.5
"""Standard deviation, in bins."""
_ENDS = (0.5, 99.8)
"""Percentiles of the values that span five sixths of the bins; the rest is for what is brighter."""
_ROOM = 1.2
_NODE_MM, _REACH_MM = 8.0, 20.0
"""Distance of the nodes that tell the change of brightness, and how far each of them looks (sigma)."""
_BRIGHTNESS = (0.4, 2.5)
"""No coil is believed to change brightness by more."""
_LEAST_VARIANCE = 1e-3
_LEAST_TOLD = 1e-3
"""A node with less than this share of the best one's voxels says nothing."""
_SURELY_OUTSIDE = 0.97

Places = Sequence[NDArray[np.intp]]
"""Indices of a block of voxels along each axis of the box they are taken from."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Nodes in a box of stored voxels: ``steps`` voxels apart along each axis, the first on its corner."""

    steps: tuple[float, ...]
    node_mm: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, shape: Sequence[int], spacing_mm: Sequence[float]) -> Lattice:
        """For a box of ``shape`` voxels."""
        steps = tuple(max(1.0, _NODE_MM / mm) for mm in spacing_mm)
        node_mm = tuple(step * mm for step, mm in zip(steps, spacing_mm, strict=True))
        return cls(steps, node_mm, tuple(int((n - 1) / s) + 2 for n, s in zip(shape, steps, strict=True)))

    def spread(self, nodes: Float32, places: Places) -> Float32:
        """The values of ``nodes`` at the voxels at ``places``, linear in between."""
        for axis, where in enumerate(places):
            nodes = _along(self._shares(axis, where), nodes, axis)
        return nodes

    def ratio(self, above: Float32, below: Float32, places: Places) -> Float32:
        """At each node the sum of ``above`` ÷ that of ``below`` around it, against the ratio of the whole.

        One where nothing is below. Against the whole: what all voxels have in common is no change, and would
        grow from round to round.
        """
        if min(above.sum(), below.sum()) <= 0:
            return np.ones(self.counts, np.float32)
        over, under = (self._gathered(values, places) for values in (above, below))
        told = under > _LEAST_TOLD * under.max()
        found = np.ones_like(under)
        found[told] = over[told] / under[told] / (above.sum() / below.sum())
        return found

    def _gathered(self, values: Float32, places: Places) -> Float32:
        for axis, where in enumerate(places):
            number = np.arange(self.counts[axis])
            apart = (number[:, None] - number[None, :]) * (self.node_mm[axis] / _REACH_MM)
            near = np.exp(-0.5 * apart**2).astype(np.float32)
            values = _along(near @ self._shares(axis, where).T, values, axis)
        return values

    def _shares(self, axis: int, places: NDArray[np.intp]) -> Float32:
        """(places, nodes): how much each node has to say of each place."""
        apart = places[:, None] / self.steps[axis] - np.arange(self.counts[axis])[None, :]
        return np.maximum(0.0, 1.0 - np.abs(apart)).astype(np.float32)


def _along(matrix: Float32, values: Float32, axis: int) -> Float32:
    return np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis)


@dataclass(frozen=True, eq=False)
class GreyModel:
    """How likely a grey value is in each class, anywhere in the box that it was learned in.

    ``levels``: the grey values that become 0 and 1 ÷ _ROOM; ``brightness``: by what factor voxels are
    brighter at each node; ``table``: (classes, BINS), logarithms.
    """

    levels: tuple[float, float]
    table: Float32
    lattice: Lattice
    brightness: Float32

    def log_likelihood(self, values: Float32, places: Places) -> Float32:
        """(classes, z, y, x) of the stored ``values`` (z, y, x) at ``places`` of the box."""
        bins = _bins(_levelled(values, self.levels) / self.lattice.spread(self.brightness, places))
        return np.asarray(np.take(self.table, bins, axis=1))


def fit(
    values: Float32,
    prior: Float32,
    lattice: Lattice,
    places: Places,
    check: Callable[[], None] = lambda: None,
) -> GreyModel:
    """Learn from the stored ``values`` (z, y, x) at ``places`` and their ``prior`` (classes, z, y, x).

    Class 0 is the background. ``check`` is called between the rounds, and may raise.
    """
    inside = prior[0] < _SURELY_OUTSIDE
    if not inside.any():
        inside = np.ones_like(inside)
    levels = _span(values[inside])
    light = _levelled(values, levels)
    share = np.ascontiguousarray(prior[:, inside])
    log_prior = np.float32(PRIOR_WEIGHT) * np.log(np.maximum(share, np.float32(FLOOR)))
    brightness = np.ones(lattice.counts, np.float32)
    for step in range(_ROUNDS + 1):
        check()
        bins = _bins((light / lattice.spread(brightness, places))[inside])
        histograms = _histograms(bins, share)
        if step == _ROUNDS:
            break
        share = softmax(log_prior + np.log(histograms)[:, bins], axis=0)
        above, below = _expected(light, inside, share, histograms)
        brightness = np.clip(lattice.ratio(above, below, places), *_BRIGHTNESS)
    return GreyModel(levels, np.log(histograms), lattice, brightness)


def _span(values: Float32) -> tuple[float, float]:
    low, high = np.percentile(values, _ENDS)
    return float(low), float(high) if high > low else float(low) + 1.0


def _levelled(values: Float32, levels: tuple[float, float]) -> Float32:
    """0 to 1, the bulk of them up to 1 ÷ _ROOM."""
    low, high = levels
    light = (values - np.float32(low)) / np.float32((high - low) * _ROOM)
    return np.asarray(np.clip(light, 0, 1), np.float32)


def _bins(light: Float32) -> NDArray[np.intp]:
    return np.asarray(np.minimum((light * BINS).astype(np.intp), BINS - 1))


def _histograms(bins: NDArray[np.intp], share: Float32) -> Float32:
    """(classes, BINS), each summing to one."""
    counts = np.stack([np.bincount(bins, part, BINS) for part in share])
    apart = np.arange(BINS)[:, None] - np.arange(BINS)[None, :]
    counts = counts @ np.exp(-0.5 * (apart / _HISTOGRAM_BLUR) ** 2)
    total = counts.sum(axis=1, keepdims=True)
    found = np.where(total > 0, counts / np.maximum(total, 1e-12), 1 / BINS)
    return ((1 - _STRAY) * found + _STRAY / BINS).astype(np.float32)


def _expected(
    light: Float32, inside: NDArray[np.bool_], share: Float32, histograms: Float32
) -> tuple[Float32, Float32]:
    """Of each voxel what it says of the brightness around it: numerator and denominator of least squares.

    The background says nothing: it has not one brightness of its own.
    """
    middles = (np.arange(BINS, dtype=np.float32) + 0.5) / BINS
    mean = histograms[1:] @ middles
    variance = ((middles[None] - mean[:, None]) ** 2 * histograms[1:]).sum(axis=1) + _LEAST_VARIANCE
    above, below = np.zeros_like(light), np.zeros_like(light)
    above[inside] = (mean / variance) @ share[1:]
    below[inside] = (mean**2 / variance) @ share[1:]
    above *= light
    return above, below
