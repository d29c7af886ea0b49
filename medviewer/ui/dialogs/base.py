"""What all dialogs share: they do not stop the window, forget themselves when closed, and show plain text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from medviewer.ui.widgets import button, label


class Dialog(QDialog):
    """A heading, room for a body, a row of buttons at the bottom. Esc closes."""

    def __init__(self, title: str, parent: QWidget | None, *, width: int = 520) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(width)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(label(title, "title"))
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        layout.addLayout(self.body, 1)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        layout.addLayout(self._buttons)

    def add_button(self, text: str, role: str = "", *, default: bool = False) -> QPushButton:
        """A button at the bottom right; ``default`` answers Enter."""
        made = button(text, role)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setDefault(default)
        self._buttons.addWidget(made)
        return made

    def add_close(self, text: str = "Close") -> QPushButton:
        """A button that closes."""
        made = self.add_button(text)
        made.clicked.connect(self.reject)
        return made
