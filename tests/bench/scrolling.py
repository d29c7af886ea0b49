"""One step of the wheel with overlay, from the call to the painted picture, in the window's own viewport."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QGraphicsView, QWidget

from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.imaging.presets import preset
from medviewer.imaging.render import PALETTE
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume
from medviewer.ui.viewport import Viewport
from tests.bench.clock import Row, percentile

FRAME_S = 1 / 60
_SIDE = 900
"""The viewport's width and height: a good part of a full-HD screen."""
_WIDE, _WIDE_COUNT = 4096, 12


def _shown(volume: Volume, masks: tuple[Mask, ...], plane: Plane) -> Viewport:
    viewport = Viewport(plane)
    viewport.resize(_SIDE, _SIDE)
    viewport.set_picture(volume, None)
    viewport.set_window(preset("lung"))
    viewport.set_masks([(mask, PALETTE[n], mask.name) for n, mask in enumerate(masks)])
    viewport.show()
    viewport.fit()
    return viewport


class PaintCounter(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Only look."""
        self.count += event.type() == QEvent.Type.Paint
        return False


def _steps(app: QApplication, viewport: Viewport) -> list[float]:
    """Seconds of every step through all pictures, there and back; a step ends when all is painted."""
    painted = PaintCounter(viewport.findChild(QGraphicsView).viewport())
    taken = []
    for index in [*range(1, viewport.count), *range(viewport.count - 2, -1, -1)]:
        before = painted.count
        began = time.perf_counter()
        viewport.set_index(index)
        while painted.count == before:
            app.processEvents()
        taken.append(time.perf_counter() - began)
    return taken


def _wide() -> tuple[Volume, Mask]:
    """A few pictures as large as a mammogram's, noise, and a square mask on them."""
    values = np.random.default_rng(0).integers(-1000, 400, (1, _WIDE, _WIDE), np.int16)
    voxels = np.concatenate([np.roll(values, 97 * k, axis=2) for k in range(_WIDE_COUNT)])
    space = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.1, 0.1), (0, 0, 1.0))
    inside = np.zeros(voxels.shape, bool)
    inside[:, _WIDE // 4 : _WIDE // 2, _WIDE // 4 : _WIDE // 2] = True
    return Volume(voxels, space, Unit.HU), Mask.from_full(1, "Square", inside, space)


def measure(app: QApplication, folder: Path, masks: tuple[Mask, ...]) -> list[Row]:
    """p99 of every step through the stored plane and the sagittal one, and through very large pictures."""
    (series,) = scan([folder]).all_series()
    volume = load_series(series)
    rows = [
        _row(app, f"scroll step with overlay, {plane}, p99", _shown(volume, masks, plane))
        for plane in (Plane.NATIVE, Plane.SAGITTAL)
    ]
    wide, mask = _wide()
    for words, on_it in (("", ()), (" with overlay", (mask,))):
        name = f"scroll step at {_WIDE} x {_WIDE}{words}, p99"
        rows.append(_row(app, name, _shown(wide, on_it, Plane.NATIVE)))
    return rows


def _row(app: QApplication, name: str, viewport: Viewport) -> Row:
    app.processEvents()
    _steps(app, viewport)
    taken = _steps(app, viewport)
    p99, middle = percentile(taken, 0.99) * 1e3, percentile(taken, 0.5) * 1e3
    viewport.close()
    viewport.deleteLater()
    app.processEvents()
    note = f"median {middle:.1f} ms, {len(taken)} steps"
    return Row(name, p99, "ms", "one frame at 60 per second", FRAME_S * 1e3, 1.0, note)
