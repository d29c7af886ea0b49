"""What a reader drew and how images were shown, as a presentation state (PS3.3 A.33.1, A.33.2).

Takes the facts that :mod:`~medviewer.dicom.objects.presentation` reads: written and read, they are equal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.evidence import presentation_items as items
from medviewer.dicom.evidence.codes import person_name, short_text
from medviewer.dicom.evidence.derived import RESEARCH, NewObject, Origin, SourceImage, begin
from medviewer.dicom.evidence.references import Shown, named
from medviewer.dicom.evidence.sides import add_laterality
from medviewer.dicom.objects.presentation import COLOUR, GREY
from medviewer.dicom.presentation_state import For, ImageRef, Presentation
from medviewer.errors import UsageError
from medviewer.imaging.presented import Area
from medviewer.imaging.window import Window

_NO_CODE = re.compile(r"[^A-Z0-9 _]")


def presentation_object(
    origin: Origin,
    presentation: Presentation,
    new: NewObject,
    *,
    rescale_type: str = "US",
    modality_lut: Sequence[Dataset] = (),
) -> Dataset:
    """A grey state, or one in colour where ``presentation.inverse`` is None.

    ``slope`` and ``intercept`` of the presentation become its Modality LUT, which takes the place of the
    images' own: windows are in its units, named by ``rescale_type`` ("HU"; "US" for no known unit).
    ``modality_lut``: the images' own table, copied, where one leads to their values. Images without an area
    are shown whole. ``sop_uid`` and ``date`` are those of ``new``. Raises :class:`UsageError` for no image,
    for one that is not in ``origin``, and for drawings or windows of images that it does not speak of.
    """
    colour = presentation.inverse is None
    images = _images(origin, presentation.images)
    _check(presentation)
    ds = begin(origin, replace(new, sop_class=COLOUR if colour else GREY, modality="PR"))
    ds.ContentQualification = RESEARCH
    ds.PresentationCreationDate, ds.PresentationCreationTime = ds.ContentDate, ds.ContentTime
    del ds.ContentDate, ds.ContentTime
    add_laterality(ds, [image for image, _ in images])
    _identify(ds, presentation)
    ds.ReferencedSeriesSequence = _series(images)
    classes = {image.sop_uid: image.sop_class for image in origin.images}
    ds.DisplayedAreaSelectionSequence = _areas(presentation, images, classes)
    items.add_turn(ds, presentation.turn)
    items.add_drawings(ds, presentation.drawings, classes)
    if colour:
        ds.ICCProfile = items.srgb_profile()
    else:
        _add_grey(ds, presentation, classes, rescale_type, modality_lut)
    return ds


def _images(origin: Origin, refs: Sequence[ImageRef]) -> list[tuple[SourceImage, tuple[int, ...]]]:
    """The images with their frames, () for all. Raises :class:`UsageError`."""
    if not refs:
        raise UsageError("There is nothing to present: no image was named.")
    found = []
    for ref in refs:
        image, _ = named(origin, [Shown(ref.sop_uid, frame) for frame in ref.frames or (0,)])[0]
        found.append((image, ref.frames if image.frames > 1 else ()))
    return found


def _check(presentation: Presentation) -> None:
    known = {(ref.sop_uid, frame) for ref in presentation.images for frame in ref.frames or (0,)}
    whole = {ref.sop_uid for ref in presentation.images if not ref.frames}
    told = [part.images for part in presentation.drawings]
    told += [part.images for part in presentation.windows]
    told += [part.images for part in presentation.areas]
    for ref in (ref for refs in told for ref in refs):
        if ref.sop_uid not in whole and any((ref.sop_uid, f) not in known for f in ref.frames or (0,)):
            raise UsageError("Something was drawn on an image that the presentation does not speak of.")


def _identify(ds: Dataset, presentation: Presentation) -> None:
    """PS3.3 C.11.10."""
    ds.ContentLabel = _NO_CODE.sub("_", presentation.label.upper())[:16].strip() or "ANNOTATIONS"
    ds.ContentDescription = short_text(presentation.description) or None
    ds.ContentCreatorName = person_name(presentation.creator) or None


def _series(images: Sequence[tuple[SourceImage, tuple[int, ...]]]) -> list[Dataset]:
    """PS3.3 C.11.11."""
    by_uid: dict[str, list[Dataset]] = {}
    for image, frames in images:
        entry = items.image_item(image.sop_uid, image.sop_class, frames)
        by_uid.setdefault(image.series_uid, []).append(entry)
    found = []
    for uid, members in by_uid.items():
        entry = Dataset()
        entry.SeriesInstanceUID = UID(uid)
        entry.ReferencedImageSequence = members
        found.append(entry)
    return found


def _areas(
    presentation: Presentation,
    images: Sequence[tuple[SourceImage, tuple[int, ...]]],
    classes: dict[str, str],
) -> list[Dataset]:
    """Those that were given; the whole of every other image, those of one size in one item (C.10.4)."""
    told = {ref.sop_uid for area in presentation.areas for ref in area.images}
    areas = list(presentation.areas)
    if any(not area.images for area in areas):
        return [items.area_item(area.value, presentation.turn, (), classes) for area in areas]
    rest: dict[tuple[int, int], list[ImageRef]] = {}
    for image, frames in images:
        if image.sop_uid not in told:
            rest.setdefault((image.columns, image.rows), []).append(ImageRef(image.sop_uid, frames))
    areas += [For(tuple(refs), Area((1, 1), size)) for size, refs in rest.items()]
    return [items.area_item(a.value, presentation.turn, a.images, classes) for a in areas]


def _add_grey(
    ds: Dataset,
    presentation: Presentation,
    classes: dict[str, str],
    rescale_type: str,
    modality_lut: Sequence[Dataset],
) -> None:
    """Modality LUT, windows, and which end is black (PS3.3 C.11.1, C.11.8, C.11.6)."""
    if modality_lut:
        ds.ModalityLUTSequence = list(modality_lut)
    elif (presentation.slope, presentation.intercept) != (1.0, 0.0):
        ds.RescaleSlope, ds.RescaleIntercept = items.decimal(presentation.slope, presentation.intercept)
        ds.RescaleType = short_text(rescale_type)
    windows: Sequence[For[Window]] = presentation.windows
    if windows:
        ds.SoftcopyVOILUTSequence = [items.window_item(w.value, w.images, classes) for w in windows]
    ds.PresentationLUTShape = "INVERSE" if presentation.inverse else "IDENTITY"
