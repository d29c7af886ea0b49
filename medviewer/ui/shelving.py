"""The shelf in the window: list, cards, self-tests, install from a file, remove. The work runs in jobs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from medviewer.ai.catalog import Bundle, find, shelf
from medviewer.ai.estimate import seconds_for
from medviewer.errors import MedviewerError
from medviewer.imaging.numbers import number
from medviewer.tasks import TaskContext
from medviewer.ui.jobs import Job, Work
from medviewer.ui.offers import Offer
from medviewer.ui.preload import torch_ready

if TYPE_CHECKING:
    from medviewer.ai.install import Candidate
    from medviewer.ui.dialogs.models import ModelsDialog, ShelfRow
    from medviewer.ui.main_window import MainWindow

_FILES = "Models (*.zip *.pt *.pth *.safetensors *.onnx card.json);;All files (*)"
_TYPICAL_SLICES = 120


class Shelving(QObject):
    """Opens the dialogs of the shelf and does what is asked in them. One act at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: ModelsDialog | None = None
        self._job: Job | None = None

    # --- looking -----------------------------------------------------------------------------------------

    def show_card(self, model_id: str = "") -> None:
        """The card of a model; by default of the one that made the chosen finding, or the newest result, or
        of the one on offer."""
        state, analyzing = self._window.session.state, self._window.analyzing
        made = state.maker_of(state.selected_finding or "") or state.result
        wanted = model_id or (made.provenance.model_id if made is not None else "")
        bundle = analyzing.bundle(wanted)
        offers = analyzing.offers()
        if bundle is None and offers:
            bundle = offers[0].bundle
        if bundle is None:
            self._window.notices.note("No model is installed, or no study is open.")
            return
        self._show_card(bundle, self._window)

    def show_models(self) -> None:
        """The list of all models."""
        from medviewer.ui.dialogs.models import ModelsDialog  # here and below: the window starts without it

        dialog = ModelsDialog(self._window)
        dialog.card_wanted.connect(self._show_card_of)
        dialog.test_wanted.connect(self._test)
        dialog.remove_wanted.connect(self._ask_remove)
        dialog.install_wanted.connect(self._choose_file)
        dialog.finished.connect(self._closed)
        self._dialog = dialog
        dialog.show_rows(self._rows())
        self._window.commands.show_dialog(dialog)

    def _closed(self) -> None:
        self._dialog = None
        if self._job is not None:
            self._job.cancel()

    def _rows(self) -> list[ShelfRow]:
        from medviewer.ai import shelf_folder
        from medviewer.ui.dialogs.models import ShelfRow

        found = shelf()
        offers = {offer.bundle.card.id: offer for offer in self._window.analyzing.offers()}
        rows = [shelf_row(bundle, offers.get(bundle.card.id)) for bundle in found.bundles]
        for folder, error in found.broken:
            own = shelf_folder.is_own(folder)
            rows.append(ShelfRow(folder.name, None, ("cannot be used",), own, fault=error.sentence()))
        return rows

    def _show_card_of(self, model_id: str) -> None:
        try:
            bundle = find(model_id)
        except MedviewerError as error:
            self._say_error(error)
            return
        self._show_card(bundle, self._parent())

    def _show_card(self, bundle: Bundle, above: QWidget) -> None:
        from medviewer.ui.dialogs.model_card import ModelCardDialog

        self._window.commands.show_dialog(ModelCardDialog(bundle.card, above))

    def _parent(self) -> QWidget:
        return self._dialog or self._window

    # --- acts --------------------------------------------------------------------------------------------

    def _test(self, model_id: str) -> None:
        job = self._begin(f"Testing {model_id} …", lambda _: _self_test(model_id))
        job.succeeded.connect(self._tested)

    def _tested(self, said: str) -> None:
        self._say(said, "good")

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._parent(), "Install a model from a file", "", _FILES)
        if name:
            self.examine(Path(name))

    def examine(self, path: Path) -> None:
        """Look at a file, then ask whether its licence is accepted."""
        job = self._begin("Looking at the file …", lambda context: _examine(path, context))
        job.succeeded.connect(self._ask_licence)

    def _ask_licence(self, candidate: Candidate) -> None:
        from medviewer.ui.dialogs.models import InstallDialog

        self._say("")
        dialog = InstallDialog(
            f"Install {candidate.card.title}?",
            candidate_lines(candidate),
            licence_of(candidate),
            self._parent(),
        )
        dialog.accepted.connect(partial(self._install, candidate))
        self._window.commands.show_dialog(dialog)

    def _install(self, candidate: Candidate) -> None:
        job = self._begin("Installing and testing …", lambda context: _install(candidate, context))
        job.succeeded.connect(self._installed)

    def _installed(self, bundle: Bundle) -> None:
        card = bundle.card
        self._window.note_act("model installed", model=card.id, weights_sha256=card.weights.sha256)
        self._changed(f"{card.title} is installed and passed its self-test.")

    def _ask_remove(self, model_id: str) -> None:
        box = QMessageBox(self._parent())
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Remove a model")
        box.setText(f"Remove {model_id}?")
        box.setInformativeText("Results already on screen stay; the file it came from is not touched.")
        remove = box.addButton("Remove", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
        remove.clicked.connect(partial(self.remove, model_id))
        box.finished.connect(box.deleteLater)
        box.open()

    def remove(self, model_id: str) -> None:
        """Take an installed model off the shelf."""
        job = self._begin(f"Removing {model_id} …", lambda _: _remove(model_id))
        job.succeeded.connect(self._removed)

    def _removed(self, model_id: str) -> None:
        self._window.note_act("model removed", model=model_id)
        self._changed(f"{model_id} was removed.")

    # --- jobs --------------------------------------------------------------------------------------------

    def _begin(self, said: str, work: Work) -> Job:
        self._say(said)
        if self._dialog is not None:
            self._dialog.set_busy(True)
        job = self._window.runner.submit("shelf", work)
        self._job = job
        job.failed.connect(self._say_error)
        job.ended.connect(self._ended)
        return job

    def _ended(self) -> None:
        self._job = None
        if self._dialog is not None:
            self._dialog.set_busy(False)

    def _changed(self, said: str) -> None:
        self._window.refresh_offers()
        if self._dialog is not None:
            self._dialog.show_rows(self._rows())
            self._say(said, "good")
        else:
            self._window.notices.note(said)

    def _say(self, text: str, role: str = "muted") -> None:
        if self._dialog is not None:
            self._dialog.say(text, role)

    def _say_error(self, error: MedviewerError) -> None:
        if self._dialog is not None:
            self._dialog.say(error.sentence(), "bad")
        else:
            self._window.notices.note(error.sentence())


def shelf_row(bundle: Bundle, offer: Offer | None) -> ShelfRow:
    """One model of the shelf, with its verdict on the series on screen where there is one."""
    from medviewer.ai import install
    from medviewer.ui.dialogs.models import ShelfRow, facts_of

    card, record = bundle.card, install.record_of(bundle.folder)
    seconds = seconds_for(card, "cpu", _TYPICAL_SLICES) if offer is None else offer.seconds
    own = install.is_removable(bundle)
    origin = "installed" if own else "came with MedViewer"
    if record is not None:
        origin = f"installed {record.installed[:10]} from {record.source.split(' (')[0]}"
    facts = facts_of(install.size_bytes(bundle), card.licence, seconds, offer is not None, origin)
    if offer is None:
        return ShelfRow(card.id, card, facts, own)
    return ShelfRow(card.id, card, facts, own, offer.fit.ok, offer.fit.reasons)


def candidate_lines(candidate: Candidate) -> list[tuple[str, str]]:
    """(heading, text) of what was found in a file."""
    card = candidate.card
    size = number(len(candidate.weights) / 1e6, "MB", 2)
    return [
        ("Intended use", card.intended_use),
        ("Limitations", " ".join(card.limitations)),
        ("Found", f"{candidate.what}, {card.id} {card.version}, {size} of weights"),
        ("Source", f"{candidate.source}\nSHA-256 {candidate.source_sha256}"),
    ]


def licence_of(candidate: Candidate) -> str:
    """The licence's whole text, or its name where the model brings no text."""
    return candidate.licence_text or f"{candidate.card.licence} (the model brings no text of its licence)"


def _self_test(model_id: str) -> str:
    with torch_ready():
        from medviewer.ai import runner
    return runner.self_test(find(model_id))


def _examine(path: Path, context: TaskContext) -> Candidate:
    with torch_ready():
        from medviewer.ai import install, runner  # noqa: F401 - loaded where the window does not wait
    return install.examine(path, context)


def _install(candidate: Candidate, context: TaskContext) -> Bundle:
    from medviewer.ai import install

    return install.install(candidate, licence_accepted=True, context=context)


def _remove(model_id: str) -> str:
    from medviewer.ai import install

    install.remove(model_id)
    return model_id
