"""Presentation states read (PS3.3 A.33.1, A.33.2): grey and colour, each thing in it limited to its images.

Read by pydicom only after the byte-level guard walked the whole file. What makes no sense is left out with a
sentence; what the state says without it is still shown. Pseudo-colour states are shown without their palette.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pydicom
from pydicom.dataset import Dataset

from medviewer.dicom import values as v
from medviewer.dicom.captions import display_name
from medviewer.dicom.elements import Broken
from medviewer.dicom.objects import presentation_parts as parts
from medviewer.dicom.objects.presentation_parts import Unfit
from medviewer.dicom.overlay_planes import OverlayPlane, read_planes
from medviewer.dicom.presentation_state import Drawing, For, ImageRef, Presentation
from medviewer.dicom.voi_lut import window_of_item
from medviewer.dicom.walk import walk
from medviewer.errors import UnreadableImage
from medviewer.imaging.presented import NEUTRAL
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.window import VoiFunction, Window

GREY, COLOUR, PSEUDO = (f"1.2.840.10008.5.1.4.1.1.11.{k}" for k in (1, 2, 3))
SUPPORTED = frozenset({GREY, COLOUR, PSEUDO})
"""SOP classes that are applied; others of the family open as their tags."""
_LARGEST = 1 << 26
_MOST_OBJECTS = 5000
_MOST_IMAGES = 20_000

T = TypeVar("T")
log = logging.getLogger(__name__)


def read_presentation(path: Path, patient_key: str) -> Presentation:
    """The presentation state in a file. ``patient_key``: whose it is, as the scan found.

    Raises :class:`Broken` or :class:`UnreadableImage` with one sentence, OSError.
    """
    header = walk(path, frozenset())
    if not header.sound or header.stamp[0] > _LARGEST:
        raise Broken("The presentation state is damaged, or far too large.")
    own = read_planes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = _Reader(pydicom.dcmread(path, stop_before_pixels=True), header.coding.little)
            return reader.presentation(patient_key, own.planes, dict(own.layers), own.left_out)
    except UnreadableImage:
        raise
    except Exception as error:  # whatever a hostile dataset makes of its parser
        log.debug("presentation state refused: %s", type(error).__name__)
        raise UnreadableImage("The presentation state is damaged and cannot be shown.") from error


class _Reader:
    def __init__(self, dataset: Dataset, little: bool) -> None:
        self._ds, self._little = dataset, little
        self._left_out: list[str] = []
        self._count = 0

    def presentation(
        self,
        patient_key: str,
        planes: tuple[OverlayPlane, ...],
        layers: dict[int, str],
        left_out: tuple[str, ...],
    ) -> Presentation:
        """Everything in it. Raises :class:`UnreadableImage` for another kind of object."""
        ds = self._ds
        kind = str(ds.get("SOPClassUID") or "")
        if kind not in SUPPORTED:
            raise UnreadableImage("This kind of presentation state cannot be shown.", "Look at its tags.")
        slope, intercept = self._modality() if kind != COLOUR else (1.0, 0.0)
        if kind == PSEUDO:
            self._left_out.append("Its colour palette is not applied: the image stays grey.")
        return Presentation(
            sop_uid=str(ds.get("SOPInstanceUID") or ""),
            patient_key=patient_key,
            label=v.plain(str(ds.get("ContentLabel") or "")),
            description=v.plain(str(ds.get("ContentDescription") or "")),
            creator=display_name(str(ds.get("ContentCreatorName") or "")),
            date=str(ds.get("PresentationCreationDate") or ""),
            images=self._images(),
            turn=self._turn(),
            shutter=self._try(lambda: parts.shutter(ds)),
            areas=self._each("DisplayedAreaSelectionSequence", parts.area),
            drawings=self._drawings(),
            slope=slope,
            intercept=intercept,
            tabled=kind != COLOUR and bool(ds.get("ModalityLUTSequence")),
            windows=() if kind == COLOUR else self._windows(),
            inverse=None if kind == COLOUR else self._inverse(),
            planes=planes,
            active=frozenset(layers),
            shutter_group=self._bitmap_shutter(),
            left_out=(*left_out, *dict.fromkeys(self._left_out)),
        )

    def _try(self, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except Unfit as error:
            self._left_out.append(str(error))
        except Exception:  # noqa: BLE001 - one damaged item: the others are still there
            self._left_out.append("A part of it is damaged and is not shown.")
        return None

    def _each(self, keyword: str, make: Callable[[Dataset], T]) -> tuple[For[T], ...]:
        found = []
        for item in self._ds.get(keyword) or ():
            made = self._try(lambda item=item: For(parts.references(item), make(item)))  # type: ignore[misc]
            found += [made] if made is not None else []
        return tuple(found)

    def _images(self) -> tuple[ImageRef, ...]:
        """The images it speaks of, of all series it names."""
        found: list[ImageRef] = []
        for series in self._ds.get("ReferencedSeriesSequence") or ():
            found += self._try(lambda series=series: parts.references(series)) or ()  # type: ignore[misc]
            if len(found) > _MOST_IMAGES:
                raise UnreadableImage("The presentation state names more images than anybody opens.")
        if not found:
            raise UnreadableImage("The presentation state names no image.")
        return tuple(found)

    def _turn(self) -> Turn:
        """Rotation clockwise first, then the flip (PS3.3 C.10.6)."""
        degrees = self._try(lambda: parts.numbers(self._ds, "ImageRotation")) or (0.0,)
        if degrees[0] % 90:
            self._left_out.append("Its rotation is by no right angle and is not applied.")
            return STRAIGHT
        return Turn(int(degrees[0] // 90) % 4, parts.word(self._ds, "ImageHorizontalFlip") == "Y")

    # --- grey levels -------------------------------------------------------------------------------------

    def _modality(self) -> tuple[float, float]:
        ds = self._ds
        if ds.get("ModalityLUTSequence"):
            self._left_out.append("Its table of modality values is not applied, nor its windows.")
        slope = self._try(lambda: parts.numbers(ds, "RescaleSlope")) or ()
        intercept = self._try(lambda: parts.numbers(ds, "RescaleIntercept")) or ()
        pair = (*slope, *intercept)
        return (pair[0], pair[1]) if len(pair) == 2 and pair[0] != 0 else (1.0, 0.0)

    def _windows(self) -> tuple[For[Window], ...]:
        return self._each("SoftcopyVOILUTSequence", self._window)

    def _window(self, item: Dataset) -> Window:
        tables = list(item.get("VOILUTSequence") or ())
        if tables:
            return window_of_item(tables[0], self._values_may_be_negative(), self._little)
        centres, widths = parts.numbers(item, "WindowCenter"), parts.numbers(item, "WindowWidth")
        function = parts.word(item, "VOILUTFunction") or "LINEAR"
        try:
            name = item.get("WindowCenterWidthExplanation") or ""
            name = v.plain(name if isinstance(name, str) else str(name[0]))
            return Window(centres[0], widths[0], VoiFunction(function), name=name)
        except (ValueError, IndexError) as error:
            raise Unfit("A window in it is not allowed by the standard.") from error

    def _values_may_be_negative(self) -> bool:
        return self._modality()[1] < 0

    def _inverse(self) -> bool:
        if self._ds.get("PresentationLUTSequence"):
            self._left_out.append("Its table of grey levels (Presentation LUT) is not applied.")
        return parts.word(self._ds, "PresentationLUTShape") == "INVERSE"

    # --- drawings ----------------------------------------------------------------------------------------

    def _drawings(self) -> tuple[For[Drawing], ...]:
        layers = self._layers()
        found: list[For[Drawing]] = []
        for note in self._ds.get("GraphicAnnotationSequence") or ():
            order, colour = layers.get(parts.word(note, "GraphicLayer"), (0, NEUTRAL))
            images = self._try(lambda note=note: parts.references(note))  # type: ignore[misc]
            if images is None:
                continue
            for keyword, make in (
                ("GraphicObjectSequence", parts.graphic),
                ("TextObjectSequence", parts.text),
            ):
                found += self._objects(note.get(keyword) or (), make, colour, order, images)
            if note.get("CompoundGraphicSequence"):
                self._left_out.append("Its compound graphics are shown by their simple parts alone.")
        return tuple(found)

    def _objects(
        self,
        items: Iterable[Dataset],
        make: Callable[[Dataset, str], object],
        colour: str,
        order: int,
        images: tuple[ImageRef, ...],
    ) -> list[For[Drawing]]:
        found = []
        for item in items:
            self._count += 1
            if self._count > _MOST_OBJECTS:
                self._left_out.append(f"Only its first {_MOST_OBJECTS} drawings are shown.")
                break
            made = self._try(lambda item=item: make(item, colour))  # type: ignore[misc]
            found += [For(images, Drawing(order, made))] if made is not None else []  # type: ignore[arg-type]
        return found

    def _layers(self) -> dict[str, tuple[int, str]]:
        """Name -> (order, colour) of the graphic layers (PS3.3 C.10.7)."""
        found = {}
        for item in self._ds.get("GraphicLayerSequence") or ():
            order = self._try(lambda item=item: parts.whole(item, "GraphicLayerOrder", 1)[0])  # type: ignore[misc]
            colour = self._try(lambda item=item: parts.layer_colour(item))  # type: ignore[misc]
            found[parts.word(item, "GraphicLayer")] = (order or 0, colour or NEUTRAL)
        return found

    def _bitmap_shutter(self) -> int | None:
        shapes = self._ds.get("ShutterShape") or ""
        if "BITMAP" not in ([shapes] if isinstance(shapes, str) else list(shapes)):
            return None
        group = self._try(lambda: parts.whole(self._ds, "ShutterOverlayGroup", 1)[0])
        return group
