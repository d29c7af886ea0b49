"""What the reader measured on the series on screen, numbered as on the images."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from medviewer.imaging.reslice import Plane
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.widgets import ElidedLabel, button, clear, column, label, row, set_tip

_MILLIMETRES = re.compile(r"(.*\u2009[mc]m²?),? (.+)")
_NAMES = {
    "length": "Length",
    "angle": "Angle",
    "ellipse": "ROI",
    "rectangle": "ROI",
    "polygon": "ROI",
    "text": "Note",
}


class _Row(QWidget):
    """One measurement; a click goes to its image."""

    clicked = Signal(object)
    delete_wanted = Signal(str)

    def __init__(self, number: int, measurement: ReaderMeasurement) -> None:
        super().__init__()
        self._measurement = measurement
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        where = "" if measurement.plane is Plane.NATIVE else f"{measurement.plane.value} "
        name = f"{_NAMES.get(measurement.kind, measurement.kind)}, {where}image {measurement.index + 1}"
        # A figure is never cut: mean, deviation and area stand one under the other.
        note = measurement.kind == "text"
        words = " ".join(measurement.text.split("\n"))
        figure, about = (words, "") if note else in_parts(words)
        text = ElidedLabel(figure) if note else label(figure.replace(" · ", "\n"))
        text.setAlignment(Qt.AlignmentFlag.AlignRight)
        set_tip(text, measurement.note)
        remove = button("", "quiet", "x")
        remove.setFixedSize(22, 22)
        remove.setAccessibleName(f"Delete measurement {number}")
        set_tip(remove, "Delete (Ctrl+Z brings it back)")
        remove.clicked.connect(self._remove)
        layout = row(label(str(number), "chip"), label(name), text, remove, spacing=6)
        layout.setStretch(2, 1)
        whole = column(self, spacing=0)
        whole.addLayout(layout)
        if about:
            below = label(about, "muted", wrap=True)
            below.setAlignment(Qt.AlignmentFlag.AlignRight)
            below.setContentsMargins(0, 0, 28, 4)
            set_tip(below, measurement.note)
            whole.addWidget(below)

    def _remove(self) -> None:
        self.delete_wanted.emit(self._measurement.id)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self._measurement)


def in_parts(words: str) -> tuple[str, str]:
    """A figure, and what its millimetres are where they are not simply millimetres: that stands below it."""
    found = _MILLIMETRES.fullmatch(words)
    return (found[1], found[2]) if found is not None else (words, "")


class MeasurementsPanel(QWidget):
    """The list; empty it says how to begin."""

    chosen = Signal(object)
    """ReaderMeasurement"""
    delete_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = column(self, spacing=2)
        self._shown: tuple[tuple[ReaderMeasurement, ...], tuple[str, ...]] | None = None
        self.show_measurements(())

    def show_measurements(self, measurements: Sequence[ReaderMeasurement], notes: Sequence[str] = ()) -> None:
        """Show them in the order that numbers them; below, what the reader said of millimetres."""
        if (tuple(measurements), tuple(notes)) == self._shown:
            return
        self._shown = tuple(measurements), tuple(notes)
        clear(self._layout)
        for number, measurement in enumerate(measurements, 1):
            made = _Row(number, measurement)
            made.clicked.connect(self.chosen)
            made.delete_wanted.connect(self.delete_wanted)
            self._layout.addWidget(made)
        if not measurements:
            self._layout.addWidget(label("Length D · Angle A · ROI G", "muted"))
        for note in notes:
            self._layout.addWidget(label(note, "muted", wrap=True))
