"""The name that decisions and reports carry; asked once, kept in the settings."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label


class ReaderName(Dialog):
    """Emits the name; an empty one is allowed and means "a reader without name"."""

    name_given = Signal(str)

    def __init__(self, name: str, parent: QWidget | None) -> None:
        super().__init__("Reader's name", parent, width=380)
        self.body.addWidget(label("It stands beside your decisions and on the report.", "muted", wrap=True))
        self.field = QLineEdit(name)
        self.field.setMaxLength(80)
        self.field.setAccessibleName("Reader's name")
        self.body.addWidget(self.field)
        self.add_close("Cancel")
        self.keep_button = self.add_button("Keep", "primary", default=True)
        self.keep_button.clicked.connect(self._keep)
        self.field.setFocus()

    def _keep(self) -> None:
        self.name_given.emit(" ".join(self.field.text().split()))
        self.accept()
