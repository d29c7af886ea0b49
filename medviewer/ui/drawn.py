"""What is drawn on a picture, made from what it was told: masks, legend, measurements, reference lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from medviewer.imaging.draw import LegendEntry, Mark
from medviewer.imaging.part import Part
from medviewer.imaging.render import OverlayStyle
from medviewer.review.state import ReaderMeasurement
from medviewer.ui import theme
from medviewer.ui.annotations import ReferenceLine
from medviewer.ui.mask_parts import mask_parts
from medviewer.ui.picture import Picture, letters_for, plane_of_axis
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
    """The masks on picture ``index`` or a part of it, as :func:`mask_parts` makes them, in their inks."""
    if picture is None:
        return DrawnMasks(None, (), ())
    made = mask_parts(picture, index, style, part or Part.whole(picture.view.shape))
    return DrawnMasks(made.fill, tuple((e, _ink(c, style)) for e, c in made.outlines), made.marks)


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
    here = picture.view.stored_index(index)
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
        stored = picture.view.stored_index(index)
        if stored in failures:
            return f"Image {index + 1} could not be shown.\n{failures[stored]}"
    return "Loading …"
