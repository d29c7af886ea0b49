"""The card above the findings: in which of the six states the analysis is, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from medviewer.ai.findings import ResultState
from medviewer.review.state import State
from medviewer.ui import icons, theme
from medviewer.ui.analyzing import OUT_OF_MEMORY
from medviewer.ui.result_words import StateCard, identity_lines, state_card
from medviewer.ui.widgets import button, column, frame, label, row

_COLOURS = {"card-good": "good", "card-attention": "attention", "card-bad": "bad", "card": "muted"}


class StatePanel(QWidget):
    """Shows the state and the run under way. The buttons are there only when they do something."""

    run_anyway = Signal()
    run_on_cpu = Signal()
    run_again = Signal()
    cancel_requested = Signal()
    card_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame = frame("card")
        self._icon = label()
        self._headline = label("", "heading")
        self._identity = label("", wrap=True)
        self._made = label("", "muted", wrap=True)
        self._lines = column(spacing=4)
        self._card = button("Model card", "link")
        self._anyway = button("Run anyway…")
        self._cpu = button("Run on the CPU")
        self._again = button("Try again")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._doing = label("", "muted")
        self._cancel = button("Cancel", "quiet", "circle-x")
        self._running = QWidget()
        running = column(self._running, spacing=4)
        running.addWidget(self._bar)
        running.addLayout(row(self._doing, None, self._cancel))
        self._reading = False
        self._assemble()
        self._connect()
        self.set_progress(None)

    def _assemble(self) -> None:
        inside = column(self._frame, margin=10, spacing=4)
        inside.addLayout(row(self._icon, self._headline, None))
        inside.addWidget(self._running)
        inside.addLayout(self._lines)
        inside.addWidget(self._identity)
        inside.addWidget(self._made)
        inside.addLayout(row(self._card, None))
        inside.addLayout(row(self._anyway, self._cpu, self._again, None))
        column(self).addWidget(self._frame)

    def _connect(self) -> None:
        self._anyway.clicked.connect(self.run_anyway)
        self._cpu.clicked.connect(self.run_on_cpu)
        self._again.clicked.connect(self.run_again)
        self._cancel.clicked.connect(self.cancel_requested)
        self._card.clicked.connect(self.card_requested)

    def set_reading(self, reading: bool) -> None:
        """Whether something is being opened: then no series is open *yet*. Shown by the next state."""
        self._reading = reading

    def show_state(self, state: State, extra: tuple[str, ...] = (), *, may_force: bool = False) -> None:
        """Say in which state the series on screen is. ``extra``: what a model would need, before any run."""
        card = state_card(state)
        result = state.result
        running = (
            state.run is not None and state.series is not None and state.run.series_key == state.series.key
        )
        if running:
            card = StateCard("Analyzing", "card", "loader")
        elif self._reading and state.series is None:
            card = StateCard("Reading the images", "card", "loader")
        self._head(card)
        if result is None or running:
            lines = extra if not running and extra else card.lines
            self._identity.hide()
            self._made.hide()
        else:
            warnings = tuple(w.text for w in result.warnings)
            lines = (*card.lines, *warnings)
            who, how = identity_lines(result)
            self._identity.setText(who)
            self._made.setText(how)
            self._identity.show()
            self._made.show()
        self._fill(lines)
        shown = None if running else state.result_state
        refused = shown is ResultState.NOT_SUITABLE or (shown is ResultState.NOT_RUN and may_force)
        codes = {reason.code for reason in result.reasons} if result is not None else set()
        self._card.setVisible(result is not None and not running)
        self._anyway.setVisible(refused and may_force)
        self._cpu.setVisible(shown is ResultState.FAILED and OUT_OF_MEMORY in codes)
        self._again.setVisible(shown is ResultState.FAILED)
        if not running:
            self.set_progress(None)

    def _head(self, card: StateCard) -> None:
        colour = _COLOURS[card.role]
        theme.set_role(self._frame, card.role)
        self._icon.setPixmap(icons.pixmap(card.icon, theme.colour(colour), 16))
        self._headline.setText(card.headline)
        theme.set_role(self._headline, colour if colour != "muted" else "heading")

    def _fill(self, lines: tuple[str, ...]) -> None:
        for k in range(max(len(lines), self._lines.count())):
            item = self._lines.itemAt(k)
            line = item.widget() if item is not None else None
            if line is None:
                line = label("", wrap=True)
                self._lines.addWidget(line)
            line.setVisible(k < len(lines))
            if k < len(lines):
                line.setText(lines[k])  # type: ignore[attr-defined]

    def set_progress(self, fraction: float | None, text: str = "") -> None:
        """How far the run is (0 to 1), None when nothing runs."""
        self._running.setVisible(fraction is not None)
        if fraction is not None:
            self._bar.setValue(round(1000 * max(0.0, fraction)))
            self._doing.setText(text)
