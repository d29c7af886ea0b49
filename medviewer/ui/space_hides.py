"""A window in which Space, held, hides the overlay."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMainWindow

from medviewer.review.session import Session


class SpaceHides(QMainWindow):
    """Looks through to the image while the key is down, whatever is done meanwhile."""

    session: Session
    _space_hides = False

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Space, held, hides the overlay."""
        if event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if not event.isAutoRepeat() and not self.session.state.overlay_hidden:
                self._space_hides = True
                self.session.hide_overlay(True)
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """The overlay comes back."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._let_go_of_space()
            return
        super().keyReleaseEvent(event)

    def _let_go_of_space(self) -> None:
        if self._space_hides:
            self._space_hides = False
            self.session.hide_overlay(False)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """A key let go of in another window is never heard here."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._let_go_of_space()
        super().changeEvent(event)
