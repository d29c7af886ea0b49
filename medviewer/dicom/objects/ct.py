"""Write a volume as CT images: valid CT Image Storage, the same bytes for the same seed (PS3.3 A.3)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat

from medviewer.errors import WriteError
from medviewer.imaging.volume import Geometry, Volume

_INTERCEPT = -1024
_IMPLEMENTATION_UID = UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, 'medviewer').int}")


@dataclass(frozen=True)
class CtFacts:
    """What the headers tell beside the pixels. All UIDs follow from ``seed`` and ``series_number``.

    ``name`` is a PN value ("Family^Given"); ``age`` an AS value ("058Y"); dates are DA ("20240131") and
    times TM ("101500"). Series with one seed and different numbers belong to one study.
    """

    seed: int = 0
    patient_id: str = "DEMO"
    name: str = "Demo^Synthetic"
    birth_date: str = ""
    sex: str = "O"
    age: str = ""
    study_date: str = "20240101"
    study_time: str = "090000"
    accession: str = ""
    study_description: str = "Synthetic CT"
    series_number: int = 1
    series_description: str = ""
    body_part: str = "CHEST"
    manufacturer: str = "MedViewer"
    model_name: str = "Synthetic CT"
    kernel: str = "STANDARD"
    kvp: float = 120.0
    slice_thickness_mm: float | None = None
    """None: the distance between slices."""
    contrast: str = ""
    protocol: str = ""
    patient_position: str = "HFS"
    windows: tuple[tuple[float, float, str], ...] = ((-600.0, 1500.0, "LUNG"), (40.0, 400.0, "SOFT TISSUE"))
    """(centre, width, explanation), first is the default."""


def seeded_uid(*parts: object) -> str:
    """A UUID-derived UID (PS3.5 B.2), the same for the same parts."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '|'.join(['medviewer', *map(str, parts)])).int}"


def write_ct_series(volume: Volume, folder: Path, facts: CtFacts) -> list[Path]:
    """Write every slice of a HU volume (slice, row, column) as one file; returns the paths in slice order.

    Stored values are HU + 1024 as signed 16 bit. File names are numbers, never made from patient data.
    Raises :class:`NoGeometry` without geometry, ValueError for colour or values outside -33792..31743 HU,
    :class:`WriteError` when the disk refuses.
    """
    geometry = volume.require_geometry()
    _require_fits(volume.voxels)
    dataset = _common(volume, geometry, facts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write_slice(dataset, volume, k, folder) for k in range(volume.shape[0])]
    except OSError as error:
        raise WriteError("The CT images could not be written.", "Check the folder and free space.") from error


def _require_fits(voxels: NDArray[np.generic]) -> None:
    if voxels.ndim != 3:
        raise ValueError("a CT volume is grey: (slice, row, column)")
    if voxels.min() < -32768 + _INTERCEPT or voxels.max() > 32767 + _INTERCEPT:
        raise ValueError("the values do not fit 16 bit CT images")


def _stored(hu: NDArray[np.generic]) -> bytes:
    values = np.rint(hu) if hu.dtype.kind == "f" else hu
    return (values.astype(np.int32) - _INTERCEPT).astype("<i2").tobytes()


def _ds(values: NDArray[np.float64] | tuple[float, ...]) -> list[DSfloat]:
    return [DSfloat(float(v) + 0.0, auto_format=True) for v in values]


def _common(volume: Volume, geometry: Geometry, facts: CtFacts) -> Dataset:
    """Everything that is the same in all slices."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = _IMPLEMENTATION_UID
    ds.file_meta.ImplementationVersionName = "MEDVIEWER"
    _patient_and_study(ds, facts)
    _series_and_equipment(ds, facts)
    _pixels(ds, volume, geometry, facts)
    return ds


def _patient_and_study(ds: Dataset, facts: CtFacts) -> None:
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = facts.name
    ds.PatientID = facts.patient_id
    ds.PatientBirthDate = facts.birth_date
    ds.PatientSex = facts.sex
    if facts.age:
        ds.PatientAge = facts.age
    ds.StudyInstanceUID = seeded_uid("study", facts.seed)
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = facts.study_date
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = facts.study_time
    ds.StudyID = str(facts.seed % 10**8)
    ds.AccessionNumber = facts.accession
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = facts.study_description


def _series_and_equipment(ds: Dataset, facts: CtFacts) -> None:
    ds.Modality = "CT"
    ds.SeriesInstanceUID = seeded_uid("series", facts.seed, facts.series_number)
    ds.SeriesNumber = facts.series_number
    ds.SeriesDescription = facts.series_description
    if facts.protocol:
        ds.ProtocolName = facts.protocol
    ds.BodyPartExamined = facts.body_part
    ds.PatientPosition = facts.patient_position
    ds.FrameOfReferenceUID = seeded_uid("frame of reference", facts.seed)
    ds.PositionReferenceIndicator = ""
    ds.Manufacturer = facts.manufacturer
    ds.ManufacturerModelName = facts.model_name
    if facts.contrast:
        ds.ContrastBolusAgent = facts.contrast


def _pixels(ds: Dataset, volume: Volume, geometry: Geometry, facts: CtFacts) -> None:
    step, row_mm, column_mm = geometry.spacing_mm
    thickness = step if facts.slice_thickness_mm is None else facts.slice_thickness_mm
    ds.SOPClassUID = CTImageStorage
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.AcquisitionNumber = 1
    ds.KVP = _ds((facts.kvp,))[0]
    ds.ConvolutionKernel = facts.kernel
    ds.SliceThickness = _ds((thickness,))[0]
    ds.PixelSpacing = _ds((row_mm, column_mm))
    ds.ImageOrientationPatient = _ds((*geometry.directions[:, 2], *geometry.directions[:, 1]))
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = volume.shape[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.BurnedInAnnotation = "NO"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = _INTERCEPT, 1, "HU"
    ds.WindowCenter = _ds(tuple(w[0] for w in facts.windows))
    ds.WindowWidth = _ds(tuple(w[1] for w in facts.windows))
    ds.WindowCenterWidthExplanation = [w[2] for w in facts.windows]


def _write_slice(ds: Dataset, volume: Volume, k: int, folder: Path) -> Path:
    geometry = volume.require_geometry()
    uid = UID(seeded_uid("image", ds.SeriesInstanceUID, k))
    position = geometry.position((k, 0, 0))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid
    ds.InstanceNumber = k + 1
    ds.ImagePositionPatient = _ds(position)
    normal = np.cross(geometry.directions[:, 2], geometry.directions[:, 1])
    ds.SliceLocation = _ds((float(position @ normal),))[0]
    ds.PixelData = _stored(volume.voxels[k])
    path = folder / f"{ds.SeriesNumber:03d}-{k + 1:05d}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path
