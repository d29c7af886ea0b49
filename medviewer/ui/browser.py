"""What is open: patients, studies, series, and what could not be opened."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from medviewer.dicom import captions
from medviewer.dicom.study import ISSUE_TEXT, Patient, ScanResult, Study
from medviewer.dicom.values import plain
from medviewer.ui import theme
from medviewer.ui.elide import ElidedLabel, TwoLines, label
from medviewer.ui.object_row import ObjectRow, objects_of, with_objects
from medviewer.ui.series_row import SeriesRow, series_title

_LINES = 4
"""So many issues are named in the browser; the others behind the link."""

EMPTY, READING = "Drop a study here,\nor Ctrl+O", "Reading …"


def study_facts(patient: Patient, study: Study) -> str:
    """ "58 y · M · 2007-04-04"."""
    years = captions.age(study.patient_age, patient.birth_date, study.date)
    parts = (years, patient.sex, captions.display_date(study.date))
    return " · ".join(part for part in parts if part)


def issue_lines(scan: ScanResult) -> list[str]:
    """One line for each kind of file that was not opened, and for each issue of a series."""
    reasons = Counter(entry.reason for entry in scan.unreadable)
    lines = []
    for reason, count in reasons.items():
        first = next(entry.path.name for entry in scan.unreadable if entry.reason == reason)
        lines.append(f"{first}: {reason}" if count == 1 else f"{count:,} files: {reason}")
    for series in scan.all_series():
        lines += [f"{series_title(series)}: {ISSUE_TEXT[issue]}" for issue in sorted(series.issues)]
    return lines


class StudyBrowser(QWidget):
    """Cards of studies with rows of series; a clear break between patients."""

    series_chosen = Signal(str)
    issues_requested = Signal()
    object_chosen = Signal(str)
    """Path of an object that is no image."""
    tags_wanted = Signal(str)
    """Path of an object whose tags are asked for."""
    text_wanted = Signal(str)
    """Path of a report that shall be read as text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._rows: dict[str, SeriesRow] = {}
        self._pictures: dict[str, NDArray[np.uint8]] = {}
        self._badges: dict[str, str] = {}
        self._current = ""
        self._reading = False
        self._words: QLabel | None = None
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._area)
        self.setMinimumWidth(180)
        self.set_scan(None)

    def set_scan(self, scan: ScanResult | None) -> None:
        """Show what lies under the opened paths; pictures and badges of series still there are kept."""
        place = self._area.verticalScrollBar().value()
        content = QWidget()
        theme.set_role(content, "scrolled")
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self._rows, self._words = {}, None
        if scan is None or not (scan.patients or scan.unreadable or scan.objects):
            self._add_empty(column)
        else:
            column.addWidget(label("STUDIES", "section"))
            patients = with_objects(scan)
            for number, patient in enumerate(patients):
                self._add_patient(column, scan, patient, number, len(patients))
            self._add_issues(column, issue_lines(scan))
        column.addStretch(1)
        self._area.setWidget(content)
        self._restore()
        self._area.verticalScrollBar().setValue(place)

    def _add_empty(self, column: QVBoxLayout) -> None:
        words = self._words = label(READING if self._reading else EMPTY, "muted")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        column.addWidget(words)

    def set_reading(self, reading: bool) -> None:
        """Whether something is being opened: an empty browser says so."""
        self._reading = reading
        if self._words is not None:
            self._words.setText(READING if reading else EMPTY)

    def _add_patient(
        self, column: QVBoxLayout, scan: ScanResult, patient: Patient, number: int, total: int
    ) -> None:
        if total > 1:
            if number:
                column.addSpacing(8)
                line = QFrame()
                theme.set_role(line, "separator")
                column.addWidget(line)
            column.addWidget(label(f"Patient {number + 1} of {total}", "attention"))
        for study in patient.studies:
            column.addWidget(self._study_card(patient, study))
            for series in study.series:
                row = SeriesRow(series)
                row.chosen.connect(self.series_chosen)
                self._rows[series.key] = row
                column.addWidget(row)
            for found in objects_of(scan, patient, study):
                other = ObjectRow(found)
                other.chosen.connect(self.object_chosen)
                other.tags_wanted.connect(self.tags_wanted)
                other.text_wanted.connect(self.text_wanted)
                column.addWidget(other)

    def _study_card(self, patient: Patient, study: Study) -> QFrame:
        card = QFrame()
        theme.set_role(card, "study")
        lines = QVBoxLayout(card)
        lines.setContentsMargins(8, 8, 8, 8)
        lines.setSpacing(2)
        name, identity = captions.display_name(patient.name), plain(patient.id)
        lines.addWidget(ElidedLabel(name or identity or "No name", "title"))
        if not identity:
            lines.addWidget(label(captions.NO_PATIENT_ID, "bad"))
        elif name and identity != name:
            lines.addWidget(ElidedLabel(identity, "muted"))
        for text in (study_facts(patient, study), plain(study.description)):
            if text:
                lines.addWidget(ElidedLabel(text, "muted"))
        return card

    def _add_issues(self, column: QVBoxLayout, lines: list[str]) -> None:
        if not lines:
            return
        column.addSpacing(8)
        column.addWidget(label("ISSUES FOUND WHILE OPENING", "section"))
        for text in lines[:_LINES]:
            column.addWidget(TwoLines(text, "muted"))
        more = len(lines) - _LINES
        link = QPushButton(f"Show all, {more} more…" if more > 0 else "Show details…")
        theme.set_role(link, "link")
        link.setCursor(Qt.CursorShape.PointingHandCursor)
        link.clicked.connect(self.issues_requested)
        column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def _restore(self) -> None:
        self._pictures = {k: v for k, v in self._pictures.items() if k in self._rows}
        self._badges = {k: v for k, v in self._badges.items() if k in self._rows}
        for key, row in self._rows.items():
            if key in self._pictures:
                row.set_picture(self._pictures[key])
            row.set_badge(self._badges.get(key, ""))
            row.set_current(key == self._current)

    def keys(self) -> list[str]:
        """Keys of the series, from top to bottom."""
        return list(self._rows)

    def set_current(self, series_key: str) -> None:
        """Mark the series on screen, and bring it into view."""
        self._current = series_key
        for key, row in self._rows.items():
            row.set_current(key == series_key)
        if series_key in self._rows:
            self._area.ensureWidgetVisible(self._rows[series_key], 0, 8)

    def set_thumbnail(self, series_key: str, picture: NDArray[np.uint8]) -> None:
        """The little picture of a series: (rows, columns) or (rows, columns, 3). Late ones are dropped."""
        if series_key in self._rows:
            self._pictures[series_key] = picture
            self._rows[series_key].set_picture(picture)

    def set_analysis_badge(self, series_key: str, text: str) -> None:
        """A word on the newest analysis: "2 findings". Empty removes it."""
        if series_key in self._rows:
            self._badges[series_key] = text
            self._rows[series_key].set_badge(text)
