"""What each image of a series tells of its own plane: spacing with its label, ultrasound regions, letters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from medviewer.dicom.study import Instance, Series
from medviewer.imaging.inplane import InPlane, Region, Scale
from medviewer.imaging.reslice import letters

_AREA, _CENTIMETRE = 1, 3
"""Region Spatial Format 2D, Physical Units cm (PS3.3 C.8.5.5.1.1, C.8.5.5.1.15)."""
_PEOPLE = ("L", "R", "A", "P", "H", "F")
_ANIMALS = ("LE", "RT", "CR", "CD", "PR", "DI", "PA", "PL", "D", "V", "R", "M", "L")
_OPPOSITE = {"L": "R", "A": "P", "H": "F"}
_OPPOSITE |= {other: one for one, other in _OPPOSITE.items()}
_OPPOSITE_ANIMAL = {
    "LE": "RT",
    "RT": "LE",
    "CR": "CD",
    "CD": "CR",
    "PR": "DI",
    "DI": "PR",
    "D": "V",
    "V": "D",
}
_OPPOSITE_ANIMAL |= {"M": "L", "L": "M", "R": "CD", "PA": "D", "PL": "D"}


def in_plane(series: Series) -> tuple[InPlane, ...]:
    """One :class:`InPlane` for each image of the series, in display order."""
    return tuple(_of_instance(instance) for instance in series.instances)


def _of_instance(instance: Instance) -> InPlane:
    pair, label, turn = instance.pixel_spacing, instance.spacing_label, instance.orientation
    edges = _Edges(instance.edges, turn, instance.quadruped)
    return _made(pair, label, instance.regions, edges)


@lru_cache(maxsize=512)
def _made(
    pair: tuple[float, float] | None,
    label: str,
    regions: tuple[Region, ...],
    edges: _Edges,
) -> InPlane:
    scale = Scale(*pair, label) if pair is not None and not regions else None
    return InPlane(scale, regions, edges.letters(), edges.quadruped)


@dataclass(frozen=True)
class _Edges:
    """What says where the edges of a picture lie: Patient Orientation, Image Orientation (Patient)."""

    words: tuple[str, ...]
    orientation: tuple[float, ...] | None
    quadruped: bool

    def letters(self) -> tuple[str, ...]:
        """By the direction cosines where there are any: also of images that make no volume."""
        if self.orientation is None or self.quadruped:
            return edge_letters(self.words, self.quadruped)
        right, down = np.array(self.orientation[:3]), np.array(self.orientation[3:])
        return letters(-right), letters(right), letters(-down), letters(down)


def edge_letters(edges: tuple[str, ...], quadruped: bool = False) -> tuple[str, ...]:
    """Letters of the left, right, upper and lower edge by Patient Orientation (PS3.3 C.7.6.1.1.1).

    () where the value is missing, not of the standard, or says one axis twice: a guess is never shown.
    """
    if len(edges) != 2:
        return ()
    right, down = (_words(edge, _ANIMALS if quadruped else _PEOPLE) for edge in edges)
    opposite = _OPPOSITE_ANIMAL if quadruped else _OPPOSITE
    if not right or not down or right[0] in (down[0], opposite[down[0]]) or opposite[right[0]] == down[0]:
        return ()
    if any(opposite[word] in words for words in (right, down) for word in words):
        return ()
    left, up = ("".join(opposite[word] for word in words) for words in (right, down))
    return left, "".join(right), up, "".join(down)


def _words(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """A direction's letters, longest first; () for what is none or says a thing twice."""
    found: list[str] = []
    while text:
        word = next((w for w in known if text.startswith(w)), "")
        if not word or word in found:
            return ()
        found.append(word)
        text = text[len(word) :]
    return tuple(found)


def read_regions(path: Path) -> tuple[Region, ...]:
    """The ultrasound regions of a file; one that makes no sense is a region without scale."""
    tag = "SequenceOfUltrasoundRegions"
    dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[tag])
    return tuple(region for item in dataset.get(tag) or () if (region := _region(item)) is not None)


def _region(item: Dataset) -> Region | None:
    corners = [item.get(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    if any(not isinstance(corner, int) for corner in corners):
        return None
    units = item.get("PhysicalUnitsXDirection"), item.get("PhysicalUnitsYDirection")
    deltas = item.get("PhysicalDeltaX"), item.get("PhysicalDeltaY")
    scale = None
    if item.get("RegionSpatialFormat") == _AREA and units == (_CENTIMETRE, _CENTIMETRE):
        across, down = (10.0 * abs(d) if isinstance(d, float) else math.nan for d in deltas)
        if 0 < across < math.inf and 0 < down < math.inf:
            scale = Scale(down, across)
    return Region(corners[0], corners[1], corners[2], corners[3], scale)
