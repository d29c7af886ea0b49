"""A presentation state as facts: which images it speaks of, and what each is shown with (PS3.3 A.33).

It changes how images look and never what they hold: every value told of them stays that of the image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from medviewer.dicom.overlay_planes import OverlayPlane
from medviewer.dicom.study import Instance
from medviewer.imaging.presented import PLAIN, Area, Graphic, Look, Sheet, Shutter, Text
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.window import VoiFunction, Window

T = TypeVar("T")
_THINNEST = 1e-9


@dataclass(frozen=True)
class ImageRef:
    """An image, or those of its frames that are named (counted from 1)."""

    sop_uid: str
    frames: tuple[int, ...] = ()

    def names(self, instance: Instance) -> bool:
        """Whether it is this image."""
        same = self.sop_uid == instance.sop_uid
        return same and (not self.frames or instance.frame + 1 in self.frames)


@dataclass(frozen=True)
class For(Generic[T]):
    """Something for some of the images; for all of them where ``images`` is empty."""

    images: tuple[ImageRef, ...]
    value: T

    def names(self, instance: Instance) -> bool:
        """Whether it is for this image."""
        return not self.images or any(ref.names(instance) for ref in self.images)


@dataclass(frozen=True)
class Drawing:
    """One drawing or text with the order of its layer."""

    order: int
    what: Graphic | Text


@dataclass(frozen=True)
class Presentation:
    """``slope``, ``intercept``: the Modality LUT it brings, identity where it brings none (PS3.4 N.2.1).

    ``windows``: VOI in the units of that; ``inverse``: its Presentation LUT, which takes the place of the
    image's own MONOCHROME1 (PS3.3 C.11.6.1.2), None for colour; ``planes``: its own overlay planes;
    ``active``: groups it activates; ``left_out``: one sentence for each thing that is not shown.
    """

    sop_uid: str
    patient_key: str
    label: str = ""
    description: str = ""
    creator: str = ""
    date: str = ""
    images: tuple[ImageRef, ...] = ()
    turn: Turn = STRAIGHT
    shutter: Shutter | None = None
    areas: tuple[For[Area], ...] = ()
    drawings: tuple[For[Drawing], ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    tabled: bool = False
    """Whether it brings a table of modality values instead, which is not applied: nor are its windows."""
    windows: tuple[For[Window], ...] = ()
    inverse: bool | None = None
    planes: tuple[OverlayPlane, ...] = ()
    active: frozenset[int] = frozenset()
    shutter_group: int | None = None
    """The group of the overlay plane that is a bitmap shutter."""
    left_out: tuple[str, ...] = ()

    def shows(self, instance: Instance) -> bool:
        """Whether it speaks of this image."""
        return any(ref.names(instance) for ref in self.images)

    def area_of(self, instance: Instance) -> Area | None:
        """The displayed area of an image."""
        return _first(self.areas, instance)

    def look_of(self, instance: Instance) -> Look:
        """What an image is shown with; nothing for one it does not speak of."""
        if not self.shows(instance):
            return PLAIN
        area = self.area_of(instance)
        sheet = Sheet((instance.rows, instance.columns), self.turn, area, aspect_of(instance))
        here = sorted((d.value for d in self.drawings if d.names(instance)), key=lambda d: d.order)
        strokes = tuple(sheet.stroke(d.what) for d in here if isinstance(d.what, Graphic))
        notes = tuple(sheet.note(d.what) for d in here if isinstance(d.what, Text))
        return Look(self.turn, self.shutter, area, strokes, notes)

    def window_of(self, instance: Instance) -> Window | None:
        """Its window in the units of the image's values; None for images without grey levels of its making.

        Where it names no window the whole range of stored values is shown, as the standard says.
        """
        if self.inverse is None or not self.shows(instance) or instance.modality_lut or self.tabled:
            return None
        line = _line_of(instance)
        if line is None:
            return None
        own = _first(self.windows, instance) or self._whole_range(instance)
        factor = self.slope / line[0]
        window = _in_units_of(own, factor, self.intercept - line[1] * factor)
        if window is None:
            return None
        return replace(window, invert=window.invert != self.inverse)

    def _whole_range(self, instance: Instance) -> Window:
        bits, signed = min(instance.pixels.bits_stored, 32), instance.pixels.signed
        low = -(1 << bits - 1) if signed else 0
        ends = [end * self.slope + self.intercept for end in (low, low + (1 << bits) - 1)]
        return Window(sum(ends) / 2, abs(ends[1] - ends[0]), VoiFunction.LINEAR_EXACT, name="whole range")


def _first(things: tuple[For[T], ...], instance: Instance) -> T | None:
    return next((thing.value for thing in things if thing.names(instance)), None)


def aspect_of(instance: Instance) -> float:
    """Height of a pixel over its width."""
    return instance.pixel_spacing[0] / instance.pixel_spacing[1] if instance.pixel_spacing else 1.0


def _line_of(instance: Instance) -> tuple[float, float] | None:
    """(slope, intercept) from stored values to those of the volume; None where a table leads there."""
    mapped = instance.value_map
    if mapped is None:
        return instance.slope, instance.intercept
    return None if mapped.entries else (mapped.slope, mapped.intercept)


def _in_units_of(window: Window, factor: float, shift: float) -> Window | None:
    """The window for values v where it was made for ``factor * v + shift``; None where a table does not fit.

    A LINEAR window is exactly a LINEAR_EXACT one of centre c - 0.5 and width w - 1 (PS3.3 C.11.2.1.2).
    """
    if factor == 1 and shift == 0:
        return window
    if window.lut is not None:
        if factor != 1 or not shift.is_integer():
            return None
        lut = replace(window.lut, first=window.lut.first - int(shift))
        return replace(window, centre=window.centre - shift, lut=lut)
    if window.function is VoiFunction.LINEAR and factor != 1:
        exact = max(window.width - 1, _THINNEST)
        window = replace(window, centre=window.centre - 0.5, width=exact, function=VoiFunction.LINEAR_EXACT)
    width = window.width / abs(factor)
    return replace(
        window, centre=(window.centre - shift) / factor, width=width, invert=window.invert != (factor < 0)
    )
