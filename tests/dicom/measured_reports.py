"""Measurement reports written item by item, so that every fact can be twisted, and by highdicom as a peer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from tests.factories import coded, make_instance, save

CT, SEG = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.66.4"


def line(
    kind: str, name: tuple[str, str, str] | None, *below: Dataset, relation: str = "CONTAINS", **facts: Any
) -> Dataset:
    """A content item; ``name`` is (meaning, code, scheme)."""
    ds = Dataset()
    ds.RelationshipType, ds.ValueType = relation, kind
    if name is not None:
        ds.ConceptNameCodeSequence = coded(name[1], name[0], name[2])
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    if below:
        ds.ContentSequence = Items(below)
    return ds


def code(name: tuple[str, str, str], value: tuple[str, str, str], *below: Dataset) -> Dataset:
    return line("CODE", name, *below, ConceptCodeSequence=coded(value[1], value[0], value[2]))


def figure(
    name: tuple[str, str, str], digits: str, unit: str, *below: Dataset, scheme: str = "UCUM"
) -> Dataset:
    measured = Dataset()
    measured.add_new(0x0040A30A, "DS", digits.encode())
    measured.MeasurementUnitsCodeSequence = coded(unit, unit, scheme)
    return line("NUM", name, *below, MeasuredValueSequence=Items([measured]))


def image(uid: str, frame: int = 0, segment: int = 0) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = SEG if segment else CT
    reference.ReferencedSOPInstanceUID = uid
    if frame:
        reference.ReferencedFrameNumber = frame
    if segment:
        reference.ReferencedSegmentNumber = segment
    return line("IMAGE", ("Source", "260753009", "SCT"), ReferencedSOPSequence=Items([reference]))


def region(kind: str, points: Sequence[Sequence[float]], uid: str = "", frame_uid: str = "") -> Dataset:
    """An SCOORD on an image, or an SCOORD3D in a frame of reference."""
    below = (image(uid),) if uid else ()
    made = line(
        "SCOORD3D" if frame_uid else "SCOORD", ("Image Region", "111030", "DCM"), *below, GraphicType=kind
    )
    made.GraphicData = [float(x) for x in np.asarray(points).ravel()]
    if frame_uid:
        made.ReferencedFrameOfReferenceUID = frame_uid
    return made


LENGTH, DIAMETER, AREA = (
    ("Length", "410668003", "SCT"),
    ("Diameter", "81827009", "SCT"),
    ("Area", "42798000", "SCT"),
)
NODULE = (("Finding", "121071", "DCM"), ("Nodule", "27925004", "SCT"))


def group(*below: Dataset) -> Dataset:
    return line("CONTAINER", ("Measurement Group", "125007", "DCM"), *below)


def write_measured(
    path: Path, *groups: Dataset, top: Sequence[Dataset] = (), seed: int = 0, **facts: Any
) -> Path:
    """A Comprehensive 3D SR of the patient, study and frame of reference of the series of ``seed``."""
    ds = make_instance(720, seed=seed)  # 700 is what foreign_makers writes
    del ds.PixelData
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.88.34")
    ds.SeriesInstanceUID, ds.Modality, ds.SeriesDescription = "1.2.3.88", "SR", "Measured"
    ds.SeriesNumber, ds.ValueType = 900, "CONTAINER"
    ds.ConceptNameCodeSequence = coded("126000", "Imaging Measurement Report", "DCM")
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    measurements = line("CONTAINER", ("Imaging Measurements", "126010", "DCM"), *groups)
    ds.ContentSequence = Items([*top, measurements])
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return save(ds, path)
