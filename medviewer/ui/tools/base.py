"""What a mouse tool is, and what it may ask of the view it works in."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt

from medviewer.imaging.window import Window
from medviewer.ui.camera import Camera
from medviewer.ui.shapes import Points, Shape


class Host(Protocol):
    """The view as a tool sees it. Positions are screen pixels of the view, picture points are edge-based."""

    @property
    def camera(self) -> Camera:
        """Zoom and pan."""

    @property
    def shown_window(self) -> Window | None:
        """The window on screen, None for colour or without a picture."""

    @property
    def window_step(self) -> float:
        """Change of the window, in the image's unit, for one screen pixel of dragging."""

    @property
    def whole_values(self) -> bool:
        """Whether the image holds whole numbers."""

    def move_camera(self, camera: Camera) -> None:
        """Zoom or pan."""

    def ask_window(self, window: Window) -> None:
        """The reader wants another window."""

    def ask_scroll(self, step: int) -> None:
        """The reader wants to go some images on."""

    def ask_crosshair(self, at: QPointF) -> None:
        """The reader points at a place for all views."""

    def figure_of(self, kind: str, points: Points) -> str:
        """The figure a shape tells on the picture shown."""

    def finish(self, shape: Shape) -> None:
        """The reader drew a measurement."""

    def ask_words(self) -> str:
        """Words of a note, empty when the reader thought better of it."""

    def redraw(self) -> None:
        """What the tool sketches has changed."""

    def begin_stroke(self) -> None:
        """What is painted from now on belongs together."""

    def paint(self, start: QPointF, end: QPointF, erase: bool) -> None:
        """The brush went from one place to another."""

    def end_stroke(self) -> None:
        """The brush was lifted."""

    def show_brush(self, at: QPointF | None) -> None:
        """The brush is here, or nowhere."""

    def ask_brush_size(self, steps: int) -> None:
        """The reader wants a larger brush, or a smaller one."""


class Tool:
    """A mode of the left button. Made anew for each view; keeps only what one drag needs."""

    name = ""
    cursor = Qt.CursorShape.ArrowCursor
    repeats = False
    """Whether the second click of two quick ones works like the first."""

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The button went down."""

    def drag(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The mouse moved with the button down."""

    def hover(self, host: Host, at: QPointF) -> None:
        """The mouse moved with no button down."""

    def release(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The button went up."""

    def wheel(self, host: Host, notches: int) -> bool:
        """The wheel turned with Shift held; False where the tool makes nothing of it."""
        del host, notches
        return False

    def cancel(self) -> None:
        """Forget what was begun: another tool, image or Escape."""

    def sketch(self, host: Host) -> Shape | None:
        """What is being drawn and not finished yet."""
        del host
        return None


class DragTool(Tool):
    """A tool that acts on each small movement."""

    def __init__(self) -> None:
        self._last: QPointF | None = None

    def press(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Remember where the drag began."""
        del host, keys
        self._last = at

    def drag(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Hand on how far the mouse went since last time."""
        if self._last is not None:
            moved, self._last = at - self._last, at
            self.moved(host, moved, keys)

    def release(self, host: Host, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The drag is over."""
        del host, at, keys
        self._last = None

    def cancel(self) -> None:
        """The drag is over."""
        self._last = None

    def moved(self, host: Host, by: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The mouse went ``by`` screen pixels."""
        raise NotImplementedError
