"""One step of the wheel with overlay, from the call to the painted picture, in the window's own viewport."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QGraphicsView, QWidget

from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.imaging.presets import preset
from medviewer.imaging.render import PALETTE
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Mask
from medviewer.ui.viewport import Viewport
from tests.bench.clock import Row, percentile

FRAME_S = 1 / 60
_SIDE = 900
"""The viewport's width and height: a good part of a full-HD screen."""


def _shown(folder: Path, masks: tuple[Mask, ...], plane: Plane) -> Viewport:
    (series,) = scan([folder]).all_series()
    viewport = Viewport(plane)
    viewport.resize(_SIDE, _SIDE)
    viewport.set_picture(load_series(series), None)
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


def measure(app: QApplication, folder: Path, masks: tuple[Mask, ...]) -> list[Row]:
    """p99 of every step through the stored plane and the sagittal one."""
    rows = []
    for plane in (Plane.NATIVE, Plane.SAGITTAL):
        viewport = _shown(folder, masks, plane)
        app.processEvents()
        _steps(app, viewport)
        taken = _steps(app, viewport)
        p99, middle = percentile(taken, 0.99) * 1e3, percentile(taken, 0.5) * 1e3
        name = f"scroll step with overlay, {plane}, p99"
        note = f"median {middle:.1f} ms, {len(taken)} steps"
        rows.append(Row(name, p99, "ms", "one frame at 60 per second", FRAME_S * 1e3, 1.0, note))
        viewport.close()
        viewport.deleteLater()
        app.processEvents()
    return rows
