"""A map of strengths over a picture, as colours: the stronger, the brighter and the denser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.colour_bar import ColourBar
from medviewer.imaging.colour_map import coloured

COLOURS = "inferno"
"""Rises evenly in lightness: read by colour-blind eyes."""
OPACITY = 0.65
"""Of the strongest place."""
_CLEAR = 0.1
"""Up to here nothing lies over the picture: it would dull all of it."""


def heat_rgba(strength: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(rows, columns) from 0 to 1, as (rows, columns, 4) to lie over the picture."""
    known = np.clip(np.nan_to_num(strength, nan=0.0), 0.0, 1.0)
    levels = np.rint(255 * known).astype(np.uint8)
    alpha = np.rint(255 * OPACITY * np.clip((known - _CLEAR) / (1 - _CLEAR), 0, 1)).astype(np.uint8)
    return np.dstack([coloured(levels, COLOURS), alpha])


def heat_bar(title: str) -> ColourBar:
    """What the colours mean, strongest first."""
    rows = coloured(np.arange(255, -1, -1, dtype=np.uint8), COLOURS)
    return ColourBar(rows, ((0.0, "most"), (1.0, "least")), title)
