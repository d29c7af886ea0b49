"""Millimetres by the reader: the true length of a drawn line, or the magnification the file tells."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QWidget

from medviewer.errors import UsageError
from medviewer.imaging.numbers import number
from medviewer.review.calibration import read_length
from medviewer.ui import theme
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label, row

Pair = tuple[float, float]
Told = tuple[Pair, float | None]
"""(between rows, between columns) in mm, and the magnification against the detector, where that is told."""
_HOLDS = "It holds in the depth of the object alone. Undo takes it back; closing the study forgets it."
_LARGER = "The object would be larger than its picture at the detector: check the line and its length."
_NO_NAME = "Give the name that stands beside the figures"


class _Signed(Dialog):
    """What both ask: who says so, and for which images."""

    def __init__(self, title: str, reader: str, alike: int, parent: QWidget | None) -> None:
        super().__init__(title, parent, width=440)
        self.reader = QLineEdit(reader)
        self.reader.setMaxLength(80)
        self.reader.setAccessibleName("Reader's name")
        self.whole = QCheckBox(f"All images of this series with the same size and scale ({alike})")
        self.whole.setVisible(alike > 1)

    def _end(self, agree: str) -> None:
        name = label("Reader")
        name.setFixedWidth(80)
        self.body.addLayout(row(name, self.reader))
        self.body.addWidget(self.whole)
        self.body.addWidget(label(_HOLDS, "muted", wrap=True))
        self.add_close("Cancel")
        self.agree_button = self.add_button(agree, "primary", default=True)
        self.reader.textChanged.connect(self._check)

    def _name(self) -> str:
        return " ".join(self.reader.text().split())

    def _check(self) -> None:
        """Whether all is said."""
        self.agree_button.setEnabled(bool(self._name()))
        self.agree_button.setToolTip("" if self._name() else _NO_NAME)


class Calibrate(_Signed):
    """Emits (length in mm, for the whole series, reader). ``told`` says what a length would mean; it raises
    :class:`UsageError` for one that cannot be."""

    agreed = Signal(float, bool, str)

    def __init__(
        self, line: str, told: Callable[[float], Told], reader: str, alike: int, parent: QWidget | None
    ) -> None:
        super().__init__("Calibrate by a known length", reader, alike, parent)
        self._told = told
        self._length: float | None = None
        self.body.addWidget(label(line))
        self.field = QLineEdit()
        self.field.setMaxLength(16)
        self.field.setPlaceholderText("such as 100 or 25.4")
        self.field.setAccessibleName("True length in millimetres")
        name = label("True length")
        name.setFixedWidth(80)
        self.body.addLayout(row(name, self.field, label("mm", "muted")))
        self.said: QLabel = label("", "muted", wrap=True)
        self.said.setMinimumHeight(2 * self.said.sizeHint().height())
        self.body.addWidget(self.said)
        self._end("Calibrate")
        self.agree_button.clicked.connect(self._give)
        self.field.textChanged.connect(self._check)
        self.field.setFocus()
        self._check()

    def _check(self) -> None:
        self._length, words, role = None, "", "muted"
        if self.field.text().strip():
            try:
                length = read_length(self.field.text())
                words, role = _meaning(*self._told(length))
                self._length = length
            except UsageError as error:
                words, role = error.sentence(), "bad"
        theme.set_role(self.said, role)
        self.said.setText(words)
        super()._check()
        if self._length is None:
            self.agree_button.setEnabled(False)
            self.agree_button.setToolTip("Write the true length of the line")

    def _give(self) -> None:
        if self._length is not None:
            self.agreed.emit(self._length, self.whole.isChecked(), self._name())
            self.accept()


def _meaning(pair: Pair, magnification: float | None) -> tuple[str, str]:
    """What a length would mean, and the role of the words."""
    across = f"{number(pair[1], decimals=4)} × " if abs(pair[0] / pair[1] - 1) > 1e-6 else ""
    words = f"A pixel is then {across}{number(pair[0], 'mm', 4)}"
    words = f"{words} (width × height)" if across else f"{words} wide and high"
    if magnification is None:
        return f"{words}.", "muted"
    words = f"{words}; the picture at the detector is {number(magnification, decimals=2)} times as large."
    return (words, "muted") if magnification >= 1 else (f"{words} {_LARGER}", "attention")


class Magnification(_Signed):
    """Emits (for the whole series, reader)."""

    agreed = Signal(bool, str)

    def __init__(self, factor: str, reader: str, alike: int, parent: QWidget | None) -> None:
        super().__init__("Correct for magnification?", reader, alike, parent)
        words = (
            f"The file says that the picture at the detector is about {factor} times as large as the object, "
            "an estimate of the device. Lengths will be divided by it, and marked so."
        )
        self.body.addWidget(label(words, wrap=True))
        self._end(f"Divide by {factor}")
        self.agree_button.clicked.connect(self._give)
        self._check()

    def _give(self) -> None:
        self.agreed.emit(self.whole.isChecked(), self._name())
        self.accept()
