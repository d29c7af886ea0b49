"""The tags of one file in file order, searched by tag, name, keyword or value; plain text only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QTreeView, QWidget

from medviewer.dicom.tag_tree import TagRow, TagTree, matching
from medviewer.imaging.numbers import number
from medviewer.ui import theme
from medviewer.ui.dialogs.reading import Reading
from medviewer.ui.elide import ElidedLabel, plain_tip

_HEADINGS = ("Tag", "VR", "Name", "Value")
_WIDTHS = (170, 44, 280)
_INDENT = "\u2003"

_Index = QModelIndex | QPersistentModelIndex


class TagModel(QAbstractTableModel):
    """Rows as a flat table, so that a hundred thousand cost nothing until they are looked at."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: Sequence[TagRow] = ()
        self._shown: list[int] = []

    def show_rows(self, rows: Sequence[TagRow], numbers: list[int]) -> None:
        """Show the rows of these numbers."""
        self.beginResetModel()
        self._rows, self._shown = rows, numbers
        self.endResetModel()

    def row(self, index: _Index) -> TagRow:
        """The element of an index."""
        return self._rows[self._shown[index.row()]]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's name and default
        """As many as are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Tag, VR, name, value."""
        return 0 if parent.isValid() else len(_HEADINGS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The headings."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text; muted where it is no value of its own; the whole value as a tip."""
        row = self.row(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return columns(row)[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole and (index.column() == 1 or row.vr in ("", "SQ")):
            return theme.qcolour("muted")
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 3:
            return plain_tip(row.value)
        return None


def columns(row: TagRow) -> tuple[str, str, str, str]:
    """What stands in the four columns; an item stands under the tags of its sequence."""
    return _INDENT * row.depth + (row.number or row.name), row.vr, row.name if row.number else "", row.value


def copied(rows: Sequence[TagRow]) -> str:
    """Rows as text for the clipboard, a line each, columns by tabulators."""
    return "\n".join("\t".join((r.number, r.vr, r.name, r.value)) for r in rows)


class Tags(Reading):
    """Shows the elements when they come; says why where there are none."""

    def __init__(self, place: str, parent: QWidget | None) -> None:
        super().__init__("Tags", parent, width=720)
        self.resize(960, 720)
        self._tree = TagTree(())
        self.body.addWidget(ElidedLabel(place, "muted"))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search tag, name, keyword or value")
        self.search.setAccessibleName("Search the tags")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.body.addWidget(self.search)
        self.model = TagModel(self)
        self.view = self._view()
        self.body.addWidget(self.view, 1)
        self.body.addWidget(self.said)
        self.copy_button = self.add_button("Copy row", "quiet")
        self.copy_button.clicked.connect(self._copy)
        self.copy_button.setEnabled(False)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.model.modelReset.connect(self._selected)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)
        self.add_close().setAutoDefault(False)
        self.search.setFocus()

    def _view(self) -> QTreeView:
        view = QTreeView()
        view.setModel(self.model)
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        view.setAccessibleName("Tags of the file")
        view.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        view.header().setStretchLastSection(True)
        for k, width in enumerate(_WIDTHS):
            view.setColumnWidth(k, width)
        return view

    def show_tree(self, tree: TagTree) -> None:
        """The file was read."""
        self._tree = tree
        self._filter()

    def _filter(self) -> None:
        rows = self._tree.rows
        if not rows:
            return
        numbers = matching(rows, self.search.text())
        self.model.show_rows(rows, numbers)
        words = "1 element" if len(rows) == 1 else f"{number(len(rows))} elements"
        if not numbers:
            words = f"None of {words} matches."
        elif len(numbers) < len(rows):
            words = f"{number(len(numbers))} of {words}"
        self.said.setText("  ".join(part for part in (words, self._tree.stopped) if part))

    def _selected(self) -> None:
        self.copy_button.setEnabled(bool(self.view.selectionModel().selectedRows()))

    def _copy(self) -> None:
        chosen = sorted(self.view.selectionModel().selectedRows(), key=lambda index: index.row())
        if chosen:
            QGuiApplication.clipboard().setText(copied([self.model.row(index) for index in chosen]))
