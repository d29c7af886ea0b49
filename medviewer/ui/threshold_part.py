"""The threshold in a finding's card: what the score is, the model's own threshold, and what another costs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QSlider, QWidget

from medviewer.ai.findings import Finding, OperatingPoint
from medviewer.review.state import ReaderThreshold
from medviewer.review.thresholding import cost_words, reading_words, threshold_text
from medviewer.ui.widgets import button, column, label, row, set_tip


def has_thresholds(finding: Finding) -> bool:
    """Whether there is anything to move: a score, a threshold, and measured costs of others."""
    return finding.score is not None and finding.threshold is not None and len(finding.operating_points) > 1


class ThresholdPart(QWidget):
    """A slider over the measured thresholds. What it stands on is shown at once and asked for when it is let
    go of, or at every key."""

    wanted = Signal(float)
    reset_wanted = Signal()

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self._finding = finding
        self._points = tuple(sorted(finding.operating_points, key=lambda p: p.threshold))
        self._slider = _slider(len(self._points))
        self._at, self._reads = label(), label("", wrap=True)
        self._found, self._spared = label("", wrap=True), label("", wrap=True)
        self._back = _back_button(threshold_text(finding.threshold or 0.0))
        layout = column(self, spacing=4)
        models = threshold_text(finding.threshold or 0.0)
        own = reading_words(finding, finding.threshold or 0.0)
        layout.addWidget(label(f"Model's threshold {models}, {own}.", wrap=True))
        layout.addLayout(row(label("Threshold", "muted"), self._slider, self._at, self._back))
        layout.addLayout(self._grid())
        layout.addWidget(label(_measured_on(self._points), "muted", wrap=True))
        self._slider.valueChanged.connect(self._moved)
        self._slider.sliderReleased.connect(self._ask)
        self._back.clicked.connect(self.reset_wanted)
        self.show_threshold(None)

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        rows = (("Reads", self._reads), ("Sensitivity", self._found), ("Specificity", self._spared))
        for k, (name, said) in enumerate(rows):
            grid.addWidget(label(name, "muted"), k, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(said, k, 1)
        return grid

    @property
    def point(self) -> OperatingPoint:
        """The measured threshold that the slider stands on."""
        return self._points[self._slider.value()]

    def show_threshold(self, own: ReaderThreshold | None) -> None:
        """The reader's threshold, or the model's own."""
        wanted = own.threshold if own is not None else self._finding.threshold
        near = min(range(len(self._points)), key=lambda k: abs(self._points[k].threshold - (wanted or 0.0)))
        if not self._slider.isSliderDown():
            self._slider.blockSignals(True)
            self._slider.setValue(near)
            self._slider.blockSignals(False)
        self._back.setEnabled(own is not None)
        self._tell()

    def _moved(self) -> None:
        self._tell()
        if not self._slider.isSliderDown():
            self._ask()

    def _ask(self) -> None:
        self.wanted.emit(self.point.threshold)

    def _tell(self) -> None:
        point = self.point
        whose = "model's" if point.threshold == self._finding.threshold else "reader's"
        self._at.setText(threshold_text(point.threshold))
        self._at.setMinimumWidth(36)
        set_tip(self._at, f"The {whose} threshold")
        self._reads.setText(reading_words(self._finding, point.threshold))
        found, spared = cost_words(point)
        self._found.setText(found)
        self._spared.setText(spared)
        self._slider.setAccessibleDescription(f"{whose} {threshold_text(point.threshold)}")


def _measured_on(points: tuple[OperatingPoint, ...]) -> str:
    """Whose figures these are; measured thresholds only, nothing between them."""
    data = next((p.data for p in points if p.data), "the model's evaluation set")
    return f"Measured on {data}; {len(points)} thresholds, none in between."


def _back_button(models: str) -> QPushButton:
    made = button("", "quiet", "rotate-ccw")
    words = f"Back to the model's threshold {models}"
    made.setAccessibleName(words)
    set_tip(made, words)
    return made


def _slider(count: int) -> QSlider:
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(0, count - 1)
    made.setPageStep(4)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName("Threshold")
    set_tip(made, "Arrow keys move it when it has the keyboard (Tab)")
    return made
