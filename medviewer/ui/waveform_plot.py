"""Curves on millimetre paper: scroll, zoom, and a caliper from click to click."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from medviewer.dicom.objects.waveform import Group
from medviewer.imaging.traces import SPEED, Row, between, rows_of
from medviewer.ui import theme

_FIRST_SECONDS = 10.0
_MARGIN_MM = 6.0
_FINEST_PX = 3.0
"""Lines nearer than this are left out."""
_SHRINK = 0.7
"""So much smaller than its full width a recording may be drawn, for all its rows to be in view."""


class Paper(pg.GraphicsObject):  # type: ignore[misc]
    """Lines every millimetre and, bolder, every five: 40 ms and 0.1 mV, 200 ms and 0.5 mV."""

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """What is in view."""
        return QRectF(self.viewRect())

    def viewRangeChanged(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Another part is in view."""
        self.prepareGeometryChange()
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Only lines far enough apart to be seen as lines."""
        seen = self.viewRect()
        wide = self.pixelWidth()
        for step, name in ((1.0, "paper_fine"), (5.0, "paper_bold")):
            if not wide or step / wide < _FINEST_PX:
                continue
            pen = QPen(theme.qcolour(name), 0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            for k in range(math.ceil(seen.left() / step), math.floor(seen.right() / step) + 1):
                painter.drawLine(QPointF(k * step, seen.top()), QPointF(k * step, seen.bottom()))
            for k in range(math.ceil(seen.top() / step), math.floor(seen.bottom() / step) + 1):
                painter.drawLine(QPointF(seen.left(), k * step), QPointF(seen.right(), k * step))


class WaveformPlot(pg.PlotWidget):  # type: ignore[misc]
    """Shows one group. Scene coordinates are millimetres of paper: x is 25 times the seconds."""

    measured = Signal(str)
    """What the caliper tells, empty while it is open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=theme.qcolour("paper"))
        self.rows: tuple[Row, ...] = ()
        self._labels: list[Any] = []
        self._ends: list[tuple[float, float]] = []
        self._width_mm = 0.0
        box = self.getPlotItem().getViewBox()
        box.setAspectLocked(True, 1.0)
        box.setMenuEnabled(False)
        self.getPlotItem().hideButtons()
        self.hideAxis("left")
        axis = self.getAxis("bottom")
        axis.setScale(1 / SPEED)
        axis.enableAutoSIPrefix(False)
        axis.setPen(theme.qcolour("paper_bold"))
        axis.setTextPen(theme.qcolour("ink_muted"))
        axis.setLabel("s")
        self._caliper = pg.PlotDataItem(
            pen=pg.mkPen(theme.qcolour("ink_mark"), width=1.5), symbol="+", symbolSize=10,
            symbolPen=theme.qcolour("ink_mark"),
        )  # fmt: skip
        dashed = pg.mkPen(theme.qcolour("ink_mark"), width=1, style=Qt.PenStyle.DashLine)
        self._mark = pg.InfiniteLine(0, 90, dashed)
        self._told = pg.TextItem(color=theme.qcolour("ink_mark"), anchor=(0.5, 1.2))
        self._box = box
        box.sigRangeChanged.connect(self._place_labels)
        self.scene().sigMouseClicked.connect(self._clicked)

    def show_group(self, group: Group, gain: float) -> None:
        """Draw the channels at ``gain`` mm for a millivolt."""
        self.clear()
        self._ends, self._labels = [], []
        self.addItem(Paper())
        channels = group.channels
        self.rows = rows_of(
            [c.name for c in channels], [c.unit for c in channels], [c.values for c in channels], gain
        )
        pen = pg.mkPen(theme.qcolour("ink"), width=1)
        times = np.arange(len(channels[0].values)) * (SPEED / group.rate)
        for row, channel in zip(self.rows, channels, strict=True):
            x = times + channel.start_s * SPEED if channel.start_s else times
            curve = pg.PlotDataItem(x, row.heights(channel.values), pen=pen, connect="finite", antialias=True)
            self.addItem(curve)
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            text = pg.TextItem(row.title, color=theme.qcolour("ink"), anchor=(0, 1))
            text.setFont(theme.font(12.5, bold=True))
            self.addItem(text, ignoreBounds=True)
            self._labels.append(text)
        self._mark.hide()
        for item in (self._mark, self._caliper, self._told):
            self.addItem(item, ignoreBounds=True)
        self._show_caliper()
        self._width_mm = group.seconds * SPEED
        self.fit()

    def fit(self) -> None:
        """The first seconds, all rows where there is room for them."""
        if not self.rows:
            return
        wide = min(self._width_mm, _FIRST_SECONDS * SPEED) + 2 * _MARGIN_MM
        pitch = self._pitch
        top, bottom = pitch, self.rows[-1].y_mm - pitch * 0.75
        self._box.setLimits(
            xMin=-20 * _MARGIN_MM, xMax=self._width_mm + 20 * _MARGIN_MM, yMin=bottom - 200, yMax=top + 200
        )
        size = self._box.size()
        tall = wide * size.height() / max(1.0, size.width())
        tall = max(tall, min(top - bottom, tall / _SHRINK))
        middle = top - tall / 2 if tall < top - bottom else (top + bottom) / 2
        half = tall * size.width() / max(1.0, size.height()) / 2
        centre = wide / 2 - _MARGIN_MM
        self._box.setRange(
            xRange=(centre - half, centre + half),
            yRange=(middle - tall / 2, middle + tall / 2),
            padding=0,
        )

    @property
    def _pitch(self) -> float:
        return self.rows[0].y_mm - self.rows[1].y_mm if len(self.rows) > 1 else 30.0

    def go_to(self, seconds: float) -> None:
        """Bring a moment into the middle and mark it."""
        self._mark.setPos(seconds * SPEED)
        self._mark.show()
        (left, right), _ = self._box.viewRange()
        half = (right - left) / 2
        self._box.setXRange(seconds * SPEED - half, seconds * SPEED + half, padding=0)

    def _place_labels(self) -> None:
        """Names stay at the left edge, whatever part is in view."""
        left = self._box.viewRect().left() + self._box.viewPixelSize()[0] * 6
        for row, text in zip(self.rows, self._labels, strict=False):
            text.setPos(left, row.y_mm + 0.12 * self._pitch)

    def _clicked(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            at = self._box.mapSceneToView(event.scenePos())
            self.click_at(at.x(), at.y())

    def click_at(self, x_mm: float, y_mm: float) -> None:
        """An end of the caliper; a third click begins another. Nothing where there is no curve."""
        if not self.rows:
            return
        self._ends = [(x_mm, y_mm)] if len(self._ends) != 1 else [*self._ends, (x_mm, y_mm)]
        self._show_caliper()

    def _show_caliper(self) -> None:
        self._caliper.setData([x for x, _ in self._ends], [y for _, y in self._ends])
        said = ""
        if len(self._ends) == 2:
            start, end = self._ends
            row = min(self.rows, key=lambda r: abs(r.y_mm - start[1]))
            said = between(row, start, end)
            self._told.setPos((start[0] + end[0]) / 2, max(start[1], end[1]))
        self._told.setText(said)
        self._told.setVisible(bool(said))
        self.measured.emit(said)
