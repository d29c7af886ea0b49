"""Outlines as a binary DICOM Segmentation (PS3.3 A.51): coded, coloured, followed, and its maker named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.evidence.concepts import ARTIFICIAL_INTELLIGENCE, SOURCE, code, code_item
from medviewer.dicom.evidence.derived import (
    RESEARCH,
    NewObject,
    Origin,
    SourceImage,
    add_contributor,
    begin,
    referenced_series,
)
from medviewer.dicom.evidence.facts import Algorithm, Evidence, Region
from medviewer.dicom.evidence.seg_frames import describe_frames, drawn, overlapping, packed, slots
from medviewer.dicom.evidence.written_segments import WrittenSegments, reference_to_all
from medviewer.dicom.objects.planes import Place, gap_mm
from medviewer.dicom.study import Series
from medviewer.errors import UnreadableImage, UsageError
from medviewer.imaging.cielab import lab_of_colour

_UNPLACED = "The images do not tell where they lie: the segmentation refers to them, pixel by pixel, alone."


def segmentation(origin: Origin, series: Series, evidence: Evidence, new: NewObject) -> Dataset:
    """One SEG of all regions of a result; ``series`` is what their masks lie on, ``origin`` its files.

    Empty regions are left out, segments count from 1 in the order of the others (:func:`written`). Raises
    :class:`UsageError` where nothing is outlined, :class:`UnreadableImage` where files and series differ.
    """
    regions = written(evidence)
    if not regions:
        raise UsageError("Nothing is outlined, so there is no segmentation to write.")
    images = matched(origin, series)
    _check_masks(series, regions)
    ds = begin(origin, new)
    placed = is_placed(series, list(images.values()))
    frames = list(drawn(regions, slots(series.instances, images, placed)))
    _image_modules(ds, series, origin, len(frames))
    ds.SegmentsOverlap = "YES" if overlapping(regions) else "NO"
    ds.SegmentSequence = [_segment(n, region, evidence.algorithm) for n, region in enumerate(regions, 1)]
    if not placed and "PatientOrientation" not in ds:
        ds.PatientOrientation = None
    if placed:
        ds.FrameOfReferenceUID = series.frame_of_reference_uid
        ds.PositionReferenceIndicator = None
    describe_frames(ds, frames, _step(series), _thickness(series))
    ds.ReferencedSeriesSequence = referenced_series(list(images.values()))
    ds.ContentQualification = RESEARCH
    add_contributor(
        ds, evidence.algorithm.name, evidence.algorithm.version, "Outlined the segments", evidence.made
    )
    ds.add_new("PixelData", "OB", packed(regions, frames))
    return ds


def modified_segmentation(
    origin: Origin, series: Series, evidence: Evidence, new: NewObject, source: WrittenSegments
) -> Dataset:
    """One SEG of what the reader made of the model's outlines, which are in ``source``: it refers to them
    (General Reference, PS3.3 C.12.4) and names the reader. Raises as :func:`segmentation`."""
    ds = segmentation(origin, series, evidence.of_reader, new)
    used = sorted(
        {source.numbers[r.source] for r in written(evidence.of_reader) if r.source in source.numbers}
    )
    if not used:
        raise UsageError("The model's own outlines are not there to refer to.")
    entry = reference_to_all(source)
    entry.ReferencedSegmentNumber = used
    entry.PurposeOfReferenceCodeSequence = [code_item(SOURCE)]
    ds.SourceImageSequence = [entry]
    series_entry = Dataset()
    series_entry.SeriesInstanceUID = UID(source.series_uid)
    series_entry.ReferencedInstanceSequence = [reference_to_all(source)]
    ds.ReferencedSeriesSequence = [*ds.ReferencedSeriesSequence, series_entry]
    ds.ContentDescription = "Outlines by a model, modified by a reader"
    ds.ContentCreatorName = evidence.observer.written if evidence.observer is not None else None
    return ds


def notices(origin: Origin, series: Series) -> tuple[str, ...]:
    """What the reader must be told of a SEG of this series: repairs, and whether it has a place."""
    images = list(matched(origin, series).values())
    return origin.repairs if is_placed(series, images) else (*origin.repairs, _UNPLACED)


def written(evidence: Evidence) -> tuple[Region, ...]:
    """The regions that become segments 1, 2, 3 …: those that hold a voxel."""
    return tuple(region for region in evidence.regions if region.mask.voxel_count)


def matched(origin: Origin, series: Series) -> dict[str, SourceImage]:
    """The file of every image of the series by SOP Instance UID. Raises :class:`UnreadableImage`."""
    known = {image.sop_uid: image for image in origin.images}
    found = {}
    for instance in series.instances:
        image = known.get(instance.sop_uid)
        if image is None or instance.frame >= image.frames:
            raise UnreadableImage(
                "An image that the findings refer to is not among the files.", "Open the folder again."
            )
        if (image.rows, image.columns) != (instance.rows, instance.columns):
            raise UnreadableImage("The files changed since they were opened.", "Open the folder again.")
        found[instance.sop_uid] = image
    if {origin.study_uid} != {series.study_uid}:
        raise UnreadableImage("The files belong to another study than the series.", "Open the folder again.")
    return found


def is_placed(series: Series, images: Sequence[SourceImage]) -> bool:
    """Whether every image tells its plane and all tell one frame of reference."""
    frames = {image.frame_of_reference_uid for image in images}
    told = all(Place.of(instance) is not None for instance in series.instances)
    return told and frames == {series.frame_of_reference_uid} and "" not in frames


def _check_masks(series: Series, regions: Sequence[Region]) -> None:
    grid = (len(series.instances), *series.size)
    if any(region.mask.shape != grid for region in regions):
        raise UsageError("An outline lies on another grid than the images of the series.")
    if len({region.tracking.uid for region in regions}) < len(regions):
        raise UsageError("Two outlines carry one tracking UID.")


def _image_modules(ds: Dataset, series: Series, origin: Origin, frames: int) -> None:
    """General, pixel and segmentation image (PS3.3 C.7.6.1, C.7.6.3, C.8.20.2)."""
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.ContentLabel, ds.ContentDescription = "SEGMENTATION", "Outlines by a model, research use"
    ds.ContentCreatorName = None
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = series.size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 1, 0, 0
    ds.NumberOfFrames, ds.SegmentationType = frames, "BINARY"
    _inherit_look(ds, origin.images)


def _inherit_look(ds: Dataset, images: Sequence[SourceImage]) -> None:
    """What is the same for the images and what is drawn on them: losses, and the names of the edges."""
    lossy = [image.lossy for image in images if image.lossy.was]
    ds.LossyImageCompression = "01" if lossy else "00"
    if lossy and lossy[0].ratios:
        ds.LossyImageCompressionRatio = list(lossy[0].ratios)
    if lossy and lossy[0].methods:
        ds.LossyImageCompressionMethod = list(lossy[0].methods)
    edges = {image.edges for image in images}
    if len(edges) == 1 and len(told := edges.pop()) == 2:
        ds.PatientOrientation = list(told)


def _segment(number: int, region: Region, algorithm: Algorithm) -> Dataset:
    import highdicom as hd  # a second to import

    types = hd.seg.SegmentAlgorithmTypeValues
    made: Dataset = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=region.title[:64],
        segmented_property_category=code(region.category),
        segmented_property_type=code(region.kind),
        algorithm_type=types.SEMIAUTOMATIC if region.edited else types.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=algorithm.name[:64],
            family=code(ARTIFICIAL_INTELLIGENCE),
            version=algorithm.version[:64],
            source=algorithm.source[:64],
            parameters={"weights_sha256": algorithm.weights_sha256},
        ),
        tracking_uid=region.tracking.uid,
        tracking_id=region.tracking.id,
    )
    made.RecommendedDisplayCIELabValue = list(lab_of_colour(region.colour))
    if region.note:
        made.SegmentDescription = region.note[:1024]
    if region.laterality is not None:
        kind = made.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [code_item(region.laterality)]
    return made


def _step(series: Series) -> float | None:
    """Distance from plane to plane, where the stack is one regular volume: then alone it is one."""
    if series.geometry is None or len(series.instances) < 2:
        return None
    return float(np.round(series.geometry.spacing_mm[0], 6))


def _thickness(series: Series) -> float | None:
    return series.acquisition.slice_thickness_mm or gap_mm(series)
