"""Ellipse: mean, standard deviation and area of a region, drawn as its box."""

from __future__ import annotations

from medviewer.ui.shapes import Points, ellipse_points
from medviewer.ui.tools.draw import DrawTool, Pair


class EllipseTool(DrawTool):
    """Draws a region of interest."""

    name = "ellipse"
    kind = "ellipse"

    def points(self, start: Pair, end: Pair) -> Points:
        """Centre and half axes of the ellipse in the box."""
        return ellipse_points(start, end)
