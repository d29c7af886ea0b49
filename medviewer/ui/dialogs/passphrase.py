"""A passphrase for the kept work, where the system has no keyring. It is written nowhere."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from medviewer.review.keys import SHORTEST_PASSPHRASE
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label


class Passphrase(Dialog):
    """Emits the passphrase. ``new``: it is asked for twice, and must have a length."""

    given = Signal(str)

    def __init__(self, parent: QWidget | None, *, new: bool) -> None:
        super().__init__("Passphrase for kept work", parent, width=420)
        told = (
            f"Your work is encrypted with it, on this computer. At least {SHORTEST_PASSPHRASE} characters; "
            "who forgets it loses the kept work."
            if new
            else "The one that was set when the work was kept."
        )
        self.body.addWidget(label(told, "muted", wrap=True))
        self.field = self._field("Passphrase")
        self.again = self._field("The same again") if new else None
        self.said = label("", "attention", wrap=True)
        self.said.hide()
        self.body.addWidget(self.said)
        self.add_close("Cancel")
        self.keep_button = self.add_button("Keep my work" if new else "Unlock", "primary", default=True)
        self.keep_button.clicked.connect(self._keep)
        self.field.setFocus()

    def _field(self, name: str) -> QLineEdit:
        made = QLineEdit()
        made.setEchoMode(QLineEdit.EchoMode.Password)
        made.setPlaceholderText(name)
        made.setAccessibleName(name)
        made.setMaxLength(200)
        self.body.addWidget(made)
        return made

    def _keep(self) -> None:
        text = self.field.text()
        problem = ""
        if self.again is not None and len(text) < SHORTEST_PASSPHRASE:
            problem = f"At least {SHORTEST_PASSPHRASE} characters."
        elif self.again is not None and self.again.text() != text:
            problem = "The two are not the same."
        if problem:
            self.said.setText(problem)
            self.said.show()
            return
        self.given.emit(text)
        self.accept()
