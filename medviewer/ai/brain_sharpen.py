"""The brain's borders on the stored voxels: where the grey values change, not where a grid of 1.75 mm ends.

The network's probabilities are the prior of every stored voxel, the grey values that
:mod:`medviewer.ai.brain_grey` found for each class the likelihood. A voxel that stands alone is settled by
its neighbours (iterated conditional modes, Besag 1986, J R Stat Soc B 48:259). No torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.ai.brain_grey import FLOOR, PRIOR_WEIGHT, GreyModel, Lattice, fit
from medviewer.ai.brain_space import Float32, Point, UInt8, grid_geometry, resample, to_image, with_side
from medviewer.imaging.volume import Geometry

_PRIOR_BLUR = 1.0
"""Standard deviation, in voxels of the network's grid: its borders are not sure to less than that."""
_FIT_MM = 2.0
"""Grey values are learned from voxels no nearer to each other than this."""
_OUTSIDE = 0.7
"""Where the network's background is as probable as that, nothing else is considered: muscle may be as bright
as cortex."""
_LEAST = 1e-4
"""A class is looked up only where its probability reaches this."""
_NEIGHBOURS, _SETTLINGS = 0.6, 2
"""What each of the six neighbours adds to the logarithm, and how often they are asked."""
_PART_VOXELS = 600_000
"""Stored voxels judged at a time: seventeen classes of them are 40 MB."""
_THICK = 12
"""Slices judged at a time, at least: each part judges neighbours that are not its own."""

Box = tuple[slice, slice, slice]
Ends = list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class GridAnswer:
    """What the network said on its grid around ``centre`` (LPS mm).

    ``probabilities``: (classes, D, H, W), background first; ``left``: (D, H, W), the probability of the
    left side.
    """

    probabilities: Float32
    left: Float32
    centre: Point

    @property
    def grid(self) -> Geometry:
        """Where its voxels lie."""
        return grid_geometry(self.centre, shape=self.left.shape)

    def blurred(self, check: Callable[[], None]) -> GridAnswer:
        """The same, less sure of its borders. ``check`` is called between the classes, and may raise."""
        blurred = np.empty_like(self.probabilities)
        for plane, soft in zip(self.probabilities, blurred, strict=True):
            check()
            soft[:] = _blurred(plane)
        return GridAnswer(blurred, self.left, self.centre)

    def prior(self, geometry: Geometry, shape: tuple[int, ...]) -> Float32:
        """(classes, z, y, x) at the voxels of another grid; beyond its own all is background."""
        out = np.zeros((len(self.probabilities), *shape), np.float32)
        out[0] = self._at(self.probabilities[0], geometry, shape, 1.0)
        for k in range(1, len(out)):
            part = _reached(self.grid, self._ends[k], geometry, shape)
            if part is not None:
                where = _moved(geometry, [s.start for s in part])
                size = tuple(s.stop - s.start for s in part)
                out[(k, *part)] = self._at(self.probabilities[k], where, size, 0.0)
        return out

    def interpolated(self, geometry: Geometry, shape: tuple[int, ...]) -> UInt8:
        """Numbers of :func:`~medviewer.ai.brain_labels.joint` on another grid, as the network alone says."""
        return self.with_side(best(self.prior(geometry, shape)), geometry)

    def with_side(self, number: UInt8, geometry: Geometry) -> UInt8:
        """The number among :func:`~medviewer.ai.brain_labels.joint` of each class on another grid."""
        return with_side(number, self._at(self.left, geometry, number.shape, 0.0) >= 0.5)

    @cached_property
    def _ends(self) -> list[Ends | None]:
        """Of each class where it lies at all: asked for every part of the stored voxels."""
        return [_ends(plane >= _LEAST) for plane in self.probabilities]

    def _at(self, plane: Float32, geometry: Geometry, shape: tuple[int, ...], fill: float) -> Float32:
        image = to_image(np.ascontiguousarray(plane, np.float32), self.grid)
        return np.asarray(resample(image, geometry, shape, SimpleITK.sitkLinear, fill), np.float32)


def sharpened(
    voxels: NDArray[Any],
    geometry: Geometry,
    answer: GridAnswer,
    check: Callable[[], None] = lambda: None,
    report: Callable[[float], None] = lambda _: None,
) -> UInt8:
    """Numbers of :func:`~medviewer.ai.brain_labels.joint` for the stored ``voxels`` (slice, row, column).

    ``voxels`` hold finite numbers. ``check`` is called between the parts, and may raise Cancelled; ``report``
    is told what share of the parts is done.
    """
    out = np.zeros(voxels.shape, np.uint8)
    box = _reached(answer.grid, _ends(answer.probabilities[0] < _OUTSIDE), geometry, voxels.shape)
    if box is None:
        return out
    answer = answer.blurred(check)
    model = _fitted(voxels[box], _moved(geometry, [s.start for s in box]), answer, check)
    parts = list(_parts(box))
    for done, (kept, judged) in enumerate(parts):
        check()
        report(done / len(parts))
        where = _moved(geometry, [s.start for s in judged])
        places = [np.arange(s.start - b.start, s.stop - b.start) for s, b in zip(judged, box, strict=True)]
        score = model.log_likelihood(voxels[judged].astype(np.float32), places)
        numbers = _judged(score, where, answer)
        inner = [slice(k.start - j.start, k.stop - j.start) for k, j in zip(kept, judged, strict=True)]
        out[kept] = numbers[tuple(inner)]
    return out


def _fitted(
    voxels: NDArray[Any], geometry: Geometry, answer: GridAnswer, check: Callable[[], None]
) -> GreyModel:
    """The grey values of the classes, from every nth voxel of the box."""
    spacing = geometry.spacing_mm
    steps = [max(1, round(_FIT_MM / mm)) for mm in spacing]
    some = voxels[:: steps[0], :: steps[1], :: steps[2]].astype(np.float32)
    affine = geometry.affine.copy()
    affine[:3, :3] *= steps
    prior = answer.prior(Geometry(affine), some.shape)
    places = [np.arange(n) * step for n, step in zip(some.shape, steps, strict=True)]
    return fit(some, prior, Lattice.of(voxels.shape, spacing), places, check)


def _judged(likelihood: Float32, geometry: Geometry, answer: GridAnswer) -> UInt8:
    """The numbers of one part, from how likely its grey values are (logarithms, which are changed)."""
    shape = likelihood.shape[1:]
    prior = answer.prior(geometry, shape)
    outside = prior[0] >= _OUTSIDE
    np.maximum(prior, FLOOR, out=prior)
    np.log(prior, out=prior)
    prior *= PRIOR_WEIGHT
    likelihood += prior
    number = settled(likelihood, geometry.spacing_mm)
    number[outside] = 0
    return answer.with_side(number, geometry)


def settled(score: Float32, spacing_mm: Sequence[float]) -> UInt8:
    """The best class of each voxel of ``score`` (classes, z, y, x), its six neighbours heard.

    A neighbour says the less the farther it lies: across thick slices nearly nothing.
    """
    weights = [_NEIGHBOURS * min(spacing_mm) / mm for mm in spacing_mm for _ in range(2)]
    number = best(score)
    flat = score.reshape(len(score), -1)
    for _ in range(_SETTLINGS):
        votes = [_neighbour(number, axis, way).ravel() for axis in range(3) for way in (-1, 1)]
        doubted = np.flatnonzero(np.any([vote != number.ravel() for vote in votes], axis=0))
        heard = flat[:, doubted]
        for vote, weight in zip(votes, weights, strict=True):
            heard[vote[doubted], np.arange(len(doubted))] += weight
        number.reshape(-1)[doubted] = best(heard)
    return number


def best(score: Float32) -> UInt8:
    """Which class (first axis) is the strongest: the first of equals."""
    best, number = score[0].copy(), np.zeros(score.shape[1:], np.uint8)
    for k in range(1, len(score)):
        better = score[k] > best
        np.copyto(best, score[k], where=better)
        number[better] = k
    return number


def _neighbour(number: UInt8, axis: int, way: int) -> UInt8:
    """Of each voxel the next one along an axis; at the end itself."""
    moved = np.roll(number, -way, axis)
    edge: list[Any] = [slice(None)] * 3
    edge[axis] = -1 if way > 0 else 0
    moved[tuple(edge)] = number[tuple(edge)]
    return moved


def _parts(box: Box) -> Iterator[tuple[Box, Box]]:
    """What to keep of the box, and what to judge for it: with neighbours on every side that is cut."""
    slices, rows, columns = box
    wide = columns.stop - columns.start
    thick = max(_THICK, _PART_VOXELS // ((rows.stop - rows.start) * wide))
    high = max(_THICK, _PART_VOXELS // (min(thick, slices.stop - slices.start) * wide))
    for z in _cut(slices, thick):
        for y in _cut(rows, high):
            yield (z, y, columns), (_wider(z, slices), _wider(y, rows), columns)


def _cut(whole: slice, length: int) -> list[slice]:
    return [slice(a, min(a + length, whole.stop)) for a in range(whole.start, whole.stop, length)]


def _wider(part: slice, whole: slice) -> slice:
    return slice(max(whole.start, part.start - _SETTLINGS), min(whole.stop, part.stop + _SETTLINGS))


def _ends(inside: NDArray[np.bool_]) -> Ends | None:
    """The first and the last voxel along each axis, and one beyond; None where nothing is inside."""
    if not inside.any():
        return None
    ends = []
    for axis in range(3):
        hits = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        ends.append((int(hits[0]) - 1, int(hits[-1]) + 1))
    return ends


def _reached(grid: Geometry, ends: Ends | None, geometry: Geometry, shape: tuple[int, ...]) -> Box | None:
    """The voxels of another grid that what lies between ``ends`` of this one can reach; None for none."""
    if ends is None:
        return None
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
    index = geometry.index(grid.position(corners))
    low = np.maximum(0, np.floor(index.min(axis=0)).astype(int))
    high = np.minimum(shape, np.ceil(index.max(axis=0)).astype(int) + 1)
    if (low >= high).any():
        return None
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return z, y, x


def _moved(geometry: Geometry, start: list[int]) -> Geometry:
    """The same grid, beginning at another of its voxels."""
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.position(start)
    return Geometry(affine)


def _blurred(plane: Float32) -> Float32:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(plane, np.float32))
    soft = SimpleITK.GetArrayFromImage(SimpleITK.SmoothingRecursiveGaussian(image, _PRIOR_BLUR))
    return np.asarray(np.clip(soft, 0, 1), np.float32)
