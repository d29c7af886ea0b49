"""The report as it will be: the pages of the very PDF, then where to write it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QScrollArea, QWidget

from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.page_picture import PAGE_WIDTH, PagePicture, page_pixels
from medviewer.ui.widgets import column, label, row

_NAMES = (("pdf", "PDF"), ("html", "HTML"), ("json", "JSON"))


class ReportPreview(Dialog):
    """Emits the wish to write; says what came of it without closing."""

    write_wanted = Signal(tuple)
    """Formats: "pdf", "html", "json"."""
    name_wanted = Signal()
    folder_wanted = Signal()
    """The reader wants to see the folder that was written to."""

    def __init__(self, reader: str, parent: QWidget | None) -> None:
        super().__init__("Report", parent, width=760)
        self.resize(PAGE_WIDTH + 80, 920)
        self._pages: list[PagePicture] = []
        self._inside = QWidget()
        self._stack = column(self._inside, margin=12, spacing=12)
        self._area = QScrollArea()
        self._area.setWidget(self._inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self.body.addWidget(self._area, 1)
        self._waiting = label("Making the report …", "muted")
        self._stack.addWidget(self._waiting)
        self._said = label("", wrap=True)
        self.body.addWidget(self._said)
        self._boxes = {kind: QCheckBox(name) for kind, name in _NAMES}
        self._reader = label("", "muted")
        for box in self._boxes.values():
            box.setChecked(True)
            box.toggled.connect(self._box_toggled)
        self.body.addLayout(row(label("Write"), *self._boxes.values(), None, self._reader))
        self._name = self.add_button("Reader's name…", "quiet")
        self._name.clicked.connect(self.name_wanted)
        self._show = self.add_button("Show folder", "quiet")
        self._show.clicked.connect(self.folder_wanted)
        self._show.hide()
        self.add_close()
        self.write_button = self.add_button("Write to folder…", "primary", default=True)
        self.write_button.clicked.connect(self._write)
        self.write_button.setEnabled(False)
        self.show_reader(reader)

    @property
    def page_pixels(self) -> int:
        """How many pixels wide a page is on this screen."""
        return page_pixels(self)

    def show_reader(self, name: str) -> None:
        """Whose decisions these are."""
        self._reader.setText(f"Reader: {name}" if name else "Reader: no name given")

    def show_pages(self, pages: tuple[NDArray[np.uint8], ...]) -> None:
        """The pages are there; the place in them is kept when they come again."""
        self._waiting.hide()
        for old in self._pages:
            old.hide()
            old.deleteLater()
        self._pages = [PagePicture(page) for page in pages]
        for page in self._pages:
            self._stack.addWidget(page)
        self._box_toggled()

    def say(self, sentence: str, *, written: bool = False) -> None:
        """What came of writing, or why it did not."""
        self._said.setText(sentence)
        self._show.setVisible(written)
        self.write_button.setEnabled(True)
        if not self._pages:
            self._waiting.setText("The report could not be made.")

    def formats(self) -> tuple[str, ...]:
        """The formats that are ticked."""
        return tuple(kind for kind, box in self._boxes.items() if box.isChecked())

    def _box_toggled(self) -> None:
        self.write_button.setEnabled(bool(self._pages) and bool(self.formats()))

    def _write(self) -> None:
        self.write_wanted.emit(self.formats())
