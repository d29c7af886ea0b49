"""What the keys and menus do beyond the picture: open, analyze, decide, report, help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox

from medviewer.dicom.study import ScanResult
from medviewer.ui.deciding import DecidingCommands
from medviewer.ui.deidentifying import Deidentifying
from medviewer.ui.dialogs.about import About
from medviewer.ui.dialogs.keys import Keys
from medviewer.ui.dialogs.reader_name import ReaderName
from medviewer.ui.forcing import offer_of, reasons_against
from medviewer.ui.measuring import Measuring
from medviewer.ui.offers import held_back
from medviewer.ui.repairing import Repairing
from medviewer.ui.results_side import ResultsSide

if TYPE_CHECKING:
    from medviewer.ui.main_window import MainWindow

Command = Callable[[], None]


class WindowCommands(QObject):
    """Commands by id. It knows the window it was made for; nothing else knows it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self._repairing = Repairing(window)
        self._measuring = Measuring(window)
        self._deciding = DecidingCommands(window)
        self.deidentifying = Deidentifying(window)

    def table(self) -> dict[str, Command]:
        """Id → command."""
        session = self._session
        return {
            "open_folder": self._open_folder,
            "open_files": self._open_files,
            "issues": self.show_issues,
            "close_all": self._close_all,
            "report": self.report,
            "export_deidentified": self.deidentifying.show,
            "evidence": self.evidence,
            "quit": self._quit,
            "undo": self._undo,
            "redo": self._redo,
            "reader_name": self._ask_reader,
            "autosave": self._switch_autosave,
            "browser": partial(self._toggle, "browser"),
            "results": partial(self._toggle, "results"),
            "full_screen": self._full_screen,
            "measure_menu": self._measure_menu,
            "tags": self._window.inspecting.show_image_tags,
            "analyze": self.analyze_with,
            "cancel": self._cancel,
            "next_finding": session.next_finding,
            "previous_finding": partial(session.next_finding, -1),
            "looked": self._window.looking.toggle_selected,
            "models": self._window.shelving.show_models,
            "logbook": self._window.logbook.show,
            "model_card": self._window.shelving.show_card,
            "keys": self._keys,
            "about": self._about,
            "reset": self._escape,
            **self._measuring.table(),
            **self._deciding.table(),
        }

    def checked(self) -> dict[str, bool]:
        """Which switches are on."""
        window = self._window
        return {
            "browser": not window.browser.isHidden(),
            "results": not window.results.isHidden(),
            "full_screen": window.isFullScreen(),
            "autosave": window.settings.autosave,
            "looked": window.looking.is_on,
            "edit": window.editing.is_on,
            "originals": window.editing.shows_originals,
        }

    def connect_results(self, results: ResultsSide) -> None:
        """What the reader does in the results."""
        state_panel, findings = results.state_panel, results.findings
        state_panel.run_anyway.connect(self._run_anyway)
        state_panel.cancel_requested.connect(self._cancel)
        findings.run_anyway.connect(self._run_anyway)
        findings.run_on_cpu.connect(self._run_on_cpu)
        findings.run_again.connect(self.analyze_with)
        findings.hide_wanted.connect(self._session.hide_model)
        findings.model_card_wanted.connect(self._window.shelving.show_card)
        results.opinions.slice_wanted.connect(self._session.scroll)
        results.opinions.difference_wanted.connect(self._session.show_difference)
        findings.chosen.connect(self._session.select_finding)
        self._deciding.connect_to(findings)
        findings.threshold_wanted.connect(self._session.set_threshold)
        findings.threshold_reset.connect(self._session.reset_threshold)
        findings.slice_wanted.connect(self._session.scroll)
        results.overlay.style_wanted.connect(self._session.set_style)
        results.measurements.chosen.connect(self._measuring.go_to)
        results.measurements.delete_wanted.connect(self._session.remove_measurement)
        results.impression.text_changed.connect(self._session.set_impression)
        results.impression.finding_wanted.connect(self._session.select_finding)
        results.impression.edit.left.connect(self._focus_images)

    def _focus_images(self) -> None:
        self._window.planes.main.setFocus()

    # --- opening -----------------------------------------------------------------------------------------

    def _open_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, "Open a folder of images")
        if folder:
            self._window.opening.open_paths([Path(folder)])

    def _open_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self._window, "Open files, zip or DICOMDIR")
        if names:
            self._window.opening.open_paths([Path(name) for name in names])

    def show_issues(self) -> None:
        """The list of what was found while opening."""
        scan = self._window.opening.unreadable_only or self._session.state.scan or ScanResult(())
        self._repairing.show_list(scan)

    def _close_all(self) -> None:
        self._window.analyzing.cancel()
        self._window.opening.forget()
        self._window.inspecting.forget()
        self._session.close()
        self._window.notices.hide()

    def _quit(self) -> None:
        self._window.close()

    def show_dialog(self, dialog: QDialog) -> None:
        """Show a dialog without stopping the window."""
        dialog.setModal(True)
        dialog.open()

    # --- analyzing ---------------------------------------------------------------------------------------

    def analyze_with(self, model_id: str = "") -> None:
        """Run a model, or all that suit; one that does not says so in the results instead. One named that the
        site's rule stopped runs if the reader insists."""
        offer = offer_of(model_id, self._window.analyzing.offers()) if model_id else None
        if offer is not None and held_back(offer):
            self._run_anyway(model_id)
            return
        self._window.analyzing.start(model_id)

    def _run_anyway(self, model_id: str) -> None:
        """Asked once; the override is recorded and marked on every output."""
        state = self._session.state
        offer = offer_of(model_id, self._window.analyzing.offers())
        if offer is None:
            return
        reasons = "\n".join(f"· {reason.text}" for reason in reasons_against(offer, state))
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Run anyway?")
        suits = all(reason in held_back(offer) for reason in reasons_against(offer, state))
        box.setText(
            "Readers here did not accept enough of what this model found."
            if suits
            else "The model was not made for such images; its result may be wrong."
        )
        box.setInformativeText(f"{reasons}\n\nThe override is recorded and stands on every output.")
        run = box.addButton("Run anyway", QMessageBox.ButtonRole.AcceptRole)

        def forced() -> None:
            self._window.logbook.overridden((offer.bundle.card.id, offer.bundle.card.version))
            self._window.analyzing.start(model_id, force=True)

        run.clicked.connect(forced)
        box.setDefaultButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
        self.show_dialog(box)

    def _run_on_cpu(self, model_id: str) -> None:
        self._window.analyzing.start(model_id, device="cpu")

    def _cancel(self) -> None:
        self._window.analyzing.cancel()

    def _escape(self) -> None:
        """Esc: what is half drawn or edited, else what is computed, else the view."""
        active = self._window.planes.active
        if active.is_drawing:
            active.cancel_drawing()
        elif not (
            self._window.editing.cancel() or self._window.looking.cancel() or self._window.analyzing.cancel()
        ):
            self._window.screen_commands.reset()

    # --- work ---------------------------------------------------------------------------------------------

    def _undo(self) -> None:
        if not self._window.editing.undo():
            self._session.undo()

    def _redo(self) -> None:
        if not self._window.editing.is_on:
            self._session.redo()

    def ask_reader(self, then: Command | None = None) -> None:
        """Whose decisions these are; ``then`` goes on whatever the answer is."""
        dialog = ReaderName(self._session.state.reader, self._window)
        dialog.name_given.connect(self.name_given)
        if then is not None:
            dialog.finished.connect(then)
        self.show_dialog(dialog)

    def _ask_reader(self) -> None:
        self.ask_reader()

    def _switch_autosave(self) -> None:
        settings = self._window.settings
        self._window.settings = replace(settings, autosave=not settings.autosave)

    def name_given(self, name: str) -> None:
        """Keep the reader's name."""
        self._session.set_reader(name)
        self._window.reports.reader_changed(name)

    def report(self) -> None:
        """Show the report as it will be."""
        self._window.reports.show()

    def evidence(self) -> None:
        """Ask what shall leave as evidence."""
        self._window.evidence.show()

    # --- places and panels -------------------------------------------------------------------------------

    def _toggle(self, name: str) -> None:
        panel = {"browser": self._window.browser, "results": self._window.results}[name]
        panel.setVisible(panel.isHidden())

    def _full_screen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def _measure_menu(self) -> None:
        self._window.menus["Measure"].popup(QCursor.pos())

    def context_menu(self, place: QPoint, _: str) -> None:
        """The menu of the right button."""
        if self._session.state.series is not None:
            self._window.actions_by_id.context_menu(self._window).popup(place)

    def _keys(self) -> None:
        self.show_dialog(Keys(self._window.actions_by_id.actions, self._window))

    def _about(self) -> None:
        self.show_dialog(About(self._window.status.device, self._window))
