"""De-identified export: what is kept, everything that will leave, the pictures to look at; then a folder."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHeaderView,
    QSplitter,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from medviewer.dicom.deidentify.clean import Change
from medviewer.dicom.deidentify.options import WORDS, Option
from medviewer.dicom.deidentify.plan import Decision, Plan, staying
from medviewer.ui import theme
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.suspect_panel import Suspect, SuspectPanel
from medviewer.ui.widgets import column, label

_LIMITS = (
    "This reduces what tells who the patient is. Faces in head scans and rare findings may still tell: "
    "look at the files before you pass them on."
)
_FILES = ("File", "What", "Kept", "Changed", "Removed", "Leaves")
_INDENT = "\u2003"
_CHANGES = ("Tag", "Name", "", "Was", "Leaves as")


class DeidentifyDialog(Dialog):
    """Says what it needs; the desk behind it reads, plans and writes."""

    options_changed = Signal()
    file_chosen = Signal(int)
    """Its place in the plan."""
    write_wanted = Signal()

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__("Export de-identified", parent, width=900)
        self.resize(1180, 800)
        self._plan: Plan | None = None
        self.boxes = {option: QCheckBox(WORDS[option]) for option in Option}
        self.body.addWidget(
            label("By the basic profile of PS3.15 almost nothing about people stays. Keep also:", "muted")
        )
        for box in self.boxes.values():
            box.toggled.connect(self.options_changed)
            self.body.addWidget(box)
        self.files, self.changes = _tree(_FILES), _tree(_CHANGES)
        self.files.currentItemChanged.connect(self._row_chosen)
        self.panel = SuspectPanel()
        self.panel.decided.connect(self.show_decisions)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._leaving(), "What leaves")
        self.tabs.addTab(self.panel, "Pictures to look at")
        self.body.addWidget(self.tabs, 1)
        self.said = label("Reading …", wrap=True)
        self.body.addWidget(self.said)
        self.body.addWidget(label(_LIMITS, "muted", wrap=True))
        self.add_close()
        self.write_button = self.add_button("Write to folder…", "primary", default=True)
        self.write_button.clicked.connect(self.write_wanted)
        self.write_button.setEnabled(False)

    def _leaving(self) -> QWidget:
        page = QWidget()
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        for tree in (self.files, self.changes):
            split.addWidget(tree)
        column(page, margin=8).addWidget(split)
        return page

    @property
    def options(self) -> frozenset[Option]:
        """What is ticked."""
        return frozenset(option for option, box in self.boxes.items() if box.isChecked())

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """What the reader said of the suspect series."""
        return self.panel.decisions

    def wait(self, words: str) -> None:
        """Work is under way; nothing can be written before it is done."""
        self.write_button.setEnabled(False)
        self.said.setText(words)

    def lock(self, locked: bool) -> None:
        """While files are written nothing about them can be changed."""
        for box in self.boxes.values():
            box.setEnabled(not locked)
        self.panel.setEnabled(not locked)

    def show_plan(self, plan: Plan, suspects: list[Suspect]) -> None:
        """A plan was made."""
        self._plan = plan
        self.files.clear()
        self.changes.clear()
        for file in plan.files:
            tally = file.tally
            counts = (
                ["", "", ""] if file.refused else [str(n) for n in (tally.kept, tally.changed, tally.removed)]
            )
            item = QTreeWidgetItem([file.name, file.what, *counts, ""])
            for place in (2, 3, 4):
                item.setTextAlignment(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.files.addTopLevelItem(item)
        self.panel.show_suspects(suspects)
        self.show_decisions()
        first = self.files.topLevelItem(0)
        if first is not None:
            self.files.setCurrentItem(first)

    def show_decisions(self) -> None:
        """Which files leave, as the decisions stand."""
        if self._plan is None:
            return
        leaving = 0
        for number, file in enumerate(self._plan.files):
            reason = staying(file, self.decisions)
            leaving += not reason
            item = self.files.topLevelItem(number)
            if item is not None:
                item.setText(5, reason or "yes")
                item.setToolTip(5, reason)
                item.setForeground(5, theme.qcolour("attention" if reason else "text"))
        still = self.panel.open_count
        self.tabs.setTabText(1, f"Pictures to look at ({still})" if still else "Pictures to look at")
        stay = len(self._plan.files) - leaving
        words = f"{_count(leaving, 'file leaves', 'files leave')}, {_count(stay, 'stays', 'stay')}."
        more = f" {_count(still, 'series has', 'series have')} to be looked at first." if still else ""
        self.said.setText(words + more)
        self.write_button.setEnabled(leaving > 0)

    def show_changes(self, changes: list[Change]) -> None:
        """What becomes of the attributes of the chosen file."""
        self.changes.clear()
        rows = []
        for change in changes:
            tag = f"{_INDENT * change.depth}({change.tag >> 16:04X},{change.tag & 0xFFFF:04X})"
            item = QTreeWidgetItem([tag, change.name, change.what, change.before, change.after])
            for place in (3, 4):
                item.setToolTip(place, "" if "<" in item.text(place) else item.text(place))
            if change.what == "kept":
                for place in range(5):
                    item.setForeground(place, theme.qcolour("muted"))
            rows.append(item)
        self.changes.addTopLevelItems(rows)

    def _row_chosen(self) -> None:
        item = self.files.currentItem()
        if item is not None:
            self.file_chosen.emit(self.files.indexOfTopLevelItem(item))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _tree(headings: tuple[str, ...]) -> QTreeWidget:
    made = QTreeWidget()
    made.setHeaderLabels(list(headings))
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    made.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    widths = (290, 60, 60, 70, 70) if headings is _FILES else (140, 260, 70, 290)
    for place, width in enumerate(widths):
        made.setColumnWidth(place, width)
    return made
