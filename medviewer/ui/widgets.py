"""Small building blocks of panels and dialogs. Every text is plain text: a patient's name is never markup."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from medviewer.ui import icons, theme


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """A label that never reads its text as markup."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setWordWrap(wrap)
    if wrap:
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    if role:
        theme.set_role(made, role)
    return made


def set_tip(widget: QWidget, text: str) -> None:
    """A tooltip of plain text, wrapped: Qt would take what looks like markup for markup."""
    lines = escape(text).replace("\n", "<br>")
    widget.setToolTip(f"<span>{lines}</span>" if text else "")


def button(text: str, role: str = "", icon: str = "") -> QPushButton:
    """A button that a click does not give the keyboard to, so that keys keep going to the image."""
    made = QPushButton(text)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAutoDefault(False)
    if icon:
        made.setIcon(icons.icon(icon))
        made.setIconSize(QSize(16, 16))
    if role:
        theme.set_role(made, role)
    return made


def quiet_focus(widget: QAbstractButton) -> None:
    """The keyboard stays with the image after a click."""
    widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)


def frame(role: str) -> QFrame:
    """A frame the style sheet knows by its role."""
    made = QFrame()
    theme.set_role(made, role)
    return made


def row(*parts: QWidget | int | None, spacing: int = 8) -> QHBoxLayout:
    """Widgets side by side; None is a stretch, a number a gap."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        else:
            layout.addWidget(part)
    return layout


def column(parent: QWidget | None = None, *, margin: int = 0, spacing: int = 8) -> QVBoxLayout:
    """A vertical layout, set on ``parent`` where given."""
    layout = QVBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    if parent is not None:
        parent.setLayout(layout)
    return layout


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


class ElidedLabel(QLabel):
    """One line that gives way in the middle; the whole is in the tooltip."""

    def __init__(self, text: str = "", role: str = "") -> None:
        super().__init__()
        self._full = text
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if role:
            theme.set_role(self, role)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._full = text
        self.setText(text)
        self._tell()

    def _shown(self) -> str:
        return self.fontMetrics().elidedText(
            self._full, Qt.TextElideMode.ElideMiddle, max(0, self.contentsRect().width())
        )

    def _tell(self) -> None:
        set_tip(self, self._full if self._shown() != self._full else "")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The tooltip says the whole only where something is left out."""
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The text as far as there is room."""
        del event
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(
            self.contentsRect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), self._shown()
        )
