"""A segmentation read back and compared with what was outlined: voxels, places, codes, whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from medviewer.dicom.evidence.checked import concept, identity_faults, is_same
from medviewer.dicom.evidence.facts import Algorithm, Evidence, Region
from medviewer.dicom.objects.guarded import Item, read_guarded
from medviewer.dicom.objects.planes import Place
from medviewer.dicom.objects.seg_file import FrameReader, SegFrame, Segmentation, read_segmentation
from medviewer.dicom.study import Series
from medviewer.dicom.values import plain
from medviewer.errors import UnreadableImage

_PLACE_MM = 1e-3
_COSINE = 1e-6


def segmentation_faults(path: Path, series: Series, evidence: Evidence) -> tuple[str, ...]:
    """What is wrong with a SEG that should hold the regions of ``evidence`` on ``series``; () for nothing."""
    try:
        item, _ = read_guarded(path)
        seg = read_segmentation(path)
    except UnreadableImage as error:
        return (f"The segmentation cannot be read: {error.message}",)
    regions = [region for region in evidence.regions if region.mask.voxel_count]
    return tuple(
        dict.fromkeys(
            (
                *identity_faults(item, series),
                *_frame_of_reference(seg, series),
                *_segments(item, regions, evidence.algorithm),
                *_places(seg, series),
                *_voxels(seg, series, regions),
            )
        )
    )


def modified_faults(path: Path, series: Series, evidence: Evidence, source: Path) -> tuple[str, ...]:
    """What is wrong with a SEG that should hold what the reader made of outlines in the SEG ``source``."""
    faults = segmentation_faults(path, series, evidence.of_reader)
    try:
        item, own = read_guarded(path)[0], read_guarded(source)[0]
    except UnreadableImage as error:
        return (*faults, f"The segmentation cannot be read: {error.message}")
    return tuple(dict.fromkeys((*faults, *_source(item, own, evidence))))


def _source(item: Item, own: Item, evidence: Evidence) -> Iterator[str]:
    """Whether it refers to the very segments it was made of, and none of them is its own."""
    numbers = {
        e.code("TrackingUID"): next(iter(e.shorts("SegmentNumber")), 0) for e in own.items("SegmentSequence")
    }
    wanted = sorted(
        {numbers.get(region.source, 0) for region in evidence.modified if region.mask.voxel_count}
    )
    told = item.first("SourceImageSequence")
    refers = told.code("ReferencedSOPInstanceUID"), sorted(told.shorts("ReferencedSegmentNumber"))
    if refers != (own.code("SOPInstanceUID"), wanted):
        yield "The segmentation does not refer to the model's outlines that it was made of."
    if numbers.keys() & {e.code("TrackingUID") for e in item.items("SegmentSequence")}:
        yield "An outline of the reader is followed under the tracking identifier of the model's."
    creator = "" if evidence.observer is None else evidence.observer.written
    if item.text("ContentCreatorName") != creator:
        yield "The segmentation does not name the reader who modified it."


def _is_placed(series: Series) -> bool:
    return bool(series.frame_of_reference_uid) and all(Place.of(i) is not None for i in series.instances)


def _frame_of_reference(seg: Segmentation, series: Series) -> Iterator[str]:
    if not _is_placed(series):
        return
    if not seg.frame_of_reference_uid:
        yield "The segmentation does not say in which frame of reference it lies."
    elif seg.frame_of_reference_uid != series.frame_of_reference_uid:
        yield "The segmentation lies in another frame of reference than the images."


def _segments(item: Item, regions: list[Region], algorithm: Algorithm) -> Iterator[str]:
    entries = item.items("SegmentSequence")
    if [next(iter(e.shorts("SegmentNumber")), 0) for e in entries] != list(range(1, len(regions) + 1)):
        yield "The segmentation does not hold the segments that were outlined."
        return
    for entry, region in zip(entries, regions, strict=True):
        if not entry.text("TrackingID") or not entry.code("TrackingUID"):
            yield "A segment has no tracking identifier."
        elif (entry.text("TrackingID"), entry.code("TrackingUID")) != (
            plain(region.tracking.id), region.tracking.uid,
        ):  # fmt: skip
            yield "A segment is followed under another tracking identifier than its finding."
        yield from _meaning(entry, region)
        yield from _maker(entry, region, algorithm)


def _meaning(entry: Item, region: Region) -> Iterator[str]:
    kind = entry.first("SegmentedPropertyTypeCodeSequence")
    codes = (
        (concept(entry, "SegmentedPropertyCategoryCodeSequence"), region.category),
        (concept(entry, "SegmentedPropertyTypeCodeSequence"), region.kind),
    )
    if not all(is_same(found, wanted) for found, wanted in codes):
        yield "A segment is coded as something else than what was outlined."
    if not is_same(concept(kind, "SegmentedPropertyTypeModifierCodeSequence"), region.laterality):
        yield "A segment is coded on another side than what was outlined."
    if entry.text("SegmentDescription") != plain(region.note[:1024]):
        yield "A segment does not say rightly of what and by whom it was made."
    if entry.text("SegmentLabel") != plain(region.title[:64]):
        yield "A segment has another name than what was outlined."


def _maker(entry: Item, region: Region, algorithm: Algorithm) -> Iterator[str]:
    if entry.code("SegmentAlgorithmType") != ("SEMIAUTOMATIC" if region.edited else "AUTOMATIC"):
        yield "A segment does not say rightly whether a person changed it."
    made = entry.first("SegmentationAlgorithmIdentificationSequence")
    told = (made.text("AlgorithmName"), made.text("AlgorithmVersion"), made.text("AlgorithmParameters"))
    wanted = (
        plain(algorithm.name[:64]),
        plain(algorithm.version[:64]),
        f"weights_sha256={algorithm.weights_sha256}",
    )
    if told != wanted:
        yield "A segment does not name the model, version and weights that made it."


def _places(seg: Segmentation, series: Series) -> Iterator[str]:
    """Every frame against the image it names, by what the scan read of that image."""
    by_name = {(i.sop_uid, i.frame): Place.of(i) for i in series.instances}
    for frame in seg.frames:
        named = [key for key in _names(frame, series) if key in by_name]
        if len(named) != 1:
            yield "A frame of the segmentation does not name the one image that it was drawn on."
            continue
        where = by_name[named[0]]
        if where is None or not _is_placed(series):
            continue
        if frame.plane is None:
            yield "A frame of the segmentation has no position, orientation or pixel spacing."
        else:
            yield from _apart(frame.plane, where)


def _apart(found: Place, wanted: Place) -> Iterator[str]:
    if np.abs(np.subtract(found.position, wanted.position)).max() > _PLACE_MM:
        yield "A frame of the segmentation lies beside the image that it was drawn on."
    if np.abs(np.subtract(found.orientation, wanted.orientation)).max() > _COSINE:
        yield "A frame of the segmentation is turned against the image that it was drawn on."
    if not np.allclose(found.spacing, wanted.spacing, rtol=1e-6, atol=0):
        yield "A frame of the segmentation has another pixel spacing than the image that it was drawn on."


def _names(frame: SegFrame, series: Series) -> list[tuple[str, int]]:
    """The images a frame names; an image of one frame is named without its number."""
    single = {i.sop_uid for i in series.instances if i.frames == 1}
    return [(uid, 0 if uid in single else number) for uid, number in frame.images]


def _voxels(seg: Segmentation, series: Series, regions: list[Region]) -> Iterator[str]:
    if seg.size != series.size:
        yield "The segmentation has another size than the images."
        return
    index = {(i.sop_uid, i.frame): k for k, i in enumerate(series.instances)}
    left = {(n, k) for n, r in enumerate(regions, 1) for k in _touched(r)}
    reader = FrameReader(seg)
    for frame in seg.frames:
        slices = [index[key] for key in _names(frame, series) if key in index]
        if frame.segment is None or len(slices) != 1 or not 1 <= frame.segment <= len(regions):
            yield "A frame of the segmentation belongs to nothing that was outlined."
            continue
        inside = reader.inside(reader.stored(frame.number), frame.segment)
        if not np.array_equal(inside, regions[frame.segment - 1].mask.slice(slices[0])):
            yield "The voxels of the segmentation are not those that were outlined."
        left.discard((frame.segment, slices[0]))
    if left:
        yield "A part of what was outlined is missing from the segmentation."


def _touched(region: Region) -> list[int]:
    full = region.mask.full()
    return [int(k) for k in np.flatnonzero(full.any(axis=(1, 2)))]
