"""What the reader drew and how images were shown, as presentation states: one for each way images lie.

A state turns and inverts all its images alike, so images that were shown differently make several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from medviewer.dicom.presentation_state import Drawing, For, ImageRef, Presentation, aspect_of
from medviewer.dicom.study import Instance, Series
from medviewer.imaging.presented import Area, Graphic, Point, Text
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.volume import Unit
from medviewer.imaging.window import Window
from medviewer.review.export_objects import stored_index
from medviewer.review.state import ReaderMeasurement, State

_LABEL, _SAID = "READER", "What the reader drew"
NO_PALETTE = "The colour map of a window is left out of the presentation state: it stays grey."
NO_WINDOW = "The window of an image whose values come from a table is left out of the presentation state."
ACROSS = "Drawings on planes across the images are left out of the presentation state."


@dataclass(frozen=True)
class Drawn:
    """A state; ``unit``: that of its windows ("HU", "US" where none is known); ``table``: the file whose
    Modality LUT goes along, where a table leads to the values (``dicom.evidence.modality_lut``)."""

    presentation: Presentation
    unit: str
    table: Path | None = None


@dataclass(frozen=True)
class States:
    """``left_out``: a sentence for each thing that a presentation state cannot say."""

    made: tuple[Drawn, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Way:
    """What images of one state have in common."""

    series_key: str
    turn: Turn
    inverse: bool | None
    line: tuple[float, float]
    table: Path | None = None


def presentations_of(state: State) -> States:
    """All drawings and key images of the study on screen."""
    drawn: dict[tuple[str, int], list[ReaderMeasurement]] = {}
    left: list[str] = []
    known = {s.key: s for s in state.study.series} if state.study is not None else {}
    for m in state.measurements:
        if m.series_key in known:
            k = stored_index(known[m.series_key], m.plane, m.index)
            if k is None or not 0 <= k < len(known[m.series_key].instances):
                left.append(ACROSS)
            else:
                drawn.setdefault((m.series_key, k), []).append(m)
    marked = _marked(state, known)
    ways: dict[_Way, list[Presentation]] = {}
    for key, k in dict.fromkeys((*drawn, *marked)):
        shown = marked.get((key, k)) or _as_on_screen(state, known[key], k)
        way, one = _one(known[key], k, shown, drawn.get((key, k), []), left)
        ways.setdefault(way, []).append(one)
    made = (Drawn(_joined(state, w, ones), _unit(known[w.series_key]), w.table) for w, ones in ways.items())
    return States(tuple(made), tuple(dict.fromkeys(left)))


def _marked(state: State, known: dict[str, Series]) -> dict[tuple[str, int], tuple[Window | None, Turn]]:
    """Key images with the window and turn they were marked with; the last word on an image counts."""
    found = {}
    for image in state.key_images:
        if image.series_key in known:
            k = stored_index(known[image.series_key], image.plane, image.index)
            if k is not None and 0 <= k < len(known[image.series_key].instances):
                found[image.series_key, k] = (image.window, image.turn)
    return found


def _as_on_screen(state: State, series: Series, k: int) -> tuple[Window | None, Turn]:
    """How an image lies before the reader; as stored where its series is not on screen."""
    if state.series is None or state.series.key != series.key:
        return None, STRAIGHT
    presentation = state.presentation
    if presentation is not None and presentation.shows(series.instances[k]):
        return state.window, presentation.turn.then(state.turn)
    return state.window, state.turn


def _unit(series: Series) -> str:
    return "HU" if series.unit is Unit.HU else "US"


def _one(
    series: Series,
    k: int,
    shown: tuple[Window | None, Turn],
    drawn: list[ReaderMeasurement],
    left: list[str],
) -> tuple[_Way, Presentation]:
    """One image. ``left`` is told what cannot be said in a presentation state."""
    instance = series.instances[k]
    window, turn = shown
    here = (ImageRef(instance.sop_uid, (instance.frame + 1,) if instance.frames > 1 else ()),)
    area = Area((1, 1), (instance.columns, instance.rows), aspect=aspect_of(instance))
    things = [For(here, Drawing(0, thing)) for m in drawn for thing in drawing_of(m)]
    one = Presentation("", series.patient_key, images=here, areas=(For(here, area),), drawings=tuple(things))
    if instance.pixels.samples > 1 or series.unit is Unit.RGB:
        return _Way(series.key, turn, None, (1.0, 0.0)), one
    window = window or (instance.windows[0] if instance.windows else None)
    line = _line(instance)
    if line is None:
        left += [NO_WINDOW] if window is not None else []
        window = None
    if window is not None and window.colours:
        left.append(NO_PALETTE)
    dark = instance.pixels.photometric == "MONOCHROME1"
    inverse = dark if window is None else window.invert
    if window is not None:
        one = replace(one, windows=(For(here, replace(window, invert=False, colours="")),))
    table = instance.path if instance.modality_lut and instance.value_map is None else None
    return _Way(series.key, turn, inverse, line or (1.0, 0.0), table), one


def _line(instance: Instance) -> tuple[float, float] | None:
    """(slope, intercept) from stored values to those that windows are in; the identity where a Modality LUT
    goes along, None where a table leads there that cannot."""
    mapped = instance.value_map
    if mapped is not None and mapped.entries:
        return None
    if instance.modality_lut and mapped is None:
        return 1.0, 0.0
    return (instance.slope, instance.intercept) if mapped is None else (mapped.slope, mapped.intercept)


def _joined(state: State, way: _Way, ones: list[Presentation]) -> Presentation:
    return Presentation(
        "",
        ones[0].patient_key,
        _LABEL,
        _SAID,
        state.reader,
        images=tuple(ref for one in ones for ref in one.images),
        turn=way.turn,
        areas=tuple(area for one in ones for area in one.areas),
        drawings=tuple(drawing for one in ones for drawing in one.drawings),
        slope=way.line[0],
        intercept=way.line[1],
        tabled=way.table is not None,
        windows=tuple(window for one in ones for window in one.windows),
        inverse=way.inverse,
    )


def drawing_of(m: ReaderMeasurement) -> tuple[Graphic | Text, ...]:
    """A measurement as graphics and words in image points: x is the column, y the row, both edge-based."""
    points = tuple((column, row) for _, row, column in m.points)
    if not points:
        return ()
    if m.kind == "ellipse" and len(points) == 3:
        shape = Graphic("ELLIPSE", _ellipse(points))
    elif m.kind == "rectangle" and len(points) == 2:
        (x0, y0), (x1, y1) = points
        shape = Graphic("POLYLINE", ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)))
    elif m.kind == "polygon":
        shape = Graphic("POLYLINE", (*points, points[0]))
    else:
        shape = Graphic("POLYLINE", points) if len(points) > 1 else Graphic("POINT", points)
    words = "\n".join(part for part in (m.text.strip(), m.note.strip()) if part)
    return (shape, Text(words, anchor=points[-1])) if words else (shape,)


def _ellipse(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Both ends of the longer axis, then of the shorter (PS3.3 C.10.5.1.2)."""
    (cx, cy), *ends = points
    axes = sorted(ends, key=lambda p: -math.dist(p, (cx, cy)))
    return tuple(point for x, y in axes for point in ((2 * cx - x, 2 * cy - y), (x, y)))
