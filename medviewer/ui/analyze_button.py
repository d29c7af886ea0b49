"""The one primary button: names the model it would run, and says in its tooltip what was checked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from medviewer.review.state import State
from medviewer.ui import theme
from medviewer.ui.analyzing import Offer, short_title, verdict_text
from medviewer.ui.widgets import quiet_focus, set_tip


class AnalyzeButton(QPushButton):
    """Enabled whenever a click leads somewhere: a model that does not suit says why in the results."""

    analyze_wanted = Signal(str)
    """Model id."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Analyze", parent)
        theme.set_role(self, "primary")
        quiet_focus(self)
        self._offers: tuple[Offer, ...] = ()
        self.clicked.connect(self._clicked)

    def show_offers(self, offers: Sequence[Offer], state: State) -> None:
        """Name the best model; several that suit are offered as a menu."""
        self._offers = tuple(offers)
        best = offers[0] if offers else None
        self.setText(f"Analyze ▸ {short_title(best.bundle)}" if best is not None else "Analyze")
        self.setEnabled(best is not None and state.series is not None and state.run is None)
        if best is None:
            set_tip(self, "Open a study first." if state.series is None else "No model is installed.")
            return
        time = f"\nAbout {max(1, round(best.seconds))} s" if best.fit.ok and best.seconds else ""
        set_tip(self, f"{verdict_text(best)}{time}  (F5)")

    def _clicked(self) -> None:
        suited = [offer for offer in self._offers if offer.fit.ok]
        if len(suited) < 2:
            self.analyze_wanted.emit(self._offers[0].bundle.card.id if self._offers else "")
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for offer in suited:
            action = menu.addAction(short_title(offer.bundle))
            action.setObjectName(offer.bundle.card.id)
            action.setToolTip(verdict_text(offer))
        menu.triggered.connect(self._chosen)
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def _chosen(self, action: object) -> None:
        self.analyze_wanted.emit(action.objectName())  # type: ignore[attr-defined]
