"""The report's pictures, from the renderer of the screen: overlay, letters and ruler, no patient data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from medviewer.ai.findings import Finding, Line
from medviewer.ai.second_opinion import maker_of
from medviewer.imaging.colour_bar import bar_of
from medviewer.imaging.draw import Corners, Stroke, annotate
from medviewer.imaging.render import OverlayStyle, display_size, render
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Mask, Unit, Volume
from medviewer.imaging.window import Window
from medviewer.review.deciding import as_read
from medviewer.review.modification import CRITERION
from medviewer.review.report_model import Figure, LegendLine
from medviewer.review.report_words import COLOUR_NAMES, HATCH_NAMES, window_text
from medviewer.review.state import KeyImage, NamedImage, State, Verdict

LUNG_WINDOW = Window(-600.0, 1500.0, name="lung")
_AIR_HU = -500.0
"""A region darker than this is lung: a soft-tissue window would show it black."""
_LONGEST_PX = 800
_MOST = 6
"""Figures made for findings; the reader's own key images come on top."""
_STILL_SHOWN = 0.8
"""A figure shows a finding too where its mask has at least this part of its largest area."""
_NEAR = 2
"""A finding that outlines nothing is shown well enough by a figure this few slices away."""
_FEWEST_SLICES = 8
"""Fewer slices make no second plane worth looking at."""


@dataclass(frozen=True, eq=False)
class _Layer:
    mask: Mask
    colour: str
    by: str = ""
    """Whose outline it is, where several models' lie on one picture."""
    is_readers: bool = False
    """Whether the reader modified it."""

    @property
    def name(self) -> str:
        name = self.mask.name.replace("_", " ")
        return f"{name}, {self.by}" if self.by else name


def figures(state: State, volumes: Mapping[str, Volume]) -> tuple[Figure, ...]:
    """Key images of the findings not rejected, one plane across them, each model's apart; then those the
    reader marked, with the outlines of all.

    ``volumes``: the pixels at hand by series key; a series without them gets no figure.
    """
    made: list[Figure] = []
    here = state.series.key if state.series is not None else ""
    several = len(state.results_here) > 1
    layers: tuple[_Layer, ...] = ()
    lines: tuple[Line, ...] = ()
    for result in state.results_here if here in volumes else ():
        stands = [f for f in result.findings if state.decision_of(f.id).verdict is not Verdict.REJECTED]
        kept = [as_read(state, f) for f in stands]
        maker = maker_of(result)
        drawn = _drawn(kept, volumes[here])
        shown = _Studio(state, volumes[here], maker, *drawn).of_findings(kept)
        made += [replace(figure, series_key=here) for figure in shown]
        layers += tuple(replace(layer, by=maker) for layer in drawn[0]) if several else drawn[0]
        lines += drawn[1]
    makers = " and ".join(maker_of(result) for result in state.results_here)
    for image in state.key_images:
        if image.series_key in volumes:
            mine = (layers, lines) if image.series_key == here else ((), ())
            shown = _Studio(state, volumes[image.series_key], makers, *mine).marked(image)
            made += [replace(figure, series_key=image.series_key) for figure in shown]
    return tuple(replace(figure, number=k) for k, figure in enumerate(made, start=1))


def acquired_plane(volume: Volume) -> PlaneView:
    """The plane the images were made in, turned the radiological way; as stored without geometry."""
    if volume.geometry is not None:
        for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
            view = PlaneView.of(volume, plane)
            if view.axes[0] == 0:
                return view
    return PlaneView.of(volume)


def _drawn(findings: Sequence[Finding], volume: Volume) -> tuple[tuple[_Layer, ...], tuple[Line, ...]]:
    """Masks and lines of findings."""
    return _layers(findings, volume), tuple(line for finding in findings for line in finding.lines)


def _strokes(view: PlaneView, picture: int, size: tuple[int, int], lines: Sequence[Line]) -> list[Stroke]:
    """The lines on one picture drawn at ``size`` (rows, columns); none in planes across the slices."""
    if view.axes[0] != 0:
        return []
    here = view.stored_index(picture)
    tall, wide = size[0] / view.shape[0], size[1] / view.shape[1]
    drawn = []
    for line in (one for one in lines if round(one.start[0]) == here):
        ends = [view.from_voxel(s, r - 0.5, c - 0.5) for s, r, c in (line.start, line.end)]
        start, end = (((column + 0.5) * wide, (row + 0.5) * tall) for _, row, column in ends)
        drawn.append(Stroke(start, end, line.label))
    return drawn


def _layers(findings: Sequence[Finding], volume: Volume) -> tuple[_Layer, ...]:
    """Each mask once, in the order of the findings; only those on the volume's grid. What the reader made of
    one that several findings share is another for each."""
    found: dict[tuple[int, str, str], _Layer] = {}
    for finding in findings:
        mask, own = finding.mask, finding.criterion == CRITERION
        if mask is not None and mask.shape == volume.shape:
            layer = _Layer(mask, finding.colour, is_readers=own)
            found.setdefault((mask.label, mask.name, finding.id if own else ""), layer)
    return tuple(found.values())


def _hand(layers: Sequence[_Layer]) -> str:
    """The reader's part in the outlines shown."""
    count = sum(layer.is_readers for layer in layers)
    if not count:
        return ""
    return ", modified by the reader" if count == len(layers) else ", in part modified by the reader"


def _key_slices(findings: Sequence[Finding]) -> list[tuple[int, tuple[str, ...]]]:
    """Slices to show with the findings each one shows. A finding well seen on a slice already chosen needs
    none of its own."""
    chosen: dict[int, list[str]] = {}
    for finding in findings:
        if finding.key_slice is None:
            continue
        near = [k for k in chosen if _shows(finding, k)]
        chosen.setdefault(near[0] if near else finding.key_slice, []).append(finding.id)
    return [(index, tuple(ids)) for index, ids in chosen.items()]


def _shows(finding: Finding, index: int) -> bool:
    if finding.key_slice is None:
        return False
    if finding.mask is None:
        return abs(finding.key_slice - index) <= _NEAR
    largest = np.count_nonzero(finding.mask.slice(finding.key_slice))
    return bool(np.count_nonzero(finding.mask.slice(index)) >= max(1.0, _STILL_SHOWN * largest))


@dataclass(frozen=True, eq=False)
class _Studio:
    """Makes the pictures of one volume."""

    state: State
    volume: Volume
    maker: str
    layers: tuple[_Layer, ...]
    lines: tuple[Line, ...] = ()

    def of_findings(self, findings: Sequence[Finding]) -> list[Figure]:
        """One picture a key slice, and after the first the plane across."""
        view = acquired_plane(self.volume)
        chosen = [x for x in _key_slices(findings) if 0 <= x[0] < self.volume.shape[0]][:_MOST]
        made = [self._slice(view, index, ids) for index, ids in chosen]
        return [*made[:1], *self._across(view), *made[1:]]

    def marked(self, image: KeyImage) -> list[Figure]:
        """The image the reader marked, with the reader's window; none where the volume has no such image."""
        plane = image.plane if self.volume.geometry is not None else Plane.NATIVE
        view = PlaneView.of(self.volume, plane, image.turn)
        if not 0 <= image.index < view.count:
            return []
        where = "image" if plane is Plane.NATIVE else f"{plane} plane"
        marked = "" if isinstance(image, NamedImage) else "Marked by the reader: "
        words = f"{marked}{where} {image.index + 1} of {view.count}"
        caption = words[0].upper() + words[1:]
        if image.caption.strip():
            caption += f", {image.caption.strip().rstrip('.')}"
        if image.turn:
            caption += f", {image.turn.words.lower()}"
        shown = self._visible(view, image.index)
        figure = self._figure(view, image.index, image.window, shown, caption)
        return [replace(figure, index=image.index if plane is Plane.NATIVE else None)]

    def _slice(self, view: PlaneView, index: int, ids: tuple[str, ...]) -> Figure:
        picture = round(view.from_voxel(index, 0, 0)[0])
        shown = self._visible(view, picture)
        plane = "Image" if view.plane is Plane.NATIVE else f"{view.plane.capitalize()}, image"
        caption = f"{plane} {index + 1} of {self.volume.shape[0]}"
        figure = self._figure(view, picture, self._window(index, shown), shown, caption)
        return replace(figure, finding_ids=ids, index=index)

    def _across(self, acquired: PlaneView) -> list[Figure]:
        """One plane across the acquired one, through the middle of the outlined regions."""
        if not self.layers or acquired.plane is Plane.NATIVE or self.volume.shape[0] < _FEWEST_SLICES:
            return []
        plane = Plane.AXIAL if acquired.plane is Plane.CORONAL else Plane.CORONAL
        view = PlaneView.of(self.volume, plane)
        axis = view.axes[0]
        starts = [x.mask.origin[axis] for x in self.layers]
        ends = [x.mask.origin[axis] + x.mask.box.shape[axis] for x in self.layers]
        voxel = [0.0, 0.0, 0.0]
        voxel[axis] = (min(starts) + max(ends)) // 2
        picture = round(view.from_voxel(*voxel)[0])
        shown = self._visible(view, picture)
        if not shown:
            return []
        caption = f"{plane.capitalize()} plane through the middle of the outlined regions"
        return [self._figure(view, picture, self._window(None, shown), shown, caption)]

    def _visible(self, view: PlaneView, picture: int) -> tuple[_Layer, ...]:
        return tuple(x for x in self.layers if view.extract_mask(x.mask, picture).any())

    def _window(self, index: int | None, layers: Sequence[_Layer]) -> Window | None:
        """The reader's, but lung where the outlined regions are air: a figure must show its subject."""
        if self.volume.unit is Unit.HU and layers:
            mask = layers[0].mask
            index = mask.largest_slice if index is None else index
            inside = self.volume.voxels[index][mask.slice(index)] if index is not None else np.empty(0)
            if inside.size and float(np.median(inside)) < _AIR_HU:
                return LUNG_WINDOW
        return self.state.window

    def _figure(
        self,
        view: PlaneView,
        picture: int,
        window: Window | None,
        layers: Sequence[_Layer],
        caption: str,
    ) -> Figure:
        """The picture with its words; numbered later."""
        style = self.state.style
        size = display_size(view, _LONGEST_PX)
        drawn = [(layer.mask, layer.colour) for layer in layers]
        rgb = render(self.volume, view, picture, window, drawn, style=style, size=size)
        pixel_mm = view.pixel_mm_at(picture)
        per_mm = size[1] / (view.shape[1] * pixel_mm[1]) if pixel_mm is not None else None
        rgb = annotate(
            rgb,
            Corners(),
            view.letters(picture),
            per_mm,
            scale=_LONGEST_PX / 480,
            ruler_label=view.label(picture),
            bar=bar_of(self.volume, window),
            strokes=_strokes(view, picture, size, self.lines),
        )
        legend = tuple(LegendLine(x.colour, _colour_words(x.colour, style), x.name) for x in layers)
        by = f" Outlined by {self.maker}{_hand(layers)}." if layers and self.maker else ""
        return Figure(0, rgb, f"{caption}, {window_text(window)}.{by}", legend)


def _colour_words(colour: str, style: OverlayStyle) -> str:
    name = COLOUR_NAMES.get(colour, colour)
    hatch = HATCH_NAMES.get(colour, "") if style.hatch else ""
    return f"{name}, {hatch}" if hatch else name
