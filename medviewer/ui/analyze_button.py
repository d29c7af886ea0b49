"""The one primary button: a click runs every model that suits, its arrow opens the list of all of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from medviewer.review.state import State
from medviewer.ui import icons, theme
from medviewer.ui.offers import Offer, button_tip, button_words, fitting, held_back, menu_line, verdict_text
from medviewer.ui.widgets import quiet_focus, set_tip

_LINE_PX = 460
"""A line of the menu is not wider: the whole is in its tooltip."""
_ARROW_PX, _ARROW_ROOM = 14, 24
_MISFITS = ("Not made for this series:", "Not made for this series, or stopped:")


class AnalyzeButton(QToolButton):
    """Enabled whenever a click leads somewhere: a model that does not suit says why in the results."""

    analyze_wanted = Signal(str)
    """Model id; empty: all that suit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("Analyze")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        theme.set_role(self, "primary")
        quiet_focus(self)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._offers: tuple[Offer, ...] = ()
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self._menu.triggered.connect(self._chosen)
        self.setMenu(self._menu)
        self.clicked.connect(self._clicked)

    def show_offers(self, offers: Sequence[Offer], state: State) -> None:
        """Say what a click would run; the list has every model with its verdict."""
        self._offers = tuple(offers)
        self.setText(button_words(offers))
        self.setEnabled(bool(offers) and state.series is not None and state.run is None)
        if offers:
            set_tip(self, button_tip(offers))
        else:
            set_tip(self, "Open a study first." if state.series is None else "No model is installed.")

    def _fill(self) -> None:
        self._menu.clear()
        ready = fitting(self._offers)
        if len(ready) > 1:
            self._add(f"All {len(ready)} that suit this series", "", "")
            self._menu.addSeparator()
        for offer in ready:
            self._add(menu_line(offer), offer.bundle.card.id, verdict_text(offer))
        misfits = [offer for offer in self._offers if not offer.fit.ok]
        if misfits:
            self._menu.addSeparator()
            self._menu.addAction(_MISFITS[any(held_back(offer) for offer in misfits)]).setEnabled(False)
        for offer in misfits:
            self._add(menu_line(offer), offer.bundle.card.id, verdict_text(offer))

    def _add(self, words: str, model_id: str, tip: str) -> None:
        metrics = self._menu.fontMetrics()
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, _LINE_PX)
        action = self._menu.addAction(shown.replace("&", "&&"))
        action.setObjectName(model_id)
        action.setToolTip(tip or words)

    def _clicked(self) -> None:
        self.analyze_wanted.emit("")

    def _chosen(self, action: QAction) -> None:
        self.analyze_wanted.emit(action.objectName())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The arrow in the colour of the words, from the one family of icons."""
        super().paintEvent(event)
        arrow = icons.pixmap(
            "chevron-down", theme.colour("accent_text" if self.isEnabled() else "muted"), _ARROW_PX
        )
        left = self.width() - (_ARROW_ROOM + _ARROW_PX) // 2
        painter = QPainter(self)
        painter.drawPixmap(left, (self.height() - _ARROW_PX) // 2, arrow)
        painter.end()
