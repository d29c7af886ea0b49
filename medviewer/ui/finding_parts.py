"""Small parts of a finding's card: swatch, bars, the list of least sure slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from medviewer.ai.findings import UnsureSlice
from medviewer.ai.unsure import doubt_words
from medviewer.imaging.render import OverlayStyle, overlay_rgba
from medviewer.ui import theme
from medviewer.ui.widgets import button, column, label, row, set_tip

_SIDE = 14


def swatch(colour: str, ratio: float = 1.0) -> QPixmap:
    """The colour with the hatching it has on the image."""
    side = round(_SIDE * ratio)
    rgba = overlay_rgba([(np.ones((side, side), bool), colour)], OverlayStyle(fill=0.55))
    picture = QImage(rgba.tobytes(), side, side, 4 * side, QImage.Format.Format_RGBA8888).copy()
    made = QPixmap.fromImage(picture)
    made.setDevicePixelRatio(ratio)
    return made


class SharesBar(QWidget):
    """Shares of one whole side by side, from dark to light."""

    def __init__(self, shares: Sequence[float]) -> None:
        super().__init__()
        self._shares = tuple(shares)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Thin."""
        return QSize(80, 10)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """One piece for each share, a gap between them."""
        del event
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        left, total = 0.0, sum(self._shares) or 1.0
        for k, share in enumerate(self._shares):
            width = self.width() * share / total
            painter.setBrush(share_colour(k, len(self._shares)))
            painter.drawRect(QRectF(left, 1, max(1.0, width - 1), self.height() - 2))
            left += width


def share_colour(number: int, count: int) -> QColor:
    """Grey of a share: the darker, the emptier the lung, as on the image."""
    level = 50 + round(190 * number / max(1, count - 1))
    return QColor(level, level, min(255, level + 8))


class UnsurePart(QWidget):
    """The least sure slices, the worst first; a click goes there."""

    def __init__(self, slices: Sequence[UnsureSlice], go_to: Callable[[int], object]) -> None:
        super().__init__()
        layout = column(self, spacing=2)
        layout.addWidget(label("Least sure", "muted"))
        for one in slices:
            image = button(f"Image {one.index + 1}", "link")
            set_tip(image, "Go to this image")
            image.clicked.connect(partial(go_to, one.index))
            layout.addLayout(row(image, label(doubt_words(one), "muted"), None))


class ScaleBar(QWidget):
    """A value on a scale from nothing to ``top``, with a tick where the verdict turns."""

    def __init__(self, value: float, threshold: float | None, top: float, colour: str) -> None:
        super().__init__()
        self._value, self._threshold, self._top = value, threshold, max(top, 1e-9)
        self._colour = colour
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Thin."""
        return QSize(80, 10)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Ground, value, tick."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        width, middle = float(self.width()), self.height() / 2
        painter.setBrush(theme.qcolour("line"))
        painter.drawRoundedRect(QRectF(0, middle - 2, width, 4), 2, 2)
        painter.setBrush(QColor(self._colour))
        share = min(1.0, max(0.0, self._value / self._top))
        painter.drawRoundedRect(QRectF(0, middle - 2, max(4.0, share * width), 4), 2, 2)
        if self._threshold is not None:
            painter.setBrush(theme.qcolour("text"))
            at = min(1.0, max(0.0, self._threshold / self._top)) * width
            painter.drawRect(QRectF(min(width - 2, at), middle - 5, 2, 10))
