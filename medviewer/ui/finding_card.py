"""One finding as a card: what, how much, the decision; opened, all of its measurements and warnings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from medviewer.ai.findings import Finding, Measurement
from medviewer.review.modification import models_own, modified
from medviewer.review.report_words import spread
from medviewer.review.state import Decision, ReaderThreshold, Verdict
from medviewer.ui import icons, theme
from medviewer.ui.finding_parts import ScaleBar, SharesBar, UnsurePart, swatch
from medviewer.ui.looking_part import LookingPart, LookingWords
from medviewer.ui.result_words import VERDICT_WORDS, decision_line, main_line, shares, value
from medviewer.ui.threshold_part import ThresholdPart, has_thresholds
from medviewer.ui.widgets import ElidedLabel, button, clear, column, label, row, set_tip

_ROLES = {Verdict.ACCEPTED: "good", Verdict.MODIFIED: "good", Verdict.REJECTED: "bad"}


class FindingCard(QWidget):
    """Shows a finding; never changes it. Emits what the reader wants."""

    clicked = Signal(str)
    accept_wanted = Signal(str)
    edit_wanted = Signal(str)
    reject_wanted = Signal(str)
    reset_wanted = Signal(str)
    threshold_wanted = Signal(str, float)
    threshold_reset = Signal(str)
    look_wanted = Signal(str)
    slice_wanted = Signal(int)

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self._decision: Decision | None = None
        self._is_open = False
        self._looking_words = LookingWords()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(finding.label)
        self._pill = label("", "chip")
        self._details = QWidget()
        self._inside = column(self._details, spacing=4)
        self._details.hide()
        layout = column(self, spacing=4)
        layout.setContentsMargins(12, 8, 10, 8)
        self._head(layout)
        self._threshold = ThresholdPart(finding) if has_thresholds(finding) else None
        self._looking = LookingPart()
        for part in (self._threshold, self._looking, self._details):
            if part is not None:
                part.hide()
                layout.addWidget(part)
        self._connect()

    def _connect(self) -> None:
        """Parts that stay while the details are made anew: a slider would lose the keyboard."""
        finding_id = self.finding.id
        self._looking.toggled.connect(lambda: self.look_wanted.emit(finding_id))
        if self._threshold is not None:
            self._threshold.wanted.connect(lambda at: self.threshold_wanted.emit(finding_id, at))
            self._threshold.reset_wanted.connect(lambda: self.threshold_reset.emit(finding_id))

    def show_threshold(self, own: ReaderThreshold | None) -> None:
        """The reader's threshold; None where the model's own holds."""
        if self._threshold is not None:
            self._threshold.show_threshold(own)

    def show_looking(self, words: LookingWords) -> None:
        """How it stands with where the network looked."""
        self._looking_words = words
        self._looking.show_words(replace(words, can=words.can and self._is_open))

    def _head(self, layout: QVBoxLayout) -> None:
        mark = QLabel()
        mark.setPixmap(swatch(self.finding.colour, self.devicePixelRatioF()))
        title = label(self.finding.label, "heading", wrap=True)
        top = row(mark, title, *_doubt(self.finding), self._pill)
        top.setStretch(1, 1)
        top.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        top.setAlignment(self._pill, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(top)
        parts = shares(self.finding)
        if parts:
            layout.addWidget(SharesBar([m.value for m in parts]))
        grey = bool(self.finding.measurements and self.finding.measurements[0].indicative)
        self._first, self._second = label("", "muted" if grey else ""), label("", "muted")
        layout.addLayout(row(self._first, None, self._second))
        self._show_main(self.finding)  # not before they have a parent: they would be windows
        bar = _bar(self.finding)
        if bar is not None:
            layout.addWidget(bar)

    def _show_main(self, read: Finding) -> None:
        """The leading figures, of the finding as the reader left it."""
        first, second = main_line(read)
        self._first.setText(first)
        self._second.setText(second)
        self._first.setVisible(bool(first))
        self._second.setVisible(bool(first))

    def show_decision(self, decision: Decision, *, is_open: bool) -> None:
        """The reader's word, and whether all of the finding is shown."""
        if decision == self._decision and is_open == self._is_open:
            return
        self._decision, self._is_open = decision, is_open
        self._pill.setText(VERDICT_WORDS[decision.verdict])
        theme.set_role(self._pill, "chip")
        colour = _ROLES.get(decision.verdict)
        self._pill.setStyleSheet(f"color: {theme.colour(colour)};" if colour else "")
        set_tip(self._pill, decision_line(decision))
        change = decision.modification
        read = self.finding if change is None else modified(self.finding, change)
        self._show_main(read)
        clear(self._inside)
        if is_open:
            self._open(read, decision)
        self._details.setVisible(is_open)
        if self._threshold is not None:
            self._threshold.setVisible(is_open)
        self.show_looking(self._looking_words)
        self.update()

    def _open(self, finding: Finding, decision: Decision) -> None:
        """``finding``: as the reader left it; what the model's own figures were stands below."""
        inside = self._inside
        for row_widget in _measurement_rows(finding):
            inside.addWidget(row_widget)
        warned = " ".join(warning.text for warning in finding.warnings)
        for reason in dict.fromkeys(m.indicative for m in finding.measurements):
            if reason and reason not in warned:
                inside.addWidget(label(f"Grey figures are indicative only: {reason}.", "muted", wrap=True))
        if finding.score is not None and finding.score_meaning:
            inside.addWidget(label(f"Score: {finding.score_meaning}", "muted", wrap=True))
        if finding.criterion:
            inside.addWidget(label(finding.criterion, "muted", wrap=True))
        for warning in finding.warnings:
            inside.addWidget(_warning(warning.text))
        own = models_own(self.finding) if finding is not self.finding else ""
        if own:
            inside.addWidget(label(own, "muted", wrap=True))
        if finding.unsure:
            inside.addWidget(UnsurePart(finding.unsure, self.slice_wanted.emit))
        if decision.verdict is not Verdict.PENDING:
            inside.addWidget(label(decision_line(decision), "muted", wrap=True))
        inside.addLayout(self._buttons(decision))

    def _buttons(self, decision: Decision) -> QHBoxLayout:
        buttons: list[QWidget | int | None] = []
        for words, verdict, signal in (
            ("Accept  ⏎", Verdict.ACCEPTED, self.accept_wanted),
            ("Edit  E", None, self.edit_wanted),
            ("Reject  X", Verdict.REJECTED, self.reject_wanted),
            ("Take back", Verdict.PENDING, self.reset_wanted),
        ):
            if verdict is None and self.finding.mask is None:
                continue
            if verdict is Verdict.ACCEPTED and decision.modification is not None:
                continue
            if decision.verdict is not verdict:
                made = button(words)
                made.clicked.connect(self._asks(signal))
                buttons.append(made)
        return row(*buttons, None, spacing=6)

    def _asks(self, signal: object) -> object:
        def ask() -> None:
            signal.emit(self.finding.id)  # type: ignore[attr-defined]

        return ask

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click chooses the finding and goes to its image."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self.finding.id)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """A raised card with the finding's colour at its left; the chosen one framed."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        strip = QColor(self.finding.colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(strip)
        painter.drawRoundedRect(box, 6, 6)
        painter.setBrush(theme.qcolour("raised"))
        painter.drawRoundedRect(box.adjusted(3, 0, 0, 0), 5, 5)
        if self._is_open:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.qcolour("accent"), 1))
            painter.drawRoundedRect(box, 6, 6)


def _doubt(finding: Finding) -> list[QWidget]:
    """A triangle where the opened card has a warning: closed, it must not look like one without."""
    if not finding.warnings:
        return []
    mark = _triangle()
    mark.setAccessibleName("Warning")
    set_tip(mark, "\n".join(warning.text for warning in finding.warnings))
    return [mark]


def _triangle() -> QLabel:
    mark = QLabel()
    mark.setPixmap(icons.pixmap("triangle-alert", theme.colour("attention"), 14))
    return mark


def _bar(finding: Finding) -> ScaleBar | None:
    """A bar where there is a limit to compare with."""
    shown = finding.score
    if shown is None and finding.measurements:
        shown = finding.measurements[0].value
    if shown is None or finding.threshold is None:
        return None
    top = (
        1.0 if finding.score is not None and finding.score <= 1.0 else max(4 * finding.threshold, 1.1 * shown)
    )
    return ScaleBar(shown, finding.threshold, top, finding.colour)


def _measurement_rows(finding: Finding) -> list[QWidget]:
    """What the closed card does not tell already: the other figures, and the ranges of all."""
    told = sum(1 for text in main_line(finding) if text)
    rows = [_range_row(m) for m in finding.measurements[:told] if m.range is not None]
    return rows + [_measurement_row(m) for m in finding.measurements[told:]]


def _range_row(measurement: Measurement) -> QWidget:
    line = QWidget()
    name = ElidedLabel(f"{measurement.name}, range", "muted")
    layout = row(name, label(spread(measurement), "muted"))
    layout.setStretch(0, 1)
    line.setLayout(layout)
    return line


def _measurement_row(measurement: Measurement) -> QWidget:
    """Name and value; grey where the figure may not be relied upon; the range in the tooltip and beside."""
    line = QWidget()
    role = "muted" if measurement.indicative else ""
    name = ElidedLabel(measurement.name, "muted")
    number = label(value(measurement), role)
    layout = row(name, number)
    layout.setStretch(0, 1)
    line.setLayout(layout)
    limits = spread(measurement)
    set_tip(line, f"{measurement.name}: {value(measurement)}" + (f" ({limits})" if limits else ""))
    return line


def _warning(text: str) -> QWidget:
    line = QWidget()
    mark = _triangle()
    mark.setAlignment(Qt.AlignmentFlag.AlignTop)
    layout = row(mark, label(text, wrap=True), spacing=6)
    layout.setStretch(1, 1)
    line.setLayout(layout)
    return line
