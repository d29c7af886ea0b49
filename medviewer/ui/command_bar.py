"""The toolbar: words beside the icons where there is room, icons alone where Analyze would fall off."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QToolBar, QToolButton

from medviewer.ui.widgets import label

_STYLE = Qt.ToolButtonStyle


def name_label() -> QLabel:
    """The program's name at the left end."""
    made = label("MedViewer", "title")
    made.setContentsMargins(6, 0, 18, 0)
    return made


class CommandBar(QToolBar):
    """Never hides a command behind its end as long as the icons fit."""

    def __init__(self) -> None:
        super().__init__("Tools")
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setToolButtonStyle(_STYLE.ToolButtonTextBesideIcon)
        self._saved = 0

    def measure(self) -> None:
        """Learn what the words cost; call it when the buttons are in."""
        for action in self.actions():
            made = self.widgetForAction(action)
            if isinstance(made, QToolButton) and made.defaultAction() is action:
                with_words = made.sizeHint().width()
                made.setToolButtonStyle(_STYLE.ToolButtonIconOnly)
                self._saved += with_words - made.sizeHint().width()
                made.setToolButtonStyle(_STYLE.ToolButtonTextBesideIcon)

    def event(self, event: QEvent) -> bool:
        """A button with a longer word asks for another layout."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._choose()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width."""
        super().resizeEvent(event)
        self._choose()

    def _choose(self) -> None:
        if not self._saved:
            return
        short = self.toolButtonStyle() == _STYLE.ToolButtonIconOnly
        needed = self.sizeHint().width() + (self._saved if short else 0)
        wanted = _STYLE.ToolButtonTextBesideIcon if needed <= self.width() else _STYLE.ToolButtonIconOnly
        if wanted != self.toolButtonStyle():
            self.setToolButtonStyle(wanted)
