"""The findings of the series on screen, one card each, with the reader's decisions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from medviewer.review.state import State
from medviewer.review.thresholding import threshold_of
from medviewer.ui.finding_card import FindingCard
from medviewer.ui.looking_part import LookingWords
from medviewer.ui.widgets import clear, column


class FindingsPanel(QWidget):
    """A click jumps to the finding's image. Emits ids of findings."""

    chosen = Signal(str)
    accept_wanted = Signal(str)
    reject_wanted = Signal(str)
    reset_wanted = Signal(str)
    threshold_wanted = Signal(str, float)
    threshold_reset = Signal(str)
    look_wanted = Signal(str)
    slice_wanted = Signal(int)
    card_opened = Signal(QWidget)
    """The card that was opened, so that it can be brought into view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = column(self, spacing=8)
        self._cards: list[FindingCard] = []

    @property
    def cards(self) -> tuple[FindingCard, ...]:
        """The cards in order."""
        return tuple(self._cards)

    def show_state(self, state: State) -> None:
        """Show findings, decisions and the chosen one."""
        if [card.finding for card in self._cards] != list(state.findings):
            self._rebuild(state)
        for card in self._cards:
            is_open = card.finding.id == state.selected_finding
            card.show_decision(state.decision_of(card.finding.id), is_open=is_open)
            card.show_threshold(threshold_of(state, card.finding.id))
            if is_open:
                self.card_opened.emit(card)
        self.setVisible(bool(self._cards))

    def show_looking(self, words: Mapping[str, LookingWords]) -> None:
        """How it stands with where the network looked, by finding."""
        for card in self._cards:
            card.show_looking(words.get(card.finding.id, LookingWords()))

    def _rebuild(self, state: State) -> None:
        clear(self._layout)
        self._cards = [FindingCard(finding) for finding in state.findings]
        for card in self._cards:
            card.clicked.connect(self.chosen)
            card.accept_wanted.connect(self.accept_wanted)
            card.reject_wanted.connect(self.reject_wanted)
            card.reset_wanted.connect(self.reset_wanted)
            card.threshold_wanted.connect(self.threshold_wanted)
            card.threshold_reset.connect(self.threshold_reset)
            card.look_wanted.connect(self.look_wanted)
            card.slice_wanted.connect(self.slice_wanted)
            self._layout.addWidget(card)
