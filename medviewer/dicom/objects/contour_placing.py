"""Contours on the images of an open series: by their plane, checked against the images they name.

They stay polygons: their points become fractional pixels of the image, nothing is filled into a grid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.objects.planes import Place, gap_mm
from medviewer.dicom.objects.rtstruct import CLOSED, Contour, Roi, StructureSet
from medviewer.dicom.study import Series
from medviewer.errors import UnreadableImage
from medviewer.tasks import TaskContext

_LEAST_GAP_MM = 0.02
"""Half of it is the tolerance where an image says neither a neighbour nor its thickness."""
_SLACK_MM = 0.01
_CHECK_EVERY = 512


@dataclass(frozen=True, eq=False)
class Line:
    """A contour on one image: ``points`` (n, 2) as (x, y) in edge coordinates of the stored picture (the
    outer corner of the first pixel is (0, 0)). A closed one goes back to its first point."""

    points: NDArray[np.float32]
    closed: bool


@dataclass(frozen=True, eq=False)
class PlacedRoi:
    """A region with its lines by image index."""

    roi: Roi
    lines: dict[int, tuple[Line, ...]]

    @property
    def largest_slice(self) -> int | None:
        """The image with the largest area inside its lines (or the first with any), None without."""
        if not self.lines:
            return None
        return max(sorted(self.lines), key=lambda k: sum(area_px(line) for line in self.lines[k]))


@dataclass(frozen=True, eq=False)
class PlacedStructures:
    """Regions on a series, and what the reader must know of them."""

    rois: tuple[PlacedRoi, ...]
    notices: tuple[str, ...]

    @property
    def placed(self) -> int:
        """Number of lines on images."""
        return sum(len(lines) for roi in self.rois for lines in roi.lines.values())


def area_px(line: Line) -> float:
    """Area inside a closed line in pixels (shoelace), 0 for an open one."""
    if not line.closed:
        return 0.0
    x, y = line.points.astype(np.float64).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def place_structures(
    structures: StructureSet, series: Series, context: TaskContext | None = None
) -> PlacedStructures:
    """Put every contour onto the image whose plane it lies in, within half the distance between images.

    Raises :class:`UnreadableImage` where none has an image here, Cancelled.
    """
    finder = PlaneFinder(series)
    context = context or TaskContext()
    made = []
    for roi in structures.rois:
        lines: dict[int, list[Line]] = defaultdict(list)
        for number, contour in enumerate(roi.contours):
            if number % _CHECK_EVERY == 0:
                context.check()
            found = finder.place(contour, roi.frame_of_reference_uid)
            if found is not None:
                lines[found[0]].append(found[1])
        made.append(PlacedRoi(roi, {k: tuple(v) for k, v in lines.items()}))
    placed = PlacedStructures(tuple(made), tuple(finder.notices(structures.unusable)))
    if not placed.placed:
        raise UnreadableImage("No contour of the structure set lies on the images of this series.")
    return placed


class PlaneFinder:
    """Finds the image of a contour, and counts why one has none; ``word`` is what it calls them.

    Raises :class:`UnreadableImage` where no image has a place.
    """

    def __init__(self, series: Series, word: str = "contour") -> None:
        self._word = word
        known = [(k, p) for k, p in enumerate(map(Place.of, series.instances)) if p is not None]
        if not known:
            raise UnreadableImage(
                f"{word.capitalize()}s cannot be put on images that have no place in the patient."
            )
        self._index = [k for k, _ in known]
        self._places = [p for _, p in known]
        self._normals = np.array([p.normal for p in self._places])
        self._depths = np.einsum("ij,ij->i", self._normals, np.array([p.position for p in self._places]))
        self._reach = (gap_mm(series) or _LEAST_GAP_MM) / 2 + _SLACK_MM
        self._uids: dict[str, list[int]] = defaultdict(list)
        for n, k in enumerate(self._index):
            self._uids[series.instances[k].sop_uid].append(n)
        self._frame_uid = series.frame_of_reference_uid
        self._elsewhere = self._oblique = self._foreign = self._torn = 0

    def place(self, contour: Contour, frame_uid: str) -> tuple[int, Line] | None:
        """(image index, line), or None."""
        if frame_uid and self._frame_uid and frame_uid != self._frame_uid:
            self._foreign += 1
            return None
        middle = contour.points.mean(axis=0)
        away = np.abs(self._normals @ middle - self._depths)
        named = [n for uid in contour.images for n in self._uids.get(uid, ())]
        best = min(named, key=lambda n: float(away[n])) if named else int(np.argmin(away))
        if away[best] > self._reach:
            self._torn += bool(named)
            self._elsewhere += not named
            return None
        image = self._places[best]
        if np.abs(image.distance(contour.points)).max() > self._reach:
            self._oblique += 1
            return None
        pixels = image.pixel(contour.points) + 0.5
        return self._index[best], Line(pixels[:, ::-1].astype(np.float32), contour.kind in CLOSED)

    def notices(self, unusable: int = 0) -> Iterator[str]:
        """What is not drawn, and why."""
        for count, why in (
            (self._elsewhere, "have no image of this series at their place"),
            (self._torn, "lie elsewhere than the images they name"),
            (self._oblique, "are not parallel to the images"),
            (self._foreign, "belong to another frame of reference"),
            (unusable, "are damaged (their numbers make no contour)"),
        ):
            if count:
                yield f"{_counted(count, self._word)} {why if count > 1 else _single(why)}: not drawn."


def _counted(count: int, word: str) -> str:
    return f"1 {word}" if count == 1 else f"{count:,} {word}s"


def _single(words: str) -> str:
    """The sentence of one."""
    verb, _, rest = words.partition(" ")
    one = {"have": "has", "lie": "lies", "are": "is", "belong": "belongs"}[verb]
    rest = rest.replace("their", "its").replace("they name", "it names")
    return f"{one} {rest}"
