"""What dialogs share that open before the file they show is read."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from medviewer.errors import MedviewerError
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label


class Reading(Dialog):
    """Says that it reads, then what it read, or why it could not: in ``said``, which each places itself."""

    def __init__(self, title: str, parent: QWidget | None, *, width: int) -> None:
        super().__init__(title, parent, width=width)
        self.said = label("Reading …", "muted")

    def fail(self, error: MedviewerError) -> None:
        """The file could not be read."""
        self.said.setText(error.sentence())


class ObjectReading(Reading):
    """Shows an object that is no image under the name of its patient, and leads to its tags.

    It lies beside the images of other patients too: ``patient`` says whose it is.
    """

    tags_wanted = Signal(str)
    """Path of the object."""
    tags_button: QPushButton

    def __init__(
        self, title: str, patient: str, path: str, parent: QWidget | None, *, width: int, wrap: bool = True
    ) -> None:
        super().__init__(title, parent, width=width)
        self._path = path
        self.patient = label(patient, "heading", wrap=wrap)

    def add_buttons(self) -> None:
        """The row at the bottom: tags, close."""
        self.tags_button = self.add_button("Tags…", "quiet")
        self.tags_button.clicked.connect(self._ask_tags)
        self.add_close()

    def _ask_tags(self) -> None:
        self.tags_wanted.emit(self._path)
