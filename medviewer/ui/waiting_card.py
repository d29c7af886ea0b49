"""An object that waits for its images: what it is, how many of them are here."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from medviewer.review.waiting import Waiting
from medviewer.ui.widgets import ElidedLabel, button, column, frame, label, row

SHOWN_LATER = "Shown as soon as they are opened."


class WaitingCard(QWidget):
    """One object."""

    unwanted = Signal(str)
    """Its key: the reader does not want it any more."""
    tags_wanted = Signal(str)

    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self._waiting = waiting
        kind = waiting.found.kind.name
        body = frame("card")
        inside = column(body, margin=8, spacing=4)
        inside.addWidget(ElidedLabel(waiting.title, "heading"))
        said = kind if kind.startswith("RT") else kind[:1].lower() + kind[1:]
        inside.addWidget(label(f"From file: {said}", "muted", wrap=True))
        inside.addWidget(label(waiting.line, wrap=True))
        inside.addWidget(label(SHOWN_LATER, "muted", wrap=True))
        tags, remove = button("Tags…", "quiet"), button("Remove", "quiet")
        inside.addLayout(row(tags, None, remove, spacing=0))
        column(self).addWidget(body)
        tags.clicked.connect(self._ask_tags)
        remove.clicked.connect(self._ask_remove)

    def _ask_tags(self) -> None:
        self.tags_wanted.emit(str(self._waiting.found.path))

    def _ask_remove(self) -> None:
        self.unwanted.emit(self._waiting.key)
