"""Heads drawn from label maps for the router: MR of any contrast in three planes, and axial CT.

The maps are SynthSeg's (Billot et al. 2023, Med Image Anal 86:102789; Apache-2.0): every region gets a random
grey value (MR) or its density (CT), then blur, bias and noise. No real head CT is learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the name its own documentation uses
from numpy.typing import NDArray

from medviewer.ai.steps import resize_area
from medviewer.training import pngs, router_kinds
from medviewer.training.router_kinds import Shot

_REST = 300
"""Numbers from 500 on (scalp, skull, face) are kept so much lower, so that a byte holds them."""
_LEFT_OF = {
    41: 2, 42: 3, 43: 4, 44: 5, 46: 7, 47: 8, 49: 10, 50: 11, 51: 12, 52: 13, 53: 17, 54: 18, 57: 25, 58: 26,
    60: 28, 62: 30, 163: 136, 164: 137,
}  # fmt: skip
_WHITE, _GREY = (2, 7, 16, 28), (3, 8, 10, 11, 12, 13, 17, 18, 26)
_FLUID = (4, 5, 14, 15, 24, 30, 72)
_SOFT, _SCALP, _BONE = (202, 206, 207, 208, 212), (211,), (214, 215, 216)
_NOSE = (209, 230)
_N = 144
"""Side of a drawn picture."""
AXES = {
    router_kinds.BRAIN_AXIAL: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    router_kinds.BRAIN_CORONAL: ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    router_kinds.BRAIN_SAGITTAL: ((0, 0, 1), (-1, 0, 0), (0, 1, 0)),
    router_kinds.HEAD_CT: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
"""Kind → where the picture, its rows and its columns run, on (head, back, left)."""
_REACH = {
    router_kinds.BRAIN_AXIAL: (-35.0, 55.0),
    router_kinds.BRAIN_CORONAL: (-55.0, 60.0),
    router_kinds.BRAIN_SAGITTAL: (-45.0, 45.0),
    router_kinds.HEAD_CT: (-75.0, 68.0),
}
"""Kind → millimetres from the middle of the brain in which pictures are taken."""


_THIN, _LOOKS = 0.25, 3
"""Share of pictures drawn from one label a pixel; the others have the mean of so many."""


@dataclass(frozen=True, eq=False)
class Head:
    """Labels (head, back, left) at 1 mm, and the voxel in the middle of the brain."""

    name: str
    labels: NDArray[np.uint8]
    centre: NDArray[np.float64]


def read_head(path: Path) -> Head:
    """One label map. Raises :class:`~medviewer.training.pngs.BadData` for a file that is none."""
    try:
        image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    except RuntimeError as error:
        raise pngs.BadData(f"The label map {path.name!r} cannot be read.", "Fetch it again.") from error
    numbers = np.rint(sitk.GetArrayFromImage(image)).astype(np.int16)
    return head(path.name.split(".")[0], np.where(numbers >= 500, numbers - _REST, numbers).astype(np.uint8))


def head(name: str, labels: NDArray[np.uint8]) -> Head:
    """A head of an array of labels."""
    brain = np.isin(labels, [*_WHITE, *_GREY, *(r for r, left in _LEFT_OF.items() if left in _WHITE + _GREY)])
    if not brain.any():
        raise pngs.BadData(f"The label map {name!r} holds no brain.", "Fetch it again.")
    middle = []
    for axis in range(3):
        rest = tuple(k for k in range(3) if k != axis)
        where = np.flatnonzero(brain.any(axis=rest))
        middle.append((where[0] + where[-1]) / 2)
    return Head(name, labels, np.array(middle))


def draw_head(source: Head, kind: str, rng: np.random.Generator) -> Shot:
    """One picture of that kind."""
    labels = _cut(source, kind, 1 if rng.random() < _THIN else _LOOKS, rng)
    if kind == router_kinds.HEAD_CT:
        return Shot(_ct(labels, rng).astype(np.float16), kind, source.name, hu=True)
    return Shot(_mr(labels, rng).astype(np.float16), kind, source.name)


def _cut(source: Head, kind: str, looks: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Labels (looks, 144, 144) on a plane a little turned, of a field of view of 18 to 29 cm.

    The looks lie anywhere in the pixel and in the thickness of the slice: their mean is a real pixel's.
    """
    normal, down, right = (np.array(v, float) for v in AXES[kind])
    turn = _turned(rng.normal(0, np.deg2rad(7), 3))
    pixel = rng.uniform(180, 290) / _N
    offset = np.arange(_N) - (_N - 1) / 2
    low, high = _REACH[kind]
    start = (
        source.centre + normal * rng.uniform(low, high) + down * rng.normal(0, 10) + right * rng.normal(0, 8)
    )
    stretch = np.exp(rng.normal(0, 0.06, 2))
    points = (
        start[:, None, None]
        + (turn @ down)[:, None, None] * (offset * pixel * stretch[0])[None, :, None]
        + (turn @ right)[:, None, None] * (offset * pixel * stretch[1])[None, None, :]
    )
    within = (turn @ np.stack([normal * rng.uniform(1, 6), down * pixel, right * pixel], axis=1)).T
    seen = []
    for look in range(looks):
        moved = 0.0 if look == 0 else (rng.uniform(-0.5, 0.5, 3) @ within)[:, None, None]
        seen.append(_labels_at(source.labels, (points + moved + 0.5).astype(np.float32)))
    return np.stack(seen)


def _labels_at(labels: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The labels in whose voxel the points (3, ...) lie, voxel k reaching from k to k + 1; 0 outside."""
    inside = np.ones(points.shape[1:], bool)
    flat = np.zeros(points.shape[1:], np.int32)
    for axis, length in enumerate(labels.shape):
        inside &= (points[axis] >= 0) & (points[axis] < length)
        flat = flat * length + np.clip(points[axis], 0, length - 1).astype(np.int32)
    return np.asarray(np.where(inside, labels.ravel()[flat], 0), np.uint8)


def _turned(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation by three small angles."""
    out = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(3)
        one[[a, b], [a, b]] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        out = one @ out
    return out


def _mr(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """A contrast drawn anew; in some the skull stripped off."""
    mean = rng.uniform(0.05, 1.0, 256)
    if rng.random() < 0.75:
        _tie(mean, rng)
    for right, left in _LEFT_OF.items():
        mean[right] = mean[left]
    if rng.random() < 0.3:
        mean[200:] = 0
        if rng.random() < 0.5:
            mean[24] = 0
    mean[0] = rng.uniform(0, 0.04)
    value = mean.astype(np.float32)[labels].mean(axis=0)
    field = np.exp(rng.normal(0, rng.uniform(0, 0.4), (4, 4)))
    value *= resize_area(field.astype(np.float32), (_N, _N))
    value = _soft(value, rng)
    grain = rng.uniform(0, 0.06)
    noise = rng.standard_normal((2, _N, _N), dtype=np.float32) * np.float32(grain)
    return np.asarray(np.hypot(value + noise[0], noise[1]), np.float32)


def _tie(mean: NDArray[np.float64], rng: np.random.Generator) -> None:
    """The order of tissues as in living heads, of T1, T2 and the like."""
    white, grey, fluid = rng.uniform(0.1, 1.0, 3)
    for label in _GREY:
        mean[label] = grey + rng.uniform(-0.1, 0.4) * (white - grey)
    for label in _WHITE:
        mean[label] = white + rng.normal(0, 0.03)
    for label in _FLUID:
        mean[label] = fluid + rng.normal(0, 0.03)
    if rng.random() < 0.7:
        mean[215] = rng.uniform(0, 0.25)
        mean[list(_SCALP)] = rng.uniform(0.4, 1.2)
        mean[list(_SOFT)] = rng.uniform(0.1, 0.6) + rng.normal(0, 0.05, len(_SOFT))
    mean.clip(0, None, out=mean)


def _ct(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """HU by tissue, a head holder, the round edge of the scan."""
    hu = np.full(256, 35.0)
    hu[0] = -1000
    hu[list(_WHITE)], hu[list(_GREY)], hu[list(_FLUID)] = 28, 37 + rng.normal(0, 2), rng.uniform(3, 12)
    hu[list(_SOFT)] = rng.normal(30, 35, len(_SOFT))
    hu[list(_SCALP)] = rng.uniform(-80, 50)
    hu[list(_BONE)] = rng.uniform(400, 1500, len(_BONE))
    hu[list(_NOSE)] = rng.choice([-900.0, -300.0, 30.0], len(_NOSE))
    for right, left in _LEFT_OF.items():
        hu[right] = hu[left]
    value = hu.astype(np.float32)[labels].mean(axis=0)
    soft = np.isin(labels[0], _SOFT)
    patches = resize_area(rng.normal(0, 45, (24, 24)).astype(np.float32), (_N, _N))
    value += np.where(soft, patches, 0)
    if rng.random() < 0.7:
        _hold(value, rng)
    value = _soft(value, rng)
    value += rng.standard_normal(value.shape, dtype=np.float32) * np.float32(rng.gamma(2, 4))
    if rng.random() < 0.6:
        y, x = np.mgrid[:_N, :_N] - (_N - 1) / 2
        outside = np.hypot(y, x) > _N / 2 * rng.uniform(0.95, 1.05)
        value[outside] = rng.choice([-1024.0, -2000.0, -1500.0, -3024.0])
    return value


def _hold(value: NDArray[np.float32], rng: np.random.Generator) -> None:
    """A thin bowl under and beside the head, in place."""
    y, x = np.mgrid[:_N, :_N] / _N - 0.5
    depth = rng.uniform(0.32, 0.5)
    wide, power = rng.uniform(0.3, 0.46), rng.choice([2.0, 3.0, 6.0])
    edge = depth - (np.abs(x - rng.normal(0, 0.03)) / wide) ** power * rng.uniform(0.2, 0.7)
    thick = rng.uniform(0.006, 0.02)
    shell = (np.abs(y - edge) < thick * rng.uniform(1, 3)) & (value < -500)
    value[shell] = rng.uniform(-400, 900)


def _soft(value: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Blurred a little, none to two times [1 2 1]."""
    for _ in range(int(rng.integers(0, 3))):
        for axis in (0, 1):
            value = np.asarray(
                (np.roll(value, 1, axis) + 2 * value + np.roll(value, -1, axis)) / 4, np.float32
            )
    return value
