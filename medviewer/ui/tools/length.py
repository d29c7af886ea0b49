"""Length: press at one end, let go at the other."""

from __future__ import annotations

from medviewer.ui.shapes import Points
from medviewer.ui.tools.draw import DrawTool, Pair


class LengthTool(DrawTool):
    """Draws a distance."""

    name = "length"
    kind = "length"

    def points(self, start: Pair, end: Pair) -> Points:
        """Both ends."""
        return start, end
