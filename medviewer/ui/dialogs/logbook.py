"""The AI log-book: how far readers and models agree, why findings were rejected, the site's stop rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from medviewer.review.agreement import Agreement, by_label, by_version, course, reasons
from medviewer.review.logbook_records import LogData, Version
from medviewer.review.stop_rule import Stop, StopRule
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.dialogs.logbook_parts import Choice, RuleRow, agreement_table, stop_row
from medviewer.ui.log_charts import CountBars, CourseChart
from medviewer.ui.theme import set_role
from medviewer.ui.widgets import clear, column, frame, label, row

_ABOUT = (
    "Runs and decisions on this computer, without patient data. Agreement is how many decided findings were "
    "accepted as they are, with its 95 % interval; it says nothing of who was right."
)


class LogBookDialog(Dialog):
    """Shows what it is handed; what the reader asks for comes out as signals."""

    reset_wanted = Signal(str, str)
    """Model id, version."""
    rule_wanted = Signal(object)
    """A StopRule."""
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__("AI log-book", parent, width=1120)
        self.resize(1120, min(880, self.screen().availableGeometry().height() - 80))
        self._data, self._rule = LogData(), StopRule()
        self._stops: Mapping[Version, Stop] = {}
        self._versions = column(spacing=8)
        self._details, self._labels = QWidget(), column(spacing=8)
        self.choice = Choice()
        self.choice.setAccessibleName("Model version")
        self.bars, self.chart = CountBars(), CourseChart()
        self._no_reasons = label("No finding was rejected.", "muted")
        self.rule_row, self._course_head = RuleRow(), label("", "section")
        self._build()
        self.choice.currentIndexChanged.connect(self._show_details)
        self.rule_row.rule_wanted.connect(self.rule_wanted)

    def _build(self) -> None:
        inside = QWidget()
        set_role(inside, "scrolled")
        layout = column(inside, spacing=8)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.addWidget(label(_ABOUT, "muted", wrap=True))
        layout.addLayout(self._versions)
        layout.addWidget(self._details)
        layout.addStretch(1)
        self._build_details()
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(area, 1)
        self.body.addWidget(frame("separator"))
        self.body.addWidget(self.rule_row)
        self.said = label("", "muted", wrap=True)
        self.body.addWidget(self.said)
        self.said.hide()
        self.export_button = self.add_button("Export as CSV…")
        self.export_button.clicked.connect(self.export_wanted)
        self.add_close()

    def _build_details(self) -> None:
        layout = column(self._details, spacing=8)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(row(self.choice, None))
        layout.addWidget(label("BY FINDING", "section"))
        layout.addLayout(self._labels)
        left, right = column(spacing=8), column(spacing=8)
        for part in (label("REASONS FOR REJECTION", "section"), self.bars, self._no_reasons):
            left.addWidget(part)
        left.addStretch(1)
        right.addWidget(self._course_head)
        right.addWidget(self.chart, 1)
        both = row(spacing=24)
        both.addLayout(left, 2)
        both.addLayout(right, 3)
        layout.addLayout(both)

    def show_data(self, data: LogData, stops: Mapping[Version, Stop], rule: StopRule) -> None:
        """Show the book anew; the version looked at stays chosen."""
        self._data, self._stops, self._rule = data, stops, rule
        rows = by_version(data)
        clear(self._versions)
        self._show_versions(rows)
        self._offer(rows)
        self.rule_row.show_rule(rule)
        self.export_button.setEnabled(bool(data.runs or data.decisions or data.acts))
        self._details.setVisible(bool(rows))
        self._show_details()

    def _show_versions(self, rows: Mapping[Version, Agreement]) -> None:
        if not rows:
            words = "Nothing yet: run a model (F5), then accept or reject what it found."
            self._versions.addWidget(label(words, "muted", wrap=True))
            return
        self._versions.addWidget(label("BY MODEL VERSION", "section"))
        self._versions.addWidget(agreement_table(tuple(rows.values()), self._percent, "Model", has_runs=True))
        for version, stop in self._stops.items():
            if version in rows:
                made, again = stop_row(rows[version].name, stop)
                again.clicked.connect(lambda _=False, v=version: self.reset_wanted.emit(*v))
                self._versions.addWidget(made)

    @property
    def _percent(self) -> int | None:
        return self._rule.percent if self._rule.is_on else None

    def _offer(self, rows: Mapping[Version, Agreement]) -> None:
        chosen: Version | None = self.choice.currentData()
        self.choice.blockSignals(True)
        self.choice.clear()
        for version, told in rows.items():
            self.choice.addItem(told.name, version)
        most: Sequence[Version] = sorted(rows, key=lambda version: -rows[version].decided)
        wanted = tuple(chosen) if chosen is not None and tuple(chosen) in rows else next(iter(most), None)
        if wanted is not None:
            self.choice.setCurrentIndex(list(rows).index((wanted[0], wanted[1])))
        self.choice.blockSignals(False)

    def _show_details(self) -> None:
        version = self.choice.currentData()
        if version is None:
            return
        chosen: Version = (version[0], version[1])
        labels = by_label(self._data, chosen)
        clear(self._labels)
        self._labels.addWidget(agreement_table(labels, self._percent, "Finding", has_runs=False))
        said = reasons(self._data, chosen)
        self.bars.show_counts(said)
        self.bars.setVisible(bool(said))
        self._no_reasons.setVisible(not said)
        self._course_head.setText(f"COURSE: ACCEPTED OF THE LAST {self._rule.window}")
        points = course(self._data, chosen, self._rule.window)
        decided = sum(one.decided for one in labels)
        self.chart.show_course(points, self._rule.window, self._percent, decided)

    def say(self, words: str) -> None:
        """One sentence at the bottom."""
        self.said.setText(words)
        self.said.show()
