"""Parts of the log-book's dialog: the table of agreement, the line of a stopped model, the stop rule."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QPushButton, QWidget

from medviewer.imaging.numbers import number
from medviewer.review.agreement import Agreement
from medviewer.review.stop_rule import Stop, StopRule
from medviewer.ui import icons, theme
from medviewer.ui.log_charts import IntervalBar
from medviewer.ui.widgets import ElidedLabel, button, column, frame, label, row

_ARROW_PX = 14
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def agreement_table(rows: Sequence[Agreement], percent: int | None, first: str, *, has_runs: bool) -> QFrame:
    """A line for each: counts, the share with its interval drawn and told; ``percent``: the stop rule's."""
    made = frame("card-plain")
    grid = QGridLayout(made)
    grid.setContentsMargins(12, 8, 12, 8)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(2)
    heads = [first, *(("Runs",) if has_runs else ()), "Findings", "Accepted", "Modified", "Rejected"]
    for k, head in enumerate((*heads, "Not reviewed", "Agreement", "")):
        told = label(head, "muted")
        if 0 < k <= len(heads):
            told.setAlignment(_RIGHT)
        grid.addWidget(told, 0, k)
    for line, agreement in enumerate(rows, 1):
        grid.addWidget(ElidedLabel(agreement.name), line, 0)
        counts = [agreement.found, agreement.accepted, agreement.modified, agreement.rejected]
        counts = [*([agreement.runs] if has_runs else []), *counts]
        for k, text in enumerate((*map(number, counts), _not_reviewed(agreement)), 1):
            told = label(text)
            told.setAlignment(_RIGHT)
            grid.addWidget(told, line, k)
        grid.addWidget(IntervalBar(agreement, percent), line, len(heads) + 1)
        grid.addWidget(label(agreement.words(), "muted" if agreement.is_few else ""), line, len(heads) + 2)
    grid.setColumnStretch(0, 3)
    grid.setColumnMinimumWidth(0, 210)
    grid.setColumnStretch(len(heads) + 1, 4)
    grid.setColumnMinimumWidth(len(heads) + 2, 204)
    return made


def _not_reviewed(agreement: Agreement) -> str:
    if not agreement.found:
        return number(0)
    share = number(100 * agreement.not_reviewed / agreement.found, "%")
    return f"{agreement.not_reviewed} ({share})" if agreement.not_reviewed else number(0)


def stop_row(name: str, stop: Stop) -> tuple[QFrame, QPushButton]:
    """Why a model does not run on a click, and the button that lets it."""
    made = frame("card-attention")
    layout = column(made, margin=10, spacing=4)
    again = button("Let it run again…")
    words = label(f"{name}: {stop.words()} Since {stop.since[:10]}.", wrap=True)
    line = row(words, again)
    line.setStretch(0, 1)
    layout.addLayout(line)
    return made, again


class Choice(QComboBox):
    """Its arrow from the one family of icons."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The arrow over what the style sheet draws."""
        super().paintEvent(event)
        painter = QPainter(self)
        arrow = icons.pixmap("chevron-down", theme.colour("muted"), _ARROW_PX)
        painter.drawPixmap(self.width() - _ARROW_PX - 8, (self.height() - _ARROW_PX) // 2, arrow)
        painter.end()


class NumberChoice(Choice):
    """A few sensible numbers, and whatever else the settings say."""

    def __init__(self, numbers: Sequence[int], unit: str, name: str) -> None:
        super().__init__()
        self._unit = unit
        self.setAccessibleName(name)
        for value in numbers:
            self.addItem(number(value, unit), value)

    @property
    def value(self) -> int:
        """The number chosen."""
        return int(self.currentData())

    def set_value(self, value: int) -> None:
        """Choose a number; one that is not listed joins the list at its place."""
        if self.findData(value) < 0:
            place = sum(int(self.itemData(k)) < value for k in range(self.count()))
            self.insertItem(place, number(value, self._unit), value)
        self.setCurrentIndex(self.findData(value))


class RuleRow(QWidget):
    """ "[x] Stop a model when fewer than [50 %] of its last [20] decided findings were accepted [Set]" """

    rule_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.is_on = QCheckBox("Stop a model when fewer than")
        self.percent = NumberChoice((50, 60, 70, 80, 90, 95), "%", "Share that must be accepted")
        self.decided = NumberChoice((10, 20, 30, 50, 100), "", "How many findings the rule looks at")
        self.set_button = button("Set")
        self._kept = self.rule
        parts = (
            self.is_on, self.percent, label("of its last"), self.decided,
            label("decided findings were accepted"), self.set_button, None,
        )  # fmt: skip
        layout = column(self, spacing=4)
        layout.addLayout(row(*parts))
        words = (
            "A stopped model does not run on a click; the list beside Analyze still runs it, on record. "
            "It stays stopped until somebody lets it run again."
        )
        layout.addWidget(label(words, "muted", wrap=True))
        self.is_on.toggled.connect(self._touched)
        self.percent.currentIndexChanged.connect(self._touched)
        self.decided.currentIndexChanged.connect(self._touched)
        self.set_button.clicked.connect(self._set)

    @property
    def rule(self) -> StopRule:
        """The rule as it stands in the fields."""
        return StopRule(self.is_on.isChecked(), self.percent.value, self.decided.value)

    def show_rule(self, rule: StopRule) -> None:
        """The rule that holds; fields the reader has touched and not set stay as they are."""
        if self.rule != self._kept and rule == self._kept:
            return
        self._kept = rule
        self.is_on.setChecked(rule.is_on)
        self.percent.set_value(rule.percent)
        self.decided.set_value(rule.window)
        self._touched()

    def _touched(self) -> None:
        for field in (self.percent, self.decided):
            field.setEnabled(self.is_on.isChecked())
        self.set_button.setEnabled(self.rule != self._kept)

    def _set(self) -> None:
        self.rule_wanted.emit(self.rule)
