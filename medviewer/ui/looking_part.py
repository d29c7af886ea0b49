"""The switch in a finding's card that shows where the network looked, and what came of it in words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from medviewer.ai.looking import LOOKED
from medviewer.ui.widgets import button, column, label, row


@dataclass(frozen=True)
class LookingWords:
    """What a card shows: whether the model can tell at all, whether it is asked, and what was said."""

    can: bool = False
    is_on: bool = False
    is_busy: bool = False
    said: str = ""


class LookingPart(QWidget):
    """Off until the reader asks; pressed again it takes the map off, or cancels."""

    toggled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._switch = button("Where it looked  H")
        self._switch.setCheckable(True)
        self._switch.clicked.connect(self.toggled)
        self._progress = label("", "muted")
        self._what, self._said = label(f"Colours: {LOOKED}.", "muted", wrap=True), label("", wrap=True)
        layout = column(self, spacing=4)
        layout.addLayout(row(self._switch, self._progress, None))
        layout.addWidget(self._what)
        layout.addWidget(self._said)

    def show_words(self, words: LookingWords) -> None:
        """Show how it stands."""
        self.setVisible(words.can)
        self._switch.setChecked(words.is_on)
        self._progress.setText(words.said if words.is_busy else "")
        self._said.setText("" if words.is_busy else words.said)
        self._said.setVisible(words.is_on and not words.is_busy and bool(words.said))
        self._what.setVisible(words.is_on and not words.is_busy)
