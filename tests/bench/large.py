"""Very large pictures and very long series in the window's own viewport: every act until it is painted.

The first pass meets each picture for the first time, the second finds what was kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtWidgets import QApplication, QGraphicsView

from medviewer.imaging.render import PALETTE
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume
from medviewer.imaging.window import Window
from medviewer.ui.viewport import Viewport
from tests.bench.clock import Row, percentile
from tests.bench.scrolling import FRAME_S, PaintCounter

_SIDE, _WIDE, _LONG = 900, 4096, 3000
_NOTHING_S = 3.0
"""What is not painted by then is not painted at all."""
Acts = Callable[[Viewport], Iterator[Callable[[], object]]]


def _scroll(view: Viewport) -> Iterator[Callable[[], object]]:
    for index in [*range(1, view.count), *range(view.count - 2, -1, -1)]:
        yield lambda index=index: view.set_index(index)


def _drag(view: Viewport) -> Iterator[Callable[[], object]]:
    for step in range(60):
        yield lambda step=step: view.set_window(Window(-600 + 7 * step, 1500 + 11 * step))


def _pan(view: Viewport) -> Iterator[Callable[[], object]]:
    for step in range(80):
        way = 1 if step < 40 else -1
        yield lambda way=way: view.move_camera(view.camera.panned(13 * way, 7 * way))


def _zoom(view: Viewport) -> Iterator[Callable[[], object]]:
    for step in range(40):
        yield lambda step=step: view.zoom_by(1.1 if step < 20 else 1 / 1.1)
    view.fit()


def _space(row_mm: float, step_mm: float) -> Geometry:
    return Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (row_mm, row_mm), (0, 0, step_mm))


def _shown(app: QApplication, volume: Volume, mask: Mask | None, plane: Plane = Plane.NATIVE) -> Viewport:
    view = Viewport(plane)
    view.resize(_SIDE, _SIDE)
    view.set_picture(volume, None)
    view.set_window(None if volume.is_colour else Window(-600, 1500))
    view.set_masks([(mask, PALETTE[0], mask.name)] if mask is not None else [])
    view.show()
    view.fit()
    app.processEvents()
    return view


def _pass(app: QApplication, view: Viewport, acts: Acts) -> list[float]:
    painted = PaintCounter(view.findChild(QGraphicsView).viewport())
    taken = []
    for act in acts(view):
        before, began = painted.count, time.perf_counter()
        act()
        while painted.count == before and time.perf_counter() - began < _NOTHING_S:
            app.processEvents()
        if painted.count > before:  # an act at the end of its way (the largest zoom) paints nothing
            taken.append(time.perf_counter() - began)
    return taken


def _row(app: QApplication, name: str, view: Viewport, acts: Acts) -> Row:
    first, again = _pass(app, view, acts), _pass(app, view, acts)
    p99, middle = (percentile(first, part) * 1e3 for part in (0.99, 0.5))
    note = f"median {middle:.1f} ms; again p99 {percentile(again, 0.99) * 1e3:.1f} ms; {len(first)} steps"
    return Row(f"{name}, p99", p99, "ms", "one frame at 60 per second", FRAME_S * 1e3, 1.0, note)


def _rolled(first: np.ndarray, count: int) -> np.ndarray:  # type: ignore[type-arg]
    stack = np.empty((count, *first.shape), first.dtype)
    for index in range(count):
        stack[index] = np.roll(first, 97 * index, axis=1)
    return stack


def _wide(app: QApplication) -> list[Row]:
    """Pictures as large as a mammogram, without and with an overlay, fitted and enlarged; and colour."""
    values = np.random.default_rng(0).integers(-1000, 400, (_WIDE, _WIDE), np.int16)
    volume = Volume(_rolled(values, 12), _space(0.1, 1.0), Unit.HU)
    inside = np.zeros(volume.shape, bool)
    inside[:, _WIDE // 4 : _WIDE // 2, _WIDE // 4 : _WIDE // 2] = True
    square = Mask.from_full(1, "Square", inside, volume.geometry)
    rows = []
    for words, mask in (("", None), (" with overlay", square)):
        view = _shown(app, volume, mask)
        for act, acts in (("scroll", _scroll), ("window drag", _drag), ("pan", _pan), ("zoom", _zoom)):
            rows.append(_row(app, f"{act} at {_WIDE} x {_WIDE}{words}", view, acts))
        view.one_to_one()
        rows.append(_row(app, f"scroll at {_WIDE} x {_WIDE}, one to one{words}", view, _scroll))
        _close(app, view)
    colours = np.random.default_rng(1).integers(0, 255, (_WIDE, _WIDE, 3), np.uint8)
    view = _shown(app, Volume(_rolled(colours, 6), _space(0.1, 1.0), Unit.RGB), None)
    rows.append(_row(app, f"scroll at {_WIDE} x {_WIDE}, colour", view, _scroll))
    _close(app, view)
    return rows


def _long(app: QApplication) -> list[Row]:
    """A series of three thousand images with an overlay, in two planes."""
    values = np.random.default_rng(2).integers(-1000, 400, (512, 512), np.int16)
    volume = Volume(_rolled(values, _LONG), _space(0.7, 0.3), Unit.HU)
    inside = np.zeros((_LONG, 512, 512), bool)
    inside[200:-200, 100:400, 80:220] = True
    mask = Mask.from_full(1, "Box", inside, volume.geometry)
    rows = []
    for plane in (Plane.NATIVE, Plane.SAGITTAL):
        view = _shown(app, volume, mask, plane)
        rows.append(_row(app, f"scroll through {_LONG} x 512 x 512 with overlay, {plane}", view, _scroll))
        _close(app, view)
    return rows


def _close(app: QApplication, view: Viewport) -> None:
    view.close()
    view.deleteLater()
    app.processEvents()


def measure(app: QApplication) -> list[Row]:
    """p99 of the first pass of every act; the second is in the note."""
    return [*_wide(app), *_long(app)]
