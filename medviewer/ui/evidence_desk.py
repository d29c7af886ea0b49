"""Export evidence…: asked what and where to, written beside the window, said what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from medviewer.errors import MedviewerError
from medviewer.review.pack_kinds import default_kinds
from medviewer.review.references import uid_hash
from medviewer.review.store import local_now
from medviewer.ui.jobs import Job, JobContext

if TYPE_CHECKING:
    from medviewer.review.pack import Pack
    from medviewer.ui.dialogs.evidence import EvidenceDialog
    from medviewer.ui.main_window import MainWindow


class EvidenceDesk(QObject):
    """One pack at a time. What was ticked last is ticked again."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._ticked = default_kinds()
        self._folder: Path | None = None
        self._written: Path | None = None
        self._dialog: EvidenceDialog | None = None
        self._job: Job | None = None

    @property
    def dialog(self) -> EvidenceDialog | None:
        """The open dialog."""
        return self._dialog

    @property
    def is_busy(self) -> bool:
        """Whether a pack is being written."""
        return self._job is not None

    def show(self) -> None:
        """Ask what shall be written of the series on screen."""
        window = self._window
        if window.session.state.series is None or self._dialog is not None:
            return
        from medviewer.ui.dialogs.evidence import EvidenceDialog  # not needed to start the window

        self._dialog = dialog = EvidenceDialog(self._subject(), self._ticked, window)
        dialog.write_wanted.connect(self._ask_folder)
        dialog.stop_wanted.connect(self._stop)
        dialog.folder_wanted.connect(self._show_folder)
        dialog.finished.connect(self._closed)
        dialog.set_busy(self._job is not None)
        window.commands.show_dialog(dialog)

    def _subject(self) -> str:
        """What the evidence is about: how many findings, whether all are decided."""
        state = self._window.session.state
        done, count = state.reviewed
        if not count:
            return "No model has found anything on this series: only your own work can be written."
        findings = "1 finding" if count == 1 else f"{count} findings"
        return f"{findings} of the series on screen, {done} decided. What is not decided is written as such."

    def _ask_folder(self, kinds: frozenset[str]) -> None:
        folder = QFileDialog.getExistingDirectory(
            self._dialog, "Write the evidence into", str(self._folder or Path.home())
        )
        if folder:
            self.write(Path(folder), kinds)

    def write(self, folder: Path, kinds: frozenset[str]) -> None:
        """Write what is ticked into a new folder of ``folder``."""
        self._folder, self._ticked, self._written = folder, kinds, None
        job = self._job = self._window.runner.submit("export", self._writer(folder, kinds))
        job.progress.connect(self._progress)
        job.succeeded.connect(self._done)
        job.failed.connect(self._failed)
        job.cancelled.connect(self._stopped)
        job.ended.connect(self._ended)
        if self._dialog is not None:
            self._dialog.set_busy(True)
            self._dialog.say(("Writing …",))

    def _writer(self, folder: Path, kinds: frozenset[str]) -> Callable[[JobContext], Pack]:
        window = self._window
        state, volumes = window.session.state, window.opening.volumes()
        bundles = (window.analyzing.bundle(r.provenance.model_id) for r in state.results_here)
        cards = {bundle.card.id: bundle.card for bundle in bundles if bundle is not None}

        def work(context: JobContext) -> Pack:
            from medviewer.review import pack
            from medviewer.review.pack_gather import gather, pack_name

            now = local_now()
            parts, about = gather(state, kinds, volumes=volumes, cards=cards, now=now, context=context)
            return pack.write_pack(parts, folder, pack_name(state, now), about, context)

        return work

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    # --- what came of it ------------------------------------------------------------------------------------

    def _progress(self, fraction: float, text: str) -> None:
        if self._dialog is not None:
            self._dialog.show_progress(fraction, text)

    def _done(self, pack: Pack) -> None:
        self._written = pack.folder
        self._window.note_act(
            "export",
            study=uid_hash(pack.about.study_uid),
            series=uid_hash(pack.about.series_uid),
            what="evidence",
            files=len(pack.entries),
            formats=[entry.kind for entry in pack.entries],
            sha256=[entry.sha256 for entry in pack.entries],
            manifest=pack.manifest_sha256,
        )
        count = len(pack.entries)
        files = "1 file and its list" if count == 1 else f"{count} files and their list"
        said = [f"Written and read back: {files}, in {pack.folder.name}."]
        said += [f"Not written: {one.what}. {one.reason}" for one in pack.left_out]
        self._say(said, written=True)

    def _failed(self, error: MedviewerError) -> None:
        self._say([error.sentence()], bad=True)

    def _stopped(self) -> None:
        self._say(["Stopped: nothing was written."])

    def _say(self, sentences: list[str], *, bad: bool = False, written: bool = False) -> None:
        if self._dialog is not None:
            self._dialog.say(sentences, bad=bad, written=written)
        elif bad:
            self._window.notices.problem(" ".join(sentences))
        else:
            self._window.notices.note(" ".join(sentences))

    def _ended(self) -> None:
        if self.sender() is self._job:
            self._job = None
            if self._dialog is not None:
                self._dialog.set_busy(False)

    def _show_folder(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written)))

    def _closed(self, _: int) -> None:
        self._dialog = None
