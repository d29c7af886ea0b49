"""The right side of the window: state, findings, overlay, measurements, impression, one under the other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from medviewer.ai.findings import Finding
from medviewer.review.deciding import as_read
from medviewer.review.report_scale import scale_lines
from medviewer.review.state import Change, State, Verdict
from medviewer.review.waiting import Waiting
from medviewer.ui import theme
from medviewer.ui.findings_panel import FindingsPanel
from medviewer.ui.foreign import overlay_letters
from medviewer.ui.foreign_panel import ForeignPanel
from medviewer.ui.impression_panel import ImpressionPanel
from medviewer.ui.measurements_panel import MeasurementsPanel
from medviewer.ui.offers import Offer
from medviewer.ui.opinion_panel import OpinionPanel
from medviewer.ui.overlay_panel import OverlayPanel
from medviewer.ui.pictures import measurements_here
from medviewer.ui.result_words import progress_line
from medviewer.ui.state_panel import StatePanel
from medviewer.ui.widgets import column, frame, label, row

_RESULT = Change.SERIES | Change.RESULT | Change.RUN
_FINDINGS = Change.SERIES | Change.RESULT | Change.DECISION | Change.SELECTION | Change.THRESHOLD
_PROGRESS = _FINDINGS | Change.SLICE | Change.VOLUME


class ResultsSide(QWidget):
    """Shows the state in its panels. What the reader does there leaves as the panels' own signals. State,
    findings and measurements scroll; the impression stays where it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state_panel = StatePanel()
        self.findings = FindingsPanel()
        self.opinions = OpinionPanel()
        self.overlay = OverlayPanel()
        self.foreign = ForeignPanel()
        self.measurements = MeasurementsPanel()
        self.impression = ImpressionPanel()
        self._progress = label("", "muted")
        self._hint = label("Enter accepts · E edits · X rejects · . and , walk", "muted")
        self._opinions_head = label("SECOND OPINION", "section")
        self._overlay_head = label("OVERLAY", "section")
        self._foreign_head = label("FROM FILES", "section")
        self._area = QScrollArea()
        theme.set_role(self, "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(280)
        self._build()
        self._wanted_card: QWidget | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._bring_into_view)
        self.findings.card_opened.connect(self._card_opened)

    def _build(self) -> None:
        inside = QWidget()
        theme.set_role(inside, "panel")
        moving = column(inside, margin=12, spacing=8)
        moving.addLayout(row(label("AI RESULTS", "section"), None))
        for panel in (self.state_panel, self.findings, self._hint):
            moving.addWidget(panel)
        measure_head = label("MEASUREMENTS", "section")
        sections = (
            (self._opinions_head, self.opinions),
            (self._foreign_head, self.foreign),
            (self._overlay_head, self.overlay),
            (measure_head, self.measurements),
        )
        for head, body in sections:
            moving.addSpacing(6)
            moving.addWidget(head)
            moving.addWidget(body)
        moving.addStretch(1)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        fixed = column(margin=12, spacing=8)
        fixed.setContentsMargins(12, 4, 12, 12)
        for part in (label("IMPRESSION", "section"), self.impression, self._progress):
            fixed.addWidget(part)
        whole = column(self, spacing=0)
        whole.addWidget(self._area, 1)
        whole.addWidget(frame("separator"))
        whole.addLayout(fixed)

    def apply(self, state: State, change: Change) -> None:
        """Show what changed."""
        if change & _FINDINGS:
            self.findings.show_state(state)
            self._hint.setVisible(bool(state.findings))
            self.impression.show_sentences(accepted(state), makers(state))
        if change & (_FINDINGS | Change.OPINION):
            self.findings.show_drawn(state)
            self.opinions.show_state(state)
            self._opinions_head.setVisible(bool(state.opinions_here))
        if change & (_FINDINGS | Change.FOREIGN | Change.STUDY):
            files = state.overlay_files_here
            waiting = waiting_here(state)
            self.foreign.show_waiting(waiting)
            self.foreign.show_files(files, overlay_letters(state))
            self._foreign_head.setVisible(bool(files or waiting))
            has_masks = bool(files) or any(f.mask is not None for f in state.findings)
            self._overlay_head.setVisible(has_masks)
            self.overlay.setVisible(has_masks)
        if change & (Change.MEASUREMENT | Change.SERIES | Change.SCALE):
            self.measurements.show_measurements(measurements_here(state), scale_lines(state))
        if change & (Change.IMPRESSION | Change.STUDY | Change.SERIES):
            self.impression.set_open(state.study is not None)
            self.impression.show_text(state.impression)
        if Change.STYLE in change:
            self.overlay.show_style(state.style)
        if change & _PROGRESS:
            self.show_progress(state)

    def show_offers(self, state: State, offers: Sequence[Offer]) -> None:
        """What models there are for the series on screen, and what may be done with them."""
        self.state_panel.show_state(state, offers)
        self.findings.show_offers(offers, state)

    def show_progress(self, state: State) -> None:
        """Reviewed and seen."""
        self._progress.setText(progress_line(state))

    def _card_opened(self, card: QWidget) -> None:
        self._wanted_card = card
        self._later.start()

    def _bring_into_view(self) -> None:
        if self._wanted_card is not None:
            self._area.ensureWidgetVisible(self._wanted_card, 0, 12)
        self._wanted_card = None


def waiting_here(state: State) -> tuple[Waiting, ...]:
    """What waits for images of the patient on screen, or of anybody where nothing is on screen."""
    series = state.series
    return tuple(w for w in state.waiting if series is None or w.patient_key == series.patient_key)


def makers(state: State) -> dict[str, str]:
    """Whose each finding is, where several models' are on screen."""
    if len(state.results_here) < 2:
        return {}
    return {f.id: result.provenance.model_id for result in state.results_here for f in result.findings}


def accepted(state: State) -> tuple[Finding, ...]:
    """Findings whose sentences are text of the report, as the reader left them."""
    agreed = (Verdict.ACCEPTED, Verdict.MODIFIED)
    return tuple(as_read(state, f) for f in state.findings if state.decision_of(f.id).verdict in agreed)
