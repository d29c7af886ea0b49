"""One series in the browser: its little picture, name, facts, and what the newest analysis said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from medviewer.dicom.study import ISSUE_TEXT, Series
from medviewer.dicom.values import plain
from medviewer.imaging.volume import Unit
from medviewer.ui import icons, theme
from medviewer.ui.elide import TwoLines, label, plain_tip

THUMBNAIL_PX = 44


def series_title(series: Series) -> str:
    """ "2 · Axial 5 mm": number and description, or what there is of them."""
    name = plain(series.description) or series.modality or "Series"
    return name if series.number is None else f"{series.number} · {name}"


def series_facts(series: Series) -> str:
    """ "CT · 64 images · HU"."""
    count = len(series.instances)
    unit = "" if series.unit is Unit.RGB else series.unit.value or series.unit_label
    images = "1 image" if count == 1 else f"{count:,} images"
    return " · ".join(part for part in (series.modality, images, unit, series.lossy) if part)


class SeriesRow(QFrame):
    """A row to click, or to reach by Tab and choose with Enter."""

    chosen = Signal(str)

    def __init__(self, series: Series, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = series.key
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.set_role(self, "card")
        self._picture = QLabel(self)
        self._picture.setFixedSize(THUMBNAIL_PX, THUMBNAIL_PX)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self._picture, "thumbnail")
        self._title = TwoLines(series_title(series), "heading", self)
        self._facts = TwoLines(series_facts(series), "muted", self)
        self._badge = label("", "chip", self)
        self._arrange(series)
        self.set_badge("")

    def _arrange(self, series: Series) -> None:
        first = QHBoxLayout()
        first.addWidget(self._title, 1)
        if series.issues:
            first.addWidget(self._warning(series))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addLayout(first)
        words.addWidget(self._facts)
        words.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignLeft)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(5, 5, 8, 5)
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addLayout(words, 1)
        self.setMinimumHeight(THUMBNAIL_PX + 12)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _warning(self, series: Series) -> QLabel:
        sign = QLabel(self)
        sign.setPixmap(icons.pixmap("triangle-alert", theme.colour("attention"), 14))
        words = "\n".join(ISSUE_TEXT[issue] for issue in sorted(series.issues))
        sign.setToolTip(plain_tip(words).replace("\n", "<br>"))
        sign.setAccessibleName(words)
        return sign

    def set_current(self, current: bool) -> None:
        """Whether this series is on screen."""
        theme.set_role(self, "card-current" if current else "card")
        # Muted words are hard to read on the accent.
        theme.set_role(self._facts, "" if current else "muted")

    def set_badge(self, text: str) -> None:
        """A word on the newest analysis; empty removes it."""
        self._badge.setText(text)
        self._badge.setVisible(bool(text))
        said = (self._title.whole, self._facts.whole, text)
        self.setAccessibleName(f"Series {', '.join(part for part in said if part)}")

    def set_picture(self, picture: NDArray[np.uint8]) -> None:
        """The little picture: (rows, columns) or (rows, columns, 3)."""
        levels = np.ascontiguousarray(picture)
        grey = levels.ndim == 2
        kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
        # The copy outlives the array.
        image = QImage(levels.data, levels.shape[1], levels.shape[0], levels.strides[0], kind).copy()
        ratio = self.devicePixelRatioF()
        side = round(THUMBNAIL_PX * ratio)
        smooth = Qt.TransformationMode.SmoothTransformation
        scaled = QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        scaled.setDevicePixelRatio(ratio)
        self._picture.setPixmap(scaled)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click chooses."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter chooses."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select):
            self.chosen.emit(self.key)
        else:
            event.ignore()
