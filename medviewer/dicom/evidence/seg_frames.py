"""The frames of a binary segmentation: which image each is drawn on, where it lies, its bits.

A frame takes the place, the turn and the pixel spacing of its own image, so a tilted, uneven or turned stack
is written as well as a volume (PS3.3 C.7.6.16.2, C.8.20.3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import DSfloat

from medviewer.dicom.evidence.concepts import code_item
from medviewer.dicom.evidence.derived import SourceImage, new_uid, reference
from medviewer.dicom.evidence.facts import Concept, Region
from medviewer.dicom.objects.planes import Place
from medviewer.dicom.study import Instance
from medviewer.imaging.volume import Mask

_DERIVED = Concept("113076", "DCM", "Segmentation")
_SOURCE = Concept("121322", "DCM", "Source image for image processing operation")


@dataclass(frozen=True, eq=False)
class Slot:
    """An image of the series as frames refer to it. ``place``: None where the file does not tell it.

    ``indices``: its numbers along the dimensions after that of the segment, from 1.
    """

    image: SourceImage
    instance: Instance
    place: Place | None
    indices: tuple[int, ...]


def slots(instances: Sequence[Instance], images: dict[str, SourceImage], placed: bool) -> list[Slot]:
    """The images of a series with their dimension indices.

    ``placed``: whether all of them lie in one frame of reference; then the first index is the place, ordered
    along the normal of the first image, and a second one tells apart images of one place.
    """
    if not placed:
        return [Slot(images[i.sop_uid], i, None, (k,)) for k, i in enumerate(instances, 1)]
    places = [place for i in instances if (place := Place.of(i)) is not None]
    first = places[0]
    keys = [(round(float(first.distance(np.array([p.position]))[0]), 4), p.position) for p in places]
    rank = {key: n for n, key in enumerate(sorted(set(keys)), 1)}
    repeated = len(rank) < len(keys)
    count: dict[Any, int] = defaultdict(int)
    found = []
    for instance, place, key in zip(instances, places, keys, strict=True):
        count[key] += 1
        indices = (rank[key], count[key]) if repeated else (rank[key],)
        found.append(Slot(images[instance.sop_uid], instance, place, indices))
    return found


def drawn(regions: Sequence[Region], images: Sequence[Slot]) -> Iterator[tuple[int, Slot, int]]:
    """(segment from 1, slot, slice) of every frame that is not empty, by segment, then in display order."""
    for number, region in enumerate(regions, 1):
        first = region.mask.origin[0]
        for k in np.flatnonzero(region.mask.touched(0)):
            yield number, images[first + int(k)], first + int(k)


def packed(regions: Sequence[Region], frames: Sequence[tuple[int, Slot, int]]) -> bytes:
    """The bits of all frames, one after another without a gap (PS3.5 8.2), padded to an even length."""
    carry: NDArray[np.bool_] = np.zeros(0, bool)
    parts = []
    for number, _, k in frames:
        bits = np.concatenate([carry, regions[number - 1].mask.slice(k).ravel()])
        whole = bits.size // 8 * 8
        parts.append(np.packbits(bits[:whole], bitorder="little").tobytes())
        carry = bits[whole:]
    parts.append(np.packbits(carry, bitorder="little").tobytes())
    data = b"".join(parts)
    return data + b"\0" * (len(data) % 2)


def overlapping(regions: Sequence[Region]) -> bool:
    """Whether any voxel belongs to two regions."""
    masks = [region.mask for region in regions]
    return any(_meet(one, other) for k, one in enumerate(masks) for other in masks[k + 1 :])


def _meet(one: Mask, other: Mask) -> bool:
    low = np.maximum(one.origin, other.origin)
    high = np.minimum(np.add(one.origin, one.box.shape), np.add(other.origin, other.box.shape))
    if (low >= high).any():
        return False
    cuts = []
    for mask in (one, other):
        ends = zip(low - mask.origin, high - mask.origin, strict=True)
        cuts.append(mask.box[tuple(slice(int(a), int(b)) for a, b in ends)])
    return bool((cuts[0] & cuts[1]).any())


def describe_frames(
    ds: Dataset, frames: Sequence[tuple[int, Slot, int]], gap_mm: float | None, thickness_mm: float | None
) -> None:
    """Dimensions and functional groups of ``frames`` onto ``ds``. Millimetres as the images tell them."""
    organization = UID(new_uid())
    entry = Dataset()
    entry.DimensionOrganizationUID = organization
    ds.DimensionOrganizationSequence = [entry]
    ds.DimensionIndexSequence = [_dimension(organization, *pair) for pair in _dimensions(frames)]
    shared = Dataset()
    own = [_measures(slot.place, gap_mm, thickness_mm) for _, slot, _ in frames]
    ds.PerFrameFunctionalGroupsSequence = [_group(number, slot) for number, slot, _ in frames]
    for keyword in ("PixelMeasuresSequence", "PlaneOrientationSequence"):
        if own[0] is None:
            break
        items = [groups[keyword] for groups in own if groups is not None]
        if all(item == items[0] for item in items):
            setattr(shared, keyword, [items[0]])
            continue
        for group, item in zip(ds.PerFrameFunctionalGroupsSequence, items, strict=True):
            setattr(group, keyword, [item])
    ds.SharedFunctionalGroupsSequence = [shared]


_SEGMENT = (0x0062000B, 0x0062000A, "Segment")
_POSITION = (0x00200032, 0x00209113, "Position")
_TIME = (0x00209128, 0x00209111, "Image at this position")
_IN_STACK = (0x00209057, 0x00209111, "Image")


def _dimensions(frames: Sequence[tuple[int, Slot, int]]) -> list[tuple[int, int, str]]:
    slot = frames[0][1]
    if slot.place is None:
        return [_SEGMENT, _IN_STACK]
    return [_SEGMENT, _POSITION, _TIME][: 1 + len(slot.indices)]


def _dimension(organization: UID, pointer: int, group: int, label: str) -> Dataset:
    entry = Dataset()
    entry.DimensionOrganizationUID = organization
    entry.DimensionIndexPointer, entry.FunctionalGroupPointer = pointer, group
    entry.DimensionDescriptionLabel = label
    return entry


def _measures(
    place: Place | None, gap_mm: float | None, thickness_mm: float | None
) -> dict[str, Dataset] | None:
    if place is None:
        return None
    measures, turn = Dataset(), Dataset()
    measures.PixelSpacing = [_decimal(x) for x in place.spacing]
    if thickness_mm is not None:
        measures.SliceThickness = _decimal(thickness_mm)
    if gap_mm is not None:
        measures.SpacingBetweenSlices = _decimal(gap_mm)
    turn.ImageOrientationPatient = [_decimal(x) for x in place.orientation]
    return {"PixelMeasuresSequence": measures, "PlaneOrientationSequence": turn}


def _decimal(value: float) -> DSfloat:
    return DSfloat(float(value), auto_format=True)


def _group(number: int, slot: Slot) -> Dataset:
    group, content, segment = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [number, *slot.indices]
    if slot.place is None:
        content.StackID, content.InStackPositionNumber = "1", slot.indices[0]
    elif len(slot.indices) > 1:
        content.TemporalPositionIndex = slot.indices[1]
    segment.ReferencedSegmentNumber = number
    group.FrameContentSequence = [content]
    group.SegmentIdentificationSequence = [segment]
    group.DerivationImageSequence = [_derivation(slot)]
    if slot.place is not None:
        where = Dataset()
        where.ImagePositionPatient = [_decimal(x) for x in slot.place.position]
        group.PlanePositionSequence = [where]
    return group


def _derivation(slot: Slot) -> Dataset:
    source = reference(slot.image, slot.instance.frame)
    source.SpatialLocationsPreserved = "YES"
    source.PurposeOfReferenceCodeSequence = [code_item(_SOURCE)]
    entry = Dataset()
    entry.DerivationCodeSequence = [code_item(_DERIVED)]
    entry.SourceImageSequence = [source]
    return entry
