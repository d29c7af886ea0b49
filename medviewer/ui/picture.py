"""What a viewport shows, as arrays: grey levels of a picture, masks on it, the value at a point. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.findings import Line
from medviewer.errors import NoGeometry
from medviewer.imaging.cut import mask_cut, shrink_mask
from medviewer.imaging.loaded import loaded_values
from medviewer.imaging.numbers import decimals_for, number
from medviewer.imaging.overlay import outline_segments
from medviewer.imaging.part import Part, Span
from medviewer.imaging.render import auto_window, shades
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.shrink import Block, block_means, block_of, shrink
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import Window
from medviewer.review.figures import unit_of
from medviewer.ui.foreign import NOTHING, Foreign, free_letters
from medviewer.ui.kept import Kept

_LETTER_STEP = 4
"""The place of a mask's letter is looked for on every fourth pixel: exact enough, and quick."""
_LETTER_CELLS = 128
"""Of large masks on fewer pixels: on about so many along the longer side."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One mask on one picture: (rows, columns), its colour, its letter ("" where it has no name yet).

    ``corner``: the (row, column) of the picture where ``inside`` begins.
    """

    inside: NDArray[np.bool_]
    colour: str
    letter: str = ""
    corner: tuple[int, int] = (0, 0)

    def on(self, part: Part) -> Layer:
        """The same on the cells of a part of the picture."""
        return replace(self, inside=shrink_mask(self.inside, *self.corner, part), corner=(0, 0))


@dataclass(frozen=True, eq=False)
class Picture:
    """A volume seen in one plane. ``ready`` tells which stored slices hold pixels (None: all).

    ``partial`` maps a stored slice to the (mask, colour) layers that streamed in.
    """

    volume: Volume
    plane: Plane = Plane.NATIVE
    ready: NDArray[np.bool_] | None = None
    masks: tuple[tuple[Mask, str, str], ...] = ()
    lines: tuple[Line, ...] = ()
    """Lines of findings on stored slices."""
    partial: dict[int, tuple[tuple[NDArray[np.bool_], str], ...]] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    """Pictures already brought to the resolution of the screen."""
    turn: Turn = STRAIGHT
    foreign: Foreign = NOTHING
    """Overlays from files."""
    mark: object = field(default_factory=object, init=False, repr=False)
    """Another in every copy: what is kept of masks belongs to these masks alone."""

    @cached_property
    def view(self) -> PlaneView:
        """The plane's mapping. Raises :class:`NoGeometry`."""
        return PlaneView.of(self.volume, self.plane, self.turn)

    def is_ready(self, index: int) -> bool:
        """Whether the picture holds pixels: its own slice, or in other planes any slice."""
        if self.ready is None:
            return True
        view = self.view
        if view.axes[0] == 0:
            return bool(self.ready[view.stored_index(index)])
        return bool(self.ready.any())

    def loaded(self) -> NDArray[np.bool_]:
        """Which pictures hold pixels, for the slice bar: (count,)."""
        view = self.view
        if self.ready is None:
            return np.ones(view.count, bool)
        if view.axes[0] != 0:
            return np.full(view.count, bool(self.ready.any()))
        return np.asarray(self.ready[::-1] if view.flips[0] else self.ready)

    def same_grid(self, other: Picture) -> bool:
        """Whether the other shows the very same voxels in the same plane (perhaps more of them loaded)."""
        same = self.plane is other.plane and self.volume.shape == other.volume.shape
        return same and bool(np.may_share_memory(self.volume.voxels, other.volume.voxels))

    def levels(self, index: int, window: Window | None, part: Part | None = None) -> NDArray[np.uint8]:
        """Grey levels (rows, columns), or colours (rows, columns, 3), of picture ``index``; slices that are
        not loaded stay black. ``part``: only these cells of it (None: all, as stored)."""
        part = part or Part.whole(self.view.shape)
        values = self._values(index, part)
        if self.volume.is_colour:
            return np.ascontiguousarray(values, dtype=np.uint8)
        grey = np.ascontiguousarray(shades(values, window or auto_window(self.volume)))
        if self.ready is not None and self.view.axes[0] != 0:
            self._blacken(grey, self.ready, part)
        return grey

    def _values(self, index: int, part: Part, *, threads: bool = True) -> NDArray[Any]:
        """Stored values of a part, or their means; means of what is loaded for good are kept."""
        values = loaded_values(self.view, self.volume.voxels, index, self.ready)
        if part.exact or not self._is_whole(index):
            return shrink(values, part, threads=threads)

        def make() -> NDArray[Any]:
            return shrink(values, part, self._blocks(index, block_of(part), threads), threads=threads)

        return self.kept.ask((index, part), make)

    def _is_whole(self, index: int) -> bool:
        """Whether nothing of the picture is still to be loaded."""
        if self.ready is None or self.view.axes[0] == 0:
            return self.is_ready(index)
        return bool(self.ready.all())

    def _blocks(self, index: int, block: Block, threads: bool) -> NDArray[Any]:
        values = self.view.extract(self.volume.voxels, index)
        return self.kept.ask((index, block), lambda: block_means(values, block, threads=threads))

    def prepare(self, index: int, part: Part | Block) -> None:
        """On another thread: make what :meth:`levels` of a part begins from, or of all parts made of such
        blocks; nothing where it would not be kept."""
        if self._is_whole(index):
            if not isinstance(part, Part):
                self._blocks(index, part, threads=False)
            elif not part.exact:
                self._values(index, part, threads=False)

    def _blacken(self, grey: NDArray[np.uint8], ready: NDArray[np.bool_], part: Part) -> None:
        """Rows or columns that belong to slices not loaded."""
        display = self.view.axes.index(0)
        span = part.rows if display == 1 else part.columns
        missing = ~(ready[::-1] if self.view.flips[display] else ready)[:, None]
        cells = shrink_mask(missing, 0, 0, Part(span, Span.whole(1)))[:, 0]
        grey[(cells, slice(None)) if display == 1 else (slice(None), cells)] = 0

    def cuts(self, index: int) -> list[Layer]:
        """Masks on picture ``index``, each cut down to a box that holds it, empty ones left out, those from
        files last."""
        from_files = self.foreign.cuts(self.view, index)
        return [*self._own_cuts(index), *(Layer(*cut) for cut in from_files)]

    def _own_cuts(self, index: int) -> list[Layer]:
        view = self.view
        if not self.masks:
            if self.plane is not Plane.NATIVE:
                return []
            here, size = self.partial.get(index, ()), view.volume_shape[1:]
            return [Layer(view.placed(m), c) for m, c in here if m.shape == size and m.any()]
        letters = letters_for([name for _, _, name in self.masks])
        found = []
        for (mask, colour, _), letter in zip(self.masks, letters, strict=True):
            cut = mask_cut(view, mask, index) if mask.shape == view.volume_shape else None
            if cut is not None and cut[0].any():
                found.append(Layer(cut[0], colour, letter, (cut[1], cut[2])))
        return found

    def layers(self, index: int, part: Part | None = None) -> list[Layer]:
        """Masks on picture ``index`` or a part of it as (rows, columns) of cells; empty ones left out."""
        part = part or Part.whole(self.view.shape)
        return [layer for layer in (cut.on(part) for cut in self.cuts(index)) if layer.inside.any()]

    def touched(self) -> NDArray[np.bool_]:
        """Which pictures hold any result, for the slice bar: (count,)."""
        view = self.view
        marks = np.zeros(view.count, bool)
        for mask, _, _ in self.masks:
            first, last = mask.origin[view.axes[0]], mask.origin[view.axes[0]] + mask.box.shape[view.axes[0]]
            marks[first:last] = mask.voxel_count > 0
        if view.flips[0]:
            marks = marks[::-1]
        if not self.masks and view.axes[0] == 0:
            marks[[i for i in self.partial if 0 <= i < view.count]] = True
        return np.asarray(marks | self.foreign.touched(view))

    def value_text(self, index: int, x: float, y: float) -> str:
        """ "HU −842 @ (198, 243)": value and (column, row) of the pixel under a picture point.

        Counted from 0. Empty outside the picture and where nothing is loaded.
        """
        rows, columns = self.view.shape
        row, column = int(np.floor(y)), int(np.floor(x))
        if not (0 <= row < rows and 0 <= column < columns) or not self.is_ready(index):
            return ""
        value = self.view.extract(self.volume.voxels, index)[row, column]
        where = f"@ ({column}, {row})"
        if self.volume.is_colour:
            return f"RGB {'/'.join(str(int(v)) for v in value)} {where}"
        whole = np.issubdtype(value.dtype, np.integer) or float(value).is_integer()
        # Values are compared with window settings, which have no thousands separator either.
        text = number(float(value), decimals=0 if whole else max(2, decimals_for(float(value)))).replace(
            ",", ""
        )
        return f"{unit_of(self.volume) or 'Value'} {text} {where}"


def side_planes(volume: Volume) -> tuple[Plane, Plane]:
    """The two planes beside the stored one: coronal and sagittal for an axial series.

    Raises :class:`NoGeometry` where the stack is no volume.
    """
    if volume.geometry is None or min(volume.shape) < 2:
        raise NoGeometry("This series is not one regular volume, so there are no other planes.")
    planes = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
    others = [p for p in planes if PlaneView(volume.shape, volume.geometry, p).axes[0] != 0]
    return others[0], others[1]


def plane_of_axis(volume: Volume) -> dict[int, Plane]:
    """Which plane is cut across each voxel axis; empty without geometry."""
    if volume.geometry is None:
        return {}
    planes = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
    return {PlaneView(volume.shape, volume.geometry, plane).axes[0]: plane for plane in planes}


def letters_for(names: Sequence[str]) -> list[str]:
    """One capital letter a name, its first where free: ["Right lung", "Left lung"] gives ["R", "L"].

    What has no name has no letter.
    """
    return free_letters(names, ())


def outline(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Exact outline of a mask: (n, 2, 2) ends (x, y) in edge coordinates."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size == 0:
        return np.zeros((0, 2, 2), np.float32)
    top, left = int(rows[0]), int(columns[0])
    segments = outline_segments(inside[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1])
    return np.asarray(segments + np.array([left, top], np.float32))


def letter_places(layers: Sequence[Layer]) -> list[tuple[float, float] | None]:
    """About where the letter of each layer sits inside it, in picture coordinates."""
    return [_deepest(layer) for layer in layers]


def _deepest(layer: Layer) -> tuple[float, float] | None:
    """The middle of what is left of a mask when it is peeled as often as possible: its thickest place.

    Peeling a small picture is many times quicker than a distance map.
    """
    step = max(_LETTER_STEP, max(layer.inside.shape) // _LETTER_CELLS)
    top, first = (-layer.corner[0] % step, -layer.corner[1] % step)
    coarse = layer.inside[top::step, first::step]
    tall, wide = np.flatnonzero(coarse.any(axis=1)), np.flatnonzero(coarse.any(axis=0))
    if not tall.size:
        return None
    left = np.pad(coarse[tall[0] : tall[-1] + 1, wide[0] : wide[-1] + 1], 1)
    top, first = top + step * int(tall[0]), first + step * int(wide[0])
    while True:
        core = left[1:-1, 1:-1] & left[:-2, 1:-1] & left[2:, 1:-1] & left[1:-1, :-2] & left[1:-1, 2:]
        if not core.any():
            break
        left[1:-1, 1:-1] = core
        left[[0, -1]] = left[:, [0, -1]] = False
    rows, columns = np.nonzero(left)
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    row, column = float(rows[nearest]) - 1, float(columns[nearest]) - 1
    return column * step + first + layer.corner[1] + 0.5, row * step + top + layer.corner[0] + 0.5


def value_range(volume: Volume) -> float:
    """Span of the values that matter, for the speed of the window drag."""
    if volume.is_colour:
        return 255.0
    return max(auto_window(volume).width, 1e-6)


def dragged(window: Window, wider: float, lower: float, whole: bool) -> Window:
    """A window made wider and its centre lower by so many units, within what the standard allows.

    ``whole``: keep centre and width whole numbers, as integer images have them.
    """
    centre, width = window.centre - lower, window.width + wider
    if whole:
        centre, width = float(round(centre)), float(round(width))
    smallest = 1.0 if whole else max(1e-6, window.width * 1e-3)
    if window.function == "LINEAR":
        smallest = 1.0
    return replace(window, centre=centre, width=max(smallest, width), name="", lut=None)
