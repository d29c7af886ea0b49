"""The pages of a PDF that lies in a study."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from medviewer.ui.dialogs.reading import ObjectReading
from medviewer.ui.page_picture import PAGE_WIDTH, PagePicture, page_pixels
from medviewer.ui.widgets import column


class DocumentReader(ObjectReading):
    """Shows each page when it comes; says why where there is none."""

    def __init__(self, title: str, patient: str, path: str, parent: QWidget | None) -> None:
        super().__init__(title, patient, path, parent, width=640)
        self.resize(PAGE_WIDTH + 80, 920)
        self.body.addWidget(self.patient)
        self.pages: list[PagePicture] = []
        self.body.addWidget(self.said)
        inside = QWidget()
        self._stack = column(inside, margin=12, spacing=12)
        self._stack.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.body.addWidget(area, 1)
        self.add_buttons()

    @property
    def page_pixels(self) -> int:
        """How many pixels wide a page is on this screen."""
        return page_pixels(self)

    def add_pages(self, pictures: list[NDArray[np.uint8]]) -> None:
        """Some more pages are there."""
        for picture in pictures:
            page = PagePicture(picture, self.devicePixelRatioF())
            self._stack.insertWidget(len(self.pages), page)
            self.pages.append(page)

    def finish(self, count: int) -> None:
        """That was all; ``count`` is how many pages the document has."""
        words = "1 page" if count == 1 else f"{count} pages"
        left = len(self.pages) < count
        self.said.setText(f"The first {len(self.pages)} of {words}" if left else words)
