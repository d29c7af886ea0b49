"""Why may a stopped model run again? Asked before it does; without a reason it stays stopped."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label

_WHAT = (
    "The rule counts anew from now on. Your name, the time and the reason are written into the log-book. "
    "Don't name patients."
)


class ResetReason(Dialog):
    """Emits the reason once; closing it resets nothing."""

    reason_given = Signal(str)

    def __init__(self, model: str, parent: QWidget | None) -> None:
        super().__init__("Let it run again: why?", parent, width=420)
        self.body.addWidget(label(model, "heading"))
        self.body.addWidget(label(_WHAT, "muted", wrap=True))
        self.words = QLineEdit()
        self.words.setPlaceholderText("The outlines were checked on twenty new cases …")
        self.words.setAccessibleName("Reason")
        self.words.setMaxLength(200)
        self.body.addWidget(self.words)
        self.add_close("Cancel")
        self.run_button = self.add_button("Let it run again", "primary", default=True)
        self.run_button.setEnabled(False)
        self.run_button.clicked.connect(self._give)
        self.words.textChanged.connect(self._written)
        self.words.setFocus()

    def _written(self, text: str) -> None:
        self.run_button.setEnabled(bool(text.strip()))

    def _give(self) -> None:
        self.reason_given.emit(" ".join(self.words.text().split()))
        self.accept()
