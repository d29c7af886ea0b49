"""Masks as DICOM Segmentation and back (PS3.3 A.51), by highdicom.

Slices are matched by plane position and affine, never by index: a SEG may leave out empty frames and may
store them in the other direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import UID

from medviewer.dicom.objects.ct import seeded_uid
from medviewer.dicom.study import Series
from medviewer.dicom.walk import walk
from medviewer.errors import NoGeometry, UnreadableImage, WriteError
from medviewer.imaging.volume import Geometry, Mask

_ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
_ALTERED = Code("49755003", "SCT", "Morphologically Altered Structure")
_TISSUE = Code("85756007", "SCT", "Tissue")
_AI = Code("123110", "DCM", "Artificial Intelligence")

SEGMENT_CODES: Mapping[str, tuple[Code, Code]] = {
    "right_lung": (_ANATOMY, Code("3341006", "SCT", "Right lung")),
    "left_lung": (_ANATOMY, Code("44029006", "SCT", "Left lung")),
    "trachea": (_ANATOMY, Code("44567001", "SCT", "Trachea")),
    "emphysema": (_ALTERED, Code("87433001", "SCT", "Pulmonary emphysema")),
    "consolidation": (_ALTERED, Code("95436008", "SCT", "Lung consolidation")),
    "nodule": (_ALTERED, Code("786838002", "SCT", "Nodule of lung")),
}
"""Mask name -> (property category, property type), CID 7150 and 7151."""

_GRID_TOLERANCE = 0.05
"""How far, in voxels, a segmentation may lie off the grid of its series."""


@dataclass(frozen=True)
class Algorithm:
    """Who made the segments. ``automatic=False`` for a known truth or a reader's drawing."""

    name: str
    version: str
    series_description: str = "Segmentation"
    automatic: bool = True
    series_number: int = 901
    seed: str = ""
    """Makes the UIDs follow from it; empty means new UIDs every time."""


def write_seg(
    masks: Sequence[Mask],
    source_paths: Sequence[Path],
    path: Path,
    algorithm: Algorithm,
    codes: Mapping[str, tuple[Code, Code]] | None = None,
) -> Path:
    """Write masks of one grid as a binary SEG that refers to its single-frame source images.

    Empty masks are left out; ``codes`` adds to :data:`SEGMENT_CODES`. Raises :class:`NoGeometry` where the
    masks have none, ValueError for no masks or sources that do not cover the grid, :class:`WriteError`.
    """
    kept = [mask for mask in masks if mask.voxel_count]
    if not kept:
        raise ValueError("there is no segment to write")
    sources = _sources_in_grid_order(kept[0], source_paths)
    pixels = np.stack([mask.full() for mask in kept], axis=-1).astype(np.uint8)
    known = {**SEGMENT_CODES, **(codes or {})}
    uids = [_uid(algorithm, sources[0], kind) for kind in ("series", "instance")]
    seg = hd.seg.Segmentation(
        source_images=sources,
        pixel_array=pixels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(n, m, algorithm, known) for n, m in enumerate(kept, 1)],
        series_instance_uid=uids[0],
        series_number=algorithm.series_number,
        sop_instance_uid=uids[1],
        instance_number=1,
        manufacturer="MedViewer",
        manufacturer_model_name="MedViewer",
        software_versions=algorithm.version,
        device_serial_number="0",
        content_label="SEGMENTATION",
        series_description=algorithm.series_description,
    )
    return _save(seg, path)


def _save(dataset: Dataset, path: Path) -> Path:
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise WriteError("The segmentation could not be written.", "Check the folder and space.") from error
    return path


def _uid(algorithm: Algorithm, source: Dataset, kind: str) -> str:
    if not algorithm.seed:
        return str(hd.UID())
    return str(UID(seeded_uid("seg", kind, algorithm.seed, source.SeriesInstanceUID)))


def _sources_in_grid_order(mask: Mask, paths: Sequence[Path]) -> list[Dataset]:
    geometry = mask.geometry
    if geometry is None:
        raise NoGeometry("A segmentation cannot be written for images without geometry.")
    placed: dict[int, Dataset] = {}
    for path in paths:
        source = pydicom.dcmread(path, stop_before_pixels=True)
        index = geometry.index([float(x) for x in source.ImagePositionPatient])
        if np.abs(index - np.rint(index)).max() > _GRID_TOLERANCE or np.abs(np.rint(index[1:])).max() > 0:
            raise ValueError("a source image does not lie on the grid of the masks")
        placed[round(float(index[0]))] = source
    if sorted(placed) != list(range(mask.shape[0])):
        raise ValueError("the source images do not cover the grid of the masks")
    return [placed[k] for k in range(mask.shape[0])]


def _description(
    number: int, mask: Mask, algorithm: Algorithm, codes: Mapping[str, tuple[Code, Code]]
) -> hd.seg.SegmentDescription:
    category, kind = codes.get(mask.name, (_TISSUE, _TISSUE))
    types = hd.seg.SegmentAlgorithmTypeValues
    identification = hd.AlgorithmIdentificationSequence(
        name=algorithm.name, family=_AI, version=algorithm.version
    )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=mask.name[:64],
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=types.AUTOMATIC if algorithm.automatic else types.MANUAL,
        algorithm_identification=identification if algorithm.automatic else None,
    )


def read_seg(path: Path, series: Series) -> list[Mask]:
    """The segments of a SEG on the grid of ``series``, label = segment number.

    Fractional segments count from 0.5 up. Raises :class:`UnreadableImage` for a file that is no SEG, is
    another patient's, lies in another frame of reference, off the grid or beyond it; :class:`NoGeometry` for
    a series without geometry.
    """
    geometry = series.geometry
    if geometry is None:
        raise NoGeometry("A segmentation cannot be shown on a series without geometry.")
    try:
        walk(path, frozenset())  # hostile nesting and cut files stop here
        seg = hd.seg.segread(path)
    except Exception as error:  # whatever highdicom meets in a foreign file
        raise UnreadableImage("This file is not a readable segmentation.") from error
    if not _same_patient(seg, series):
        raise UnreadableImage("The segmentation belongs to another patient.")
    frame_uid = str(getattr(seg, "FrameOfReferenceUID", ""))
    if frame_uid and series.frame_of_reference_uid and frame_uid != series.frame_of_reference_uid:
        raise UnreadableImage("The segmentation belongs to another frame of reference.")
    shape = (len(series.instances), *series.size)
    return [_segment(seg, number, geometry, shape) for number in seg.segment_numbers]


def _same_patient(seg: Dataset, series: Series) -> bool:
    """Whether no fact that both headers tell of the patient differs; a fact missing in one proves nothing."""
    facts = ["SpecificCharacterSet", "PatientID", "PatientBirthDate"]
    try:
        image = pydicom.dcmread(series.instances[0].path, stop_before_pixels=True, specific_tags=list(facts))
    except Exception as error:  # the image vanished or was damaged since the scan
        raise UnreadableImage("The image file could not be read.") from error
    told = [(str(seg.get(k) or "").strip(), str(image.get(k) or "").strip()) for k in facts[1:]]
    return all(not a or not b or a == b for a, b in told)


def _segment(seg: Any, number: int, geometry: Geometry, shape: tuple[int, int, int]) -> Mask:
    try:
        part = seg.get_volume(segment_numbers=[number], combine_segments=False)
        label = str(seg.get_segment_description(number).segment_label)
    except Exception as error:  # as above: a foreign file
        raise UnreadableImage("The segmentation holds no regular grid.") from error
    inside = np.asarray(part.array).reshape(part.array.shape[:3]) >= 0.5
    return Mask.from_full(number, label, _onto_grid(inside, part.affine, geometry, shape), geometry)


def _onto_grid(
    inside: NDArray[np.bool_], affine: NDArray[np.float64], geometry: Geometry, shape: tuple[int, int, int]
) -> NDArray[np.bool_]:
    """Carry voxels from one affine to another that differs by whole-voxel shifts, flips and swaps only."""
    steps = np.linalg.inv(geometry.affine[:3, :3]) @ affine[:3, :3]
    signs = np.rint(steps).astype(np.int64)
    if (
        np.abs(steps - signs).max() * max(inside.shape) > 10 * _GRID_TOLERANCE
        or (np.abs(signs).sum(axis=0) != 1).any()
    ):
        raise UnreadableImage("The segmentation has another voxel size than this series.")
    start = geometry.index(affine[:3, 3])
    if np.abs(start - np.rint(start)).max() > _GRID_TOLERANCE:
        raise UnreadableImage("The segmentation does not lie on the grid of this series.")
    turned = inside.transpose([int(np.flatnonzero(row)[0]) for row in signs])
    reverse = signs.sum(axis=1) < 0
    turned = np.flip(turned, axis=tuple(int(axis) for axis in np.flatnonzero(reverse)))
    low = np.rint(start).astype(np.int64) - np.where(reverse, np.array(turned.shape) - 1, 0)
    return _paste(turned, low, shape)


def _paste(part: NDArray[np.bool_], low: NDArray[np.int64], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Put a box at index ``low`` of an empty grid. A mask that reaches beyond it is refused, never cut."""
    first = np.maximum(low, 0)
    last = np.maximum(np.minimum(low + np.array(part.shape), np.array(shape)), first)
    out = np.zeros(shape, bool)
    into = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    source = tuple(slice(int(a - o), int(b - o)) for a, b, o in zip(first, last, low, strict=True))
    out[into] = part[source]
    if np.count_nonzero(out) != np.count_nonzero(part):
        raise UnreadableImage("The segmentation reaches beyond the images of this series.")
    return out
