"""The list of what could not be opened, and the reader's way to open some of it after all."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from medviewer.dicom.study import ScanResult
from medviewer.errors import MedviewerError

if TYPE_CHECKING:  # the window starts without what only these dialogs need
    from medviewer.dicom.repair import Repair
    from medviewer.ui.dialogs.issues_list import IssuesList
    from medviewer.ui.main_window import MainWindow


class Repairing(QObject):
    """Asks before it opens a file by a guess; the series that come of it are marked for good."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def show_list(self, scan: ScanResult) -> None:
        """Everything that was found while opening."""
        from medviewer.ui.dialogs.issues_list import IssuesList

        dialog = IssuesList(scan, self._window)
        dialog.tags_wanted.connect(self._window.inspecting.show_tags)
        dialog.repair_wanted.connect(partial(self._ask, dialog))
        self._window.commands.show_dialog(dialog)

    def _ask(self, above: IssuesList, path: str, repair: Repair) -> None:
        from medviewer.ui.dialogs.open_as import OpenAs

        dialog = OpenAs(path, repair, above)
        dialog.accepted.connect(above.accept)
        dialog.accepted.connect(partial(self._copy, Path(path), repair))
        self._window.commands.show_dialog(dialog)

    def _copy(self, path: Path, repair: Repair) -> None:
        from medviewer.dicom.repair import write_repaired

        # Not in the lane of scans: what is being read there goes on until the copy is there to be read.
        job = self._window.runner.submit("inspect", lambda _: write_repaired(path, repair))
        job.succeeded.connect(self._open)
        job.failed.connect(self._failed)

    def _open(self, copy: Path) -> None:
        self._window.opening.open_paths([copy])

    def _failed(self, error: MedviewerError) -> None:
        self._window.notices.problem(error.sentence())
