"""Regions of a report on the images of an open series: by SOP instance UID and frame, or by their place in
the frame of reference. They stay points; what lies off the planes of the images is not drawn, and told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from medviewer.dicom.inplane import in_plane
from medviewer.dicom.objects.contour_placing import Line, PlaneFinder, area_px
from medviewer.dicom.objects.report_regions import Region
from medviewer.dicom.objects.rtstruct import Contour
from medviewer.dicom.objects.seg_file import ALL_FRAMES
from medviewer.dicom.study import Series
from medviewer.errors import NoGeometry, UnreadableImage
from medviewer.imaging.inplane import InPlane, Scale

_SLACK_PX = 0.01


@dataclass(frozen=True, eq=False)
class PlacedRegion:
    """A region on one image: its line in edge coordinates of the stored picture, what a pixel measures."""

    region: Region
    index: int
    line: Line
    scale: Scale | None


class RegionPlacer:
    """Places the regions of one report on one series, and counts what is not drawn."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._images: dict[tuple[str, int], int] = {}
        for k, image in enumerate(series.instances):
            self._images.setdefault((image.sop_uid, image.frame), k)
            self._images.setdefault((image.sop_uid, ALL_FRAMES), k)
        self._outside = self._round = self._placeless = 0

    def index_of(self, image: tuple[str, int]) -> int | None:
        """Where an image stands in the series, None where it is no part of it."""
        return self._images.get(image)

    def place(self, region: Region) -> list[PlacedRegion]:
        """The region on its image, the points of a set each on its own; none where it is not drawn here."""
        if not region.in_space:
            return self._on_image(region)
        if not region.frame_uid or region.frame_uid != self._series.frame_of_reference_uid:
            return []
        if region.kind == "ELLIPSOID":
            self._round += 1
            return []
        if self._finder is None:
            self._placeless += 1
            return []
        parts = region.points[:, None] if region.kind == "MULTIPOINT" else [region.outline()]
        kind = "CLOSED_PLANAR" if region.closed else "OPEN_PLANAR"
        found = [self._finder.place(Contour(kind, part, frozenset()), region.frame_uid) for part in parts]
        return [self._made(region, index, line) for index, line in (x for x in found if x is not None)]

    def _on_image(self, region: Region) -> list[PlacedRegion]:
        index = self._images.get(region.image) if region.image is not None else None
        if index is None:
            return []
        image = self._series.instances[index]
        points = region.outline()
        if (region.points < -_SLACK_PX).any() or (
            region.points > np.array([image.columns, image.rows]) + _SLACK_PX
        ).any():
            self._outside += 1
            return []
        parts = points[:, None] if region.kind == "MULTIPOINT" else [points]
        return [self._made(region, index, Line(p.astype(np.float32), region.closed)) for p in parts]

    def _made(self, region: Region, index: int, line: Line) -> PlacedRegion:
        centres = line.points.astype(np.float64) - 0.5
        try:
            scale = self._planes[index].scale_at([(float(y), float(x)) for x, y in centres])
        except NoGeometry:
            scale = None
        return PlacedRegion(region, index, line, scale)

    @cached_property
    def _planes(self) -> tuple[InPlane, ...]:
        return in_plane(self._series)

    @cached_property
    def _finder(self) -> PlaneFinder | None:
        try:
            return PlaneFinder(self._series, "region")
        except UnreadableImage:
            return None

    def notices(self, unusable: int) -> Iterator[str]:
        """What is not drawn, and why."""
        if self._finder is not None:
            yield from self._finder.notices()
        for count, why in (
            (self._outside, "outside their image"),
            (self._round, "an ellipsoid, whose outline on an image is not told"),
            (self._placeless, "in the patient, and the images have no place there"),
            (unusable, "damaged, or without an image"),
        ):
            if count:
                yield f"Not drawn: {count} {'region' if count == 1 else 'regions'}, {why}."


def lines_of(placed: list[PlacedRegion]) -> dict[int, tuple[Line, ...]]:
    """Lines by image."""
    found: dict[int, list[Line]] = defaultdict(list)
    for part in placed:
        found[part.index].append(part.line)
    return {k: tuple(lines) for k, lines in found.items()}


def largest(lines: dict[int, tuple[Line, ...]]) -> int | None:
    """The image with the largest area inside its lines, or the first with any."""
    return max(sorted(lines), key=lambda k: sum(area_px(x) for x in lines[k]), default=None)
