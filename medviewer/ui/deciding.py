"""What the keys, the menu and the cards decide on findings: accept, edit, reject with a reason, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from medviewer.ui.dialogs.reject_reason import RejectReason
from medviewer.ui.findings_panel import FindingsPanel

if TYPE_CHECKING:
    from medviewer.ui.main_window import MainWindow

Command = Callable[[], None]
HOLDS = "Your own outline holds. Take it back first to accept the model's."


class DecidingCommands(QObject):
    """Asks the reader where a reason is needed, then the session."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session

    def table(self) -> dict[str, Command]:
        """Id → command."""
        return {
            "accept": self._accept_selected,
            "edit": self._edit_selected,
            "originals": self._window.editing.toggle_originals,
            "reject": self._reject_selected,
            "undecide": self._undecide_selected,
        }

    def connect_to(self, findings: FindingsPanel) -> None:
        """What the reader decides on the cards."""
        findings.accept_wanted.connect(self._session.accept)
        findings.edit_wanted.connect(self._window.editing.begin)
        findings.reject_wanted.connect(self._ask_reason)
        findings.reset_wanted.connect(self._session.reset)

    def _accept_selected(self) -> None:
        """Enter: what is edited is done, else the chosen finding is accepted."""
        chosen = self._session.state.selected_finding
        if self._window.editing.is_on:
            self._window.editing.done()
        elif chosen is not None and self._session.state.decision_of(chosen).modification is not None:
            self._window.notices.note(HOLDS)  # a second Enter must not throw the reader's outline away
        elif chosen is not None:
            self._session.accept(chosen)

    def _edit_selected(self) -> None:
        chosen = self._session.state.selected_finding
        if chosen is not None:
            self._window.editing.begin(chosen)

    def _reject_selected(self) -> None:
        chosen = self._session.state.selected_finding
        if chosen is not None:
            self._ask_reason(chosen)

    def _ask_reason(self, finding_id: str) -> None:
        finding = next((f for f in self._session.state.findings if f.id == finding_id), None)
        if finding is None:
            return
        self._session.select_finding(finding_id)
        dialog = RejectReason(finding.label, self._window)
        dialog.setObjectName(finding_id)
        dialog.reason_given.connect(self._reject)
        self._window.commands.show_dialog(dialog)

    def _reject(self, reason: str) -> None:
        sender = self.sender()
        if sender is not None:
            self._session.reject(sender.objectName(), reason)

    def _undecide_selected(self) -> None:
        chosen = self._session.state.selected_finding
        if chosen is not None:
            self._session.reset(chosen)
