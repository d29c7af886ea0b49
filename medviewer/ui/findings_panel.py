"""The results on the series on screen, one under the other: each model's heading, then its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from medviewer.ai.findings import AnalysisResult
from medviewer.review.state import State
from medviewer.review.thresholding import threshold_of
from medviewer.ui.finding_card import FindingCard
from medviewer.ui.forcing import may_force
from medviewer.ui.looking_part import LookingWords
from medviewer.ui.offers import Offer
from medviewer.ui.result_head import ResultHead
from medviewer.ui.widgets import column

_BETWEEN = 8
"""More room between two results than between the findings of one."""


class FindingsPanel(QWidget):
    """A click jumps to the finding's image. Emits ids of findings, and of models from their headings."""

    chosen = Signal(str)
    accept_wanted = Signal(str)
    edit_wanted = Signal(str)
    reject_wanted = Signal(str)
    reset_wanted = Signal(str)
    threshold_wanted = Signal(str, float)
    threshold_reset = Signal(str)
    look_wanted = Signal(str)
    slice_wanted = Signal(int)
    run_anyway = Signal(str)
    run_on_cpu = Signal(str)
    run_again = Signal(str)
    model_card_wanted = Signal(str)
    hide_wanted = Signal(str, bool)
    card_opened = Signal(QWidget)
    """The card that was opened, so that it can be brought into view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = column(self, spacing=8)
        self._parts: list[_Part] = []

    @property
    def heads(self) -> tuple[ResultHead, ...]:
        """The headings in order."""
        return tuple(part.head for part in self._parts)

    @property
    def cards(self) -> tuple[FindingCard, ...]:
        """The cards of all results in order."""
        return tuple(card for part in self._parts for card in part.cards)

    def show_state(self, state: State) -> None:
        """Show results, decisions and the chosen finding."""
        if [part.result for part in self._parts] != list(state.results_here):
            self._arrange(state.results_here)
        for card in self.cards:
            is_open = card.finding.id == state.selected_finding
            card.show_decision(state.decision_of(card.finding.id), is_open=is_open)
            card.show_threshold(threshold_of(state, card.finding.id))
            if is_open:
                self.card_opened.emit(card)
        self.setVisible(bool(self._parts))

    def show_looking(self, words: Mapping[str, LookingWords]) -> None:
        """How it stands with where the network looked, by finding."""
        for card in self.cards:
            card.show_looking(words.get(card.finding.id, LookingWords()))

    def show_drawn(self, state: State) -> None:
        """Show whose outlines are drawn."""
        for head in self.heads:
            hidden = head.model_id in state.hidden_models
            head.show_drawn(several=len(self._parts) > 1, hidden=hidden)

    def show_offers(self, offers: Sequence[Offer], state: State) -> None:
        """Which models may be run again, or in spite of their verdict."""
        known = {offer.bundle.card.id: offer for offer in offers}
        for head in self.heads:
            offer = known.get(head.model_id)
            may_run = offer is not None and state.run is None
            head.allow(may_run=may_run, may_force=may_force(offer, state))

    def _arrange(self, results: Sequence[AnalysisResult]) -> None:
        """What stays on screen is not made anew: nothing jumps where another result comes."""
        kept = {id(part.result): part for part in self._parts}
        parts = [kept.pop(id(r)) if id(r) in kept else _Part(r, self) for r in results]
        for part in self._parts:
            for widget in part.widgets:
                # Not takeAt: the item would outlive it in Python, and a widget tells only its first item that
                # it grew.
                self._layout.removeWidget(widget)
        for gone in kept.values():
            for widget in gone.widgets:
                widget.hide()
                widget.deleteLater()
        self._parts = parts
        for number, part in enumerate(parts):
            part.head.set_room_above(_BETWEEN if number else 0)
            for widget in part.widgets:
                self._layout.addWidget(widget)


class _Part:
    """One result: its heading and its findings."""

    def __init__(self, result: AnalysisResult, panel: FindingsPanel) -> None:
        self.result = result
        self.head = ResultHead(result)
        self.cards = tuple(FindingCard(finding) for finding in result.findings)
        self.widgets: tuple[QWidget, ...] = (self.head, *self.cards)
        self.head.run_anyway.connect(panel.run_anyway)
        self.head.run_on_cpu.connect(panel.run_on_cpu)
        self.head.run_again.connect(panel.run_again)
        self.head.card_requested.connect(panel.model_card_wanted)
        self.head.hide_wanted.connect(panel.hide_wanted)
        for card in self.cards:
            card.clicked.connect(panel.chosen)
            card.accept_wanted.connect(panel.accept_wanted)
            card.edit_wanted.connect(panel.edit_wanted)
            card.reject_wanted.connect(panel.reject_wanted)
            card.reset_wanted.connect(panel.reset_wanted)
            card.threshold_wanted.connect(panel.threshold_wanted)
            card.threshold_reset.connect(panel.threshold_reset)
            card.look_wanted.connect(panel.look_wanted)
            card.slice_wanted.connect(panel.slice_wanted)
