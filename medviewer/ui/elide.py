"""Labels for text that may be too long or not to be trusted: plain, shortened in the middle."""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QWidget

from medviewer.ui import theme


def plain_tip(text: str) -> str:
    """A tool tip that shows ``text`` as it is: Qt would take anything like markup for markup."""
    return f"<span>{html.escape(text)}</span>" if text else ""


def label(text: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """A label of plain text in a role of the style sheet."""
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    if role:
        theme.set_role(made, role)
    return made


def in_two_lines(text: str, font: QFont, width: int) -> str:
    """The text in one line or two, broken between words where it can be; what is left over ends in "…"."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    if line.isValid():
        line.setLineWidth(max(1, width))
    layout.endLayout()
    end = line.textLength() if line.isValid() else len(text)
    if end >= len(text):
        return text
    rest = QFontMetrics(font).elidedText(text[end:].strip(), Qt.TextElideMode.ElideRight, width)
    return f"{text[:end].rstrip()}\n{rest}"


class ElidedLabel(QLabel):
    """One line that never asks for more room than there is."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._whole = ""
        if role:
            theme.set_role(self, role)
        self.set_whole(text)

    @property
    def whole(self) -> str:
        """The text before it was shortened."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Show another text."""
        self._whole = " ".join(text.splitlines())
        self._fit()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as need be."""
        return QSize(0, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough for the whole text."""
        wide = self.fontMetrics().horizontalAdvance(self._whole) + 2
        return QSize(wide, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Shorten to the new width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Another font needs another shortening."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_whole"):
            self._fit()

    def _shortened(self, width: int) -> str:
        return self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, width)

    def _fit(self) -> None:
        shown = self._shortened(max(0, self.width()))
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(plain_tip(self._whole) if shown.replace("\n", " ") != self._whole else "")


class TwoLines(ElidedLabel):
    """Up to two lines; as high as it needs."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, role, parent)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """One line or two, as the width asks."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Height of its lines at this width."""
        return (1 + self._shortened(width).count("\n")) * self.fontMetrics().lineSpacing()

    def _shortened(self, width: int) -> str:
        return in_two_lines(self._whole, self.font(), width)
