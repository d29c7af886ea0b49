"""Items of a presentation state: drawings, words, displayed areas, windows (PS3.3 C.10, C.11.8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import DSfloat

from medviewer.dicom.evidence.codes import short_text
from medviewer.dicom.presentation_state import Drawing, For, ImageRef
from medviewer.dicom.values import plain
from medviewer.imaging.presented import Area, Graphic, Point, Text, from_picture
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.turn import Turn
from medviewer.imaging.window import Window

_LAYER = "READER"
_MOST_RATIO = 10_000
_LONGEST_TEXT = 1024


def image_item(sop_uid: str, sop_class: str, frames: Sequence[int] = ()) -> Dataset:
    """A reference to an image, or to frames of it counted from 1."""
    ds = Dataset()
    ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID = UID(sop_class), UID(sop_uid)
    if frames:
        ds.ReferencedFrameNumber = list(frames)
    return ds


def _refer(ds: Dataset, refs: Iterable[ImageRef], classes: Mapping[str, str]) -> None:
    """Limit an item to images; to none in particular where there are no ``refs``."""
    items = [image_item(ref.sop_uid, classes[ref.sop_uid], ref.frames) for ref in refs]
    if items:
        ds.ReferencedImageSequence = items


def decimal(*values: float) -> list[DSfloat]:
    """Decimal strings of at most 16 characters."""
    return [DSfloat(float(value) + 0.0, auto_format=True) for value in values]


def add_turn(ds: Dataset, turn: Turn) -> None:
    """Rotation clockwise, then the flip (PS3.3 C.10.6)."""
    if turn:
        ds.ImageRotation, ds.ImageHorizontalFlip = 90 * turn.quarters, "Y" if turn.mirrored else "N"


def area_item(area: Area, turn: Turn, refs: Sequence[ImageRef], classes: Mapping[str, str]) -> Dataset:
    """A displayed area: its corners are the pixels that lie top left and bottom right once it is turned."""
    ds = Dataset()
    _refer(ds, refs, classes)
    first, last = _shown_corners(area, turn)
    ds.DisplayedAreaTopLeftHandCorner, ds.DisplayedAreaBottomRightHandCorner = list(first), list(last)
    ds.PresentationSizeMode = str(area.mode)
    if area.spacing is not None:
        ds.PresentationPixelSpacing = decimal(*area.spacing)
    else:
        ratio = Fraction(area.aspect or 1.0).limit_denominator(_MOST_RATIO)
        ds.PresentationPixelAspectRatio = [ratio.numerator, ratio.denominator]
    if area.magnification is not None:
        ds.PresentationPixelMagnificationRatio = area.magnification
    return ds


def _shown_corners(area: Area, turn: Turn) -> tuple[tuple[int, int], tuple[int, int]]:
    """(column, row) from 1 of the pixels in the upper left and lower right corner of the turned picture."""
    (left, top), (right, bottom) = area.box
    columns, rows = int(right - left), int(bottom - top)
    view = PlaneView((1, rows, columns), None, turn=turn)
    shown_rows, shown_columns = view.shape
    ends = [from_picture(view, (x, y)) for x, y in ((0.5, 0.5), (shown_columns - 0.5, shown_rows - 0.5))]
    first, last = ((round(x + 0.5 + left), round(y + 0.5 + top)) for x, y in ends)
    return first, last


def window_item(window: Window, refs: Sequence[ImageRef], classes: Mapping[str, str]) -> Dataset:
    """An item of the Softcopy VOI LUT Sequence: centre and width with their function, or a table."""
    ds = Dataset()
    _refer(ds, refs, classes)
    if window.lut is not None:
        ds.VOILUTSequence = [_table(window)]
        return ds
    ds.WindowCenter, ds.WindowWidth = decimal(window.centre, window.width)
    ds.VOILUTFunction = str(window.function)
    if name := short_text(window.name):
        ds.WindowCenterWidthExplanation = name
    return ds


def _table(window: Window) -> Dataset:
    """PS3.3 C.11.2.1.1. The first value the table maps is signed where it is below zero."""
    lut = window.lut
    assert lut is not None
    ds = Dataset()
    entries = len(lut.entries) // 2
    kind = "SS" if lut.first < 0 else "US"
    ds.add_new("LUTDescriptor", kind, [0 if entries == 1 << 16 else entries, lut.first, lut.bits])
    if name := short_text(window.name):
        ds.LUTExplanation = name
    ds.add_new("LUTData", "OW", lut.entries)
    return ds


# --- drawings --------------------------------------------------------------------------------------------


def add_drawings(ds: Dataset, drawings: Sequence[For[Drawing]], classes: Mapping[str, str]) -> None:
    """Graphic annotations, those of the same images in one item, and their layers (C.10.5, C.10.7)."""
    by_place: dict[tuple[int, tuple[ImageRef, ...]], list[Graphic | Text]] = {}
    for drawing in drawings:
        by_place.setdefault((drawing.value.order, drawing.images), []).append(drawing.value.what)
    if not by_place:
        return
    ds.GraphicAnnotationSequence = [
        _annotation(order, refs, things, classes) for (order, refs), things in by_place.items()
    ]
    ds.GraphicLayerSequence = [_layer(order) for order in sorted({order for order, _ in by_place})]


def _layer_name(order: int) -> str:
    return f"{_LAYER}{order}" if order else _LAYER


def _layer(order: int) -> Dataset:
    ds = Dataset()
    ds.GraphicLayer, ds.GraphicLayerOrder = _layer_name(order), order
    ds.GraphicLayerDescription = "What the reader drew"
    return ds


def _annotation(
    order: int, refs: Sequence[ImageRef], things: Sequence[Graphic | Text], classes: Mapping[str, str]
) -> Dataset:
    ds = Dataset()
    _refer(ds, refs, classes)
    ds.GraphicLayer = _layer_name(order)
    graphics = [_graphic(thing) for thing in things if isinstance(thing, Graphic)]
    texts = [_text(thing) for thing in things if isinstance(thing, Text)]
    if texts:
        ds.TextObjectSequence = texts
    if graphics:
        ds.GraphicObjectSequence = graphics
    return ds


def _flat(points: Iterable[Point]) -> list[float]:
    return [float(x) for point in points for x in point]


def _graphic(graphic: Graphic) -> Dataset:
    """PS3.3 C.10.5.1.2."""
    ds = Dataset()
    ds.GraphicAnnotationUnits, ds.GraphicDimensions = str(graphic.units), 2
    ds.NumberOfGraphicPoints, ds.GraphicData = len(graphic.points), _flat(graphic.points)
    ds.GraphicType = graphic.kind
    closed = len(graphic.points) > 1 and graphic.points[0] == graphic.points[-1]
    if closed or graphic.kind in ("CIRCLE", "ELLIPSE"):
        ds.GraphicFilled = "Y" if graphic.filled else "N"
    return ds


def _text(text: Text) -> Dataset:
    """PS3.3 C.10.5.1.1."""
    ds = Dataset()
    if text.box is not None:
        ds.BoundingBoxAnnotationUnits = str(text.box_units)
        ds.BoundingBoxTopLeftHandCorner, ds.BoundingBoxBottomRightHandCorner = map(list, text.box)
        ds.BoundingBoxTextHorizontalJustification = text.align
    if text.anchor is not None:
        ds.AnchorPointAnnotationUnits = str(text.anchor_units)
        ds.AnchorPoint = list(text.anchor)
        ds.AnchorPointVisibility = "Y" if text.anchored else "N"
    lines = (plain(line) for line in text.words.split("\n"))
    ds.UnformattedTextValue = "\r\n".join(lines)[:_LONGEST_TEXT].strip()
    return ds


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """An ICC profile of sRGB: what our colours are shown in, and no colour state may do without it."""
    from PIL import ImageCms

    data: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data + b"\0" * (len(data) % 2)
