"""Preparation of pictures as named steps: one definition for training and for reading, listed on the card.

A step takes a picture (..., rows, columns) and its parameters and returns a new one in float32; the given
one is never changed. A card lists its steps in order::

    "steps": [{"name": "clip", "args": {"low": -1000, "high": 400}}, {"name": "zscore", "args": {}}]

First of all ``present``: the grey levels the image itself asks for. Cleaning: ``clean``, ``clip``,
``invert_if``. Denoising: ``denoise_median``, ``denoise_gauss``. Normalisation: ``scale_range``,
``scale_percentiles``, ``zscore``. Size: ``resize_area``, ``pad_square``, ``crop_centre``.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.errors import BundleError
from medviewer.imaging.render import apply_window
from medviewer.imaging.window import Window

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One entry of a card's ``input.steps``."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "args", MappingProxyType(dict(self.args)))


@dataclass(frozen=True)
class Shown:
    """How an image asks to be shown: its own window or table (which inverts itself), or plainly inverted."""

    window: Window | None = None
    invert: bool = False


AS_EXPORTED = Shown()
"""Nothing to do: pictures of a training set, which are grey levels already."""


def apply_steps(picture: NDArray[Any], steps: Sequence[Step], shown: Shown = AS_EXPORTED) -> Picture:
    """The picture after every step in order; ``shown`` is what the step ``present`` goes by.

    Raises :class:`BundleError` for a step that is not known.
    """
    for wrong in wrong_steps(steps):
        raise BundleError(f"The model's preparation is wrong: {wrong}.")
    out = np.array(picture, dtype=np.float32)
    for step in steps:
        if step.name == present.__name__:
            out = present(out, shown)
            continue
        out = np.ascontiguousarray(STEPS[step.name](out, **step.args), dtype=np.float32)
    return out


def wrong_steps(steps: Sequence[Step]) -> list[str]:
    """What is wrong with the names and arguments of steps, as parts of sentences; empty when nothing is."""
    return [text for step in steps for text in _wrong(step)]


def _wrong(step: Step) -> list[str]:
    function = STEPS.get(step.name)
    if function is None:
        near = difflib.get_close_matches(step.name, list(STEPS), n=1, cutoff=0.0)[0]
        return [f"the unknown step {step.name!r}; the nearest known one is {near!r}"]
    given = {"picture", "shown"}
    known = {name: p for name, p in inspect.signature(function).parameters.items() if name not in given}
    for name in step.args:
        if name not in known:
            nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
            said = f"; the nearest known one is {nearest[0]!r}" if nearest else "; it takes none"
            return [f"step {step.name!r} has no argument {name!r}{said}"]
    lacking = [n for n, p in known.items() if p.default is inspect.Parameter.empty and n not in step.args]
    return [f"step {step.name!r} lacks the argument {name!r}" for name in lacking]


def present(picture: Picture, shown: Shown = AS_EXPORTED) -> Picture:
    """Modality values to the grey levels (0 to 255, bright = dense) that the image's own window gives.

    Pictures of training sets were exported that way. An image without a window keeps its values, turned
    where it is MONOCHROME1 (PS3.3 C.7.6.3.1.2); a picture that was exported already stays as it is.
    """
    if shown.window is not None:
        return apply_window(picture, shown.window).astype(np.float32)
    if not shown.invert:
        return picture
    finite = picture[np.isfinite(picture)]
    if not finite.size:
        return picture
    return np.asarray(finite.max() + finite.min() - picture, np.float32)


def clean(picture: Picture, fill: float = 0.0) -> Picture:
    """Values that are no numbers, or infinite, become ``fill``."""
    return np.where(np.isfinite(picture), picture, np.float32(fill)).astype(np.float32)


def clip(picture: Picture, low: float, high: float) -> Picture:
    """Values below ``low`` become ``low``, above ``high`` become ``high``."""
    return np.asarray(np.clip(picture, np.float32(low), np.float32(high)), np.float32)


def invert_if(picture: Picture, dark_border: bool = True, share: float = 0.06) -> Picture:
    """Turn light and dark where the border of the picture says that they are turned.

    ``dark_border``: air beside the body is dark in the pictures wanted. The border is a frame of ``share``
    of each side; it counts as bright where its median lies above the median of the middle half.
    """
    rows, columns = (max(1, round(n * share)) for n in picture.shape[-2:])
    frame = np.ones(picture.shape[-2:], bool)
    frame[rows:-rows, columns:-columns] = False
    quarter = [n // 4 for n in picture.shape[-2:]]
    middle = picture[..., quarter[0] : -quarter[0] or None, quarter[1] : -quarter[1] or None]
    bright = float(np.median(picture[..., frame])) > float(np.median(middle))
    if bright != dark_border:
        return picture
    return np.asarray(picture.max() + picture.min() - picture, np.float32)


def denoise_median(picture: Picture, radius: int = 1) -> Picture:
    """The median of each pixel's square neighbourhood: takes out single wrong pixels, keeps edges."""
    return _filtered(picture, "Median", [int(radius)] * picture.ndim)


def denoise_gauss(picture: Picture, sigma: float = 1.0) -> Picture:
    """Blur by a Gaussian of ``sigma`` pixels."""
    return _filtered(picture, "DiscreteGaussian", float(sigma) ** 2)


def scale_range(picture: Picture, low: float, high: float) -> Picture:
    """``low`` → −1, ``high`` → 1, clipped."""
    scaled = (np.clip(picture, low, high) - low) * (2.0 / (high - low)) - 1.0
    return np.asarray(scaled, np.float32)


def scale_percentiles(picture: Picture, low: float = 0.5, high: float = 99.5) -> Picture:
    """The percentiles ``low`` and ``high`` → 0 and 1, clipped; a constant picture → 0."""
    bottom, top = (float(v) for v in np.percentile(picture, [low, high]))
    if top <= bottom:
        return np.zeros_like(picture)
    scaled = np.clip((picture - bottom) / (top - bottom), 0.0, 1.0)
    return np.asarray(scaled, np.float32)


def zscore(picture: Picture) -> Picture:
    """Mean 0 and standard deviation 1; a constant picture → 0."""
    deviation = float(picture.std(dtype=np.float64))
    if deviation == 0:
        return np.zeros_like(picture)
    return np.asarray((picture - picture.mean(dtype=np.float64)) / deviation, np.float32)


def resize_area(picture: Picture, size: Sequence[int]) -> Picture:
    """Resample rows and columns to ``size`` (rows, columns), each new pixel the mean of what it covers.

    Where a side grows, linear interpolation between pixel centres. The frame of the picture stays the same:
    its outer edges, not its outer pixels, coincide.
    """
    rows = resize_matrix(picture.shape[-2], int(size[0]))
    columns = resize_matrix(picture.shape[-1], int(size[1]))
    return np.asarray(rows @ picture @ columns.T, np.float32)


def resize_matrix(inside: int, outside: int) -> Picture:
    """(outside, inside): rows sum to 1. Area means when shrinking, linear interpolation when growing."""
    scale = inside / outside
    if scale >= 1:
        edges = np.arange(outside + 1) * scale
        start, end = edges[:-1, None], edges[1:, None]
        cell = np.arange(inside)[None, :]
        cover = np.clip(np.minimum(end, cell + 1) - np.maximum(start, cell), 0, None)
    else:
        centre = np.clip((np.arange(outside) + 0.5) * scale - 0.5, 0, inside - 1)
        cover = np.clip(1 - np.abs(centre[:, None] - np.arange(inside)[None, :]), 0, None)
    return np.asarray(cover / cover.sum(axis=1, keepdims=True), np.float32)


def pad_square(picture: Picture, fill: float = 0.0) -> Picture:
    """Make rows and columns equal by ``fill`` on both sides of the shorter (an odd one goes to the end)."""
    rows, columns = picture.shape[-2:]
    side = max(rows, columns)
    before = ((side - rows) // 2, (side - columns) // 2)
    after = (side - rows - before[0], side - columns - before[1])
    pads = [(0, 0)] * (picture.ndim - 2) + [(before[0], after[0]), (before[1], after[1])]
    return np.pad(picture, pads, constant_values=np.float32(fill))


def crop_centre(picture: Picture, size: Sequence[int]) -> Picture:
    """The middle ``size`` (rows, columns) of the picture; a side that is smaller stays."""
    starts = [max(0, (n - int(k)) // 2) for n, k in zip(picture.shape[-2:], size, strict=True)]
    ends = [start + int(k) for start, k in zip(starts, size, strict=True)]
    return picture[..., starts[0] : ends[0], starts[1] : ends[1]]


def _filtered(picture: Picture, name: str, *args: Any) -> Picture:
    """What a function of SimpleITK makes of a picture."""
    # Here, because cards name steps and are read when the window starts, which would wait for the import.
    import SimpleITK

    image = getattr(SimpleITK, name)(SimpleITK.GetImageFromArray(picture), *args)
    return np.asarray(SimpleITK.GetArrayFromImage(image), np.float32)


STEPS: Mapping[str, Callable[..., Picture]] = MappingProxyType(
    {
        f.__name__: f
        for f in (
            present, clean, clip, invert_if, denoise_median, denoise_gauss, scale_range, scale_percentiles,
            zscore, resize_area, pad_square, crop_centre,
        )
    }
)  # fmt: skip
"""Every step a card may list."""
