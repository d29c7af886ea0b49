"""Note: an arrow from where the words stand to what they mean."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medviewer.ui.shapes import Points, Shape
from medviewer.ui.tools.base import Host
from medviewer.ui.tools.draw import DrawTool, Pair, picture_point

_AWAY = QPointF(36, -28)
"""From the tip to the words after a click, on screen."""


class NoteTool(DrawTool):
    """Draws an arrow and asks for its words: press at the tip, let go where the words shall stand.

    A click is enough: then the words stand a little right of the place and above it.
    """

    name = "note"
    kind = "text"

    def points(self, start: Pair, end: Pair) -> Points:
        """Tip and tail."""
        return start, end

    def clicked(self, host: Host, at: QPointF) -> Points | None:
        """The tip at the click."""
        return self.points(picture_point(host, at), picture_point(host, at + _AWAY))

    def release(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Ask for the words; without any there is no note."""
        del keys
        points = self.take(host, at)
        if points is None:
            return
        words = host.ask_words()
        if words:
            host.finish(Shape(self.kind, points, words))
