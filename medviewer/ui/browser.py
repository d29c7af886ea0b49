"""What is open: patients, studies, series, and what could not be opened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from medviewer.dicom.study import ScanResult


class StudyBrowser(QWidget):
    """Cards of studies with rows of series."""

    series_chosen = Signal(str)
    issues_requested = Signal()

    def set_scan(self, scan: ScanResult | None) -> None:
        """Show what lies under the opened paths."""

    def set_current(self, series_key: str) -> None:
        """Mark the series on screen."""

    def set_thumbnail(self, series_key: str, picture: NDArray[np.uint8]) -> None:
        """The little picture of a series: (rows, columns) or (rows, columns, 3)."""

    def set_analysis_badge(self, series_key: str, text: str) -> None:
        """A word on the newest analysis: "2 findings". Empty removes it."""
