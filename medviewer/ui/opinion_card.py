"""One second opinion as a card: how far two models agree on a structure, where they differ most."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QWidget

from medviewer.ai.second_opinion import Comparison
from medviewer.review import opinion_words as words
from medviewer.ui.finding_parts import swatch
from medviewer.ui.widgets import ElidedLabel, button, column, frame, label, quiet_focus, row, set_tip


class OpinionCard(QWidget):
    """Shows a comparison; never says who is right."""

    slice_wanted = Signal(int)
    """Stored slice"""
    difference_wanted = Signal(object)
    """The comparison to draw, or None"""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self.comparison = comparison
        outside = frame("card-plain")
        inside = column(outside, margin=10, spacing=4)
        title = ElidedLabel(comparison.structure, "heading")
        score = label(words.dice(comparison), "heading")
        set_tip(score, "Twice what both outline over the sum of both: 1 is agreement to the voxel.")
        head = row(title, score)
        head.setStretch(0, 1)
        inside.addLayout(head)
        for place in (0, 1):
            inside.addWidget(self._side(place))
        amount, share = words.difference(comparison)
        apart = self._line("Difference", f"{amount}, {share}")
        set_tip(apart, f"The two sizes are {amount} apart: {share} of their mean.")
        inside.addWidget(apart)
        for note in comparison.notes:
            inside.addWidget(label(note, "muted", wrap=True))
        self.show_switch = QCheckBox("Show where they differ")
        quiet_focus(self.show_switch)
        self.show_switch.toggled.connect(self._switched)
        self.jumps = tuple(self._jump(place) for place in range(len(comparison.slices)))
        if comparison.slices:
            if comparison.only_first.shape[0] > 1:
                inside.addLayout(self._most())
            inside.addWidget(self.show_switch)
        inside.addWidget(label(words.NEITHER, "muted", wrap=True))
        column(self).addWidget(outside)

    def _side(self, place: int) -> QWidget:
        """Swatch and letter as on the image, the model, how much it outlines."""
        opinion = (self.comparison.first, self.comparison.second)[place]
        mark = QLabel()
        mark.setPixmap(swatch(words.COLOURS[place], self.devicePixelRatioF()))
        mark.setAccessibleName(words.legend(self.comparison)[place])
        title = opinion.model.rpartition(" ")[0]
        name = ElidedLabel(f"{words.LETTERS[place]}  {title}")
        line = QWidget()
        layout = row(mark, name, label(words.size(opinion)), spacing=6)
        layout.setStretch(1, 1)
        line.setLayout(layout)
        set_tip(line, words.names(self.comparison)[place])
        return line

    @staticmethod
    def _line(name: str, value: str) -> QWidget:
        line = QWidget()
        layout = row(label(name, "muted"), None, label(value))
        line.setLayout(layout)
        return line

    def _jump(self, place: int) -> QPushButton:
        index = self.comparison.slices[place].index
        made = button(str(index + 1), "chip")

        def jump() -> None:
            self.slice_wanted.emit(index)

        made.clicked.connect(jump)
        set_tip(made, f"{words.slice_words(self.comparison, place)} belong to one outline alone. Go there.")
        return made

    def _most(self) -> QHBoxLayout:
        return row(label("Most on images", "muted"), None, *self.jumps, spacing=6)

    def _switched(self, on: bool) -> None:
        self.difference_wanted.emit(self.comparison if on else None)

    def show_drawn(self, drawn: bool) -> None:
        """Whether the difference is drawn on the images now."""
        if self.show_switch.isChecked() != drawn:
            self.show_switch.blockSignals(True)
            self.show_switch.setChecked(drawn)
            self.show_switch.blockSignals(False)
