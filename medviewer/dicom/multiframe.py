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
from medviewer.dicom.suv_enhanced import TAGS, frame_factor, suv_of_activity
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
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_FRAME_TYPES = ("CTImageFrameTypeSequence", "MRImageFrameTypeSequence", "PETFrameTypeSequence")


def frames_of(first: Facts, header: Header) -> list[Facts]:
    """One :class:`Facts` for every frame; raises :class:`Broken` where groups and frames do not agree."""
    count = first.instance.frames
    first = _part_of_whole(first, header)
    if not {TAG[name] for name in _GROUPS} & header.present:
        return [replace(first, instance=replace(first.instance, frame=k)) for k in range(count)]
    try:
        return _described(first, header)
    except Broken:
        raise
    except Exception as error:  # whatever a damaged sequence makes of pydicom
        raise Broken("The description of the frames is damaged.") from error


def _described(first: Facts, header: Header) -> list[Facts]:
    root, shared, groups = _groups(first, header)
    if len(groups) < first.instance.frames:
        raise Broken("The description of the frames is incomplete.")
    groups = groups[: first.instance.frames]
    frames = [_placed(first, k, group, shared) for k, group in enumerate(groups)]
    if first.common.modality == "PT":
        activity = suv_of_activity(root)
        frames = [
            _in_suv(facts, group, shared, activity) for facts, group in zip(frames, groups, strict=True)
        ]
    return _timed(frames, groups)


def _in_suv(facts: Facts, group: Dataset, shared: Dataset, activity: float | None) -> Facts:
    """With the factor to SUV, where the frame names its unit; not where pixels are doubted.

    What has none keeps what its mapping says: never both, the values would be scaled twice.
    """
    if SeriesIssue.CONTRADICTORY_PIXELS in facts.flaws or facts.instance.modality_lut:
        return facts
    mapping = next(_macros(group, shared, "RealWorldValueMappingSequence"), None)
    factor = frame_factor(mapping, facts.instance.slope, facts.instance.intercept, activity)
    if factor is None:
        return _mapped(facts, group, shared)
    return replace(facts, suv=factor)


def _part_of_whole(first: Facts, header: Header) -> Facts:
    raw, little = header.values, header.coding.little
    uid = v.ascii_text(raw.get(TAG["ConcatenationUID"], b""))
    number = v.binary(raw.get(TAG["InConcatenationNumber"], b""), little)
    if not uid or not number:
        return first
    total = v.binary(raw.get(TAG["InConcatenationTotalNumber"], b""), little)
    instance = replace(first.instance, group=uid, sequence=(number,))
    return replace(first, instance=instance, concatenation=h.Concatenation(uid, number, total))


def _timed(frames: list[Facts], groups: list[Dataset]) -> list[Facts]:
    """A film of one place without any rate runs as fast as its frames were taken (C.7.6.16.2.2.1)."""
    places = {f.instance.position for f in frames}
    if len(frames) == 1 or len(places) > 1 or frames[0].common.acquisition.frame_rate is not None:
        return frames
    told = [
        v.number(_raw(group, Dataset(), "FrameContentSequence", "FrameAcquisitionDuration"))
        for group in groups
    ]
    times = [ms for ms in told if ms is not None and ms > 0]
    if len(times) < len(frames):
        return frames
    rate = 1000.0 * len(times) / sum(times)
    common = replace(frames[0].common, acquisition=replace(frames[0].common.acquisition, frame_rate=rate))
    return [replace(f, common=common) for f in frames]


def _groups(first: Facts, header: Header) -> tuple[Dataset, Dataset, list[Dataset]]:
    """Of the file what SUV needs, what its frames share, and each frame's own."""
    if not header.sound:  # pydicom might recurse where our own walk lost its way
        raise Broken("The description of the frames is damaged.")
    wanted = list(_GROUPS)
    dataset = pydicom.dcmread(first.instance.path, stop_before_pixels=True, specific_tags=[*wanted, *TAGS])
    shared = dataset.get(wanted[0]) or [Dataset()]
    return dataset, shared[0], list(dataset.get(wanted[1]) or [Dataset()] * first.instance.frames)


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
        sequence=_dimensions(raw) or base.sequence,
    )
    hu = first.hu
    if given:
        contradictory = SeriesIssue.CONTRADICTORY_PIXELS in first.flaws
        believed = valid and not base.modality_lut and not contradictory
        hu = believed and is_hu(first.common.modality, kind, instance.image_type)
    label = "" if given else first.unit_label
    phase = tuple(raw(macro, keyword).decode() for macro, keyword in _PHASE_SOURCES)
    made = replace(first, instance=instance, hu=hu, unit_label=label, phase=phase, common=_common(first, raw))
    return made if first.common.modality == "PT" else _mapped(made, frame, shared)


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


def _dimensions(raw: Any) -> tuple[int, ...]:
    """Dimension Index Values: where the frame comes in the order its image wants (C.7.6.17)."""
    return tuple(int(value) for value in v.numbers(raw("FrameContentSequence", "DimensionIndexValues")))


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
