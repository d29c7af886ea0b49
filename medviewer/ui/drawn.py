"""What is drawn on a picture, made from what it was told: masks, legend, measurements, reference lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from medviewer.imaging.draw import LegendEntry, Mark
from medviewer.imaging.part import Part
from medviewer.imaging.render import OverlayStyle, overlay_rgba
from medviewer.review.state import ReaderMeasurement
from medviewer.ui import theme
from medviewer.ui.annotations import ReferenceLine
from medviewer.ui.picture import Picture, letter_places, letters_for, outline, plane_of_axis
from medviewer.ui.shapes import Shape, from_voxels, shape_of

Voxel = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class DrawnMasks:
    """Masks of one picture, or of a part of it: fill (rows, columns, 4) or None, their outlines with their
    colour, their letters."""

    fill: NDArray[np.uint8] | None
    outlines: tuple[tuple[NDArray[np.float32], QColor], ...]
    marks: tuple[Mark, ...]


def drawn_masks(
    picture: Picture | None, index: int, style: OverlayStyle, part: Part | None = None
) -> DrawnMasks:
    """The masks on picture ``index`` or a part of it. Outlines are lines, so the raster holds fill and hatch
    alone. The fill is in cells of the part, lines and letters in picture coordinates."""
    cuts = picture.cuts(index) if picture is not None else []
    strokes = picture.foreign.strokes(picture.view, index) if picture is not None else []
    if picture is None or not (cuts or strokes):
        return DrawnMasks(None, (), ())
    part = part or Part.whole(picture.view.shape)
    layers = [x for x in (cut.on(part) for cut in cuts) if x.inside.any()]
    # Counted from the picture's own corner, the hatch stays where it is while the picture is panned.
    corner = round(part.rows.start / part.rows.step), round(part.columns.start / part.columns.step)
    fill = (
        overlay_rgba([(x.inside, x.colour) for x in layers], replace(style, outline=0.0), corner)
        if layers
        else None
    )
    outlines = [(_placed(outline(x.inside), part), _ink(x.colour, style)) for x in layers]
    outlines += [(stroke.ends, _ink(stroke.colour, style)) for stroke in strokes]
    named = [x for x in cuts if x.letter]
    places = zip(named, letter_places(named), strict=True)
    marks = [Mark(p[0], p[1], x.letter, x.colour) for x, p in places if p is not None]
    marks += [Mark(*stroke.top, stroke.letter, stroke.colour) for stroke in strokes]
    return DrawnMasks(fill, tuple(outlines), tuple(marks))


def _placed(segments: NDArray[np.float32], part: Part) -> NDArray[np.float32]:
    """From cells of a part to picture coordinates (x, y)."""
    steps = np.array([part.columns.step, part.rows.step], np.float32)
    return np.asarray(segments * steps + np.array([part.columns.start, part.rows.start], np.float32))


def _ink(colour: str, style: OverlayStyle) -> QColor:
    ink = QColor(colour)
    ink.setAlphaF(min(1.0, max(0.0, style.outline)))
    return ink


def legend_of(picture: Picture | None) -> tuple[LegendEntry, ...]:
    """What the colours mean, for all masks of the volume: the legend stays the same while scrolling."""
    masks = picture.masks if picture is not None else ()
    letters = letters_for([name for _, _, name in masks])
    own = tuple(
        LegendEntry(colour, letter, name)
        for (_, colour, name), letter in zip(masks, letters, strict=True)
        if name
    )
    return own + (picture.foreign.legend if picture is not None else ())


def shapes_on(
    picture: Picture | None, index: int, measurements: Sequence[tuple[int, ReaderMeasurement]]
) -> tuple[Shape, ...]:
    """Those (number in the list, measurement) that lie on picture ``index``."""
    if picture is None:
        return ()
    here = [(n, m) for n, m in measurements if (m.plane, m.index) == (picture.plane, index)]
    return tuple(shape_of(m, picture.view, n) for n, m in here)


def lines_on(picture: Picture | None, index: int) -> tuple[Shape, ...]:
    """The lines of findings on picture ``index``; none in a plane across the stored slices."""
    if picture is None or not picture.lines or picture.view.axes[0] != 0:
        return ()
    here = int(picture.view.to_voxel(index, 0, 0)[0])
    return tuple(
        Shape("length", from_voxels(picture.view, (line.start, line.end)), line.label)
        for line in picture.lines
        if round(line.start[0]) == here
    )


def reference_lines(picture: Picture | None, voxel: Voxel | None) -> tuple[ReferenceLine, ...]:
    """Where the other planes through the centre of a voxel cut the picture, each in its plane's colour."""
    if picture is None or voxel is None:
        return ()
    planes = plane_of_axis(picture.volume)
    if not planes:
        return ()
    _, row, column = picture.view.from_voxel(*voxel)
    _, down, across = picture.view.axes
    return (
        ReferenceLine(theme.colour(planes[down]), y=row + 0.5),
        ReferenceLine(theme.colour(planes[across]), x=column + 0.5),
    )


def why_missing(picture: Picture | None, index: int, failures: Mapping[int, str]) -> str:
    """What stands in the place of a picture that isn't there; ``failures``: why, by stored slice."""
    if picture is None or picture.is_ready(index):
        return ""
    if picture.view.axes[0] == 0:
        stored = int(picture.view.to_voxel(index, 0, 0)[0])
        if stored in failures:
            return f"Image {index + 1} could not be shown.\n{failures[stored]}"
    return "Loading …"
