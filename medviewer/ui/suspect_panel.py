"""Pictures that may show a name: every frame is looked at, rectangles are drawn, then the reader decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSlider, QWidget

from medviewer.dicom.deidentify.blanking import Rectangle
from medviewer.dicom.deidentify.plan import Decision, Verdict
from medviewer.ui.frame_canvas import FrameCanvas
from medviewer.ui.widgets import button, column, label, row


@dataclass
class Suspect:
    """One series whose pixels must be looked at, and how far the reader came."""

    key: str
    name: str
    why: str
    count: int
    seen: set[int] = field(default_factory=set)
    rectangles: tuple[Rectangle, ...] = ()
    decision: Decision | None = None

    @property
    def words(self) -> str:
        """The decision, or how many frames were seen."""
        if self.decision is None:
            return f"{len(self.seen)} of {self.count} seen"
        return {
            Verdict.CLEAN: "nothing burned in",
            Verdict.BLANK: f"{len(self.rectangles)} blanked",
            Verdict.LEAVE_OUT: "left out",
        }[self.decision.verdict]


class SuspectPanel(QWidget):
    """A list of series, a frame, and what to say of it. Frames come from outside, when asked for."""

    frame_wanted = Signal(str, int)
    decided = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._suspects: dict[str, Suspect] = {}
        self._playing = False
        self.list = QListWidget()
        self.list.setFixedWidth(248)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.currentItemChanged.connect(self._chosen)
        self.canvas = FrameCanvas()
        self.canvas.drawn.connect(self._drawn)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.valueChanged.connect(self._ask)
        self._why, self._said = label("", "muted", wrap=True), label("")
        self.play = button("Play all")
        self.play.clicked.connect(self._toggle)
        self.undo = button("Remove last rectangle", "quiet")
        self.undo.clicked.connect(self._undo)
        self.clean = button("Nothing is burned in")
        self.blank = button("Blank the rectangles")
        self.leave = button("Leave this series out", "quiet")
        for made, verdict in (
            (self.clean, Verdict.CLEAN),
            (self.blank, Verdict.BLANK),
            (self.leave, Verdict.LEAVE_OUT),
        ):
            made.setProperty("verdict", verdict.value)
            made.clicked.connect(self._decide)
        right = column()
        right.addWidget(self._why)
        right.addWidget(self.canvas, 1)
        right.addLayout(row(self.play, self.slider, self._said))
        right.addLayout(row(self.clean, self.blank, self.leave, None, self.undo))
        whole = row(self.list, spacing=12)
        whole.addLayout(right, 1)
        whole.setContentsMargins(8, 8, 8, 8)
        self.setLayout(whole)
        self._refresh()

    def show_suspects(self, suspects: list[Suspect]) -> None:
        """The series of a new plan; what was seen and decided before stays."""
        self._suspects = {new.key: self._suspects.get(new.key, new) for new in suspects}
        self.list.clear()
        for suspect in self._suspects.values():
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, suspect.key)
            self.list.addItem(item)
        self._rename()
        if self._suspects:
            self.list.setCurrentRow(0)
        else:
            self.canvas.show_picture(None)
        self._refresh()

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """The reader's words so far, by key of the series."""
        return {s.key: s.decision for s in self._suspects.values() if s.decision is not None}

    @property
    def open_count(self) -> int:
        """How many series nobody has decided on."""
        return sum(s.decision is None for s in self._suspects.values())

    def show_frame(self, key: str, index: int, rgb: NDArray[np.uint8]) -> None:
        """A frame that was asked for."""
        suspect = self._current()
        if suspect is None or suspect.key != key:
            return
        suspect.seen.add(index)
        self.canvas.show_picture(rgb)
        self._refresh()
        self._rename()
        if self._playing:
            if index + 1 < suspect.count:
                self.slider.setValue(index + 1)
            else:
                self._toggle()

    def _current(self) -> Suspect | None:
        item = self.list.currentItem()
        return None if item is None else self._suspects.get(item.data(Qt.ItemDataRole.UserRole))

    def _chosen(self) -> None:
        suspect = self._current()
        self._playing = False
        if suspect is not None:
            self.slider.blockSignals(True)
            self.slider.setRange(0, suspect.count - 1)
            self.slider.setValue(0)
            self.slider.blockSignals(False)
            self._ask(0)
        self._refresh()

    def _ask(self, index: int) -> None:
        suspect = self._current()
        if suspect is not None:
            self.frame_wanted.emit(suspect.key, index)

    def _toggle(self) -> None:
        self._playing = not self._playing
        self._refresh()
        suspect = self._current()
        if self._playing and suspect is not None:
            at_end = self.slider.value() == suspect.count - 1
            if at_end and suspect.count > 1:
                self.slider.setValue(0)
            else:
                self._ask(self.slider.value())

    def _drawn(self, rectangle: Rectangle) -> None:
        suspect = self._current()
        if suspect is not None:
            suspect.rectangles = (*suspect.rectangles, rectangle)
            self._changed(suspect)

    def _undo(self) -> None:
        suspect = self._current()
        if suspect is not None:
            suspect.rectangles = suspect.rectangles[:-1]
            self._changed(suspect)

    def _changed(self, suspect: Suspect) -> None:
        """Other rectangles than were decided on: the decision is open again."""
        suspect.decision = None
        self._told()

    def _decide(self) -> None:
        suspect, sender = self._current(), self.sender()
        if suspect is None or sender is None:
            return
        verdict = Verdict(sender.property("verdict"))
        boxes = suspect.rectangles if verdict is Verdict.BLANK else ()
        suspect.decision = Decision(verdict, boxes)
        self._told()

    def _told(self) -> None:
        self._refresh()
        self._rename()
        self.decided.emit()

    def _rename(self) -> None:
        for number in range(self.list.count()):
            item = self.list.item(number)
            suspect = self._suspects[item.data(Qt.ItemDataRole.UserRole)]
            item.setText(f"{suspect.name}\n{suspect.words}")

    def _refresh(self) -> None:
        suspect = self._current()
        whole = suspect is not None and len(suspect.seen) == suspect.count
        drawn = suspect is not None and bool(suspect.rectangles)
        self.canvas.show_rectangles(suspect.rectangles if suspect is not None else ())
        self.play.setText("Pause" if self._playing else "Play all")
        self.play.setEnabled(suspect is not None)
        self.slider.setEnabled(suspect is not None)
        self.clean.setEnabled(whole and not drawn)
        self.blank.setEnabled(whole and drawn)
        self.leave.setEnabled(suspect is not None)
        self.undo.setEnabled(drawn)
        if suspect is None:
            self._why.setText("No picture of this export has to be looked at.")
            self._said.setText("")
            return
        why = (
            f"{suspect.why[:1].upper()}{suspect.why[1:]}. Look at every frame; drag over words to blank them."
        )
        self._why.setText(why)
        self._said.setText(f"{self.slider.value() + 1} / {suspect.count}, {suspect.words}")
