"""Small DICOM makers for tests: valid, deterministic, and every fact can be twisted.

Slice k of a series holds the constant stored value ``100 + k``, so the volume's oracle is trivial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from medviewer.dicom.objects.ct import CtFacts, seeded_uid, write_ct_series
from medviewer.imaging.volume import Geometry, Unit, Volume

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)

Tweak = Callable[[Dataset, int], None]


def make_instance(
    k: int = 0,
    *,
    rows: int = 16,
    columns: int = 12,
    spacing: tuple[float, float] = (0.8, 0.5),
    step: float = 2.0,
    first: Sequence[float] = (-10.0, -20.0, -30.0),
    orientation: Sequence[float] = AXIAL,
    seed: int = 0,
    intercept: float = -1024,
    pixels: NDArray[np.int16] | None = None,
) -> Dataset:
    """Slice k of a CT series as a dataset with file meta: position ``first + k * step * normal``."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = seeded_uid("test image", seed, k)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID = "Test^Tina", "T1"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19700101", "F", "054Y"
    ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime = seeded_uid("test study", seed), "20240102", "101500"
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "1", "A1", ""
    ds.StudyDescription, ds.SeriesDescription = "Chest", "Axial"
    ds.SeriesInstanceUID, ds.SeriesNumber = seeded_uid("test series", seed), 1
    ds.Modality, ds.BodyPartExamined, ds.PatientPosition = "CT", "CHEST", "HFS"
    ds.Manufacturer, ds.ConvolutionKernel, ds.KVP = "Maker", "B40f", 120
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = seeded_uid("test frame", seed), ""
    ds.ImageType, ds.InstanceNumber, ds.AcquisitionNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], k + 1, 1
    normal = np.cross(orientation[:3], orientation[3:])
    ds.ImagePositionPatient = [round(float(x), 6) for x in np.asarray(first) + k * step * normal]
    ds.ImageOrientationPatient = [round(float(x), 12) for x in orientation]
    ds.PixelSpacing, ds.SliceThickness = list(spacing), step
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = intercept, 1, "HU"
    ds.WindowCenter, ds.WindowWidth = [40, -600], [400, 1500]
    values = np.full((rows, columns), 100 + k, np.int16) if pixels is None else pixels
    ds.PixelData = values.astype("<i2").tobytes()
    return ds


_STAND_INS = {
    "1.2.840.10008.1.2.8.1": "1.2.840.10008.1.2.4.50",
    **{f"1.2.840.10008.1.2.4.{n}": "1.2.840.10008.1.2.4.201" for n in (110, 111, 112)},
}
"""Syntaxes too young for pydicom to write, and one as long that it does write."""


def to_bytes(ds: Dataset) -> bytes:
    """The file a dataset makes."""
    syntax, file = str(ds.file_meta.TransferSyntaxUID), BytesIO()
    written = _STAND_INS.get(syntax, syntax)
    ds.file_meta.TransferSyntaxUID = UID(written)
    ds.save_as(file, enforce_file_format=True)
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    return file.getvalue().replace(written.encode(), syntax.encode().ljust(len(written), b"\0"), 1)


def save(ds: Dataset, path: Path) -> Path:
    """Write a dataset as a DICOM file; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(ds))
    return path


def make_ct_series(
    folder: Path,
    *,
    slices: int = 10,
    rows: int = 16,
    columns: int = 12,
    spacing: tuple[float, float] = (0.8, 0.5),
    step: float = 2.0,
    first: Sequence[float] = (-10.0, -20.0, -30.0),
    orientation: Sequence[float] = AXIAL,
    seed: int = 0,
    tweak: Tweak | None = None,
) -> list[Path]:
    """Write a CT series; ``tweak(dataset, k)`` may change any slice before it is saved.

    Files are in order of k (upward along the normal: feet to head for axial).
    """
    paths = []
    for k in range(slices):
        ds = make_instance(
            k,
            rows=rows,
            columns=columns,
            spacing=spacing,
            step=step,
            first=first,
            orientation=orientation,
            seed=seed,
        )
        if tweak is not None:
            tweak(ds, k)
        paths.append(save(ds, folder / f"{seed:03d}-{k:04d}.dcm"))
    return paths


def make_volume(shape: tuple[int, int, int] = (10, 16, 12), value: int = -1000) -> Volume:
    """A constant HU volume, axial, head first, 2.0 x 0.8 x 0.5 mm."""
    geometry = Geometry.from_planes((-10.0, -20.0, 30.0), AXIAL, (0.8, 0.5), (0.0, 0.0, -2.0), "1.2.3")
    return Volume(np.full(shape, value, np.int16), geometry, Unit.HU)


def write_volume(volume: Volume, folder: Path, **facts: object) -> list[Path]:
    """Write a volume as a CT series with the given :class:`CtFacts`."""
    return write_ct_series(volume, folder, CtFacts(**facts))  # type: ignore[arg-type]


def item(**facts: Any) -> Dataset:
    """A sequence item."""
    ds = Dataset()
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return ds


def coded(value: str, meaning: str, scheme: str) -> DicomSequence:
    """A code sequence of one item (PS3.3 section 8.8)."""
    return DicomSequence([item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)])


DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"


def make_x_ray(
    path: Path, pixels: NDArray[Any], *, view: str = "PA", age: str = "054Y", seed: int = 0,
    spacing: float | None = 0.14, tweak: Tweak | None = None,
) -> Path:  # fmt: skip
    """A digital X-ray for presentation from grey values, bright = dense; ``spacing`` mm at the detector."""
    ds = make_instance(seed=seed)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(ds, name)
    for name in ("RescaleType", "KVP", "ConvolutionKernel", "PatientPosition", "FrameOfReferenceUID"):
        delattr(ds, name)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(DX_FOR_PRESENTATION)
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition, ds.PatientAge = "DX", "CHEST", view, age
    ds.PresentationIntentType, ds.PatientOrientation = "FOR PRESENTATION", ["L", "F"]
    ds.ImageType, ds.SeriesDescription, ds.RescaleIntercept = ["ORIGINAL", "PRIMARY"], f"Chest {view}", 0
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    if spacing is not None:
        ds.ImagerPixelSpacing = [spacing, spacing]
    ds.PixelData = (np.asarray(pixels, np.uint16) * (16 if pixels.dtype == np.uint8 else 1)).tobytes()
    if tweak is not None:
        tweak(ds, 0)
    return save(ds, path)
