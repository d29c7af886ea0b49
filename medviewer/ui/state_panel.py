"""The card above the results: that nothing was analyzed yet and what could be, or the run under way."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QWidget

from medviewer.review.state import State
from medviewer.ui import icons, theme
from medviewer.ui.forcing import may_force
from medviewer.ui.offers import Offer, fitting, offer_lines
from medviewer.ui.result_head import ROLE_COLOURS
from medviewer.ui.result_words import StateCard, state_card
from medviewer.ui.widgets import ElidedLabel, button, column, frame, label, row


class StatePanel(QWidget):
    """Gone where results speak for themselves. The buttons are there only when they do something."""

    run_anyway = Signal(str)
    """Model id"""
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame = frame("card")
        self._icon = label()
        self._headline = ElidedLabel("", "heading")
        self._lines = column(spacing=4)
        self._said: list[QLabel] = []
        self._anyway = button("Run anyway…")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._doing = ElidedLabel("", "muted")
        self._cancel = button("Cancel", "quiet", "circle-x")
        self._running = QWidget()
        running = column(self._running, spacing=4)
        running.addWidget(self._bar)
        running.addWidget(self._doing)
        self._reading = False
        self._model_id = ""
        self._assemble()
        self._anyway.clicked.connect(self._ask_anyway)
        self._cancel.clicked.connect(self.cancel_requested)
        self.set_progress(None)

    def _assemble(self) -> None:
        inside = column(self._frame, margin=10, spacing=4)
        head = row(self._icon, self._headline, self._cancel)
        head.setStretch(1, 1)
        inside.addLayout(head)
        inside.addLayout(self._lines)
        inside.addWidget(self._running)
        inside.addLayout(row(self._anyway, None))
        column(self).addWidget(self._frame)

    @property
    def headline(self) -> str:
        """The first words of the card."""
        return self._headline.text()

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands under it."""
        return tuple(line.text() for line in self._said if not line.isHidden())

    def set_reading(self, reading: bool) -> None:
        """Whether something is being opened: then no series is open *yet*. Shown by the next state."""
        self._reading = reading

    def show_state(self, state: State, offers: Sequence[Offer]) -> None:
        """Say where the series on screen stands, and what models there are for it."""
        card = state_card(state)
        here = state.series is not None and state.run is not None
        running = here and state.run.series_key == state.series.key  # type: ignore[union-attr]
        if self._reading and state.series is None:
            card = StateCard("Reading the images", "card", "loader")
        self._head(card)
        before = not running and state.series is not None
        self._fill(offer_lines(offers) if before else card.lines)
        nearest = offers[0] if before and offers and not fitting(offers) else None
        self._model_id = nearest.bundle.card.id if nearest is not None else ""
        self._anyway.setVisible(state.run is None and may_force(nearest, state))
        if not running:
            self.set_progress(None)
        elif self._running.isHidden():
            self.set_progress(0.0, "Starting …")
        self.setVisible(running or not state.results_here)

    def _head(self, card: StateCard) -> None:
        colour = ROLE_COLOURS[card.role]
        theme.set_role(self._frame, card.role)
        self._icon.setPixmap(icons.pixmap(card.icon, theme.colour(colour), 16))
        self._headline.set_text(card.headline)

    def _fill(self, lines: tuple[str, ...]) -> None:
        while len(self._said) < len(lines):
            self._said.append(label("", wrap=True))
            self._lines.addWidget(self._said[-1])
        for k, line in enumerate(self._said):
            line.setVisible(k < len(lines))
            line.setText(lines[k] if k < len(lines) else "")

    def _ask_anyway(self) -> None:
        self.run_anyway.emit(self._model_id)

    def set_progress(self, fraction: float | None, text: str = "") -> None:
        """How far the run is (0 to 1), None when nothing runs."""
        self._running.setVisible(fraction is not None)
        self._cancel.setVisible(fraction is not None)
        if fraction is not None:
            self._bar.setValue(round(1000 * max(0.0, fraction)))
            self._doing.set_text(text)
