"""Masks of a picture ready to be drawn on a part of it: fill, outlines, letters, as arrays. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.draw import Mark
from medviewer.imaging.part import Part
from medviewer.imaging.render import OverlayStyle, overlay_rgba
from medviewer.ui.picture import Layer, Picture, letter_places, outline


@dataclass(frozen=True, eq=False)
class MaskParts:
    """Fill (rows, columns, 4) in cells of a part, or None; outlines (n, 2, 2) with their colours and letters,
    both in picture coordinates."""

    fill: NDArray[np.uint8] | None
    outlines: tuple[tuple[NDArray[np.float32], str], ...]
    marks: tuple[Mark, ...]

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        fill = 0 if self.fill is None else self.fill.nbytes
        return _LEAST_BYTES + fill + sum(ends.nbytes for ends, _ in self.outlines)


_LEAST_BYTES = 1 << 10
"""What the rest takes, so that even empty ones are given up in time."""
_NONE = MaskParts(None, (), ())


def key_of(picture: Picture, index: int, style: OverlayStyle, part: Part) -> tuple[object, ...]:
    """What they are kept under: another picture's, or other masks', are others."""
    return "masks", picture.mark, index, style.fill, style.hatch, part


def mask_parts(picture: Picture, index: int, style: OverlayStyle, part: Part) -> MaskParts:
    """The masks on picture ``index``, made once. Outlines are lines, so the raster holds fill and hatch
    alone, whatever the opacity of the outline."""
    key = key_of(picture, index, style, part)
    return picture.kept.ask(key, lambda: _made(picture, index, style, part), lambda made: made.nbytes)


def _made(picture: Picture, index: int, style: OverlayStyle, part: Part) -> MaskParts:
    cuts = picture.cuts(index)
    strokes = picture.foreign.strokes(picture.view, index)
    if not (cuts or strokes):
        return _NONE
    layers = [x for x in (cut.on(part) for cut in cuts) if x.inside.any()]
    # Counted from the picture's own corner, the hatch stays where it is while the picture is panned.
    corner = round(part.rows.start / part.rows.step), round(part.columns.start / part.columns.step)
    fill = (
        overlay_rgba([(x.inside, x.colour) for x in layers], replace(style, outline=0.0), corner)
        if layers
        else None
    )
    outlines = [(_placed(outline(x.inside), part), x.colour) for x in layers]
    outlines += [(stroke.ends, stroke.colour) for stroke in strokes]
    marks = picture.kept.ask(("letters", picture.mark, index), lambda: _letters(cuts), lambda _: _LEAST_BYTES)
    marks += tuple(Mark(*stroke.top, stroke.letter, stroke.colour) for stroke in strokes)
    return MaskParts(fill, tuple(outlines), marks)


def _letters(cuts: list[Layer]) -> tuple[Mark, ...]:
    """Where they are does not change with the zoom."""
    named = [x for x in cuts if x.letter]
    places = zip(named, letter_places(named), strict=True)
    return tuple(Mark(p[0], p[1], x.letter, x.colour) for x, p in places if p is not None)


def _placed(segments: NDArray[np.float32], part: Part) -> NDArray[np.float32]:
    """From cells of a part to picture coordinates (x, y)."""
    steps = np.array([part.columns.step, part.rows.step], np.float32)
    return np.asarray(segments * steps + np.array([part.columns.start, part.rows.start], np.float32))
