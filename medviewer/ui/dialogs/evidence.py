"""What shall leave as evidence? A tick for each kind with one plain sentence, then where to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QProgressBar, QWidget

from medviewer.review.pack_kinds import KINDS
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.theme import set_role
from medviewer.ui.widgets import label

_NAMED = (
    "SEG, SR, pictures, key images, PDF and annotations name the patient, as the images do. "
    "File names never do. All of it is for research use, not for diagnosis."
)


class EvidenceDialog(Dialog):
    """Emits the wish to write, or to stop writing; says what came of it without closing."""

    write_wanted = Signal(frozenset)
    """Ids of kinds."""
    stop_wanted = Signal()
    folder_wanted = Signal()
    """The reader wants to see the folder that was written."""

    def __init__(self, subject: str, ticked: frozenset[str], parent: QWidget | None) -> None:
        """``subject``: what the evidence is about, in few words."""
        super().__init__("Export evidence", parent, width=600)
        self.resize(600, 600)
        self.body.addWidget(label(subject, "muted", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.boxes: dict[str, QCheckBox] = {}
        for k, kind in enumerate(KINDS):
            box = self.boxes[kind.id] = QCheckBox(kind.name)
            box.setChecked(kind.id in ticked)
            box.toggled.connect(self._toggled)
            grid.addWidget(box, k, 0)
            grid.addWidget(label(kind.sentence, "muted", wrap=True), k, 1)
        self.body.addSpacing(8)
        self.body.addLayout(grid)
        self.body.addSpacing(8)
        self.body.addWidget(label(_NAMED, wrap=True))
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps when the work begins
        self.bar.setSizePolicy(policy)
        self.bar.hide()
        self.body.addWidget(self.bar)
        self.said = label("", wrap=True)
        self.said.setMinimumHeight(3 * self.said.fontMetrics().lineSpacing())
        self.body.addWidget(self.said)
        self.body.addStretch(1)
        self._show = self.add_button("Show folder", "quiet")
        self._show.clicked.connect(self.folder_wanted)
        self._show.hide()
        self.stop_button = self.add_button("Stop")
        self.stop_button.clicked.connect(self.stop_wanted)
        self.stop_button.hide()
        self.add_close()
        self.write_button = self.add_button("Write to folder…", "primary", default=True)
        self.write_button.clicked.connect(self._write)
        self._busy = False
        self._toggled()

    def ticked(self) -> frozenset[str]:
        """The kinds that are ticked."""
        return frozenset(kind for kind, box in self.boxes.items() if box.isChecked())

    def show_progress(self, fraction: float, text: str) -> None:
        """What is being written now."""
        self.bar.setValue(round(1000 * fraction))
        self.say((text,) if text else ())

    def set_busy(self, busy: bool) -> None:
        """While it writes there is nothing to tick, but it can be stopped."""
        self._busy = busy
        self.bar.setVisible(busy)
        self.bar.setValue(0)
        self.stop_button.setVisible(busy)
        for box in self.boxes.values():
            box.setEnabled(not busy)
        self._toggled()

    def say(self, sentences: Sequence[str], *, bad: bool = False, written: bool = False) -> None:
        """What is going on or came of it; ``written``: there is a folder to look at."""
        set_role(self.said, "bad" if bad else "")
        self.said.setText("\n".join(sentences))
        self._show.setVisible(written)

    def _toggled(self) -> None:
        self.write_button.setEnabled(not self._busy and bool(self.ticked()))

    def _write(self) -> None:
        self.write_wanted.emit(self.ticked())
