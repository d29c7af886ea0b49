"""Everything that was found while opening: files that are no image, and what is unusual about the series."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from medviewer.dicom.repair import Repair, guess
from medviewer.dicom.study import ISSUE_TEXT, ScanResult, Series
from medviewer.dicom.walk import NOT_DICOM
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label

_OPEN_AS = "Open as…"


class IssuesList(Dialog):
    """A list with two columns: what, and why. The tags of a DICOM file in it can be looked at."""

    tags_wanted = Signal(str)
    """Path of a file."""
    repair_wanted = Signal(str, object)
    """Path of a file that was refused, and the :class:`Repair` it may be opened by."""

    def __init__(self, scan: ScanResult, parent: QWidget | None) -> None:
        super().__init__("Issues found while opening", parent, width=760)
        self.resize(860, 480)
        rows = [*unreadable_rows(scan), *series_rows(scan)]
        if not rows:
            self.body.addWidget(
                label("Nothing: every file was opened, and every series is regular.", wrap=True)
            )
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What", "Why"])
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.setColumnWidth(0, 320)
        self.tree.addTopLevelItems([QTreeWidgetItem(list(row)) for row in rows])
        self._dicom = {str(item.path) for item in scan.unreadable if item.reason != NOT_DICOM}
        self.tree.setVisible(bool(rows))
        self.body.addWidget(self.tree, 1)
        self.body.addWidget(label(_total(scan), "muted"))
        self.repair_button = self.add_button(_OPEN_AS, "quiet")
        self.repair_button.setToolTip("For a file that does not say, or says wrongly, how it is encoded")
        self.repair_button.setEnabled(False)
        self.repair_button.clicked.connect(self._ask_repair)
        self._refused = {str(item.path) for item in scan.unreadable}
        self._repair: Repair | None = None
        self.tags_button = self.add_button("Tags…", "quiet")
        self.tags_button.setEnabled(False)
        self.tags_button.clicked.connect(self._ask_tags)
        self.tree.itemSelectionChanged.connect(self._selected)
        self.tree.itemDoubleClicked.connect(self._ask_tags)
        self.add_close()

    def _one(self) -> str:
        """What the one selected row is about."""
        names = [item.text(0) for item in self.tree.selectedItems()]
        return names[0] if len(names) == 1 else ""

    def _chosen(self) -> str:
        """The one file that is selected, where it is DICOM."""
        return self._one() if self._one() in self._dicom else ""

    def _selected(self) -> None:
        self.tags_button.setEnabled(bool(self._chosen()))
        self._repair = guess(Path(self._one())) if self._one() in self._refused else None
        self.repair_button.setEnabled(self._repair is not None)
        self.repair_button.setText(_OPEN_AS if self._repair is None else f"Open as {self._repair.name}…")

    def _ask_repair(self) -> None:
        if self._repair is not None:
            self.repair_wanted.emit(self._one(), self._repair)

    def _ask_tags(self) -> None:
        if self._chosen():
            self.tags_wanted.emit(self._chosen())


def unreadable_rows(scan: ScanResult) -> Iterator[tuple[str, str]]:
    """(file, reason) of every file that could not be opened."""
    for item in scan.unreadable:
        yield str(item.path), item.reason


def series_rows(scan: ScanResult) -> Iterator[tuple[str, str]]:
    """(series, sentence) of every issue of every series."""
    for series in scan.all_series():
        for issue in sorted(series.issues):
            yield _name(series), ISSUE_TEXT[issue]


def _name(series: Series) -> str:
    number = "" if series.number is None else f"{series.number} "
    return f"Series {number}{series.description}".strip()


def _total(scan: ScanResult) -> str:
    left = len(scan.unreadable)
    return "1 file was not opened." if left == 1 else f"{left} files were not opened."
