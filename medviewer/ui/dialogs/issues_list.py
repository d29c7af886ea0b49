"""Everything that was found while opening: files that are no image, and what is unusual about the series."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from medviewer.dicom.study import ISSUE_TEXT, ScanResult, Series
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label


class IssuesList(Dialog):
    """A list with two columns: what, and why."""

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
        self.tree.setVisible(bool(rows))
        self.body.addWidget(self.tree, 1)
        self.body.addWidget(label(_total(scan), "muted"))
        self.add_close()


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
