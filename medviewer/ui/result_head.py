"""The heading of one result: in which of the six states it is, who made it, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ui import icons, theme
from medviewer.ui.analyzing import OUT_OF_MEMORY
from medviewer.ui.result_words import StateCard, identity_lines, result_card
from medviewer.ui.widgets import button, column, frame, label, row, set_tip

ROLE_COLOURS = {"card-good": "good", "card-attention": "attention", "card-bad": "bad", "card": "muted"}
"""The colour of the words that goes with a card's look."""


class ResultHead(QWidget):
    """Shows a result; never changes it. Each signal carries the model's id."""

    run_anyway = Signal(str)
    run_on_cpu = Signal(str)
    run_again = Signal(str)
    card_requested = Signal(str)
    hide_wanted = Signal(str, bool)
    """Model id, whether its outlines are to be left out."""

    def __init__(self, result: AnalysisResult) -> None:
        super().__init__()
        self.result = result
        self.headline = label("", "heading")
        self.lines = tuple(label(line, wrap=True) for line in _lines(result))
        who, how = identity_lines(result)
        self.identity, self.made = label(who, wrap=True), label(how, "muted", wrap=True)
        self.eye = button("", "quiet")
        self.eye.setCheckable(True)
        self.eye.setFixedSize(24, 20)
        self.eye.toggled.connect(self._hide_toggled)
        self._anyway = self._button("Run anyway…", self.run_anyway)
        self._cpu = self._button("Run on the CPU", self.run_on_cpu)
        self._again = self._button("Try again", self.run_again)
        self._build(result_card(result))
        self.allow(may_run=True, may_force=False)
        self.show_drawn(several=False, hidden=False)

    @property
    def model_id(self) -> str:
        """Whose result it is."""
        return self.result.provenance.model_id

    def _build(self, card: StateCard) -> None:
        outside = frame(card.role)
        colour = ROLE_COLOURS[card.role]
        icon = label()
        icon.setPixmap(icons.pixmap(card.icon, theme.colour(colour), 16))
        self.headline.setText(card.headline)
        theme.set_role(self.headline, colour if colour != "muted" else "heading")
        inside = column(outside, margin=10, spacing=4)
        inside.addLayout(row(icon, self.headline, None, self.eye))
        for line in (self.identity, *self.lines, self.made):
            inside.addWidget(line)
        inside.addLayout(row(self._button("Model card", self.card_requested, "link"), None))
        inside.addLayout(row(self._anyway, self._cpu, self._again, None))
        self._outside = column(self)
        self._outside.addWidget(outside)

    def set_room_above(self, pixels: int) -> None:
        """How far the heading keeps from what stands above it."""
        self._outside.setContentsMargins(0, pixels, 0, 0)

    def _button(self, words: str, signal: object, role: str = "") -> QPushButton:
        def ask() -> None:
            signal.emit(self.model_id)  # type: ignore[attr-defined]

        made = button(words, role)
        made.clicked.connect(ask)
        return made

    def show_drawn(self, *, several: bool, hidden: bool) -> None:
        """Whether this model's outlines are drawn; beside those of others one may leave them out."""
        self.eye.setVisible(several and any(f.mask is not None for f in self.result.findings))
        self.eye.blockSignals(True)
        self.eye.setChecked(hidden)
        self.eye.blockSignals(False)
        self.eye.setIcon(icons.icon("eye-off" if hidden else "eye", size=16))
        set_tip(self.eye, "Draw this model's outlines" if hidden else "Leave out this model's outlines")

    def _hide_toggled(self, hidden: bool) -> None:
        self.hide_wanted.emit(self.model_id, hidden)

    def allow(self, *, may_run: bool, may_force: bool) -> None:
        """Which of the buttons lead anywhere now: none while a model runs."""
        state = self.result.state
        codes = {reason.code for reason in self.result.reasons}
        self._anyway.setVisible(state is ResultState.NOT_SUITABLE and may_run and may_force)
        self._cpu.setVisible(state is ResultState.FAILED and may_run and OUT_OF_MEMORY in codes)
        self._again.setVisible(state is ResultState.FAILED and may_run)


def _lines(result: AnalysisResult) -> tuple[str, ...]:
    return (*result_card(result).lines, *(warning.text for warning in result.warnings))
