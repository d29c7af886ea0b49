"""Parts of a presentation state: references, drawings, words, areas, shutters (PS3.3 C.10, C.7.6.11).

Each reader takes one item and raises :class:`Unfit` with a sentence for what cannot be shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from pydicom.dataset import Dataset

from medviewer.dicom import values as v
from medviewer.dicom.presentation_state import ImageRef
from medviewer.imaging.lab import hex_of_lab
from medviewer.imaging.presented import NEUTRAL, Area, Graphic, Point, Shutter, SizeMode, Text, Units

_FARTHEST = 1e6
"""Points beyond so many pixels are nowhere near an image."""
_MOST_POINTS = 20_000
_MOST_CORNERS = 4000
_LONGEST_TEXT = 1024
_COUNTS = {"POINT": (1, 1), "POLYLINE": (2, _MOST_POINTS), "INTERPOLATED": (2, _MOST_POINTS),
           "CIRCLE": (2, 2), "ELLIPSE": (4, 4)}  # fmt: skip


_SHAPES = frozenset({"RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"})


class Unfit(Exception):
    """One thing that cannot be shown, and why."""


def numbers(item: Dataset, keyword: str) -> tuple[float, ...]:
    """All values of an element as finite numbers, () where it is missing. Raises :class:`Unfit`."""
    value = item.get(keyword)
    if value is None or value == "":
        return ()
    many = list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
    try:
        found = tuple(float(x) for x in many)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unfit("A number in it is none.") from error
    if not all(math.isfinite(x) and abs(x) <= 1e12 for x in found):
        raise Unfit("A number in it is beyond all measure.")
    return found


def whole(item: Dataset, keyword: str, count: int) -> list[int]:
    """``count`` whole numbers. Raises :class:`Unfit`."""
    found = numbers(item, keyword)
    if len(found) != count or not all(x.is_integer() and abs(x) <= _FARTHEST for x in found):
        raise Unfit("A place in it is no place.")
    return [int(x) for x in found]


def word(item: Dataset, keyword: str) -> str:
    """A code string."""
    return str(item.get(keyword) or "").strip().upper()


def references(item: Dataset) -> tuple[ImageRef, ...]:
    """The images an item names."""
    found = []
    for image in item.get("ReferencedImageSequence") or ():
        uid = str(image.get("ReferencedSOPInstanceUID") or "").strip()
        frames = tuple(int(x) for x in numbers(image, "ReferencedFrameNumber"))
        if uid:
            found.append(ImageRef(uid, frames))
    return tuple(found)


def _points(values: tuple[float, ...], units: Units) -> tuple[Point, ...]:
    if len(values) % 2 or any(abs(x) > _FARTHEST for x in values):
        raise Unfit("A drawing has points that are nowhere.")
    if units is Units.DISPLAY and any(not -1 <= x <= 2 for x in values):
        raise Unfit("A drawing lies far outside the display.")
    return tuple(zip(values[::2], values[1::2], strict=True))


def _units(item: Dataset, keyword: str) -> Units:
    try:
        return Units(word(item, keyword))
    except ValueError as error:
        raise Unfit("A drawing is placed in units that are not supported.") from error


def graphic(item: Dataset, colour: str) -> Graphic:
    """A Graphic Object (PS3.3 C.10.5.1.2). Raises :class:`Unfit`."""
    kind, units = word(item, "GraphicType"), _units(item, "GraphicAnnotationUnits")
    if kind not in _COUNTS:
        raise Unfit("A drawing is of an unknown kind.")
    points = _points(numbers(item, "GraphicData"), units)
    fewest, most = _COUNTS[kind]
    if not fewest <= len(points) <= most:
        raise Unfit("A drawing has too few or too many points.")
    own = _colour_of(item, "LineStyleSequence", "PatternOnColorCIELabValue")
    return Graphic(kind, points, units, word(item, "GraphicFilled") == "Y", own or colour)


def text(item: Dataset, colour: str) -> Text:
    """A Text Object (PS3.3 C.10.5.1.1). Raises :class:`Unfit`."""
    said = (
        str(item.get("UnformattedTextValue") or "")[:_LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    )
    words = "\n".join(v.plain(line) for line in said.split("\n")).strip("\n")
    if not words:
        raise Unfit("A text is empty.")
    box, box_units, anchor, anchor_units = None, Units.PIXEL, None, Units.PIXEL
    corners = [numbers(item, f"BoundingBox{corner}HandCorner") for corner in ("TopLeft", "BottomRight")]
    if all(len(corner) == 2 for corner in corners):
        box_units = _units(item, "BoundingBoxAnnotationUnits")
        first, last = _points((*corners[0], *corners[1]), box_units)
        box = first, last
    place = numbers(item, "AnchorPoint")
    if len(place) == 2:
        anchor_units = _units(item, "AnchorPointAnnotationUnits")
        (anchor,) = _points(place, anchor_units)
    if box is None and anchor is None:
        raise Unfit("A text has no place.")
    own = _colour_of(item, "TextStyleSequence", "TextColorCIELabValue")
    align = word(item, "BoundingBoxTextHorizontalJustification") or "LEFT"
    anchored = word(item, "AnchorPointVisibility") == "Y"
    return Text(words, box, box_units, anchor, anchor_units, anchored, align, own or colour)


def lab(item: Dataset, keyword: str) -> str:
    """A colour in CIELab, empty where there is none that can be believed."""
    try:
        return hex_of_lab([int(x) for x in numbers(item, keyword)])
    except (ValueError, Unfit):
        return ""


def _colour_of(item: Dataset, sequence: str, keyword: str) -> str:
    styles = list(item.get(sequence) or ())
    return lab(styles[0], keyword) if styles else ""


def layer_colour(item: Dataset) -> str:
    """The recommended colour of a Graphic Layer (PS3.3 C.10.7)."""
    own = lab(item, "GraphicLayerRecommendedDisplayCIELabValue")
    grey = numbers(item, "GraphicLayerRecommendedDisplayGrayscaleValue")
    if own or len(grey) != 1 or not 0 <= grey[0] <= 0xFFFF:
        return own or NEUTRAL
    return "#" + 3 * f"{round(grey[0] / 257):02X}"


def area(item: Dataset) -> Area:
    """A Displayed Area Selection (PS3.3 C.10.4). Raises :class:`Unfit`."""
    corners = [whole(item, f"DisplayedArea{c}HandCorner", 2) for c in ("TopLeft", "BottomRight")]
    try:
        mode = SizeMode(word(item, "PresentationSizeMode"))
    except ValueError as error:
        raise Unfit("The displayed area is of an unknown kind.") from error
    spacing, ratio = numbers(item, "PresentationPixelSpacing"), numbers(item, "PresentationPixelAspectRatio")
    magnified = numbers(item, "PresentationPixelMagnificationRatio")
    return Area(
        (corners[0][0], corners[0][1]),
        (corners[1][0], corners[1][1]),
        mode,
        (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None,
        ratio[0] / ratio[1] if len(ratio) == 2 and min(ratio) > 0 else None,
        magnified[0] if len(magnified) == 1 and magnified[0] > 0 else None,
    )


def shutter(item: Dataset) -> Shutter | None:
    """The Display Shutter (PS3.3 C.7.6.11, C.7.6.15); None without one. Of a bitmap only the grey is read
    here: its pixels are an overlay plane. Raises :class:`Unfit`."""
    shapes = {part.strip() for part in _shapes(item)} & _SHAPES
    if not shapes:
        return None
    rectangle: tuple[int, int, int, int] | None = None
    circle: tuple[float, float, float] | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    if "RECTANGULAR" in shapes:
        names = ("LeftVerticalEdge", "RightVerticalEdge", "UpperHorizontalEdge", "LowerHorizontalEdge")
        edges = [whole(item, f"Shutter{name}", 1)[0] for name in names]
        rectangle = edges[0], edges[1], edges[2], edges[3]
    if "CIRCULAR" in shapes:
        (row, column), (radius,) = (
            whole(item, "CenterOfCircularShutter", 2),
            whole(item, "RadiusOfCircularShutter", 1),
        )
        circle = float(row), float(column), float(radius)
    if "POLYGONAL" in shapes:
        corners = numbers(item, "VerticesOfThePolygonalShutter")
        if not 6 <= len(corners) <= _MOST_CORNERS or len(corners) % 2:
            raise Unfit("The shutter's polygon has too few or too many corners.")
        polygon = tuple(zip(corners[::2], corners[1::2], strict=True))
    return Shutter(rectangle, circle, polygon, _level(item))


def _shapes(item: Dataset) -> list[str]:
    value = item.get("ShutterShape") or ""
    return [value] if isinstance(value, str) else [str(part) for part in value]


def _level(item: Dataset) -> float:
    value = numbers(item, "ShutterPresentationValue")
    return min(1.0, max(0.0, value[0] / 0xFFFF)) if value else 0.0
