"""Segmentations and structure sets written element by element, so that every fact can be twisted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.objects.ct import seeded_uid
from medviewer.dicom.study import Series
from tests.factories import AXIAL, item, make_instance, save

SEG_CLASS, RT_CLASS = UID("1.2.840.10008.5.1.4.1.1.66.4"), UID("1.2.840.10008.5.1.4.1.1.481.3")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One frame of a SEG: stored values, its place (None: not told), the images it names."""

    values: NDArray[Any]
    position: Sequence[float] | None
    segment: int = 1
    images: tuple[str, ...] = ()


def _object(seed: int, sop_class: UID, modality: str) -> Dataset:
    """An object of the patient, study and frame of reference of the series of ``seed``."""
    ds = make_instance(700, seed=seed)
    for keyword in (
        "PixelData",
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "RescaleSlope",
    ):
        del ds[keyword]
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.SeriesInstanceUID = seeded_uid("test object", modality, seed)
    ds.Modality, ds.SeriesNumber, ds.SeriesDescription = modality, 900, "Drawn"
    return ds


def write_seg_frames(
    path: Path,
    frames: Sequence[Drawn],
    *,
    kind: str = "BINARY",
    spacing: tuple[float, float] = (0.8, 0.5),
    orientation: Sequence[float] = AXIAL,
    step: float | None = None,
    labels: Sequence[str] = ("Liver",),
    seed: int = 0,
    **facts: Any,
) -> Path:
    """A SEG of the series of ``seed`` in :func:`tests.factories.make_ct_series`."""
    ds = _object(seed, SEG_CLASS, "SEG")
    ds.SegmentationType = kind
    ds.NumberOfFrames = len(frames)
    ds.Rows, ds.Columns = frames[0].values.shape
    bits = 1 if kind == "BINARY" else 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits, bits - 1, 0
    stacked = np.stack([f.values for f in frames]).astype(np.uint8)
    data = np.packbits(stacked.ravel(), bitorder="little").tobytes() if bits == 1 else stacked.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB"
    if kind == "FRACTIONAL":
        ds.SegmentationFractionalType, ds.MaximumFractionalValue = "OCCUPANCY", 200
    ds.SegmentSequence = [
        item(SegmentNumber=n, SegmentLabel=name, SegmentAlgorithmType="MANUAL")
        for n, name in enumerate(labels, 1)
    ]
    measures = item(PixelSpacing=list(spacing))
    if step is not None:
        measures.SpacingBetweenSlices = step
    ds.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[measures],
            PlaneOrientationSequence=[item(ImageOrientationPatient=[float(x) for x in orientation])],
        )
    ]
    ds.PerFrameFunctionalGroupsSequence = [_group(frame, kind) for frame in frames]
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return save(ds, path)


def _group(frame: Drawn, kind: str) -> Dataset:
    group = Dataset()
    if kind != "LABELMAP":
        group.SegmentIdentificationSequence = [item(ReferencedSegmentNumber=frame.segment)]
    if frame.position is not None:
        where = [round(float(x), 6) for x in frame.position]
        group.PlanePositionSequence = [item(ImagePositionPatient=where)]
    if frame.images:
        named = [item(ReferencedSOPInstanceUID=uid) for uid in frame.images]
        group.DerivationImageSequence = [item(SourceImageSequence=named)]
    return group


def write_structures(
    path: Path, rois: Sequence[tuple[str, Sequence[Dataset]]], series: Series, *, seed: int = 0, **facts: Any
) -> Path:
    """A structure set that names the images of ``series``; a region is (name, contours)."""
    ds = _object(seed, RT_CLASS, "RTSTRUCT")
    del ds.FrameOfReferenceUID
    images = [item(ReferencedSOPInstanceUID=i.sop_uid) for i in series.instances]
    ds.StructureSetLabel = "Plan"
    ds.ReferencedFrameOfReferenceSequence = [
        item(
            FrameOfReferenceUID=series.frame_of_reference_uid,
            RTReferencedStudySequence=[
                item(RTReferencedSeriesSequence=[item(ContourImageSequence=images)]),
            ],
        )
    ]
    ds.StructureSetROISequence = [
        item(
            ROINumber=n,
            ROIName=name,
            ROIGenerationAlgorithm="MANUAL",
            ReferencedFrameOfReferenceUID=series.frame_of_reference_uid,
        )
        for n, (name, _) in enumerate(rois, 1)
    ]
    ds.ROIContourSequence = [
        item(ReferencedROINumber=n, ROIDisplayColor=[255, 128, 0], ContourSequence=list(contours))
        for n, (_, contours) in enumerate(rois, 1)
    ]
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return save(ds, path)


def contour(points: NDArray[np.float64], kind: str = "CLOSED_PLANAR", images: Sequence[str] = ()) -> Dataset:
    """A contour through (n, 3) points in LPS mm."""
    made = item(ContourGeometricType=kind, NumberOfContourPoints=len(points))
    made.ContourData = [f"{x:.6f}" for x in np.asarray(points).ravel()]
    if images:
        made.ContourImageSequence = [item(ReferencedSOPInstanceUID=uid) for uid in images]
    return made
