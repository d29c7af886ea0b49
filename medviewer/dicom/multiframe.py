"""The frames of a multi-frame file: each its own image, with its own place (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from medviewer.dicom import header as h
from medviewer.dicom import plane
from medviewer.dicom import values as v
from medviewer.dicom.elements import Broken
from medviewer.dicom.header import Facts
from medviewer.dicom.hounsfield import is_hu
from medviewer.dicom.study import Instance, SeriesIssue
from medviewer.dicom.tags import TAG
from medviewer.dicom.walk import Header
from medviewer.imaging.window import Window

_PHASE_SOURCES = (
    ("FrameContentSequence", "StackID"),
    ("FrameContentSequence", "TemporalPositionIndex"),
    ("TemporalPositionSequence", "TemporalPositionTimeOffset"),
    ("MRDiffusionSequence", "DiffusionBValue"),
    ("MREchoSequence", "EffectiveEchoTime"),
    ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
    ("SegmentIdentificationSequence", "ReferencedSegmentNumber"),
    ("FrameContentSequence", "FrameAcquisitionNumber"),
)
_FRAME_TYPES = ("CTImageFrameTypeSequence", "MRImageFrameTypeSequence", "PETFrameTypeSequence")


def frames_of(first: Facts, header: Header) -> list[Facts]:
    """One :class:`Facts` for every frame; raises :class:`Broken` where groups and frames do not agree."""
    count = first.instance.frames
    if TAG["PerFrameFunctionalGroupsSequence"] not in header.present:
        return [replace(first, instance=replace(first.instance, frame=k)) for k in range(count)]
    try:
        shared, groups = _groups(first, header)
    except Broken:
        raise
    except Exception as error:  # whatever a damaged sequence makes of pydicom
        raise Broken("The description of the frames is damaged.") from error
    if len(groups) < count:
        raise Broken("The description of the frames is incomplete.")
    return [_frame(first, k, groups[k], shared) for k in range(count)]


def _groups(first: Facts, header: Header) -> tuple[Dataset, list[Dataset]]:
    if header.body is not None:
        raise Broken("Multi-frame images in a deflated file are not supported.")
    if not header.sound:  # pydicom might recurse where our own walk lost its way
        raise Broken("The description of the frames is damaged.")
    wanted = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]
    dataset = pydicom.dcmread(first.instance.path, stop_before_pixels=True, specific_tags=list(wanted))
    shared = dataset.get(wanted[0]) or [Dataset()]
    return shared[0], list(dataset[wanted[1]].value)


def _macros(frame: Dataset, shared: Dataset, name: str) -> Iterator[Dataset]:
    for group in (frame, shared):
        items = group.get(name)
        if items:
            yield items[0]


def _raw(frame: Dataset, shared: Dataset, macro: str, keyword: str) -> bytes:
    """The value as a header would hold it (backslash-joined), frame before shared; b"" where absent."""
    for item in _macros(frame, shared, macro):
        value: Any = item.get(keyword)
        if value is not None and value != "":
            many = value if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]
            return "\\".join(str(part) for part in many).encode("ascii", "replace")
    return b""


def _frame(first: Facts, k: int, frame: Dataset, shared: Dataset) -> Facts:
    try:
        return _placed(first, k, frame, shared)
    except Exception as error:  # as above: a damaged group
        raise Broken("The description of the frames is damaged.") from error


def _placed(first: Facts, k: int, frame: Dataset, shared: Dataset) -> Facts:
    def raw(macro: str, keyword: str) -> bytes:
        return _raw(frame, shared, macro, keyword)

    base = first.instance
    pair = plane.spacing_pair(raw("PixelMeasuresSequence", "PixelSpacing"))
    transform = "PixelValueTransformationSequence"
    slope, intercept, valid = plane.rescale(
        raw(transform, "RescaleSlope"), raw(transform, "RescaleIntercept")
    )
    given = any(True for _ in _macros(frame, shared, transform))
    kind = raw(transform, "RescaleType").decode()
    instance = replace(
        base,
        frame=k,
        position=plane.position(raw("PlanePositionSequence", "ImagePositionPatient")) or base.position,
        orientation=plane.orientation(raw("PlaneOrientationSequence", "ImageOrientationPatient"))
        or base.orientation,
        pixel_spacing=pair or base.pixel_spacing,
        spacing_label="mm" if pair else base.spacing_label,
        slope=slope if given and not base.modality_lut else base.slope,
        intercept=intercept if given and not base.modality_lut else base.intercept,
        windows=_windows(raw, base) or base.windows,
        image_type=_frame_type(frame, shared) or base.image_type,
    )
    hu = first.hu
    if given:
        contradictory = SeriesIssue.CONTRADICTORY_PIXELS in first.flaws
        believed = valid and not base.modality_lut and not contradictory
        hu = believed and is_hu(first.common.modality, kind, instance.image_type)
    label = "" if given else first.unit_label
    phase = tuple(raw(macro, keyword).decode() for macro, keyword in _PHASE_SOURCES)
    made = replace(first, instance=instance, hu=hu, unit_label=label, phase=phase, common=_common(first, raw))
    return _mapped(made, frame, shared)


def _mapped(made: Facts, frame: Dataset, shared: Dataset) -> Facts:
    """In real-world values, where the frame's own group or the shared one tells them."""
    for group in (frame, shared):
        items = group.get("RealWorldValueMappingSequence")
        if items:
            from medviewer.dicom.real_world import with_mapping

            return with_mapping(made, items)
    return made


def _common(first: Facts, raw: Any) -> h.Common:
    """Series facts with the frame's own slice thickness."""
    thickness = v.number(raw("PixelMeasuresSequence", "SliceThickness") or b"x")
    if thickness is None or thickness == first.common.acquisition.slice_thickness_mm:
        return first.common
    return replace(first.common, acquisition=replace(first.common.acquisition, slice_thickness_mm=thickness))


def _frame_type(frame: Dataset, shared: Dataset) -> tuple[str, ...]:
    for name in _FRAME_TYPES:
        found = _raw(frame, shared, name, "FrameType")
        if found:
            return v.parts(found)
    return ()


def _windows(raw: Any, base: Instance) -> tuple[Window, ...]:
    macro = "FrameVOILUTSequence"
    return plane.windows(
        raw(macro, "WindowCenter"),
        raw(macro, "WindowWidth"),
        raw(macro, "WindowCenterWidthExplanation"),
        raw(macro, "VOILUTFunction"),
        base.pixels.photometric == "MONOCHROME1",
    )
