"""Opacity of the overlay: fill and outline apart."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSlider, QWidget

from medviewer.imaging.numbers import number
from medviewer.imaging.render import OverlayStyle
from medviewer.ui.widgets import label, set_tip


class OverlayPanel(QWidget):
    """Two sliders."""

    style_wanted = Signal(object)
    """OverlayStyle"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = OverlayStyle()
        self._fill, self._outline = _slider("Opacity of the fill"), _slider("Opacity of the outline")
        self._fill_text, self._outline_text = label("", "muted"), label("", "muted")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for k, (name, slider, text) in enumerate(
            (("Fill", self._fill, self._fill_text), ("Outline", self._outline, self._outline_text))
        ):
            grid.addWidget(label(name), k, 0)
            grid.addWidget(slider, k, 1)
            text.setMinimumWidth(44)
            text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(text, k, 2)
        self._fill.valueChanged.connect(self._moved)
        self._outline.valueChanged.connect(self._moved)
        self.show_style(self._style)

    def show_style(self, style: OverlayStyle) -> None:
        """Put the sliders where the style is."""
        self._style = style
        for slider, value in ((self._fill, style.fill), (self._outline, style.outline)):
            slider.blockSignals(True)
            slider.setValue(round(100 * value))
            slider.blockSignals(False)
        self._fill_text.setText(number(100 * style.fill, "%"))
        self._outline_text.setText(number(100 * style.outline, "%"))

    def _moved(self) -> None:
        self.style_wanted.emit(
            replace(self._style, fill=self._fill.value() / 100, outline=self._outline.value() / 100)
        )


def _slider(name: str) -> QSlider:
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(0, 100)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName(name)
    set_tip(made, name)
    return made
