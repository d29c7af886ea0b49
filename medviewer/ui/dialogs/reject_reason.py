"""Why is a finding rejected? A few common reasons by one key, or the reader's own words."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QWidget

from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.result_words import REASONS
from medviewer.ui.widgets import ElidedLabel, button


class RejectReason(Dialog):
    """Emits the reason once; closing it rejects nothing, and without a reason nothing is rejected."""

    reason_given = Signal(str)

    def __init__(self, finding: str, parent: QWidget | None) -> None:
        super().__init__("Reject: why?", parent, width=360)
        self.body.addWidget(ElidedLabel(finding, "muted"))
        for k, reason in enumerate(REASONS, 1):
            made = button(f"{k}   {reason}")
            made.setObjectName(reason)
            made.setStyleSheet("text-align: left;")
            made.clicked.connect(self._common)
            self.body.addWidget(made)
            key = QShortcut(QKeySequence(f"Alt+{k}"), self)
            key.activated.connect(made.click)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Another reason …")
        self.words.setAccessibleName("Another reason")
        self.words.setMaxLength(200)
        self.body.addWidget(self.words)
        self.add_close("Cancel")
        self.reject_button = self.add_button("Reject", "primary", default=True)
        self.reject_button.clicked.connect(self._own)
        self.reject_button.setEnabled(False)
        self.reject_button.setToolTip("Choose a reason, or write one")
        self.words.textChanged.connect(self._written)
        self.words.setFocus()

    def _common(self) -> None:
        sender = self.sender()
        if sender is not None:
            self._give(sender.objectName())

    def _written(self, text: str) -> None:
        self.reject_button.setEnabled(bool(text.strip()))

    def _own(self) -> None:
        text = " ".join(self.words.text().split())
        # One digit is the number of a common reason: X, 1, Enter is the quick way.
        if text.isdigit() and 1 <= int(text) <= len(REASONS):
            text = REASONS[int(text) - 1]
        self._give(text)

    def _give(self, reason: str) -> None:
        self.reason_given.emit(reason)
        self.accept()
