"""Everything written and drawn over a picture, in screen pixels: words, letters, ruler, measurements."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from medviewer.imaging.colour_bar import ColourBar
from medviewer.imaging.draw import Corners, LegendEntry, Mark
from medviewer.imaging.measure import ruler
from medviewer.imaging.overlay import hatch, hatch_of, rgb_of
from medviewer.imaging.reslice import Letters
from medviewer.ui import halo, theme
from medviewer.ui.camera import Camera
from medviewer.ui.colour_scale import draw_colour_bar
from medviewer.ui.marks import draw_circle, draw_shape
from medviewer.ui.shapes import Shape

MARGIN = 8.0
_MIDDLE_ROOM = 24.0
"""Kept free on either side of the middle, for the orientation letters."""
_RULER_PART = 0.22
_SWATCH = 10

OVERLAY_SHORT = "AI overlay"
OVERLAY_HIDDEN = "AI overlay hidden"
PLANES_HIDDEN = "Annotations of this image hidden"
"""Its overlay planes, and the drawings of a presentation state."""
HOLD = " · hold Space to hide"
OVERLAY_CAPTION = OVERLAY_SHORT + HOLD
NOT_DIAGNOSTIC = "Not for diagnostic use"


@dataclass(frozen=True)
class Words:
    """A line of text; ``colour`` is a token of the theme."""

    text: str
    colour: str = "caption"
    bold: bool = False


@dataclass(frozen=True)
class ReferenceLine:
    """Where another plane cuts this picture: at column ``x`` or at row ``y``, in picture coordinates."""

    colour: str
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class BrushCircle:
    """Where a brush would paint: ``centre`` and ``radius`` (across, down) in picture coordinates."""

    centre: tuple[float, float]
    radius: tuple[float, float]


@dataclass
class Notes:
    """What there is to write and draw."""

    camera: Camera = field(default_factory=Camera)
    corners: Corners = field(default_factory=Corners)
    letters: Letters | None = None
    column_mm: float | None = None
    ruler_label: str = "mm"
    has_picture: bool = False
    legend: tuple[LegendEntry, ...] = ()
    marks: tuple[Mark, ...] = ()
    overlay: bool = False
    """Whether there is a result to show, hidden or not."""
    foreign: bool = False
    """Whether there is an overlay from a file to show, hidden or not."""
    overlay_hidden: bool = False
    planes_hidden: bool = False
    """Whether the image has overlay planes or drawings that are not shown."""
    compact: bool = False
    """A small view beside the main one: no legend, short words."""
    value: str = ""
    message: str = ""
    missing: str = ""
    """Why there is no picture at this place; a message goes before it."""
    lines: tuple[ReferenceLine, ...] = ()
    shapes: tuple[Shape, ...] = ()
    told: tuple[Shape, ...] = ()
    """Lines of findings: shown and hidden with the overlay, never taken hold of."""
    sketch: Shape | None = None
    brush: BrushCircle | None = None
    bar: ColourBar | None = None
    """The colour bar, where there are colours."""
    chosen: str = ""
    """Id of the measurement under the mouse or last touched."""


class Annotations(QGraphicsItem):
    """Paints :class:`Notes` over the whole view."""

    def __init__(self) -> None:
        super().__init__()
        self.notes = Notes()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The view."""
        return QRectF(0, 0, *self.notes.camera.size)

    def camera_changed(self, camera: Camera) -> None:
        """Another zoom, place or size."""
        if camera.size != self.notes.camera.size:
            self.prepareGeometryChange()
        self.notes.camera = camera
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Lines first, words over them."""
        del option, widget
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        notes = self.notes
        width, height = notes.camera.size
        if notes.has_picture:
            self._reference_lines(painter)
            self._marks(painter)
            for shape in () if notes.overlay_hidden else notes.told:
                draw_shape(painter, shape, notes.camera, chosen=False)
            for shape in notes.shapes:
                draw_shape(painter, shape, notes.camera, chosen=shape.id == notes.chosen)
            if notes.sketch is not None:
                draw_shape(painter, notes.sketch, notes.camera, chosen=True)
            if notes.brush is not None:
                draw_circle(painter, notes.brush.centre, notes.brush.radius, notes.camera)
            if notes.bar is not None and not notes.compact:
                draw_colour_bar(painter, notes.bar, width, height)
            self._letters(painter, width, height)
        self._corners(painter, width, height)
        self._message(painter, width, height)

    def _reference_lines(self, painter: QPainter) -> None:
        camera = self.notes.camera
        rows, columns = camera.shape
        for line in self.notes.lines:
            colour = QColor(line.colour)
            colour.setAlphaF(0.75)
            painter.setPen(QPen(colour, 1))
            if line.x is not None:
                ends = camera.to_screen(line.x, 0), camera.to_screen(line.x, rows)
            else:
                ends = camera.to_screen(0, line.y or 0.0), camera.to_screen(columns, line.y or 0.0)
            painter.drawLine(QPointF(*ends[0]), QPointF(*ends[1]))

    def _marks(self, painter: QPainter) -> None:
        if self.notes.overlay_hidden:
            return
        for mark in self.notes.marks:
            x, y = self.notes.camera.to_screen(mark.x, mark.y)
            halo.draw(painter, x, y, mark.letter, mark.colour, bold=True, align=Qt.AlignmentFlag.AlignHCenter)

    def _letters(self, painter: QPainter, width: float, height: float) -> None:
        letters, colour = self.notes.letters, theme.colour("letters")
        if letters is None:
            return
        edge = MARGIN + halo.LETTER_PX / 2
        middle = Qt.AlignmentFlag.AlignHCenter
        places = (
            (letters.left, MARGIN, height / 2, Qt.AlignmentFlag.AlignLeft),
            (letters.right, width - MARGIN, height / 2, Qt.AlignmentFlag.AlignRight),
            (letters.top, width / 2, edge, middle),
            (letters.bottom, width / 2, height - edge, middle),
        )
        for text, x, y, align in places:
            halo.draw(painter, x, y, text, colour, pixels=halo.LETTER_PX, bold=True, align=align)

    def _corners(self, painter: QPainter, width: float, height: float) -> None:
        corners = self.notes.corners
        legend = () if self.notes.compact else self.notes.legend
        room = max(0.0, width / 2 - MARGIN - _MIDDLE_ROOM)
        top = QPointF(MARGIN, MARGIN + halo.LINE_PX / 2)
        bottom = QPointF(MARGIN, height - MARGIN - halo.LINE_PX / 2)
        across = QPointF(width - 2 * MARGIN, 0)
        lines = self._bottom_right()
        _stack(painter, _plain(corners.top_left), top, halo.LINE_PX, room)
        _stack(painter, _plain(corners.top_right), top + across, halo.LINE_PX, room)
        _stack(painter, _plain(corners.bottom_left)[::-1], bottom, -halo.LINE_PX, room)
        _stack(painter, lines, bottom + across, -halo.LINE_PX, room)
        legend_bottom = bottom.y() - len(corners.bottom_left) * halo.LINE_PX - 4
        for number, entry in enumerate(reversed(legend)):
            _legend_line(painter, legend_bottom - number * halo.LINE_PX, entry, room)
        if self.notes.has_picture and self.notes.column_mm is not None:
            _ruler(painter, self.notes, self.notes.column_mm, bottom.y() - len(lines) * halo.LINE_PX)

    def _bottom_right(self) -> list[Words]:
        """From the lowest line upwards. The value's line is kept free for it."""
        notes = self.notes
        lines: list[Words] = []
        if notes.overlay or notes.foreign:
            caption = overlay_caption(notes)
            # On a small view the line is broken: this sentence is never cut.
            said = ("diagnostic use", "Not for") if notes.compact else (NOT_DIAGNOSTIC,)
            lines += [Words(part, "caption_muted") for part in said]
            lines.append(Words(caption, "letters", bold=True))
        if notes.planes_hidden:
            lines.append(Words(PLANES_HIDDEN, "letters", bold=True))
        if notes.has_picture:
            lines.append(Words(notes.value))
        return lines + _plain(notes.corners.bottom_right)[::-1]

    def _message(self, painter: QPainter, width: float, height: float) -> None:
        text = self.notes.message or self.notes.missing
        if not text:
            return
        painter.setFont(theme.font(14))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = QRectF(width * 0.15, height * 0.2, width * 0.7, height * 0.6)
        if self.notes.has_picture:
            box = painter.boundingRect(room, int(flags), text).adjusted(-12, -8, 12, 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 190))
            painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(theme.colour("caption_muted")))
        painter.drawText(room, int(flags), text)


def overlay_caption(notes: Notes) -> str:
    """Whose overlay it is, and how to look below it; hidden, that it is."""
    if notes.overlay and not notes.foreign:
        shown = OVERLAY_SHORT if notes.compact else OVERLAY_CAPTION
        return OVERLAY_HIDDEN if notes.overlay_hidden else shown
    who = "AI overlay, overlay from file" if notes.overlay else "Overlay from file"
    if notes.overlay_hidden:
        return f"{who} hidden"
    return who if notes.compact else who + HOLD


def _plain(lines: tuple[str, ...]) -> list[Words]:
    return [Words(text) for text in lines]


def _stack(painter: QPainter, lines: list[Words], first: QPointF, step: float, room: float) -> None:
    """Lines under (or, with a negative step, over) each other; right-aligned at the right edge."""
    on_right = first.x() > MARGIN
    align = Qt.AlignmentFlag.AlignRight if on_right else Qt.AlignmentFlag.AlignLeft
    for number, line in enumerate(lines):
        text = halo.elided(line.text, room, bold=line.bold)
        y, colour = first.y() + number * step, theme.colour(line.colour)
        halo.draw(painter, first.x(), y, text, colour, bold=line.bold, align=align)


def _legend_line(painter: QPainter, y: float, entry: LegendEntry, room: float) -> None:
    """Swatch with hatch, letter, name: what a colour means. A line without colour is words alone."""
    if not entry.colour:
        halo.draw(painter, MARGIN, y, halo.elided(entry.name, room - MARGIN), theme.colour("caption_muted"))
        return
    painter.drawImage(QPointF(MARGIN, round(y - _SWATCH / 2)), swatch(entry.colour))
    x = MARGIN + _SWATCH + 6
    halo.draw(painter, x, y, entry.letter, entry.colour, bold=True)
    x += 16
    halo.draw(painter, x, y, halo.elided(entry.name, room - x), theme.colour("caption"))


def swatch(colour: str) -> QImage:
    """A little square of a colour with its hatch."""
    square = np.empty((_SWATCH, _SWATCH, 3), np.uint8)
    square[:] = rgb_of(colour)
    lines = hatch(hatch_of(colour), _SWATCH, _SWATCH).copy()
    lines[[0, -1]] = lines[:, [0, -1]] = False
    square[lines] = 0
    return QImage(square.tobytes(), _SWATCH, _SWATCH, 3 * _SWATCH, QImage.Format.Format_RGB888).copy()


def _ruler(painter: QPainter, notes: Notes, column_mm: float, y: float) -> None:
    camera = notes.camera
    pixels_per_mm = camera.scale[0] / column_mm
    length, text = ruler(pixels_per_mm, camera.size[0] * _RULER_PART)
    text += notes.ruler_label.removeprefix("mm")
    right = camera.size[0] - MARGIN
    left, y = right - length * pixels_per_mm, round(y) + 0.5
    for colour, thick in ((theme.qcolour("halo", 0.8), 4.0), (theme.qcolour("caption"), 1.5)):
        painter.setPen(QPen(colour, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        for x in (left, right):
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y + (2 if thick > 2 else 0.75)))
    middle = min((left + right) / 2, right - halo.width(text) / 2)
    halo.draw(painter, middle, y - 12, text, theme.colour("caption"), align=Qt.AlignmentFlag.AlignHCenter)
