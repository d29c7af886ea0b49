"""A picture that the mouse works in. The reader's acts leave as signals; nothing changes by itself but zoom
and pan, which are the view's own."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QInputDialog, QWidget

from medviewer.imaging.presented import Area
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from medviewer.ui import shapes
from medviewer.ui.draft_view import DraftView
from medviewer.ui.gestures import Gestures
from medviewer.ui.picture import value_range

_DRAG_PX = 1024.0
"""A drag of so many pixels crosses the image's whole range of values."""
_REACH_PX = 6.0
"""How near to a line the mouse is on a measurement."""


class Viewport(DraftView):
    """Shows a picture and turns the mouse into requests. Setters are those of :class:`PictureView`; call
    ``set_picture`` before ``set_masks`` and ``set_measurements``."""

    scrolled = Signal(int)
    """Steps: +1 is the next image."""
    index_requested = Signal(int)
    window_dragged = Signal(Window)
    cursor_moved = Signal(str)
    """ "HU −842 @ (198, 243)", or empty."""
    measurement_made = Signal(ReaderMeasurement)
    measurement_deleted = Signal(str)
    activated = Signal()
    maximise_toggled = Signal()
    crosshair_moved = Signal(tuple)
    """Voxel (slice, row, column) under the mouse while Shift is held."""
    files_dropped = Signal(list)
    """list[pathlib.Path]"""
    context_requested = Signal(QPoint, str)
    """Right click: global position, id of the measurement under the mouse or an empty string."""

    def __init__(self, plane: Plane, parent: QWidget | None = None) -> None:
        self._gestures = Gestures(self)
        super().__init__(plane, self._gestures, parent)
        self._mouse: QPointF | None = None
        self._ranged: tuple[Volume | None, int, float] = (None, 0, 1.0)
        self._bar.index_requested.connect(self.index_requested)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_cursor(self._gestures.tool.cursor)

    def set_tool(self, name: str) -> None:
        """window, scroll, zoom, pan, length, angle, ellipse, note, crosshair or brush. Raises KeyError."""
        self.show_brush(None)
        self._gestures.set_tool(name)

    @property
    def tool_name(self) -> str:
        """The tool of the left button."""
        return self._gestures.tool.name

    @property
    def is_drawing(self) -> bool:
        """Whether something is begun and not finished."""
        return self._gestures.tool.sketch(self) is not None

    def cancel_drawing(self) -> None:
        """Drop what is begun and not finished."""
        self._gestures.cancel()
        self.redraw()

    @property
    def chosen(self) -> str:
        """Id of the measurement under the mouse or last touched, or an empty string."""
        return self._front.notes.chosen

    def delete_selected(self) -> bool:
        """Ask for the deletion of the measurement under the mouse or last touched; False without one."""
        chosen = self._front.notes.chosen
        if not any(m.id == chosen for m in self._measurements):
            return False
        self.measurement_deleted.emit(chosen)
        return True

    def _begin(self, shape: tuple[int, int]) -> None:
        """Another picture; what is half drawn belongs to the last one."""
        self.cancel_drawing()
        super()._begin(shape)

    def _lay_out(self, area: Area | None) -> None:
        """The picture lies otherwise; what is half drawn belongs to how it lay."""
        super()._lay_out(area)
        self.cancel_drawing()
        self._tell_value()

    def set_index(self, index: int) -> None:
        """Show picture ``index``; what is half drawn belongs to the old one."""
        before = self._index
        super().set_index(index)
        if self._index != before:
            self.cancel_drawing()
            self._tell_value()

    # What tools and gestures ask

    @property
    def can_work(self) -> bool:
        """Whether there is an image to work on."""
        return self._picture is not None and self._picture.is_ready(self._index)

    @property
    def window_step(self) -> float:
        """Change of the window for one screen pixel of dragging."""
        if self._picture is None:
            return 1.0
        volume, loaded = self._picture.volume, int(self._picture.loaded().sum())
        if self._ranged[0] is not volume or self._ranged[1] != loaded:
            self._ranged = (volume, loaded, value_range(volume))
        return self._ranged[2] / _DRAG_PX

    @property
    def whole_values(self) -> bool:
        """Whether the image holds whole numbers."""
        return self._picture is not None and self._picture.volume.voxels.dtype.kind in "iu"

    def ask_window(self, window: Window) -> None:
        """The reader wants another window."""
        self.window_dragged.emit(window)

    def ask_scroll(self, step: int) -> None:
        """The reader wants to go some images on."""
        if self._picture is not None:
            self.scrolled.emit(step)

    def ask_crosshair(self, at: QPointF) -> None:
        """The reader points at a place for all views."""
        if self._picture is None:
            return
        x, y = self.camera.to_picture(at.x(), at.y())
        rows, columns = self.camera.shape
        row, column = min(max(int(y), 0), rows - 1), min(max(int(x), 0), columns - 1)
        self.crosshair_moved.emit(self._picture.view.to_voxel(self._index, row, column))

    def figure_of(self, kind: str, points: shapes.Points) -> str:
        """The figure a shape tells on the picture shown."""
        return shapes.figure(kind, points, self._picture, self._index) if self._picture is not None else ""

    def finish(self, shape: shapes.Shape) -> None:
        """The reader drew a measurement."""
        if self._picture is None:
            return
        points = shapes.to_voxels(self._picture.view, self._index, shape.points)
        about = self._series_key, self._plane, self._index
        note = self._picture.view.note(self._index) if shape.kind != "text" else ""
        self.measurement_made.emit(
            ReaderMeasurement(uuid4().hex, shape.kind, *about, points, shape.text, note=note)
        )

    def ask_words(self) -> str:
        """Words of a note, in one line."""
        words, agreed = QInputDialog.getText(self, "Note", "Words of the note:")
        return " ".join(words.split()) if agreed else ""

    def redraw(self) -> None:
        """What the tool sketches has changed."""
        self._front.notes.sketch = self._gestures.tool.sketch(self)
        self._front.update()

    def set_cursor(self, shape: Qt.CursorShape) -> None:
        """Show a cursor."""
        self._canvas.viewport().setCursor(shape)

    def hover_at(self, at: QPointF | None) -> None:
        """The mouse is here, or left: tell the value, light up the measurement."""
        self._mouse = at
        if at is None:
            self.show_brush(None)
        found = self._measurement_at(at) if at is not None else ""
        if found:
            self._front.notes.chosen = found
        self._tell_value()

    def choose_at(self, at: QPointF) -> None:
        """The mouse was pressed: this view is the active one now, and the measurement there is chosen."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.activated.emit()
        self._front.notes.chosen = self._measurement_at(at)
        self._front.update()

    def ask_menu(self, at: QPointF, place: QPoint) -> None:
        """The reader wants the menu of this place."""
        self.context_requested.emit(place, self._measurement_at(at))

    def ask_maximise(self) -> None:
        """The reader wants this view large, or as it was."""
        self.maximise_toggled.emit()

    def size_changed(self, width: float, height: float) -> None:
        """The view has another size."""
        self.move_camera(self.camera.resized(width, height))

    def _tell_value(self) -> None:
        text = ""
        if self._picture is not None and self._mouse is not None:
            x, y = self.camera.to_picture(self._mouse.x(), self._mouse.y())
            text = self._picture.value_text(self._index, x, y)
        if text != self._front.notes.value:
            self._front.notes.value = text
            self.cursor_moved.emit(text)
        self._front.update()

    def _measurement_at(self, at: QPointF) -> str:
        """Id of the nearest measurement within reach of a screen position, or an empty string."""
        best, found = _REACH_PX, ""
        for shape in self._front.notes.shapes:
            points = tuple(self.camera.to_screen(x, y) for x, y in shape.points)
            away = shapes.distance(points, shape.kind, (at.x(), at.y()))
            if away < best:
                best, found = away, shape.id
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Delete a measurement; all other keys belong to the window."""
        if event.key() == Qt.Key.Key_Delete and self.delete_selected():
            event.accept()
        else:
            event.ignore()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files and folders are welcome."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Files and folders were dropped."""
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)
