"""What one picture tells of itself where there is no volume: its scale, what its millimetres are, its edges.

A projection has a pixel spacing and no place in the patient; an ultrasound picture has a scale for each of
its regions. Both are measured in their own plane and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.errors import NoGeometry


@dataclass(frozen=True)
class Scale:
    """Distance between rows and between columns in mm, and what these millimetres are ("mm at detector").

    ``note``: the same in full where the file does not say it: who calibrated, when, by what.
    """

    row_mm: float
    column_mm: float
    label: str = "mm"
    note: str = ""

    def position(self, index: ArrayLike) -> NDArray[np.float64]:
        """(0, down, across) in mm of pixel indices (..., 3) in (slice, row, column): a place in the picture
        only, never in the patient."""
        return np.asarray(np.asarray(index, np.float64) * (0.0, self.row_mm, self.column_mm))


@dataclass(frozen=True)
class Region:
    """A calibrated part of an ultrasound picture (PS3.3 C.8.5.5): pixels ``left`` to ``right`` and ``top`` to
    ``bottom``, both ends within. ``scale`` None: its axes are no lengths (time, velocity)."""

    left: int
    top: int
    right: int
    bottom: int
    scale: Scale | None

    def holds(self, row: float, column: float) -> bool:
        """Whether the pixel centre or fraction of a pixel lies in the region."""
        across = self.left - 0.5 <= column <= self.right + 0.5
        return across and self.top - 0.5 <= row <= self.bottom + 0.5


@dataclass(frozen=True)
class InPlane:
    """One picture. ``edges``: letters at its left, right, upper and lower edge, () where nobody says them.

    ``quadruped``: the patient stands on four legs, and the letters of people are not theirs.
    """

    scale: Scale | None = None
    regions: tuple[Region, ...] = ()
    edges: tuple[str, ...] = ()
    quadruped: bool = False

    def scale_at(self, points: Sequence[tuple[float, float]]) -> Scale | None:
        """The scale that holds for all (row, column) points; None where there is none.

        Raises :class:`NoGeometry` for points of several ultrasound regions: no scale holds across them.
        """
        if not self.regions:
            return self.scale
        where = {self._region(row, column) for row, column in points}
        if len(where) > 1:
            raise NoGeometry("Points of different ultrasound regions have no common scale.")
        found = where.pop() if where else None
        return found.scale if found is not None else None

    def _region(self, row: float, column: float) -> Region | None:
        """The smallest region around a point: pictures lie within pictures."""
        found = [region for region in self.regions if region.holds(row, column)]
        return min(found, key=lambda r: (r.right - r.left) * (r.bottom - r.top), default=None)
