"""A head of simple solids, as a label map and as an MR volume: what the tests of ``brain-mr`` look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.training.brain_maps import FINE, LabelMap, from_fine

SIZE = (200, 220, 190)


def ball(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> NDArray[np.bool_]:
    """An ellipsoid on the grid of :data:`SIZE`; (z, y, x) in voxels of 1 mm."""
    z, y, x = np.ogrid[: SIZE[0], : SIZE[1], : SIZE[2]]
    parts = [((a - c) / r) ** 2 for a, c, r in zip((z, y, x), centre, radii, strict=True)]
    return np.asarray(parts[0] + parts[1] + parts[2] <= 1)


def solid_head(name: str = "solid_01") -> LabelMap:
    """Scalp, fluid, two cerebral halves with a ventricle each; the right ventricle is far the smaller.

    Axes run to head, to the back and to the patient's left; the middle lies at x = 95.
    """
    fine = np.zeros(SIZE, np.uint8)

    def paint(inside: NDArray[np.bool_], label: int) -> None:
        fine[inside] = FINE.index(label)

    paint(ball((110, 110, 95), (85, 100, 78)), 507)
    brain = ball((115, 110, 95), (66, 82, 64))
    paint(ball((115, 110, 95), (70, 86, 68)), 24)
    left = np.arange(SIZE[2])[None, None, :] > 95
    paint(brain & left, 2)
    paint(brain & ~left, 41)
    paint(ball((120, 110, 120), (12, 30, 10)), 4)
    paint(ball((120, 110, 72), (6, 12, 5)), 43)
    paint(ball((60, 120, 95), (18, 10, 10)), 16)
    return from_fine(name, fine)
