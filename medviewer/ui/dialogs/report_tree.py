"""A structured report to read: its lines as a tree, and where they point."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from medviewer.dicom.report_tree import ReportLine, ReportTree, pointed_at, target_of
from medviewer.imaging.numbers import number
from medviewer.ui.dialogs.reading import ObjectReading
from medviewer.ui.widgets import label

_MAX_LINES = 5000
_HINT = "Double-click a line, or press Enter, to see the image it points at."


class ReportReader(ObjectReading):
    """Shows the report when it comes; says why where it cannot be read."""

    reference_wanted = Signal(str, int)
    """SOP instance UID and frame (from 1, 0 for all) of what a line points at."""

    def __init__(
        self, title: str, patient: str, path: str, known: Mapping[str, str], parent: QWidget | None
    ) -> None:
        super().__init__(title, patient, path, parent, width=640)
        self.resize(840, 760)
        self._known = dict(known)
        self.body.addWidget(self.patient)
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
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.itemActivated.connect(self._activated)
        self.body.addWidget(self.tree, 1)
        self.hint = label("", "muted", wrap=True)
        self.body.addWidget(self.hint)
        self._lines: tuple[ReportLine, ...] = ()
        self.add_buttons()

    def show_report(self, report: ReportTree) -> None:
        """The report was read."""
        self.heading.setText(report.title)
        self.heading.show()
        shown = report.lines[:_MAX_LINES]
        cut = len(shown) < len(report.lines)
        more = f"Only the first {number(_MAX_LINES)} lines are shown." if cut else ""
        self.said.setText("  ".join(part for part in (report.about, more, report.stopped) if part))
        self._lines = shown
        if any(line.references for line in shown):
            self.hint.setText(_HINT)
        holders: list[QTreeWidgetItem] = []
        for at, line in enumerate(shown):
            value = " · ".join(part for part in (line.value, pointed_at(line, self._known)) if part)
            item = QTreeWidgetItem([line.name, value])
            item.setData(0, Qt.ItemDataRole.UserRole, at)
            del holders[line.depth :]
            if holders:
                holders[-1].addChild(item)
            else:
                self.tree.addTopLevelItem(item)
            holders.append(item)
        self.tree.expandAll()

    def _activated(self, item: QTreeWidgetItem) -> None:
        """A double click, or Enter: what does the line point at?"""
        target = target_of(self._lines, item.data(0, Qt.ItemDataRole.UserRole))
        if target is None:
            self.hint.setText("This line points at no image.")
        else:
            self.reference_wanted.emit(*target)

    def tell(self, said: str) -> None:
        """What became of a jump."""
        self.hint.setText(said)
