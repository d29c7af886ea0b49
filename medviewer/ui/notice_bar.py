"""One sentence over the pictures: what failed, or what came of an act. No dialog, nothing moves."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from medviewer.ui import icons, theme
from medviewer.ui.floating import Floating
from medviewer.ui.widgets import button, frame, label

_NOTE_MS = 6000
_MARGIN = 12
_WIDEST = 640


class NoticeBar(Floating):
    """Floats at the bottom of ``host``. Problems stay until they are closed, notes go by themselves."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, frame("card-attention"))
        self._icon = label()
        self._text = label(wrap=True)
        self._close = button("Close", "quiet")
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self._frame)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)

    @property
    def text(self) -> str:
        """What is said, empty when nothing is."""
        return self._text.text() if not self._frame.isHidden() else ""

    def problem(self, sentence: str) -> None:
        """Something failed; stays until closed or something else is said."""
        self._say(sentence, "card-attention", "triangle-alert", theme.colour("attention"))
        self._timer.stop()

    def note(self, sentence: str) -> None:
        """Something was done; goes by itself."""
        self._say(sentence, "card", "info", theme.colour("muted"))
        self._timer.start(_NOTE_MS)

    def hide(self) -> None:
        """Nothing more to say."""
        self._timer.stop()
        self._frame.hide()

    def _say(self, sentence: str, role: str, icon: str, colour: str) -> None:
        theme.set_role(self._frame, role)
        self._icon.setPixmap(icons.pixmap(icon, colour))
        self._text.setText(sentence)
        self._show()

    def _place(self) -> None:
        width = min(_WIDEST, self._host.width() - 2 * _MARGIN)
        self._frame.setFixedWidth(max(200, width))
        inner = width - 150
        height = self._text.heightForWidth(inner) if self._text.hasHeightForWidth() else 24
        self._frame.setFixedHeight(max(44, height + 20))
        left = (self._host.width() - self._frame.width()) // 2
        self._frame.move(max(0, left), self._host.height() - self._frame.height() - 64)
