"""A rendered picture as a Secondary Capture in colour (PS3.3 A.8.1), for archives that show nothing else.

What is burned into it cannot be taken off again, and it says so (Burned In Annotation). Its pixels are no
measurement: it carries no spacing and no place in the patient, but names the images it was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.codes import code_item
from medviewer.dicom.evidence.derived import (
    RESEARCH,
    NewObject,
    Origin,
    SourceImage,
    add_contributor,
    begin,
    new_uid,
)
from medviewer.dicom.evidence.references import Maker, Shown, named, reference_to
from medviewer.dicom.evidence.sides import add_laterality
from medviewer.errors import UsageError

SC = "1.2.840.10008.5.1.4.1.1.7"
_EDGES = {"L", "R", "A", "P", "H", "F"}
_LARGEST = 0xFFFF


@dataclass(frozen=True, eq=False)
class Capture:
    """``rgb``: (rows, columns, 3), labels already burned in. ``edges``: patient directions of the right and
    the lower edge ("L", "F"), () where nobody says them. ``shows``: the images it was made from."""

    rgb: NDArray[np.uint8]
    description: str
    shows: tuple[Shown, ...]
    edges: tuple[str, ...] = ()
    makers: tuple[Maker, ...] = ()


def capture_objects(origin: Origin, captures: Sequence[Capture], new: NewObject) -> list[Dataset]:
    """One object a picture, all in one series; the first has the SOP Instance UID and number of ``new``.

    Raises :class:`UsageError` for no picture, for one that is no 8-bit RGB, and for one that shows an image
    which is not in ``origin``.
    """
    if not captures:
        raise UsageError("There is no picture to write.", "Mark a key image first.")
    made = []
    for k, one in enumerate(captures):
        own = new if k == 0 else replace(new, sop_uid=new_uid(), instance_number=new.instance_number + k)
        made.append(_object(origin, one, own))
    return made


def _object(origin: Origin, capture: Capture, new: NewObject) -> Dataset:
    ds = begin(origin, replace(new, sop_class=SC, modality="OT"))
    sources = named(origin, capture.shows)
    add_laterality(ds, [image for image, _ in sources])
    ds.ConversionType = "WSD"
    ds.ContentQualification = RESEARCH
    ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = ds.ContentDate, ds.ContentTime
    ds.ImageType = ["DERIVED", "SECONDARY"]
    ds.PatientOrientation = list(capture.edges) if _believed(capture.edges) else None
    ds.BurnedInAnnotation = "YES"
    ds.ImageComments = capture.description[:10240]
    ds.DerivationDescription = "Rendered as on screen: windowed, interpolated, annotated"
    _add_sources(ds, sources)
    _add_pixels(ds, capture.rgb)
    _add_loss(ds, [image for image, _ in sources])
    for maker in capture.makers:
        add_contributor(ds, maker.name, maker.version, maker.part, new.when)
    return ds


def _believed(edges: Sequence[str]) -> bool:
    return len(edges) == 2 and all(edge and set(edge) <= _EDGES for edge in edges)


def _add_sources(ds: Dataset, sources: Sequence[tuple[SourceImage, int]]) -> None:
    items = []
    for image, frame in sources:
        item = reference_to(image, frame)
        item.PurposeOfReferenceCodeSequence = [
            code_item("121322", "DCM", "Source image for image processing operation")
        ]
        items.append(item)
    if items:
        ds.SourceImageSequence = items


def _add_pixels(ds: Dataset, rgb: NDArray[np.uint8]) -> None:
    sized = rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.size > 0 and max(rgb.shape) <= _LARGEST
    if not sized or rgb.dtype != np.uint8:
        raise UsageError("A captured picture must be 8-bit RGB.")
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.Rows, ds.Columns = rgb.shape[:2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    data = np.ascontiguousarray(rgb).tobytes()
    ds.add_new("PixelData", "OB", data + b"\0" * (len(data) % 2))


def _add_loss(ds: Dataset, sources: Sequence[SourceImage]) -> None:
    """Once compressed with loss, always so (PS3.3 C.7.6.1.1.5)."""
    lost = next((image.lossy for image in sources if image.lossy.was), None)
    ds.LossyImageCompression = "00" if lost is None else "01"
    if lost is not None and lost.ratios:
        ds.LossyImageCompressionRatio = list(lost.ratios)
    if lost is not None and lost.methods:
        ds.LossyImageCompressionMethod = list(lost.methods)
