"""The way of a report: asked for, built, looked at, written to a folder; failures told on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from medviewer.review import acts

if TYPE_CHECKING:
    from medviewer.ui.dialogs.report_preview import ReportPreview
    from medviewer.ui.exporting import Built
    from medviewer.ui.main_window import MainWindow


class ReportDesk(QObject):
    """Holds the preview that is open, if any."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._preview: ReportPreview | None = None
        self._built: Built | None = None
        self._folder: Path | None = None
        self._written_of = ("", "")
        self._has_asked = False
        exporting = window.exporting
        exporting.built.connect(self._pages_came)
        exporting.written.connect(self._written)
        exporting.problem.connect(self._problem)

    @property
    def preview(self) -> ReportPreview | None:
        """The open preview."""
        return self._preview

    def show(self) -> None:
        """Open the preview and build the report; the reader's name is asked for once, before that."""
        window = self._window
        if window.session.state.series is None:
            return
        if not window.session.state.reader and not self._has_asked:
            self._has_asked = True
            window.commands.ask_reader(then=self._name_asked)
            return
        if self._preview is None:
            from medviewer.ui.dialogs.report_preview import ReportPreview  # not needed to start the window

            self._preview = preview = ReportPreview(window.session.state.reader, window)
            preview.write_wanted.connect(self._ask_folder)
            preview.name_wanted.connect(self._ask_name)
            preview.folder_wanted.connect(self._show_folder)
            preview.finished.connect(self._closed)
            window.commands.show_dialog(preview)
        self._build()

    def _build(self) -> None:
        if self._preview is not None:
            self._window.exporting.build(self._preview.page_pixels)

    def _name_asked(self) -> None:
        self.show()

    def _ask_name(self) -> None:
        self._window.commands.ask_reader()

    def reader_changed(self, name: str) -> None:
        """The reader gave another name: the pages are made again."""
        if self._preview is not None:
            self._preview.show_reader(name)
            self._build()

    def _pages_came(self, built: Built) -> None:
        self._built = built
        if self._preview is not None:
            self._preview.show_pages(built.pages)

    def _ask_folder(self, formats: tuple[str, ...]) -> None:
        folder = QFileDialog.getExistingDirectory(
            self._preview, "Write the report to", str(self._folder or Path.home())
        )
        if folder:
            self.write(Path(folder), formats)

    def write(self, folder: Path, formats: tuple[str, ...]) -> None:
        """Write what the preview shows into a folder."""
        if self._built is not None:
            self._folder = folder
            self._written_of = self._built.report.study_uid, self._built.report.series_uid
            self._window.exporting.write(self._built, folder, formats)

    def _written(self, paths: list[Path]) -> None:
        names = ", ".join(path.name for path in paths)
        self._window.note_act("export", **acts.exported_files(*self._written_of, "report", paths))
        if self._preview is not None:
            self._preview.say(f"Written: {names}", written=True)
        else:
            self._window.notices.note(f"Written: {names}")

    def _problem(self, sentence: str) -> None:
        if self._preview is not None:
            self._preview.say(sentence)
        else:
            self._window.notices.problem(sentence)

    def _show_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    def _closed(self, _: int) -> None:
        self._preview = self._built = None
