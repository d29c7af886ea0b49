"""What a report of imaging measurements says, group by group (PS3.16 TID 1500, 1410, 1411, 1501).

Every content item becomes a fact with its name and its value; those with a place of their own (finding, site,
tracking, measurements, regions) are lifted out, the others stay in words: an unknown code is its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from medviewer.dicom.objects import report_regions
from medviewer.dicom.objects.guarded import Item, read_guarded
from medviewer.dicom.objects.report_codes import (
    FINDING,
    GROUP,
    IMAGE_LIBRARY,
    LATERALITY,
    MAKER,
    REPORT,
    SITE,
    TECHNICAL,
    TRACKING,
    TRACKING_UID,
    Key,
    key_of,
    makers,
    meaning,
    name_of,
)
from medviewer.dicom.objects.report_head import evidence_of, flags_of
from medviewer.dicom.objects.report_regions import Region
from medviewer.dicom.objects.report_values import Measured, measured_of, value_of
from medviewer.errors import UnreadableImage
from medviewer.tasks import TaskContext

MAX_ITEMS = 100_000
MAX_GROUPS = 1000
MAX_REGIONS = 20_000
_CHECK_EVERY = 256

ImageName = tuple[str, int]
"""SOP instance UID and frame from 0, or :data:`~medviewer.dicom.objects.seg_file.ALL_FRAMES`."""


@dataclass(frozen=True, eq=False)
class MeasuredGroup:
    """One measurement group, or what a section says beside its groups.

    ``site`` holds side and topography; ``said`` are (name, value) of all that has no place of its own;
    ``images`` are named for the group, those of a region with the region; ``segments`` are (SOP instance UID
    of a segmentation, segment number); ``unusable`` regions have numbers that make no region.
    """

    finding: str
    site: str
    tracking: str
    tracking_uid: str
    measured: tuple[Measured, ...]
    said: tuple[tuple[str, str], ...]
    regions: tuple[Region, ...]
    images: tuple[ImageName, ...]
    segments: tuple[tuple[str, int], ...]
    maker: str = ""
    """Name and version of the algorithm, where the group tells one."""
    unusable: int = 0

    @property
    def title(self) -> str:
        """ "Nodule, Lung"; without a finding the tracking identifier, or what there is."""
        what = self.finding or self.tracking or "Measurement group"
        if self.site.startswith(what):  # an organ that is its own site
            return self.site
        return f"{what}, {self.site}" if self.site else what

    @property
    def all_regions(self) -> tuple[Region, ...]:
        """Those of the group and those of its measurements."""
        return (*self.regions, *(region for m in self.measured for region in m.regions))

    @property
    def all_images(self) -> tuple[ImageName, ...]:
        """The images named for the group and for its measurements."""
        return (*self.images, *(image for m in self.measured for image in m.images))


@dataclass(frozen=True, eq=False)
class MeasuredReport:
    """A report. ``flags``: "complete, not verified"; ``observers``: "device MedViewer 0.3" …"""

    path: Path
    sop_uid: str
    title: str
    flags: str
    observers: tuple[str, ...]
    groups: tuple[MeasuredGroup, ...]
    images: frozenset[str]
    """SOP instance UIDs of the images it speaks of: of its groups, else of its library and evidence."""
    frames: frozenset[str]
    """Frames of reference its regions lie in."""


def read_measured(path: Path, context: TaskContext | None = None) -> MeasuredReport | None:
    """Read a report; None for one that holds no measurement group and is no imaging measurement report.

    Raises :class:`UnreadableImage`, Cancelled.
    """
    item, _ = read_guarded(path)
    reader = _Reader(context or TaskContext())
    reader.section(item)
    if not reader.groups or not (reader.measures or key_of(item) in REPORT):
        return None
    named = {uid for g in reader.groups for uid in _images_of(g)}
    frames = {region.frame_uid for g in reader.groups for region in g.all_regions if region.frame_uid}
    return MeasuredReport(
        path,
        item.code("SOPInstanceUID"),
        meaning(item) or "Structured report",
        flags_of(item),
        makers(item),
        tuple(reader.groups),
        frozenset(named or reader.listed or evidence_of(item)),
        frozenset(frames),
    )


def _images_of(group: MeasuredGroup) -> set[str]:
    own = {uid for uid, _ in group.all_images}
    return own | {region.image[0] for region in group.all_regions if region.image is not None}


@dataclass
class _Parts:
    """A group while it is read."""

    finding: str = ""
    site: list[str] = field(default_factory=list)
    tracking: str = ""
    tracking_uid: str = ""
    measured: list[Measured] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    technical: list[tuple[str, str]] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    images: list[ImageName] = field(default_factory=list)
    segments: list[tuple[str, int]] = field(default_factory=list)
    unusable: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said that a reader would look for."""
        return not (self.finding or self.measured or self.said or self.regions)

    def group(self, maker: str, name: str = "") -> MeasuredGroup:
        """What was read."""
        return MeasuredGroup(
            self.finding or ("" if self.tracking else name),
            " ".join(self.site),
            self.tracking,
            self.tracking_uid,
            tuple(self.measured),
            (*self.said, *self.technical),
            tuple(self.regions),
            tuple(dict.fromkeys(self.images)),
            tuple(dict.fromkeys(self.segments)),
            maker,
            self.unusable,
        )


class _Reader:
    """Walks the content tree; how deep it is, the guard has seen."""

    def __init__(self, context: TaskContext) -> None:
        self._context = context
        self._count = self._regions = 0
        self.groups: list[MeasuredGroup] = []
        self.listed: set[str] = set()
        self.measures = False
        """Whether there was a measurement group by its code."""

    def section(self, parent: Item, top: bool = True) -> None:
        """Groups below a container, and what else it says as a group of its own."""
        rest = _Parts()
        for item in self._children(parent):
            key = key_of(item)
            if key in GROUP:
                self.measures = True
                self._add(self._group(item))
            elif key in IMAGE_LIBRARY:
                self._library(item)
            elif item.code("ValueType") == "CONTAINER":
                self.section(item, top=False)
            elif not top:
                self._item(item, rest)
        if not rest.is_empty:
            self._add(rest.group("", name_of(parent)))

    def _add(self, group: MeasuredGroup) -> None:
        if len(self.groups) >= MAX_GROUPS:
            raise UnreadableImage("The report holds more groups of measurements than can be shown.")
        self.groups.append(group)

    def _children(self, parent: Item) -> list[Item]:
        children = parent.items("ContentSequence")
        before, self._count = self._count, self._count + len(children)
        if self._count > MAX_ITEMS:
            raise UnreadableImage("The report has more lines than can be shown.")
        if before // _CHECK_EVERY != self._count // _CHECK_EVERY:
            self._context.check()
        return children

    def _count_region(self, count: int = 1) -> None:
        self._regions += count
        if self._regions > MAX_REGIONS:
            raise UnreadableImage("The report holds more regions than can be shown.")

    def _library(self, parent: Item) -> None:
        for item in self._children(parent):
            self.listed.update(uid for uid, _ in report_regions.images_of(item))
            self._library(item)

    def _group(self, parent: Item) -> MeasuredGroup:
        parts = _Parts()
        for item in self._children(parent):
            self._item(item, parts)
        algorithm = makers(parent, algorithms_only=True)
        return parts.group(", ".join(algorithm))

    def _item(self, item: Item, parts: _Parts, above: str = "") -> None:
        kind, key = item.code("ValueType"), key_of(item)
        if kind == "NUM":
            measured, unusable = measured_of(item)
            self._count_region(len(measured.regions))
            parts.measured.append(measured)
            parts.unusable += unusable
        elif kind in ("SCOORD", "SCOORD3D"):
            region = report_regions.region_of(item)
            self._count_region()
            parts.unusable += region is None
            parts.regions += [region] if region is not None else []
        elif kind == "IMAGE":
            parts.images += report_regions.images_of(item)
            parts.segments += report_regions.segments_of(item)
        elif kind == "CONTAINER":
            for child in self._children(item):
                self._item(child, parts, name_of(item))
        elif not self._lift(item, key, parts):
            name = name_of(item)
            told = parts.technical if kind == "UIDREF" or key in TECHNICAL else parts.said
            told.append((f"{above}, {name}" if above else name, value_of(item)))
            for child in self._children(item):
                self._item(child, parts, name)

    def _lift(self, item: Item, key: Key, parts: _Parts) -> bool:
        """Put a fact where it has a place of its own; False for any other."""
        if key in FINDING and not parts.finding:
            parts.finding = value_of(item)
        elif key in TRACKING and not parts.tracking:
            parts.tracking = value_of(item)
        elif key in TRACKING_UID and not parts.tracking_uid:
            parts.tracking_uid = value_of(item)
        elif key in MAKER:
            return True
        elif key in SITE and not parts.site:
            parts.site = [value_of(item)]
            for child in self._children(item):  # its side and part
                parts.site.append(f"({value_of(child).lower()})")
            return True
        elif key in LATERALITY and len(parts.site) == 1:
            parts.site.append(f"({value_of(item).lower()})")
        else:
            return False
        for child in self._children(item):
            self._item(child, parts, name_of(item))
        return True
