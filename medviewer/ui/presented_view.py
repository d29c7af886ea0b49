"""A picture that can be turned and presented: what a presentation state says of it lies over it."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.presented import (
    NEUTRAL,
    PLAIN,
    Area,
    Look,
    Point,
    Shutter,
    SizeMode,
    shown_box,
    to_picture,
)
from medviewer.imaging.reslice import Plane
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.volume import Volume
from medviewer.review.presenting import SPACING_LABEL, SPACING_NOTE
from medviewer.ui.bitmaps import Bitmap
from medviewer.ui.camera import Camera
from medviewer.ui.canvas import Hands
from medviewer.ui.kept import Kept
from medviewer.ui.looked_view import LookedView
from medviewer.ui.presented_item import Presented, PresentedItem

_DEPTH = 5
"""Over the image and the masks, under the words of the view."""


class PresentedView(LookedView):
    """Turn, displayed area, shutter, planes, drawings. Set them after the picture and its index."""

    def __init__(self, plane: Plane, hands: Hands, parent: QWidget | None = None) -> None:
        self._look = PLAIN
        self._base: Volume | None = None
        self._planes: NDArray[np.bool_] | None = None
        self._cover: NDArray[np.bool_] | None = None
        self._drawings = True
        self._item = PresentedItem()
        self._item.setZValue(_DEPTH)
        super().__init__(plane, hands, parent)
        self._canvas.addItem(self._item)

    @property
    def turn(self) -> Turn:
        """How the picture is turned."""
        return self._picture.turn if self._picture is not None else STRAIGHT

    def set_picture(
        self, volume: Volume | None, ready: NDArray[np.bool_] | None, plane: Plane | None = None
    ) -> None:
        """As :meth:`PictureView.set_picture`; what was presented on other voxels is gone."""
        before = self._picture
        super().set_picture(volume, ready, plane)
        same = before is not None and self._picture is not None and before.same_grid(self._picture)
        self._base = volume
        if same and before is not None and self._picture is not None:
            if not _same_form(before.view.pixel_mm, self._picture.view.pixel_mm):
                self._lay_out(self._look.area)
        else:
            self._look, self._planes, self._cover = PLAIN, None, None
            self._present()

    def move_camera(self, camera: Camera) -> None:
        """Zoom or pan, all layers together."""
        self._item.camera_changed(camera)
        super().move_camera(camera)

    def set_look(self, look: Look, turn: Turn = STRAIGHT) -> None:
        """What the picture shown is presented with; ``turn`` is the whole turn, the reader's included."""
        if self._picture is None or self._base is None:
            return
        before = self._look
        self._look = look
        volume = self._base if look.area is None else _scaled(self._base, look.area)
        same = self._picture.turn == turn and self._picture.view.in_plane == volume.in_plane
        if not same or look.area != before.area:
            self._picture = replace(self._picture, volume=volume, turn=turn, kept=Kept())
            self._lay_out(look.area)
        self._present()

    def set_planes(
        self, planes: NDArray[np.bool_] | None, cover: NDArray[np.bool_] | None, drawings: bool = True
    ) -> None:
        """Overlay planes and a bitmap shutter on the stored pixels (rows, columns); whether drawings show."""
        self._planes, self._cover, self._drawings = planes, cover, drawings
        self._present()

    def _lay_out(self, area: Area | None) -> None:
        """Everything anew on a picture that lies otherwise."""
        if self._picture is None:
            return
        view = self._picture.view
        pixel_mm = view.pixel_mm
        if pixel_mm is None and area is not None and area.aspect is not None:
            turned = view.axes[1] > view.axes[2]
            pixel_mm = (1.0, area.aspect) if turned else (area.aspect, 1.0)
        camera = self.camera.showing(view.shape, pixel_mm)
        if area is not None:
            camera = replace(camera, area=shown_box(view, area)).fit()
            zoom = self._zoom_of(area)
            camera = camera if zoom is None else replace(camera, zoom=zoom, fitted=False)
        self.move_camera(camera)
        self._tell_edges()
        self._show_levels()
        self._show_overlay()
        self._show_shapes()
        self._show_lines()

    def _zoom_of(self, area: Area) -> float | None:
        """Screen pixels for the shorter side of a pixel, where a size is asked for and not a fit."""
        if area.mode is SizeMode.MAGNIFY:
            return area.magnification
        if area.mode is SizeMode.TRUE and area.spacing is not None and self.screen() is not None:
            return min(area.spacing) * self.screen().physicalDotsPerInch() / 25.4
        return None

    def _present(self) -> None:
        drawn = self._planes is not None or bool(self._look.strokes or self._look.notes)
        self._front.notes.planes_hidden = self._picture is not None and drawn and not self._drawings
        self._front.update()
        if self._picture is None or self._picture.view.axes[0] != 0:
            self._item.put(Presented())
            return
        view, look = self._picture.view, self._look

        def put(points: tuple[Point, ...]) -> tuple[Point, ...]:
            return tuple(to_picture(view, point) for point in points)

        strokes = tuple(replace(s, points=put(s.points)) for s in look.strokes) if self._drawings else ()
        notes = []
        for note in look.notes if self._drawings else ():
            box = put(note.box) if note.box is not None else None
            anchor = put((note.anchor,))[0] if note.anchor is not None else None
            notes.append(replace(note, box=None if box is None else (box[0], box[1]), anchor=anchor))
        planes = self._bitmap(self._planes if self._drawings else None, NEUTRAL)
        self._item.put(Presented(self._hidden(), planes, strokes, tuple(notes)))

    def _hidden(self) -> Bitmap | None:
        """What shutters cover: the shapes and the bitmap together."""
        if self._picture is None:
            return None
        shutter, cover = self._look.shutter, self._cover
        if shutter is not None:
            pixel_mm = replace(self._picture, turn=STRAIGHT).view.pixel_mm
            aspect = pixel_mm[0] / pixel_mm[1] if pixel_mm is not None else 1.0
            shapes = _covered(shutter, self._picture.view.volume_shape[1:], aspect)
            cover = shapes if cover is None else shapes | cover
        level = round(255 * shutter.level) if shutter is not None else 0
        return self._bitmap(cover, f"#{level:02X}{level:02X}{level:02X}")

    def _bitmap(self, bits: NDArray[np.bool_] | None, colour: str) -> Bitmap | None:
        if bits is None or self._picture is None or bits.shape != self._picture.view.volume_shape[1:]:
            return None
        return Bitmap(self._picture.view.placed(bits), colour)


@lru_cache(maxsize=4)
def _covered(shutter: Shutter, shape: tuple[int, int], aspect: float) -> NDArray[np.bool_]:
    """The same for all images of a stack: worked out once."""
    return shutter.hidden(shape, aspect)


def _same_form(a: tuple[float, float] | None, b: tuple[float, float] | None) -> bool:
    """Whether pixels of both sizes have one shape; square where nobody says it."""
    (a_down, a_across), (b_down, b_across) = a or (1.0, 1.0), b or (1.0, 1.0)
    return math.isclose(a_down * b_across, b_down * a_across, rel_tol=1e-9)


def _scaled(volume: Volume, area: Area) -> Volume:
    """The volume with the millimetres of a presentation, where it has no place in the patient."""
    if area.spacing is None or volume.geometry is not None:
        return volume
    scale = Scale(*area.spacing, SPACING_LABEL, SPACING_NOTE)
    own = volume.in_plane or (InPlane(),) * volume.shape[0]
    return replace(volume, in_plane=tuple(_with_scale(one, scale) for one in own))


def _with_scale(own: InPlane, scale: Scale) -> InPlane:
    """The scale for the picture; but ultrasound keeps its regions, where time may lie across, and the same
    numbers keep what the image says of them: at the detector, perhaps."""
    told = own.scale
    if own.regions:
        return own
    if told is not None and np.allclose((told.row_mm, told.column_mm), (scale.row_mm, scale.column_mm), 1e-3):
        return own
    return replace(own, scale=scale)
