"""The reader's own words, under the sentences of the accepted findings with links to their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QScrollArea, QWidget

from medviewer.ai.findings import Finding
from medviewer.review.modification import CRITERION
from medviewer.ui import theme
from medviewer.ui.widgets import button, clear, column, label, set_tip

_SENTENCES_HEIGHT = 132


class WordsEdit(QPlainTextEdit):
    """A text field whose typing never triggers the window's keys. Undo is the session's."""

    left = Signal()
    """The reader is done with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setPlaceholderText("Your impression …")
        self.setAccessibleName("Impression")

    def event(self, event: QEvent) -> bool:
        """Keys without Ctrl or Alt are text here; undo and redo stay the window's."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo):
                event.ignore()
                return False
            held = event.modifiers() & ~(
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
            )
            leaves = (Qt.Key.Key_F5, Qt.Key.Key_F11, Qt.Key.Key_F1)
            if held == Qt.KeyboardModifier.NoModifier and event.key() not in leaves:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape leaves the field, and does nothing else."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ImpressionPanel(QWidget):
    """Emits every change of the text, and the finding whose image is wanted."""

    text_changed = Signal(str)
    finding_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inside = QWidget()
        theme.set_role(inside, "panel")
        self._sentences = column(inside, spacing=2)
        self._list = QScrollArea()
        self._list.setWidget(inside)
        self._list.setWidgetResizable(True)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setFixedHeight(_SENTENCES_HEIGHT)
        self._list.hide()
        self._shown: tuple[tuple[Finding, str], ...] = ()
        self.edit = WordsEdit()
        self.edit.setFixedHeight(96)
        self.edit.textChanged.connect(self._changed)
        layout = column(self, spacing=6)
        layout.addWidget(self._list)
        layout.addWidget(self.edit)

    def show_text(self, text: str) -> None:
        """Show the session's text; nothing happens when it came from here."""
        if text == self.edit.toPlainText():
            return
        self.edit.blockSignals(True)
        self.edit.setPlainText(text)
        self.edit.moveCursor(QTextCursor.MoveOperation.End)
        self.edit.blockSignals(False)

    def show_sentences(self, findings: Sequence[Finding], makers: Mapping[str, str]) -> None:
        """The accepted findings, each with a link to its image. ``makers`` names by finding id the models,
        where there are several."""
        shown = tuple((finding, makers.get(finding.id, "")) for finding in findings)
        if list(shown) == list(self._shown):
            return
        self._shown = shown
        clear(self._sentences)
        self._list.setVisible(bool(findings))
        for finding, maker in shown:
            self._sentences.addWidget(label(finding.sentence, wrap=True))
            image = f" · image {finding.key_slice + 1}" if finding.key_slice is not None else ""
            whose = f" · {maker}" if maker else ""
            word = "modified by the reader" if finding.criterion == CRITERION else "accepted"
            link = button(f"AI, {word}{image}{whose}", "link")
            link.setProperty("finding", finding.id)
            link.clicked.connect(self._link_clicked)
            set_tip(link, "Show this image")
            self._sentences.addWidget(link)
        self._sentences.addStretch(1)

    def set_open(self, is_open: bool) -> None:
        """Whether there is a study to write about."""
        self.edit.setEnabled(is_open)

    def _changed(self) -> None:
        self.text_changed.emit(self.edit.toPlainText())

    def _link_clicked(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.finding_wanted.emit(str(sender.property("finding")))
