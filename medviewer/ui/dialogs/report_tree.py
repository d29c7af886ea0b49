"""A structured report to read: its lines as a tree, and where they point."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from medviewer.dicom.report_tree import ReportTree, pointed_at
from medviewer.errors import MedviewerError
from medviewer.imaging.numbers import number
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label

_MAX_LINES = 5000


class ReportReader(Dialog):
    """Shows the report when it comes; says why where it cannot be read."""

    tags_wanted = Signal(str)
    """Path of the report."""

    def __init__(self, title: str, path: str, known: Mapping[str, str], parent: QWidget | None) -> None:
        super().__init__(title, parent, width=640)
        self.resize(840, 760)
        self._path, self._known = path, dict(known)
        self.said = label("Reading …", "muted")
        self.heading = label("", "heading", wrap=True)
        self.heading.hide()
        self.body.addWidget(self.heading)
        self.body.addWidget(self.said)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What", "Value"])
        self.tree.setWordWrap(True)
        self.tree.setColumnWidth(0, 380)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setAccessibleName("Lines of the report")
        self.body.addWidget(self.tree, 1)
        self.tags_button = self.add_button("Tags…", "quiet")
        self.tags_button.clicked.connect(self._ask_tags)
        self.add_close()

    def show_report(self, report: ReportTree) -> None:
        """The report was read."""
        self.heading.setText(report.title)
        self.heading.show()
        shown = report.lines[:_MAX_LINES]
        cut = len(shown) < len(report.lines)
        more = f"Only the first {number(_MAX_LINES)} lines are shown." if cut else ""
        self.said.setText("  ".join(part for part in (report.about, more, report.stopped) if part))
        holders: list[QTreeWidgetItem] = []
        for line in shown:
            value = " · ".join(part for part in (line.value, pointed_at(line, self._known)) if part)
            item = QTreeWidgetItem([line.name, value])
            del holders[line.depth :]
            if holders:
                holders[-1].addChild(item)
            else:
                self.tree.addTopLevelItem(item)
            holders.append(item)
        self.tree.expandAll()

    def fail(self, error: MedviewerError) -> None:
        """The report could not be read."""
        self.said.setText(error.sentence())

    def _ask_tags(self) -> None:
        self.tags_wanted.emit(self._path)
