"""Masks as colour over an image: fill, outline and hatch, and the exact outline of every pixel.

Pixel (row, column) covers [column, column + 1] x [row, row + 1] in edge coordinates (x, y).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PALETTE: tuple[str, ...] = (
    *("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00", "#0072B2"),
    *("#AA4499", "#999933"),
)
"""Okabe-Ito, safe for colour-blind eyes, in the order labels take them; then two of Tol's muted colours."""

_HATCHES: tuple[tuple[int, int, int], ...] = (
    (1, 1, 8),
    (1, -1, 8),
    (1, 0, 8),
    (0, 1, 8),
    (1, 1, 4),
    (1, -1, 4),
    (1, 0, 4),
    (0, 1, 4),
    (1, 1, 16),
)
"""By palette order: a pixel is on a line where (a * row + b * column) mod period == 0."""

_HATCH_GAIN = 1.75
"""How much more opaque a hatch line is than the fill."""

_HATCH_ROOM = 512

_EMPTY, _FILL, _LINE, _EDGE = range(4)


@dataclass(frozen=True)
class OverlayStyle:
    """Opacity of fill and outline from 0 to 1, and whether labels are hatched besides."""

    fill: float = 0.28
    outline: float = 1.0
    hatch: bool = True


def rgb_of(colour: str) -> tuple[int, int, int]:
    """ "#56B4E9" to (86, 180, 233). Raises ValueError."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"{colour!r} is not a colour like #56B4E9")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hatch_of(colour: str) -> int:
    """Number of the hatch that goes with a colour: its place in the palette. Strangers share the hatches by
    their value, so that most of them differ too."""
    known = [c.upper() for c in PALETTE]
    return known.index(colour.upper()) if colour.upper() in known else int(colour[1:], 16) % len(_HATCHES)


@lru_cache(maxsize=32)
def hatch(kind: int, rows: int, columns: int) -> NDArray[np.bool_]:
    """(rows, columns) pattern of a hatch, one pixel wide lines. ``kind`` counts as the palette does."""
    a, b, period = _HATCHES[kind % len(_HATCHES)]
    once = (a * np.arange(period)[:, None] + b * np.arange(period)[None, :]) % period == 0
    pattern = np.tile(once, (-(-rows // period), -(-columns // period)))[:rows, :columns]
    pattern.flags.writeable = False
    return np.asarray(pattern)


def _hatched(kind: int, box: tuple[slice, slice], corner: tuple[int, int]) -> NDArray[np.bool_]:
    """The piece of an endless hatch under a box of a picture that begins at ``corner`` of a larger one."""
    period = _HATCHES[kind % len(_HATCHES)][2]
    first = [(begin + side.start) % period for begin, side in zip(corner, box, strict=True)]
    sizes = [side.stop - side.start for side in box]
    # Few sizes, so that the pattern is found ready while zooming.
    room = [-(-(size + period) // _HATCH_ROOM) * _HATCH_ROOM for size in sizes]
    pattern = hatch(kind, room[0], room[1])
    return pattern[first[0] : first[0] + sizes[0], first[1] : first[1] + sizes[1]]


def edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of the mask that touch, by a side, a pixel outside it or the picture's border."""
    inner = np.zeros_like(mask)
    core = inner[1:-1, 1:-1]
    np.logical_and(mask[1:-1, 1:-1], mask[:-2, 1:-1], out=core)
    for neighbour in (mask[2:, 1:-1], mask[1:-1, :-2], mask[1:-1, 2:]):
        np.logical_and(core, neighbour, out=core)
    return mask & ~inner


def _bounds(mask: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _ink(colour: str, style: OverlayStyle) -> NDArray[np.uint8]:
    """RGBA of (outside, fill, hatch line, outline)."""
    line = min(1.0, style.fill * _HATCH_GAIN) if style.hatch else style.fill
    alphas = [0.0, style.fill, line, max(style.outline, 0.0)]
    ink = np.zeros((4, 4), np.uint8)
    for kind, alpha in enumerate(alphas):
        ink[kind] = (*rgb_of(colour), round(255 * min(1.0, max(0.0, alpha)))) if kind else (0, 0, 0, 0)
    return ink


def _paint(target: NDArray[np.uint8], layer: NDArray[np.uint8], mask: NDArray[np.bool_]) -> None:
    """Lay one RGBA layer over another in place, straight alpha; only where ``mask`` is set."""
    below = target.view(np.uint32)[..., 0]
    both = mask & (below != 0)
    if not both.any():
        np.copyto(below, layer.view(np.uint32)[..., 0], where=mask)
        return
    under, over = target[both].astype(np.float32), layer[both].astype(np.float32)
    np.copyto(below, layer.view(np.uint32)[..., 0], where=mask)
    top, bottom = over[:, 3:] / 255, under[:, 3:] / 255
    alpha = top + bottom * (1 - top)
    colour = (over[:, :3] * top + under[:, :3] * bottom * (1 - top)) / np.maximum(alpha, 1e-6)
    target[both] = np.rint(np.concatenate([colour, alpha * 255], axis=1)).astype(np.uint8)


def overlay_rgba(
    layers: Sequence[tuple[NDArray[np.bool_], str]],
    style: OverlayStyle,
    corner: tuple[int, int] = (0, 0),
) -> NDArray[np.uint8]:
    """(rows, columns, 4) straight-alpha picture of masks in their colours, later ones on top.

    ``layers``: (mask of rows x columns, "#RRGGBB"), at least one, all of one shape. ``corner``: (row, column)
    of the whole picture where these masks begin: the hatch is counted from the picture's own corner. Raises
    ValueError.
    """
    if not layers:
        raise ValueError("an overlay needs at least one layer")
    shape = layers[0][0].shape
    out = np.zeros((*shape, 4), np.uint8)
    for mask, colour in layers:
        if mask.shape != shape:
            raise ValueError(f"layers differ in shape: {mask.shape} and {shape}")
        box = _bounds(mask)
        if box is None:
            continue
        inside = np.ascontiguousarray(mask[box])
        kinds = inside.astype(np.uint8)
        if style.hatch:
            kinds[inside & _hatched(hatch_of(colour), box, corner)] = _LINE
        if style.outline > 0:
            kinds[edge(inside)] = _EDGE
        ink = _ink(colour, style).view(np.uint32)[:, 0]
        _paint(out[box], ink.take(kinds)[..., None].view(np.uint8), inside)
    return out


def compose(base: NDArray[np.uint8], rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a straight-alpha picture over (rows, columns) grey or (rows, columns, 3) colour: a new array."""
    if base.shape[:2] != rgba.shape[:2]:
        raise ValueError(f"the overlay is {rgba.shape[:2]}, the image {base.shape[:2]}")
    out = base.copy() if base.ndim == 3 else np.repeat(base[..., None], 3, axis=2)
    covered = rgba[..., 3] != 0
    box = _bounds(covered)
    if box is None:
        return out
    part, over = out[box], rgba[box]
    alpha = over[..., 3].astype(np.uint16)
    rest = 255 - alpha
    for channel in range(3):
        mixed = part[..., channel] * rest + over[..., channel] * alpha + np.uint16(128)
        part[..., channel] = (mixed + (mixed >> 8)) >> 8
    return out


def outline_segments(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Every pixel side between inside and outside: (n, 2, 2), two ends (x, y) in edge coordinates.

    Runs along one line are joined, so n stays small. Exact: nothing is smoothed or shifted.
    """
    box = _bounds(mask)
    if box is None:
        return np.zeros((0, 2, 2), np.float32)
    padded = np.pad(mask[box], 1)
    across = padded[1:, 1:-1] != padded[:-1, 1:-1]
    along = padded[1:-1, 1:] != padded[1:-1, :-1]
    lines = np.concatenate([_runs(across), _runs(along.T)[..., ::-1]])
    shift = np.array([box[1].start, box[0].start], np.float32)
    return np.asarray(lines.astype(np.float32) + shift)


def _runs(sides: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Joined runs of set sides within each line: (n, 2, 2) ends as (position in line, line)."""
    padded = np.pad(sides, ((0, 0), (1, 1)))
    # Found in the flat array, which is many times quicker than by line and position.
    line, start = np.divmod(np.flatnonzero(padded[:, 1:] & ~padded[:, :-1]), padded.shape[1] - 1)
    _, end = np.divmod(np.flatnonzero(padded[:, :-1] & ~padded[:, 1:]), padded.shape[1] - 1)
    return np.stack([np.stack([start, line], axis=1), np.stack([end, line], axis=1)], axis=1)
