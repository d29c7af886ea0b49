"""Second opinions on the series on screen, one card each."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from medviewer.review.state import State
from medviewer.ui.opinion_card import OpinionCard
from medviewer.ui.widgets import clear, column


class OpinionPanel(QWidget):
    """Gone where no two models outline the same."""

    slice_wanted = Signal(int)
    difference_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = column(self, spacing=8)
        self._cards: list[OpinionCard] = []

    @property
    def cards(self) -> tuple[OpinionCard, ...]:
        """The cards in order."""
        return tuple(self._cards)

    def show_state(self, state: State) -> None:
        """Show the comparisons that hold, and which of them is drawn."""
        comparisons = state.opinions_here
        if [card.comparison for card in self._cards] != list(comparisons):
            clear(self._layout)
            self._cards = [OpinionCard(comparison) for comparison in comparisons]
            for card in self._cards:
                card.slice_wanted.connect(self.slice_wanted)
                card.difference_wanted.connect(self.difference_wanted)
                self._layout.addWidget(card)
        for card in self._cards:
            card.show_drawn(card.comparison is state.difference)
        self.setVisible(bool(self._cards))
