"""From values to pictures: the one path of screen, report and command line.

Windowing follows PS3.3 C.11.2.1.2 and C.11.2.1.3 to the last grey level. Colours are straight-alpha RGBA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.colour_map import coloured
from medviewer.imaging.overlay import PALETTE, OverlayStyle, compose, overlay_rgba
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import VoiFunction, VoiLut, Window

__all__ = [
    "PALETTE",
    "OverlayStyle",
    "apply_window",
    "auto_window",
    "compose",
    "display_size",
    "overlay_rgba",
    "render",
    "shades",
]

_WHITE = 255.0
_SAMPLES = 1 << 18
"""Voxels looked at by the automatic window: enough for a percentile, quick on any series."""


def _levels(x: NDArray[np.float64], window: Window) -> NDArray[np.uint8]:
    """PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and .2, written as they stand there, ymin 0 and ymax 255."""
    c, w = window.centre, window.width
    if window.lut is not None:
        return _looked_up(x, window.lut, window.invert)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if window.function is VoiFunction.SIGMOID:
            y = _WHITE / (1 + np.exp(-4 * (x - c) / w))
        elif window.function is VoiFunction.LINEAR_EXACT:
            y = ((x - c) / w + 0.5) * _WHITE
            y = np.where(x <= c - w / 2, 0.0, np.where(x > c + w / 2, _WHITE, y))
        else:
            y = ((x - (c - 0.5)) / (w - 1) + 0.5) * _WHITE
            y = np.where(x <= c - 0.5 - (w - 1) / 2, 0.0, np.where(x > c - 0.5 + (w - 1) / 2, _WHITE, y))
        unknown = np.isnan(x)
        level = np.floor(np.where(unknown, 0.0, y) + 0.5).astype(np.uint8)
    return np.where(unknown, 0, 255 - level).astype(np.uint8) if window.invert else level


def _looked_up(x: NDArray[np.float64], lut: VoiLut, invert: bool) -> NDArray[np.uint8]:
    """PS3.3 C.11.2.1.1: entries of n bits span 0 to 2**n - 1, values beyond the table take its end entries.

    The table is for whole numbers: others are rounded half up first.
    """
    entries = np.frombuffer(lut.entries, "<u2")
    white = (1 << lut.bits) - 1
    levels = np.floor(np.minimum(entries, white) * (_WHITE / white) + 0.5).astype(np.uint8)
    unknown = np.isnan(x)
    index = np.floor(np.where(unknown, 0.0, x) + 0.5) - lut.first
    level = levels[np.clip(index, 0, len(entries) - 1).astype(np.intp)]
    return np.where(unknown, 0, 255 - level if invert else level).astype(np.uint8)


@dataclass(frozen=True)
class _Table:
    levels: NDArray[np.uint8]
    unsigned: np.dtype[Any]


@lru_cache(maxsize=64)
def _table(window: Window, dtype: np.dtype[Any]) -> _Table:
    """Grey level of every value an 8 or 16 bit type can hold, ordered by its bit pattern."""
    unsigned = np.dtype(f"u{dtype.itemsize}")
    patterns = np.arange(1 << (8 * dtype.itemsize), dtype=unsigned)
    return _Table(_levels(patterns.view(dtype).astype(np.float64), window), unsigned)


def _as_small_integers(values: NDArray[Any]) -> NDArray[Any] | None:
    """The values as 8 or 16 bit integers where they are exactly that, else None.

    Rescaled CT is often whole numbers kept as float32: looking costs a tenth of the formula.
    """
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        return values
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.int16)
    return whole if np.array_equal(whole, values) else None


def apply_window(values: NDArray[Any], window: Window) -> NDArray[np.uint8]:
    """Grey levels of ``values`` (any shape): ymin 0, ymax 255, rounded half up to the nearest level.

    ``window.invert`` gives 255 minus the level. NaN is black either way. Whole numbers of 8 and 16 bits go
    through a table kept between calls, all else through float64.
    """
    small = _as_small_integers(values)
    if small is None:
        return _levels(values.astype(np.float64, copy=False), window)
    native = small.dtype.newbyteorder("=")
    table = _table(window, native)
    return np.asarray(table.levels.take(small.astype(native, copy=False).view(table.unsigned)))


def shades(values: NDArray[Any], window: Window) -> NDArray[np.uint8]:
    """Grey levels of ``values`` (any shape), or (..., 3) RGB where the window has a colour map.

    What is no number stays black in every map, and so is told from the lowest value.
    """
    levels = apply_window(values, window)
    if not window.colours:
        return levels
    out = coloured(levels, window.colours)
    if values.dtype.kind == "f":
        out[np.isnan(values)] = 0
    return out


def _sampled(volume: Volume, index: int | None) -> NDArray[np.float64]:
    """Up to a few hundred thousand values without padding and NaN, of one slice or of the whole volume."""
    voxels = volume.voxels if index is None else volume.voxels[index : index + 1]
    step = max(1, int(np.ceil((voxels.size / _SAMPLES) ** (1 / 3)))) if index is None else 1
    values = voxels[::step, ::step, ::step].astype(np.float64).ravel()
    keep = np.isfinite(values)
    if volume.padding is not None:
        keep &= (values < volume.padding[0]) | (values > volume.padding[1])
    return np.asarray(values[keep])


def auto_window(volume: Volume, index: int | None = None) -> Window:
    """A LINEAR_EXACT window from the 0.5th to the 99.5th percentile, of slice ``index`` or of all.

    Padding and NaN are left out. A constant image becomes mid grey, never a division by zero. Colour needs
    no window: the identity of 0..255 is returned.
    """
    if volume.is_colour:
        return Window(127.5, 255.0, VoiFunction.LINEAR_EXACT, name="auto")
    values = _sampled(volume, index)
    if values.size == 0:
        return Window(0.0, 1.0, VoiFunction.LINEAR_EXACT, name="auto")
    low, high = (float(v) for v in np.percentile(values, (0.5, 99.5)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    if volume.voxels.dtype.kind in "iu":
        low, high = float(np.floor(low)), float(np.ceil(high))
    width = high - low if high - low > max(1e-9, 1e-9 * abs(high)) else 1.0
    return Window((low + high) / 2, width, VoiFunction.LINEAR_EXACT, name="auto")


def display_size(view: PlaneView, longest: int) -> tuple[int, int]:
    """(rows, columns) of a picture in its true proportions whose longer side has ``longest`` pixels.

    Without geometry pixels are taken as square.
    """
    row_mm, col_mm = view.pixel_mm or (1.0, 1.0)
    height, width = view.shape[0] * row_mm, view.shape[1] * col_mm
    scale = longest / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _nearest(old: int, new: int) -> NDArray[np.intp]:
    """Which of ``old`` pixels covers the centre of each of ``new`` pixels."""
    return np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.intp), old - 1)


def _blend(picture: NDArray[np.float32], new: int) -> NDArray[np.float32]:
    """Linear interpolation along the first axis, pixel edges kept in place."""
    old = picture.shape[0]
    centres = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    below = np.minimum(centres.astype(np.intp), max(0, old - 2))
    above = np.minimum(below + 1, old - 1)
    part = (centres - below).astype(np.float32).reshape(-1, *([1] * (picture.ndim - 1)))
    return np.asarray(picture[below] * (1 - part) + picture[above] * part)


def _smooth(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    tall = _blend(picture.astype(np.float32), size[0])
    return np.asarray(np.rint(_blend(tall.swapaxes(0, 1), size[1]).swapaxes(0, 1)).astype(np.uint8))


def render(
    volume: Volume,
    view: PlaneView,
    index: int,
    window: Window | None,
    layers: Sequence[tuple[Mask, str]] = (),
    *,
    style: OverlayStyle = OverlayStyle(),  # noqa: B008 - frozen
    size: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """Picture ``index`` of ``view`` with masks over it: (rows, columns, 3).

    ``window`` None means automatic. ``layers``: masks on the volume's grid with their colours. ``size``
    (rows, columns) enlarges or shrinks: grey levels are interpolated, labels never are (nearest pixel). The
    overlay is drawn at the final size, so that its outline stays thin. Raises IndexError.
    """
    values = view.extract(volume.voxels, index)
    if volume.is_colour:
        base = np.ascontiguousarray(values, dtype=np.uint8)
    else:
        base = shades(values, window or auto_window(volume))
    pictures = [(view.extract_mask(mask, index), colour) for mask, colour in layers]
    if size is not None and size != view.shape:
        base = _smooth(base, size)
        rows, columns = _nearest(view.shape[0], size[0]), _nearest(view.shape[1], size[1])
        pictures = [(mask[rows][:, columns], colour) for mask, colour in pictures]
    if not pictures:
        return base if base.ndim == 3 else np.repeat(base[..., None], 3, axis=2)
    return compose(base, overlay_rgba(pictures, style))
