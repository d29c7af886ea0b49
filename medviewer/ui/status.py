"""The status bar: device and what was done last on the left, window and the legal word on the right."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from medviewer.imaging.numbers import decimals_for, number
from medviewer.imaging.presets import CT_PRESETS
from medviewer.imaging.volume import Unit
from medviewer.review.state import Change, State
from medviewer.ui.widgets import label

LEGAL = "Research use: not for primary diagnosis"


class Status(QStatusBar):
    """One line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._device, self._said = label("Device: asked after the first picture"), label()
        self._window = label()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._bar.hide()
        for widget in (self._device, self._bar, self._said):
            self.addWidget(widget)
        self.addPermanentWidget(self._window)
        self.addPermanentWidget(label(LEGAL))

    @property
    def device(self) -> str:
        """What models run on, as shown."""
        return self._device.text().removeprefix("● ")

    def set_device(self, line: str) -> None:
        """What models run on."""
        self._device.setText(f"● {line}")

    def say(self, sentence: str) -> None:
        """What was done."""
        self._bar.hide()
        self._said.setText(sentence)

    def progress(self, fraction: float, text: str) -> None:
        """What is going on."""
        self._bar.setVisible(fraction < 1.0)
        self._bar.setValue(round(1000 * max(0.0, fraction)))
        self._said.setText(text)

    def apply(self, state: State, change: Change) -> None:
        """Show what changed."""
        if change & (Change.WINDOW | Change.SERIES):
            self._window.setText(window_name(state))


def window_name(state: State) -> str:
    """ "Lung window (4)", "W 380 L 12", or empty."""
    window, series = state.window, state.series
    if window is None or series is None or series.unit is Unit.RGB:
        return ""
    inverted = ", inverted" if window.invert else ""
    if window.lut is not None:
        return f"VOI LUT {window.name}".rstrip() + inverted
    for preset in CT_PRESETS if series.unit is Unit.HU else ():
        if (preset.window.centre, preset.window.width) == (window.centre, window.width):
            key = f" ({preset.key})" if preset.key else ""
            return f"{preset.name} window{key}{inverted}"
    digits = decimals_for(window.width)
    width, centre = (number(value, "", digits).replace(",", "") for value in (window.width, window.centre))
    return f"W {width} L {centre}{inverted}"
