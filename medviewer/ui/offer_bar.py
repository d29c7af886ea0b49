"""A question over the pictures that can wait: one sentence, two answers. It stays until one is given."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from medviewer.ui import icons, theme
from medviewer.ui.floating import Floating
from medviewer.ui.widgets import button, frame, label

_MARGIN = 12
_WIDEST = 720
_BUTTONS = 320
_ABOVE_NOTICES = 124


class OfferBar(Floating):
    """Floats over the lower part of ``host``, above the notices, where no corner text stands.

    ``yes`` or ``no``, then it is gone."""

    yes = Signal()
    no = Signal()

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, frame("card"))
        self._icon = label()
        self._icon.setPixmap(icons.pixmap("info", theme.colour("muted")))
        self._text = label(wrap=True)
        self.yes_button, self.no_button = button("", "primary"), button("", "quiet")
        self.yes_button.clicked.connect(self._said_yes)
        self.no_button.clicked.connect(self._said_no)
        layout = QHBoxLayout(self._frame)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.no_button)
        layout.addWidget(self.yes_button)

    @property
    def text(self) -> str:
        """What is asked, empty when nothing is."""
        return self._text.text() if not self._frame.isHidden() else ""

    def ask(self, sentence: str, yes: str, no: str) -> None:
        """Ask, in place of what was asked before."""
        self._text.setText(sentence)
        self.yes_button.setText(yes)
        self.no_button.setText(no)
        self._show()

    def hide(self) -> None:
        """Nothing is asked."""
        self._frame.hide()

    def _said_yes(self) -> None:
        self.hide()
        self.yes.emit()

    def _said_no(self) -> None:
        self.hide()
        self.no.emit()

    def _place(self) -> None:
        width = max(200, min(_WIDEST, self._host.width() - 2 * _MARGIN))
        self._frame.setFixedWidth(width)
        inner = max(120, width - _BUTTONS)
        self._frame.setFixedHeight(max(48, self._text.heightForWidth(inner) + 20))
        top = self._host.height() - self._frame.height() - _ABOVE_NOTICES
        self._frame.move(max(0, (self._host.width() - width) // 2), max(0, top))
