"""Projections with overlay planes, and presentation states of them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation

from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.presentation_state import Presentation
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Instance
from tests.factories import item, make_instance, save

GREY = "1.2.840.10008.5.1.4.1.1.11.1"


def make_projection(k: int = 0, *, rows: int = 12, columns: int = 20, seed: int = 0) -> Dataset:
    """A DX image without a place in the patient whose pixel (row, column) holds 100 * row + column."""
    ds = make_instance(k, rows=rows, columns=columns, seed=seed, intercept=0)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "RescaleType"):
        delattr(ds, keyword)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    ds.Modality, ds.PatientOrientation = "DX", ["L", "F"]
    ds.PixelSpacing, ds.ImagerPixelSpacing = [0.4, 0.2], [0.4, 0.2]
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    row, column = np.mgrid[:rows, :columns]
    ds.PixelData = (100 * row + column).astype("<u2").tobytes()
    ds.WindowCenter, ds.WindowWidth = 600, 1200
    return ds


def add_plane(  # noqa: PLR0917 - a plane has so many facts
    ds: Dataset,
    bits: NDArray[np.bool_],
    origin: tuple[int, int] = (1, 1),
    group: int = 0x6000,
    kind: str = "G",
    first_frame: int | None = None,
) -> Dataset:
    """Put an overlay plane of (rows, columns), or of (frames, rows, columns), into a dataset."""
    rows, columns = bits.shape[-2:]
    ds.add_new((group, 0x0010), "US", rows)
    ds.add_new((group, 0x0011), "US", columns)
    if bits.ndim == 3:
        ds.add_new((group, 0x0015), "IS", len(bits))
    if first_frame is not None:
        ds.add_new((group, 0x0051), "US", first_frame)
    ds.add_new((group, 0x0040), "CS", kind)
    ds.add_new((group, 0x0050), "SS", list(origin))
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    ds.add_new((group, 0x1500), "LO", "Collimation")
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    ds.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))
    return ds


def names(image: Dataset, frames: Sequence[int] = ()) -> Dataset:
    """A reference to an image."""
    ds = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    if frames:
        ds.ReferencedFrameNumber = list(frames)
    return ds


def drawing(kind: str, points: Sequence[float], units: str = "PIXEL", filled: str = "N") -> Dataset:
    """A Graphic Object."""
    return item(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(points) // 2,
        GraphicData=list(points),
        GraphicType=kind,
        GraphicFilled=filled,
    )


def words(
    text: str, anchor: Sequence[float] = (), box: Sequence[float] = (), units: str = "PIXEL"
) -> Dataset:
    """A Text Object."""
    ds = item(UnformattedTextValue=text)
    if anchor:
        ds.AnchorPointAnnotationUnits, ds.AnchorPoint, ds.AnchorPointVisibility = units, list(anchor), "Y"
    if box:
        ds.BoundingBoxAnnotationUnits = units
        ds.BoundingBoxTopLeftHandCorner, ds.BoundingBoxBottomRightHandCorner = list(box[:2]), list(box[2:])
        ds.BoundingBoxTextHorizontalJustification = "LEFT"
    return ds


def annotation(
    layer: str,
    graphics: Sequence[Dataset] = (),
    texts: Sequence[Dataset] = (),
    images: Sequence[Dataset] = (),
) -> Dataset:
    """An item of the Graphic Annotation Sequence."""
    ds = item(GraphicLayer=layer)
    if images:
        ds.ReferencedImageSequence = list(images)
    if graphics:
        ds.GraphicObjectSequence = list(graphics)
    if texts:
        ds.TextObjectSequence = list(texts)
    return ds


def area(first: Sequence[int], last: Sequence[int], mode: str = "SCALE TO FIT", **facts: object) -> Dataset:
    """An item of the Displayed Area Selection Sequence; columns before rows, from 1."""
    return item(
        DisplayedAreaTopLeftHandCorner=list(first),
        DisplayedAreaBottomRightHandCorner=list(last),
        PresentationSizeMode=mode,
        **{"PresentationPixelAspectRatio": [1, 1], **facts},
    )


def make_presentation(images: Sequence[Dataset], facts: Mapping[str, object] = {}) -> Dataset:
    """A grey presentation state of images of one series; ``facts`` are its elements by keyword."""
    ds = make_instance(900)
    for keyword in ("PixelData", "Rows", "Columns", "RescaleIntercept", "RescaleSlope", "RescaleType"):
        delattr(ds, keyword)
    del ds.WindowCenter, ds.WindowWidth, ds.ImagePositionPatient, ds.ImageOrientationPatient
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(GREY)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = images[0].StudyInstanceUID, "1.2.3.11"
    ds.Modality, ds.SeriesNumber = "PR", 800
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "COLLIMATED", "As read", "Doe^Jane"
    ds.PresentationCreationDate, ds.PresentationCreationTime = "20240102", "101500"
    ds.ReferencedSeriesSequence = [
        item(
            SeriesInstanceUID=images[0].SeriesInstanceUID,
            ReferencedImageSequence=[names(image) for image in images],
        )
    ]
    ds.PresentationLUTShape = "IDENTITY"
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return ds


def write_pair(folder: Path, facts: Mapping[str, object] = {}, **twist: object) -> tuple[Path, Path]:
    """A projection and a presentation state of it: their paths."""
    image = make_projection()
    for keyword, value in twist.items():
        setattr(image, keyword, value)
    return save(image, folder / "image.dcm"), save(make_presentation([image], facts), folder / "state.dcm")


def read(path: Path) -> Presentation:
    """The presentation state in a file, as the window reads it."""
    (found,) = scan([path]).objects
    return read_presentation(path, found.patient.key)


def image_of(path: Path) -> Instance:
    """The first image of a file."""
    return scan([path]).all_series()[0].instances[0]


def pair(
    folder: Path,
    facts: dict[str, object] | None = None,
    **twist: object,
) -> tuple[Instance, Presentation]:
    """A projection and a presentation state of it, written and read."""
    image, state = write_pair(folder, facts or {}, **twist)
    return image_of(image), read(state)
