"""Overlays from files as a picture shows them: cuts of masks, strokes of contours, legend. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.cut import mask_cut
from medviewer.imaging.draw import LegendEntry
from medviewer.imaging.presented import to_picture
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.turn import STRAIGHT
from medviewer.review.overlays import Overlay, OverlayFile
from medviewer.review.state import State

if TYPE_CHECKING:
    from medviewer.dicom.objects.contour_placing import Line

_LEGEND_LINES = 8
"""So many overlays are named on the image; the others in the list at its side."""
_POINT_PX = 2.0
"""A point is a cross of so many image pixels to each side."""


@dataclass(frozen=True, eq=False)
class ForeignLayer:
    """An overlay that is to be seen, with its letter and the file it is from."""

    overlay: Overlay
    letter: str
    file: OverlayFile


@dataclass(frozen=True, eq=False)
class Stroke:
    """The lines of one region on one picture: ``ends`` (n, 2, 2) as pairs (x, y); ``top``: its highest
    point, where its letter goes."""

    ends: NDArray[np.float32]
    colour: str
    letter: str
    top: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Foreign:
    """What files lay over the series on screen, in the order of files and overlays."""

    layers: tuple[ForeignLayer, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    _marks: dict[tuple[object, ...], NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    def cuts(self, view: PlaneView, index: int) -> list[tuple[NDArray[np.bool_], str, str, tuple[int, int]]]:
        """(pixels of a box, colour, letter, its top and left) of masks that touch picture ``index``."""
        axis = view.axes[0]
        deep = view.stored_index(index)
        found = []
        for layer in self.layers:
            mask = layer.overlay.mask
            if mask is None or mask.shape != view.volume_shape:
                continue
            inside = deep - mask.origin[axis]
            if 0 <= inside < mask.box.shape[axis] and mask.touched(axis)[inside]:
                cut = mask_cut(view, mask, index)
                if cut is not None and cut[0].any():
                    found.append((cut[0], layer.overlay.colour, layer.letter, (cut[1], cut[2])))
        return found

    def strokes(self, view: PlaneView, index: int) -> list[Stroke]:
        """Contours on picture ``index``: only on the stored images, where they were drawn."""
        if view.plane is not Plane.NATIVE:
            return []
        from medviewer.dicom.objects.contour_placing import (
            area_px,
        )  # what reads contours is not needed to start

        found = []
        for layer in self.layers:
            lines = layer.overlay.lines.get(index, ())
            if lines:
                ends = _on_picture(view, np.concatenate([ends_of(line) for line in lines]))
                largest = _on_picture(view, max(lines, key=area_px).points)
                x, y = largest[int(np.argmin(largest[:, 1]))]
                found.append(Stroke(ends, layer.overlay.colour, layer.letter, (float(x), float(y))))
        return found

    def touched(self, view: PlaneView) -> NDArray[np.bool_]:
        """Which pictures hold any of it: (count,)."""
        if not self.layers:
            return np.zeros(view.count, bool)
        key = (view.plane, view.axes, view.flips, view.volume_shape)
        if key not in self._marks:  # asked for at every step of the wheel
            self._marks[key] = self._touched(view)
        return self._marks[key]

    def _touched(self, view: PlaneView) -> NDArray[np.bool_]:
        marks = np.zeros(view.count, bool)
        for layer in self.layers:
            mask = layer.overlay.mask
            if mask is not None and mask.shape == view.volume_shape:
                first = mask.origin[view.axes[0]]
                marks[first : first + mask.box.shape[view.axes[0]]] |= mask.touched(view.axes[0])
        if view.flips[0]:
            marks = marks[::-1].copy()
        if view.plane is Plane.NATIVE:
            marks[[k for layer in self.layers for k in layer.overlay.lines if k < view.count]] = True
        return marks


NOTHING = Foreign()


def ends_of(line: Line) -> NDArray[np.float32]:
    """(n, 2, 2): the straight pieces of a line; a closed one goes back to its first point, a single point is
    a cross."""
    points = line.points
    if len(points) == 1:
        arms = np.array([[[-_POINT_PX, 0], [_POINT_PX, 0]], [[0, -_POINT_PX], [0, _POINT_PX]]], np.float32)
        return np.asarray(points[0] + arms, np.float32)
    following = np.roll(points, -1, axis=0) if line.closed else points[1:]
    return np.stack([points if line.closed else points[:-1], following], axis=1)


def _on_picture(view: PlaneView, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Image points (x, y) as points of the picture, which may be turned."""
    if view.turn == STRAIGHT:
        return points
    origin, right, down = (np.array(to_picture(view, p)) for p in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    moved = origin + points[..., :1] * (right - origin) + points[..., 1:] * (down - origin)
    return np.asarray(moved, np.float32)


def foreign_of(state: State) -> Foreign:
    """What is to be seen on the series of a state."""
    letters = overlay_letters(state)
    layers = tuple(
        ForeignLayer(overlay, letters[file.key, overlay.number], file)
        for file in state.overlay_files_here
        for overlay in file.overlays
        if overlay.shown and overlay.is_drawn
    )
    return Foreign(layers, _legend(layers)) if layers else NOTHING


def overlay_letters(state: State) -> Mapping[tuple[str, int], str]:
    """A letter for every overlay of the series on screen, shown or not, by file and number. None is that of
    a finding."""
    own = free_letters([f.label for f in state.findings if f.mask is not None], ())
    all_here = [(f.key, o) for f in state.overlay_files_here for o in f.overlays]
    told = [bool(o.said or o.figures) and not o.is_drawn for _, o in all_here]  # and not outlined
    names = ["" if only_told else o.label for only_told, (_, o) in zip(told, all_here, strict=True)]
    letters = free_letters(names, own)
    return {(key, o.number): letter for (key, o), letter in zip(all_here, letters, strict=True)}


def free_letters(names: Sequence[str], taken: Iterable[str]) -> list[str]:
    """One capital letter a name, its first where free, none that is taken; past the alphabet numbers.

    What has no name has no letter.
    """
    used, found = set(taken), []
    for number, name in enumerate(names, 1):
        wanted = (*name.upper(), *(chr(65 + k) for k in range(26)))
        free = (c for c in wanted if c.isalpha() and c not in used)
        letter = next(free, str(number)) if name else ""
        used.add(letter)
        found.append(letter)
    return found


def _legend(layers: Sequence[ForeignLayer]) -> tuple[LegendEntry, ...]:
    """A line for each file that says whose it is, its overlays under it; the rest is counted."""
    entries: list[LegendEntry] = []
    for file, own in groupby(layers[:_LEGEND_LINES], key=lambda layer: layer.file):
        who = f", {file.maker}" if file.maker else ""
        entries.append(LegendEntry("", "", f"From file: {file.title}{who}"))
        entries += [_entry(layer) for layer in own]
    more = len(layers) - _LEGEND_LINES
    if more > 0:
        entries.append(LegendEntry("", "", f"and {more} more in the list"))
    return tuple(entries)


def _entry(layer: ForeignLayer) -> LegendEntry:
    overlay = layer.overlay
    who = "" if layer.file.maker else f" ({overlay.maker})"
    return LegendEntry(overlay.colour, layer.letter, f"{overlay.name}{who}")
