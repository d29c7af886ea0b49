"""What the mouse means: wheel scrolls, Ctrl + wheel zooms, left is the tool, middle pans, right zooms or asks
for the menu, Shift + move is the crosshair."""

from __future__ import annotations

import math
from typing import Protocol

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from medviewer.ui.tools import TOOLS, Host, Tool
from medviewer.ui.tools.pan import PanTool
from medviewer.ui.tools.zoom import ZoomTool

_NOTCH = 120
"""Qt counts one notch of the wheel as 120."""
_ZOOM_PER_NOTCH = 1.15
_CLICK_PX = 4.0


class Surface(Host, Protocol):
    """What the gestures ask of the viewport besides what tools do."""

    @property
    def can_work(self) -> bool:
        """Whether there is an image to work on."""

    def set_cursor(self, shape: Qt.CursorShape) -> None:
        """Show a cursor."""

    def hover_at(self, at: QPointF | None) -> None:
        """The mouse is here, or left."""

    def choose_at(self, at: QPointF) -> None:
        """The mouse was pressed here."""

    def ask_menu(self, at: QPointF, place: QPoint) -> None:
        """The reader wants the menu of this place."""

    def ask_maximise(self) -> None:
        """The reader wants this view large, or as it was."""

    def size_changed(self, width: float, height: float) -> None:
        """The view has another size."""


class Gestures:
    """Turns mouse events into what the tools and the viewport understand."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self.tool: Tool = TOOLS["window"]()
        self._held: Tool | None = None
        self._button = Qt.MouseButton.NoButton
        self._pressed = QPointF()
        self._notches = 0.0

    def set_tool(self, name: str) -> None:
        """The left button's tool. Raises KeyError for an unknown one."""
        wanted = TOOLS[name]
        self.tool.cancel()
        self.tool = wanted()
        self._surface.set_cursor(self.tool.cursor)
        self._surface.redraw()

    def cancel(self) -> None:
        """Drop what was begun."""
        for tool in (self.tool, self._held):
            if tool is not None:
                tool.cancel()
        self._held = None

    def wheel(self, event: QWheelEvent) -> None:
        """Whole notches scroll; what is less is kept, as touchpads send it."""
        turn = event.angleDelta().y() or event.angleDelta().x()
        at = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            factor = _ZOOM_PER_NOTCH ** (turn / _NOTCH)
            self._surface.move_camera(self._surface.camera.zoomed(factor, (at.x(), at.y())))
            return
        if self._notches * turn < 0:
            self._notches = 0.0
        self._notches += turn / _NOTCH
        whole = int(self._notches)
        self._notches -= whole
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if whole and not (shift and self.tool.wheel(self._surface, whole)):
            self._surface.ask_scroll(-whole)

    def press(self, event: QMouseEvent) -> None:
        """One button at a time; a second one is left alone."""
        if self._held is not None:
            return
        at, button = event.position(), event.button()
        self._button, self._pressed = button, at
        if button == Qt.MouseButton.MiddleButton:
            self._held = PanTool()
        elif button == Qt.MouseButton.RightButton:
            self._held = ZoomTool()
        elif button == Qt.MouseButton.LeftButton and self._surface.can_work:
            self._held = self.tool
        self._surface.choose_at(at)
        if self._held is not None:
            if isinstance(self._held, PanTool):
                self._surface.set_cursor(Qt.CursorShape.ClosedHandCursor)
            self._held.press(self._surface, at, event.modifiers())

    def move(self, event: QMouseEvent) -> None:
        """Drag with the tool held, or hover."""
        at = event.position()
        if self._held is not None:
            self._held.drag(self._surface, at, event.modifiers())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._surface.ask_crosshair(at)
        else:
            self.tool.hover(self._surface, at)
        self._surface.hover_at(at)

    def release(self, event: QMouseEvent) -> None:
        """The button that began it ends it; the right one without a drag asks for the menu."""
        if event.button() != self._button or self._held is None:
            return
        held, self._held = self._held, None
        self._button = Qt.MouseButton.NoButton
        at = event.position()
        held.release(self._surface, at, event.modifiers())
        self._surface.set_cursor(self.tool.cursor)
        moved = at - self._pressed
        is_click = math.hypot(moved.x(), moved.y()) < _CLICK_PX
        if event.button() == Qt.MouseButton.RightButton and is_click:
            self._surface.ask_menu(at, event.globalPosition().toPoint())

    def double_click(self, event: QMouseEvent) -> None:
        """Left: maximise. Its second press must not begin a drag of its own."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self.tool.repeats:
            self.press(event)
        else:
            self.cancel()
            self._surface.ask_maximise()

    def leave(self) -> None:
        """The mouse left the view."""
        self._surface.hover_at(None)

    def resized(self, width: float, height: float) -> None:
        """The view has another size."""
        self._surface.size_changed(width, height)
