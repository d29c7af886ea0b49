"""The trachea and the main bronchi of a real chest CT, followed from slice to slice."""

from __future__ import annotations

import numpy as np

from medviewer.training.morphology import Bool, Grid, components, dilate2d, smooth

_LUMEN_HU = -905.0
"""A bronchus is darker than this after smoothing over :data:`_CALM_MM`; most lung is not."""
_CALM_MM = 1.3
_BRONCHUS_MM2 = 220.0
_TRACHEA_MM2 = 800.0
_BELOW_CARINA_MM = 42.0
_TRACHEA_HU = -650.0


def airway(grid: Grid, air: Bool, body: Bool) -> Bool:
    """Trachea and main bronchi, from the top slice that shows the trachea down."""
    out = np.zeros_like(air)
    start = _trachea_seed(grid, air, body)
    if start is None:
        return out
    top, seed = start
    out[top] = seed
    calm = smooth(grid.hu, grid.pixel, _CALM_MM)
    for k in range(top + 1, len(air)):
        grown = _next_slice(grid, air[k], out[k - 1], _TRACHEA_MM2)
        if not grown.any():
            break
        out[k] = grown
    forked_mm = 0.0
    for k in range(top - 1, -1, -1):
        pieces = forked_mm > 0
        limit = _BRONCHUS_MM2 if pieces else _TRACHEA_MM2
        dark = (calm[k] < _LUMEN_HU if pieces else grid.hu[k] < _TRACHEA_HU) & air[k]
        grown = _next_slice(grid, dark, out[k + 1], limit)
        if not grown.any() or forked_mm > _BELOW_CARINA_MM:
            break
        if pieces or _is_forked(grid, grown):
            forked_mm += grid.step
        out[k] = dilate2d(grown[None], grid.disc(1.0))[0] & air[k]
    return out


def _trachea_seed(grid: Grid, air: Bool, body: Bool) -> tuple[int, Bool] | None:
    """The roundest dark spot of tracheal size near the body's middle, in the upper part of the scan."""
    best: tuple[float, int, Bool] | None = None
    area_of = grid.pixel[0] * grid.pixel[1]
    for k in range(len(air) - 1, len(air) // 2, -1):
        if not body[k].any():
            continue
        rows, columns = np.nonzero(body[k])
        middle = np.array([np.median(rows), (columns.min() + columns.max()) / 2])
        labels = components(air[k])
        for label in range(1, int(labels.max()) + 1):
            spot = labels == label
            area = np.count_nonzero(spot) * area_of
            if not 70 <= area <= 650:
                continue
            r, c = np.nonzero(spot)
            extent = (np.ptp(r) + 1) * grid.pixel[0] * (np.ptp(c) + 1) * grid.pixel[1]
            away = np.abs(np.array([r.mean(), c.mean()]) - middle) * grid.pixel
            if away[1] > 35 or away[0] > 60 or area / extent < 0.55:
                continue
            score = float(away[1]) + 60 * abs(area / extent - 0.785)
            if best is None or score < best[0]:
                best = (score, k, spot)
        if best is not None and best[1] - k > 3:
            break
    return None if best is None else (best[1], best[2])


def _next_slice(grid: Grid, dark: Bool, before: Bool, limit_mm2: float) -> Bool:
    """Components of ``dark`` that overlap the airway of the slice before and stay small."""
    labels = components(dark)
    reach = dilate2d(before[None], grid.disc(2.5))[0]
    out = np.zeros_like(dark)
    for label in np.unique(labels[reach]):
        if label == 0:
            continue
        piece = labels == label
        if np.count_nonzero(piece) * grid.pixel[0] * grid.pixel[1] <= limit_mm2:
            out |= piece
    return out


def _is_forked(grid: Grid, picture: Bool) -> bool:
    """Whether the airway has become two, or wide: the carina."""
    labels = components(picture)
    areas = np.bincount(labels.ravel())[1:] * grid.pixel[0] * grid.pixel[1]
    columns = np.flatnonzero(picture.any(axis=0))
    wide = (columns[-1] - columns[0] + 1) * grid.pixel[1]
    return int((areas > 40).sum()) >= 2 or wide > 34
