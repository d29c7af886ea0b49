"""Shutter, overlay planes, drawings and words of a presentation, painted where the camera puts the image."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from medviewer.imaging.presented import Note, Point, Stroke
from medviewer.ui import halo, theme
from medviewer.ui.bitmaps import Bitmap, BitmapPainter
from medviewer.ui.camera import Camera

_LINE = 1.5
_DOT = 3.0
_SMALLEST_TEXT, _LARGEST_TEXT = 10.0, 24.0


@dataclass(frozen=True, eq=False)
class Presented:
    """What to paint, in picture coordinates; the cover lies under everything else."""

    cover: Bitmap | None = None
    planes: Bitmap | None = None
    strokes: tuple[Stroke, ...] = ()
    notes: tuple[Note, ...] = ()


class PresentedItem(QGraphicsItem):
    """Paints :class:`Presented` in screen pixels."""

    def __init__(self) -> None:
        super().__init__()
        self._camera = Camera()
        self._shown = Presented()
        self._cover, self._planes = BitmapPainter(), BitmapPainter()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The view."""
        return QRectF(0, 0, *self._camera.size)

    def put(self, shown: Presented) -> None:
        """Paint this from now on."""
        self._shown = shown
        self.update()

    @property
    def shown(self) -> Presented:
        """What is painted."""
        return self._shown

    def camera_changed(self, camera: Camera) -> None:
        """Another zoom, place or size."""
        if camera.size != self._camera.size:
            self.prepareGeometryChange()
        self._camera = camera
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Cover, planes, lines, words."""
        del option, widget
        if self._shown.cover is not None:
            self._cover.paint(painter, self._shown.cover, self._camera)
        if self._shown.planes is not None:
            self._planes.paint(painter, self._shown.planes, self._camera, shaded=True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stroke in self._shown.strokes:
            self._stroke(painter, stroke)
        for note in self._shown.notes:
            self._note(painter, note)

    def _at(self, point: Point) -> QPointF:
        return QPointF(*self._camera.to_screen(*point))

    # --- lines -------------------------------------------------------------------------------------------

    def _stroke(self, painter: QPainter, stroke: Stroke) -> None:
        at = [self._at(point) for point in stroke.points]
        colour, shade = QColor(stroke.colour), theme.qcolour("halo", 0.6)
        if len(at) == 1:
            painter.setPen(QPen(shade, 1.5))
            painter.setBrush(colour)
            painter.drawEllipse(at[0], _DOT, _DOT)
            return
        line = QPolygonF(at)
        for pen in (QPen(shade, _LINE + 2), QPen(colour, _LINE)):
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            if stroke.filled:
                painter.setBrush(colour)
                painter.drawPolygon(line)
            else:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPolyline(line)

    # --- words -------------------------------------------------------------------------------------------

    def _note(self, painter: QPainter, note: Note) -> None:
        lines = note.words.split("\n")
        box = self._box(note, lines)
        pixels = _pixels(box, lines) if note.box is not None else halo.TEXT_PX
        places = {"LEFT": box.left(), "CENTER": box.center().x(), "RIGHT": box.right()}
        flags = {"CENTER": Qt.AlignmentFlag.AlignHCenter, "RIGHT": Qt.AlignmentFlag.AlignRight}
        x, align = places.get(note.align, box.left()), flags.get(note.align, Qt.AlignmentFlag.AlignLeft)
        step = pixels * halo.LINE_PX / halo.TEXT_PX
        if note.anchor is not None and note.anchored:
            wide = max(halo.width(line, pixels) for line in lines)
            part = {"CENTER": 0.5, "RIGHT": 1.0}.get(note.align, 0.0)
            written = QRectF(x - part * wide, box.top(), wide, step * len(lines))
            self._leader(painter, written.adjusted(-3, 0, 3, 0), self._at(note.anchor), note.colour)
        for number, line in enumerate(lines):
            y = box.top() + (number + 0.5) * step
            halo.draw(painter, x, y, line, note.colour, pixels=pixels, align=align)

    def _box(self, note: Note, lines: list[str]) -> QRectF:
        """Where the words go: their box, else right of their anchor, always within the view."""
        if note.box is not None:
            return QRectF(self._at(note.box[0]), self._at(note.box[1])).normalized()
        wide, tall = max(halo.width(line) for line in lines), halo.LINE_PX * len(lines)
        at = self._at(note.anchor or (0.0, 0.0)) + QPointF(8, -tall / 2)
        width, height = self._camera.size
        x, y = min(max(at.x(), 4.0), width - wide - 4), min(max(at.y(), 4.0), height - tall - 4)
        return QRectF(x, y, wide, tall)

    def _leader(self, painter: QPainter, box: QRectF, anchor: QPointF, colour: str) -> None:
        """A line from the nearest edge of the words to what they speak of."""
        if box.contains(anchor):
            return
        x = min(max(anchor.x(), box.left()), box.right())
        y = min(max(anchor.y(), box.top()), box.bottom())
        for pen in (QPen(theme.qcolour("halo", 0.6), _LINE + 2), QPen(QColor(colour), 1.0)):
            painter.setPen(pen)
            painter.drawLine(QPointF(x, y), anchor)


def _pixels(box: QRectF, lines: list[str]) -> float:
    """The size of type that fills a box and stays readable."""
    high = box.height() / len(lines) * halo.TEXT_PX / halo.LINE_PX
    widest = max(halo.width(line) for line in lines)
    wide = box.width() / widest * halo.TEXT_PX if widest else high
    return round(min(_LARGEST_TEXT, max(_SMALLEST_TEXT, min(high, wide))) * 2) / 2
