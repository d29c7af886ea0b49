"""Segments on the images of an open series: by the place of every plane, never by its number.

A frame belongs to the image whose plane it lies in. Where the segmentation has another, parallel grid, every
pixel takes the nearest voxel of it and that is told. What lies in other planes, or contradicts the images it
names, is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.objects.planes import Overlap, Place, gap_mm, overlap, smallest_step
from medviewer.dicom.objects.seg_file import ALL_FRAMES, FrameReader, SegFrame, Segment, Segmentation
from medviewer.dicom.study import Series
from medviewer.errors import UnreadableImage
from medviewer.imaging.volume import Mask
from medviewer.tasks import TaskContext

_SAME_PLANE_MM = 0.1
_SAME_PLANE_PART = 0.25
"""A frame lies in the plane of an image up to 0.1 mm, and a quarter of the distance between images."""
_APART = 0.75
"""Of a step between planes: a frame farther from the image it names contradicts itself."""
_CHECK_EVERY = 64
_MOST_VOXELS = 1 << 32
"""All masks together; each is kept as the box that holds it, a byte a voxel."""

_OTHER_PLANES = "The segmentation lies in other planes than this series."
_OTHER_SIZE = "The segmentation has another size than the image it names."
_CONTRADICTS = "The segmentation contradicts itself: its planes lie elsewhere than the images they name."
_NOWHERE = "The segmentation lies nowhere on this series."
NEAREST = "Another grid than the images: each pixel shows the nearest voxel of the segmentation."
CUT = "Parts reach beyond the edge of the images and are not shown."


class Nowhere(UnreadableImage):
    """No frame lies on an image of the series, and none contradicts it: others may hold it."""


@dataclass(frozen=True, eq=False)
class Plan:
    """For every frame the images it is shown on and how it comes onto each; None: pixel by pixel."""

    targets: tuple[tuple[tuple[int, Overlap | None], ...], ...]
    exact: bool

    @property
    def placed(self) -> int:
        """Number of frames that have an image."""
        return sum(bool(targets) for targets in self.targets)


@dataclass(frozen=True, eq=False)
class PlacedSegments:
    """Segments with their masks on the grid of the series, and what the reader must know of them."""

    segments: tuple[tuple[Segment, Mask], ...]
    notices: tuple[str, ...]


def plan(seg: Segmentation, series: Series) -> Plan:
    """Where each frame belongs. Raises :class:`UnreadableImage` where the series is not its place."""
    frame_uids = (seg.frame_of_reference_uid, series.frame_of_reference_uid)
    if all(frame_uids) and frame_uids[0] != frame_uids[1]:
        raise UnreadableImage("The segmentation belongs to another frame of reference.")
    finder = _Finder(seg, series)
    targets = tuple(finder.targets(frame) for frame in seg.frames)
    found = Plan(targets, finder.exact)
    if not found.placed:
        raise UnreadableImage(finder.refusal) if finder.refusal else Nowhere(_NOWHERE)
    return found


class _Finder:
    """Finds the images of frames; planes that many frames share are looked up once."""

    def __init__(self, seg: Segmentation, series: Series) -> None:
        self._seg, self._series = seg, series
        self._shape = series.size
        self._images: dict[tuple[str, int], list[int]] = defaultdict(list)
        for k, image in enumerate(series.instances):
            for number in (image.frame, ALL_FRAMES):
                self._images[image.sop_uid, number].append(k)
        self._places = [Place.of(image) for image in series.instances]
        self._known: dict[Place, tuple[tuple[int, Overlap, float], ...]] = {}
        planes = list(dict.fromkeys(f.plane for f in seg.frames if f.plane is not None))
        gap = gap_mm(series) or 0.0
        self._touching = min(_SAME_PLANE_MM, _SAME_PLANE_PART * gap) if gap else _SAME_PLANE_MM
        self._step = self._step_of(self._drawn_here() or planes)
        self._far = max(self._touching, _APART * max(gap, self._step))
        self.exact, self.refusal = True, ""
        self._nearest = self._nearest_planes(planes)

    def _drawn_here(self) -> list[Place]:
        """Planes of frames whose images are in the series. Where others are not open (yet), what was drawn on
        them proves no coarser grid: it lies on nothing here."""
        here = (f.plane for f in self._seg.frames if any(key in self._images for key in f.images))
        return list(dict.fromkeys(plane for plane in here if plane is not None))

    def _step_of(self, planes: list[Place]) -> float:
        """Distance between planes of the segmentation in mm; 0: each belongs to the images in it alone.

        Empty planes may have been left out, so a distance between two that are there proves nothing while
        all of them lie in images.
        """
        apart = smallest_step(planes)
        if seg_step := self._seg.step_mm:
            return seg_step if apart is None else min(seg_step, apart)
        if all(self._touches(plane) for plane in planes):
            return 0.0
        steps = [s for s in (apart, self._seg.thickness_mm) if s is not None]
        return min(steps, default=0.0)

    def _touches(self, plane: Place) -> bool:
        """Whether a plane lies in that of an image."""
        at = np.array([plane.position])
        return any(p is not None and abs(float(p.distance(at)[0])) <= self._touching for p in self._places)

    def _nearest_planes(self, planes: list[Place]) -> dict[int, Place]:
        """For every image the plane of the segmentation that holds it: within half a step of it."""
        found: dict[int, Place] = {}
        if not planes:
            return found
        positions = np.array([p.position for p in planes])
        for k, place in enumerate(self._places):
            if place is None:
                continue
            away = np.abs(place.distance(positions))
            nearest = int(np.argmin(away))
            if away[nearest] <= max(self._touching, self._step / 2):
                found[k] = planes[nearest]
        return found

    def targets(self, frame: SegFrame) -> tuple[tuple[int, Overlap | None], ...]:
        """The images a frame is shown on."""
        named = [k for key in frame.images for k in self._images.get(key, ())]
        if frame.plane is None or all(place is None for place in self._places):
            return self._by_name(named)
        here = self._on_plane(frame.plane)
        chosen = [x for x in here if x[2] <= self._touching and x[0] in named]
        if chosen:  # of several images at one place
            here = tuple(x for x in here if x[2] > self._touching or x in chosen)
        self._check(frame.plane, named)
        self.exact &= all(x[1].exact and x[2] <= self._touching for x in here)
        return tuple((k, how) for k, how, _ in here)

    def _by_name(self, named: list[int]) -> tuple[tuple[int, Overlap | None], ...]:
        if named and self._seg.size != self._shape:
            raise UnreadableImage(_OTHER_SIZE)
        return tuple((k, None) for k in sorted(set(named)))

    def _on_plane(self, plane: Place) -> tuple[tuple[int, Overlap, float], ...]:
        """(image, overlap, distance in mm) of the images that a plane of the segmentation holds."""
        known = self._known.get(plane)
        if known is None:
            known = self._known[plane] = tuple(self._look_up(plane))
        return known

    def _look_up(self, plane: Place) -> Iterator[tuple[int, Overlap, float]]:
        for k, nearest in self._nearest.items():
            place = self._places[k]
            if nearest != plane or place is None:
                continue
            how = overlap(plane, self._seg.size, place, self._shape)
            if how is None:
                self.refusal = _OTHER_PLANES
                continue
            yield k, how, abs(float(place.distance(np.array([plane.position]))[0]))

    def _check(self, plane: Place, named: list[int]) -> None:
        """A frame that names images of this series must lie by one of them."""
        places = [place for k in named if (place := self._places[k]) is not None]
        if not places:
            return
        away = min(abs(float(p.distance(np.array([plane.position]))[0])) for p in places)
        if away > self._far:
            raise UnreadableImage(_CONTRADICTS)


@dataclass
class _Pieces:
    """The pictures of one segment: image -> box and its first row and column."""

    boxes: dict[int, tuple[NDArray[np.bool_], int, int]] = field(default_factory=dict)

    def add(self, index: int, inside: NDArray[np.bool_]) -> None:
        """One more picture; where there is one already, both count."""
        if index in self.boxes:
            box, row, column = self.boxes[index]
            inside = inside.copy()
            inside[row : row + box.shape[0], column : column + box.shape[1]] |= box
        rows = np.flatnonzero(inside.any(axis=1))
        if rows.size:
            columns = np.flatnonzero(inside[rows[0] : rows[-1] + 1].any(axis=0))
            cut = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
            self.boxes[index] = cut, int(rows[0]), int(columns[0])

    def _ends(self) -> tuple[int, int, int, int]:
        """First row and column, and those after the last, of all pictures together."""
        ends = np.array([(r, c, r + b.shape[0], c + b.shape[1]) for b, r, c in self.boxes.values()])
        low, high = ends.min(axis=0), ends.max(axis=0)
        return int(low[0]), int(low[1]), int(high[2]), int(high[3])

    @property
    def voxels(self) -> int:
        """Size of the box that holds all pictures."""
        if not self.boxes:
            return 0
        top, left, bottom, right = self._ends()
        return (max(self.boxes) - min(self.boxes) + 1) * (bottom - top) * (right - left)

    def mask(self, segment: Segment, series: Series) -> Mask:
        """All pictures as one mask."""
        grid = (len(series.instances), *series.size)
        if not self.boxes:
            return Mask(
                segment.number, segment.label, np.zeros((0, 0, 0), bool), (0, 0, 0), grid, series.geometry
            )
        top, left, bottom, right = self._ends()
        first, last = min(self.boxes), max(self.boxes)
        box = np.zeros((last - first + 1, bottom - top, right - left), bool)
        for index, (cut, row, column) in self.boxes.items():
            r, c = row - top, column - left
            box[index - first, r : r + cut.shape[0], c : c + cut.shape[1]] = cut
        return Mask(segment.number, segment.label, box, (first, top, left), grid, series.geometry)


def place_segments(
    seg: Segmentation, series: Series, how: Plan, context: TaskContext | None = None
) -> PlacedSegments:
    """Read the frames and put them onto the images as ``how`` says (:func:`plan`).

    Raises :class:`UnreadableImage` for pixels that cannot be read, Cancelled.
    """
    context = context or TaskContext()
    reader = FrameReader(seg)
    pieces: dict[int, _Pieces] = defaultdict(_Pieces)
    known = {segment.number for segment in seg.segments}
    drawn = lost = 0
    cut = False
    for frame, targets in zip(seg.frames, how.targets, strict=True):
        if frame.number % _CHECK_EVERY == 0:
            context.check()
            context.report(0.5 + 0.5 * frame.number / len(seg.frames), "Reading the segmentation")
        for segment, inside in _regions(reader, frame, known):
            drawn += 1
            lost += not targets
            for index, onto in targets:
                cut |= onto is not None and not onto.reaches(inside)
                pieces[segment].add(index, inside if onto is None else onto.carried(inside))
    if sum(p.voxels for p in pieces.values()) > _MOST_VOXELS:
        raise UnreadableImage("The segmentation is too large to be shown.")
    masks = tuple((s, pieces[s.number].mask(s, series)) for s in seg.segments)
    return PlacedSegments(masks, tuple(_notices(seg, how, (drawn, lost), cut)))


def _regions(
    reader: FrameReader, frame: SegFrame, known: set[int]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """(segment, pixels) of what a frame draws, empty ones left out."""
    stored = reader.stored(frame.number)
    numbers = [frame.segment] if frame.segment is not None else [int(n) for n in np.unique(stored) if n]
    for number in numbers:
        if number not in known:
            raise UnreadableImage("A frame of the segmentation belongs to a segment that it does not name.")
        inside = reader.inside(stored, number)
        if inside.any():
            yield number, inside


def _notices(seg: Segmentation, how: Plan, counts: tuple[int, int], cut: bool) -> Iterator[str]:
    drawn, lost = counts
    if seg.fraction:
        yield f"Fractional: outlined where the {seg.fraction} is at least 0.5."
    if not how.exact:
        yield NEAREST
    if lost:
        yield f"{lost} of {drawn} outlines have no image of this series at their place."
    if cut:
        yield CUT
